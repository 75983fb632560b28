"""Existing masks: both kinds of RLE and polygons, one file per video or one for all."""

import json

import numpy as np
from pycocotools import mask as coco_mask
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from segmentation.backends import coco
from segmentation.backends import registry

_HEIGHT, _WIDTH = 12, 20


def _mask(y0, x0, y1, x1):
  mask = np.zeros((_HEIGHT, _WIDTH), bool)
  mask[y0:y1, x0:x1] = True
  return mask


_MASK = _mask(2, 3, 9, 12)


def _compressed(mask):
  rle = coco_files.encode(mask)
  return {'size': [_HEIGHT, _WIDTH], 'counts': rle['counts'].decode('ascii')}


def _plain(mask):
  flat = mask.ravel(order='F')
  edges = np.flatnonzero(np.diff(np.concatenate([[0], flat, [1 - flat[-1]]])))
  return {'size': [_HEIGHT, _WIDTH], 'counts': np.diff(np.concatenate([[0], edges])).tolist()}


def _images(count, **more):
  return [{'id': 10 + i, 'height': _HEIGHT, 'width': _WIDTH, **more} for i in range(count)]


def _annotation(segmentation, image=10, **more):
  return {'id': 1, 'image_id': image, 'category_id': 1, 'segmentation': segmentation, **more}


_CATEGORIES = ({'id': 1, 'name': 'person'}, {'id': 18, 'name': 'dog'})


def _write(path, images, annotations, categories=_CATEGORIES):
  path.parent.mkdir(exist_ok=True)
  content = {'images': images, 'annotations': annotations, 'categories': list(categories)}
  path.write_text(json.dumps(content))


def _people(segmenter, count=1):
  return segmenter.people(np.zeros((count, _HEIGHT, _WIDTH, 3), np.uint8))


def _of(tmp_path, annotations, count=1, **kwargs):
  _write(tmp_path / 'masks' / 'v_A_g01_c01.json', _images(count), annotations)
  return registry.create('coco', str(tmp_path / 'masks'), **kwargs).for_video(
    'UCF-101/A/v_A_g01_c01.avi'
  )


@pytest.mark.parametrize(
  'segmentation',
  [
    _compressed(_MASK),
    _plain(_MASK),
    [[3, 2, 12, 2, 12, 9, 3, 9]],
    [[3, 2, 12, 2, 12, 6, 3, 6], [3, 6, 12, 6, 12, 9, 3, 9]],
  ],
  ids=['compressed', 'plain', 'polygon', 'two polygons'],
)
def test_masks_of_every_kind_are_read(tmp_path, segmentation):
  (person,) = _people(_of(tmp_path, [_annotation(segmentation)]))[0]
  np.testing.assert_array_equal(person.mask, _MASK)
  assert person.mask.dtype == bool
  assert person.score == 1.0


def test_frames_are_in_the_order_of_the_image_ids_for_any_batch_size(tmp_path):
  segmenter = _of(
    tmp_path, [_annotation(_compressed(_mask(0, i, 5, i + 2)), 10 + i) for i in (3, 0, 1)], count=4
  )
  people = _people(segmenter, 3) + _people(segmenter, 1)
  segmenter.finish()
  assert [bool(found) for found in people] == [True, True, False, True]
  for index in (0, 1, 3):
    np.testing.assert_array_equal(people[index][0].mask, _mask(0, index, 5, index + 2))


def test_other_categories_and_low_scores_are_ignored(tmp_path):
  dog = _annotation(_compressed(_MASK)) | {'category_id': 18}
  low = _annotation(_compressed(_MASK), score=0.3)
  high = _annotation(_compressed(_MASK), score=0.6)
  (person,) = _people(_of(tmp_path, [dog, low, high], min_score=0.5))[0]
  assert person.score == 0.6


def test_files_of_segment_are_read(tmp_path):
  coco_files.write(tmp_path / 'v.json', [_MASK, ~_MASK], video='v', scores=[0.7, 0.9])
  segmenter = coco.CocoFiles(str(tmp_path)).for_video('v.mp4')
  (first,), (second,) = _people(segmenter, 2)
  np.testing.assert_array_equal([first.mask, second.mask], [_MASK, ~_MASK])


