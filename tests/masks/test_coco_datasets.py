"""COCO datasets of other tools: who the people are, and in which order the frames come."""

import re

import pytest

from i3d_tf.masks import coco_datasets


def _dataset(*names):
  return {'categories': [{'id': 10 * i, 'name': name} for i, name in enumerate(names)]}


@pytest.mark.parametrize(
  'names, person, expected',
  [
    (['person', 'ball'], 'person', 0),
    (['ball', 'Person'], 'person', 10),
    (['ball', 'racket', 'Spielerin'], 'spielerin', 20),
  ],
)
def test_people_are_the_category_of_that_name_whatever_its_number(names, person, expected):
  assert coco_datasets.person_id('a.json', _dataset(*names), person) == expected


@pytest.mark.parametrize(
  'dataset, found',
  [
    (_dataset('ball', 'player'), 'ball, player'),
    (_dataset('person', 'ball', 'PERSON'), 'person, ball, PERSON'),
    ({}, 'no categories'),
  ],
)
def test_a_file_that_does_not_say_who_people_are_is_refused(dataset, found):
  message = f'a.json: expected one category called person; found {found} ('
  with pytest.raises(coco_datasets.MaskError, match=re.escape(message)):
    coco_datasets.person_id('a.json', dataset)


@pytest.mark.parametrize(
  'names',
  [
    ['a/000001.jpg', 'a/000002.jpg', 'a/000010.jpg'],
    ['a#0', 'a#1', 'a#10'],
    ['1_jpg.rf.9e3.jpg', '2_jpg.rf.1a7.jpg', '10_jpg.rf.008.jpg'],
    ['cam2_frame1_77.png', 'cam2_frame2_11.png', 'cam2_frame10_5.png'],
  ],
  ids=['numbers', 'ours', 'hashes', 'several numbers'],
)
def test_frames_are_in_the_order_of_their_names(names):
  # The ids say the opposite.
  images = [{'id': -i, 'file_name': name} for i, name in enumerate(names)]
  assert coco_datasets.in_order('a.json', images[::-1]) == images


def test_frames_without_numbers_are_in_the_order_of_their_ids():
  images = [{'id': i, 'file_name': name} for i, name in enumerate(['z.jpg', 'a.jpg', 'm.jpg'])]
  assert coco_datasets.in_order('a.json', images[::-1]) == images


def test_frames_in_no_order_are_refused():
  images = [{'id': name, 'file_name': f'{name}.jpg'} for name in ('x', 'y')]
  with pytest.raises(coco_datasets.MaskError, match='file names or ids that number the frames; fo'):
    coco_datasets.in_order('a.json', images)


@pytest.mark.parametrize('category', [{'id': 1}, {'name': 'person'}, 'person', None])
def test_categories_without_an_id_or_a_name_are_refused(category):
  with pytest.raises(coco_datasets.MaskError, match=r'^a.json: expected categories with an id'):
    coco_datasets.person_id('a.json', {'categories': [category]})


def test_spaces_around_names_are_no_part_of_them():
  assert coco_datasets.person_id('a.json', _dataset('ball', ' Person ')) == 10
