"""Names of classes: the tables are as published, and what a user writes finds one of them."""

import re

import pytest

from i3d_tf.common import errors
from segmentation.backends import class_names


@pytest.mark.parametrize(
  'number, name',
  [(1, 'person'), (2, 'bicycle'), (11, 'fire hydrant'), (13, 'stop sign'), (37, 'sports ball'),
   (43, 'tennis racket'), (44, 'bottle'), (46, 'wine glass'), (67, 'dining table'), (70, 'toilet'),
   (72, 'tv'), (82, 'refrigerator'), (84, 'book'), (90, 'toothbrush')],
)  # fmt: skip
def test_coco_ids_are_those_of_the_published_annotations(number, name):
  assert class_names.COCO[number] == name


def test_coco_has_80_classes_and_voc_20_after_the_background():
  assert len(class_names.COCO) == len(set(class_names.COCO.values())) == 80
  assert len(class_names.COCO_OBJECTS) == 79 and 'person' not in class_names.COCO_OBJECTS
  assert len(class_names.VOC) == 21 and class_names.VOC[15] == 'person'
  assert len(class_names.VOC_OBJECTS) == 19


@pytest.mark.parametrize(
  'wanted, expected',
  [
    ((), ()),
    (('bicycle',), ('bicycle',)),
    ((' Tennis Racket', 'racket'), ('tennis racket',)),
    (('sports ball', 'bicycle'), ('bicycle', 'sports ball')),
    (('bicycle', 'ball'), ('bicycle', 'sports ball')),
    (('bear',), ('bear',)),  # not the teddy bear
  ],
)
def test_resolve_takes_names_and_last_words_in_any_order(wanted, expected):
  assert class_names.resolve(wanted, class_names.COCO_OBJECTS, 'COCO') == expected


@pytest.mark.parametrize('name', ['person', 'acket', 'unicycle', '', 'glass '])
def test_resolve_rejects_what_names_no_class_or_several_and_lists_the_known(name):
  known = ('wine glass', 'magnifying glass', 'tennis racket')
  message = f'must name classes of x; received {name.strip()!r}; known are {", ".join(known)}'
  with pytest.raises(errors.UserError, match=re.escape(message)):
    class_names.resolve([name], known, 'x')


def test_resolve_says_where_no_class_is_known():
  with pytest.raises(errors.UserError, match='known are none'):
    class_names.resolve(['racket'], (), 'a.json')