@pytest.mark.parametrize('file_name', ['frames/{}/img_{:05d}.jpg', '{}#{}', '{}.avi#{}'])
def test_one_file_for_all_videos_is_grouped_by_video_and_ordered_by_frame(tmp_path, file_name):
  images, annotations = [], []
  for index in (10, 2, 9):  # by number, not by name
    for video in ('v_A_g01_c01', 'v_B_g01_c01'):
      images.append(
        {
          'id': len(images),
          'height': _HEIGHT,
          'width': _WIDTH,
          'file_name': file_name.format(video, index),
        }
      )
      mask = _mask(0, 0, 12, index) if video[2] == 'A' else _mask(0, 0, index, 20)
      annotations.append(_annotation(_compressed(mask), len(images) - 1))
  _write(tmp_path / 'all.json', images, annotations)
  segmenter = coco.CocoFiles(str(tmp_path / 'all.json'))
  people = _people(segmenter.for_video('videos/A/v_A_g01_c01.avi'), 3)
  assert [found[0].mask[0].sum() for found in people] == [2, 9, 10]
  people = _people(segmenter.for_video('v_B_g01_c01.mp4'), 3)
  assert [found[0].mask[:, 0].sum() for found in people] == [2, 9, 10]
  with pytest.raises(coco_files.MaskError, match=r'all.json: has no image of v_C_g01_c01'):
    segmenter.for_video('v_C_g01_c01.avi')


@pytest.mark.parametrize('number', [0, 1, 2, 'p'])
def test_people_are_found_by_the_name_of_their_category(tmp_path, number):
  categories = [{'id': number, 'name': 'Person'}, {'id': 7, 'name': 'ball'}]
  ball = _annotation(_compressed(~_MASK)) | {'category_id': 7}
  person = _annotation(_compressed(_MASK)) | {'category_id': number}
  _write(tmp_path / 'masks' / 'v.json', _images(1), [ball, person], categories)
  (found,) = _people(coco.CocoFiles(str(tmp_path / 'masks')).for_video('v.avi'))[0]
  np.testing.assert_array_equal(found.mask, _MASK)
  other = registry.create('coco', str(tmp_path / 'masks'), coco_person='ball')
  np.testing.assert_array_equal(_people(other.for_video('v.avi'))[0][0].mask, ~_MASK)


@pytest.mark.parametrize('one_for_all', [False, True])
@pytest.mark.parametrize(
  'file_name', ['{:06d}_jpg.rf.{}.jpg', 'img_{}_{}.png', 'cam2_{:03d}.rf.{}.jpg', '{}']
)
def test_a_hash_in_the_file_name_is_no_frame_number(tmp_path, file_name, one_for_all):
  hashes = ['9f1', '2b7', '5c0']
  order = [2, 0, 1]  # ids do not follow the frames
  images = [
    image | {'file_name': 'v/' + file_name.format(frame + 9, hashes[frame])}
    for image, frame in zip(_images(3), order)
  ]
  annotations = [
    _annotation(_compressed(_mask(0, frame, 5, frame + 2)), 10 + i) for i, frame in enumerate(order)
  ]
  _write(tmp_path / 'masks' / 'v.json', images, annotations)
  path = tmp_path / 'masks' / 'v.json' if one_for_all else tmp_path / 'masks'
  found = _people(coco.CocoFiles(str(path)).for_video('v.avi'), 3)
  for index, (person,) in enumerate(found):
    np.testing.assert_array_equal(person.mask, _mask(0, index, 5, index + 2))


# === Errors ===


@pytest.mark.parametrize(
  'names, listed',
  [([], 'no categories'), (['dog', 'ball'], 'dog, ball'), (['person', 'Person'], 'person, Person')],
)
def test_a_file_without_one_category_of_people_is_refused(tmp_path, names, listed):
  categories = [{'id': i, 'name': name} for i, name in enumerate(names)]
  _write(tmp_path / 'v.json', _images(1), [], categories)
  with pytest.raises(
    coco_files.MaskError,
    match=rf'expected one category called person; found {listed} \(segment --seg',
  ):
    coco.CocoFiles(str(tmp_path)).for_video('v.avi')


def test_images_whose_order_is_unknown_are_refused(tmp_path):
  images = [image | {'id': name, 'file_name': name} for image, name in zip(_images(2), 'ab')]
  _write(tmp_path / 'v.json', images, [])
  with pytest.raises(coco_files.MaskError, match="number the frames; found 'a' with id 'a'"):
    coco.CocoFiles(str(tmp_path)).for_video('v.avi')


def test_a_video_without_a_file_is_named(tmp_path):
  (tmp_path / 'masks').mkdir()
  with pytest.raises(coco_files.MaskError, match=r'masks/v.json: no such mask file'):
    coco.CocoFiles(str(tmp_path / 'masks')).for_video('v.avi')


def test_more_or_fewer_frames_than_images_are_rejected(tmp_path):
  segmenter = _of(tmp_path, [], count=2)
  _people(segmenter, 1)
  with pytest.raises(coco_files.MaskError, match=r'expected 1 images, .*; received 2'):
    segmenter.finish()
  _people(segmenter, 1)
  with pytest.raises(coco_files.MaskError, match=r'for every frame .*; received only 2 images'):
    _people(segmenter, 1)


def test_masks_of_another_size_than_the_frames_are_rejected(tmp_path):
  segmenter = _of(tmp_path, [])
  with pytest.raises(coco_files.MaskError, match=r'images of 24x40, .*; image 10 is 12x20'):
    segmenter.people(np.zeros((1, 24, 40, 3), np.uint8))


@pytest.mark.parametrize(
  'segmentation',
  [
    _compressed(np.ones((_HEIGHT, _WIDTH - 1), bool)) | {'size': [_HEIGHT, _WIDTH]},
    _compressed(_MASK) | {'size': [_WIDTH, _HEIGHT]},
    {'size': [_HEIGHT, _WIDTH], 'counts': [5, 5]},
    {'size': [_HEIGHT, _WIDTH], 'counts': [-5, 245]},
    {'size': [_HEIGHT, _WIDTH], 'counts': []},
    {'counts': [240]},
    'text',
    None,
    [],
    [[1, 2]],
    [['a', 'b', 'c', 'd', 'e', 'f']],
  ],
)
def test_a_damaged_mask_is_named(tmp_path, segmentation):
  segmenter = _of(tmp_path, [_annotation(segmentation)])
  with pytest.raises(
    coco_files.MaskError,
    match='expected RLE or polygons within 12x20 pixels; found annotation 1 with',
  ):
    _people(segmenter)


@pytest.mark.parametrize(
  'content',
  [
    '',
    '[]',
    '{"images": []}',
    '{"images": 1, "annotations": 2}',
    '{"images": [{}], "annotations": []}',
  ],
)
def test_a_file_that_is_not_a_dataset_is_named(tmp_path, content):
  (tmp_path / 'v.json').write_text(content)
  with pytest.raises(coco_files.MaskError, match=r'v.json: expected a COCO dataset'):
    coco.CocoFiles(str(tmp_path)).for_video('v.avi')


def test_file_names_without_video_or_frame_are_quoted(tmp_path):
  _write(tmp_path / 'all.json', [{'id': 1, 'file_name': '000001.jpg'}], [])
  with pytest.raises(coco_files.MaskError, match=r"video and frame, .* found '000001.jpg'"):
    coco.CocoFiles(str(tmp_path / 'all.json'))


def test_pycocotools_agrees_on_plain_run_lengths():
  decoded = coco_mask.decode(coco_mask.frPyObjects(_plain(_MASK), _HEIGHT, _WIDTH))
  np.testing.assert_array_equal(decoded, _MASK)


_THINGS = (*_CATEGORIES, {'id': 43, 'name': 'Tennis racket'}, {'id': 37, 'name': 'sports ball'})


@pytest.mark.parametrize('one_file', [False, True])
def test_named_categories_count_as_the_persons(tmp_path, one_file):
  racket, far = _mask(2, 12, 4, 15), _mask(10, 18, 12, 20)
  annotations = [
    _annotation(_compressed(racket)) | {'category_id': 43},
    _annotation(_compressed(_MASK), score=0.75),
    _annotation(_compressed(far)) | {'category_id': 43},
    _annotation(_compressed(_mask(9, 3, 12, 12))) | {'category_id': 37},
  ]
  path = tmp_path / 'masks' / 'v.json'
  _write(path, _images(1, file_name='v/1.jpg'), annotations, _THINGS)
  model = str(path if one_file else path.parent)
  made = registry.create('coco', model, also=('Racket',))
  assert made.also == ('racket',)
  (person,) = _people(made.for_video('v.avi'))[0]
  np.testing.assert_array_equal(person.mask, _MASK | racket)
  assert person.score == 0.75
  (person,) = _people(registry.create('coco', model).for_video('v.avi'))[0]
  np.testing.assert_array_equal(person.mask, _MASK)


def test_a_category_that_a_file_lacks_is_refused_and_its_own_are_listed(tmp_path):
  _write(tmp_path / 'masks' / 'v.json', _images(1), [], _THINGS)
  made = registry.create('coco', str(tmp_path / 'masks'), also=('bicycle',))
  message = r"v.json; received 'bicycle'; known are dog, Tennis racket, sports ball"
  with pytest.raises(errors.UserError, match=message):
    made.for_video('v.avi')
