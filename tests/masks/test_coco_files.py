"""Person masks in COCO files: written, read, and rejected when they are damaged."""

import json

import numpy as np
from pycocotools import coco
from pycocotools import mask as coco_mask
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files

_HEIGHT, _WIDTH = 12, 20  # not square: height and width must not be swapped


def _three_masks():
  """A person at the top right, no person, a person with a hole and an island."""
  masks = np.zeros((3, _HEIGHT, _WIDTH), bool)
  masks[0, :5, 13:] = True
  masks[2, 2:9, 1:8] = True
  masks[2, 4:6, 3:5] = False
  masks[2, 11, 19] = True
  return masks


def _rle(mask):
  rle = coco_mask.encode(np.asfortranarray(mask, np.uint8))
  return {'size': list(mask.shape), 'counts': rle['counts'].decode('ascii')}


def _write_dataset(path, change=None):
  """Writes the masks of three frames, after `change` has edited the dataset."""
  coco_files.write(path, _three_masks(), video='v_A_g01_c01')
  dataset = json.loads(path.read_text())
  if change is not None:
    change(dataset)
    path.write_text(json.dumps(dataset))
  return dataset


# === Files ===


@pytest.mark.parametrize('dtype', [bool, np.uint8])
@pytest.mark.parametrize('order', ['C', 'F'])
def test_masks_are_read_as_they_were_written(tmp_path, dtype, order):
  masks = _three_masks()
  path = tmp_path / 'masks' / 'v_A_g01_c01.json'
  coco_files.write(path, (np.asarray(mask, dtype, order=order) for mask in masks), video='v')
  read = coco_files.read(path)
  assert (read.height, read.width, len(read)) == (_HEIGHT, _WIDTH, 3)
  for index, mask in enumerate(masks):
    decoded = read.decode(index)
    assert decoded.dtype == bool
    np.testing.assert_array_equal(decoded, mask)


def test_a_video_without_any_person_keeps_its_frames_and_size(tmp_path):
  coco_files.write(tmp_path / 'v.json', np.zeros((4, _HEIGHT, _WIDTH), bool), video='v')
  read = coco_files.read(tmp_path / 'v.json')
  assert len(read) == 4
  for index in range(4):
    np.testing.assert_array_equal(read.decode(index), np.zeros((_HEIGHT, _WIDTH), bool))


def test_a_person_who_fills_the_frame_is_read_back(tmp_path):
  coco_files.write(tmp_path / 'v.json', np.ones((1, _HEIGHT, _WIDTH), bool), video='v')
  assert coco_files.read(tmp_path / 'v.json').decode(0).all()


def test_coco_tools_read_the_file(tmp_path):
  masks = _three_masks()
  coco_files.write(tmp_path / 'v.json', masks, video='v_A_g01_c01', scores=[0.9, 0.0, 0.75])
  dataset = coco.COCO(str(tmp_path / 'v.json'))
  assert dataset.loadCats(dataset.getCatIds(catNms=['person']))[0]['id'] == 1
  assert [dataset.loadImgs(i)[0]['file_name'] for i in dataset.getImgIds()] == [
    'v_A_g01_c01#0',
    'v_A_g01_c01#1',
    'v_A_g01_c01#2',
  ]
  assert not dataset.getAnnIds(imgIds=[1])
  for image, box, score in ((0, [13, 0, 7, 5], 0.9), (2, [1, 2, 19, 10], 0.75)):
    (annotation,) = dataset.loadAnns(dataset.getAnnIds(imgIds=[image]))
    np.testing.assert_array_equal(dataset.annToMask(annotation), masks[image])
    assert annotation['area'] == masks[image].sum()
    assert annotation['bbox'] == box
    assert annotation['score'] == score


def test_video_and_settings_are_stored_in_the_file(tmp_path):
  coco_files.write(
    tmp_path / 'v.json', _three_masks(), video='v_A_g01_c01', settings={'threshold': 0.5}
  )
  info = json.loads((tmp_path / 'v.json').read_text())['info']
  assert info == {'video': 'v_A_g01_c01', 'settings': {'threshold': 0.5}}


def test_each_person_is_written_with_score_and_track(tmp_path):
  left, right = np.zeros((2, _HEIGHT, _WIDTH), bool)
  left[3:6, 2:9] = True
  right[5:8, 7:15] = True  # overlapping
  people = [
    [
      coco_files.PersonMask(coco_files.encode(left), 0.75, 0),
      coco_files.PersonMask(coco_files.encode(right), 0.5, 3, carried=True),
    ],
    [],
    [coco_files.PersonMask(coco_files.encode(right))],
  ]
  path = tmp_path / 'v.json'
  counts = coco_files.write_people(
    path, iter(people), _HEIGHT, _WIDTH, video='A/v.avi', settings={'detect_every': 2}
  )
  assert counts == (3, 2)
  annotations = coco.COCO(str(path)).dataset['annotations']
  picked = [
    {key: a[key] for key in a.keys() & {'id', 'image_id', 'score', 'track_id', 'carried'}}
    for a in annotations
  ]
  assert picked == [
    {'id': 1, 'image_id': 0, 'score': 0.75, 'track_id': 0},
    {'id': 2, 'image_id': 0, 'score': 0.5, 'track_id': 3, 'carried': True},
    {'id': 3, 'image_id': 2},
  ]
  read = coco_files.read(path)
  np.testing.assert_array_equal([read.decode(i) for i in range(3)], [left | right, 0 * left, right])
  assert coco_files.read_info(path) == coco_files.Info('A/v.avi', {'detect_every': 2}, 3, 2)


@pytest.mark.parametrize(
  'content',
  [
    '',
    '[]',
    '{"images": [], "annotations": []}',
    '{"images": [], "annotations": [], "info": {"video": "v"}}',
  ],
)
def test_read_info_names_a_file_without_info(tmp_path, content):
  (tmp_path / 'v.json').write_text(content)
  with pytest.raises(coco_files.MaskError, match=r'v.json: expected a file of masks as segment'):
    coco_files.read_info(tmp_path / 'v.json')
  with pytest.raises(coco_files.MaskError, match=r'w.json: expected a file of masks'):
    coco_files.read_info(tmp_path / 'w.json')


def test_an_error_among_the_people_leaves_no_file(tmp_path):
  def people():
    yield [coco_files.PersonMask(coco_files.encode(np.ones((_HEIGHT, _WIDTH), bool)))]
    raise errors.UserError('cut off')

  with pytest.raises(errors.UserError, match='cut off'):
    coco_files.write_people(tmp_path / 'v.json', people(), _HEIGHT, _WIDTH, video='v')
  assert not list(tmp_path.iterdir())


def test_the_masks_of_several_people_in_a_frame_are_united(tmp_path):
  left, right = np.zeros((2, _HEIGHT, _WIDTH), bool)
  left[3:6, 2:9] = True
  right[5:8, 7:15] = True  # overlapping

  def add(dataset):
    dataset['annotations'].extend(
      {'id': 10 + n, 'image_id': 1, 'category_id': 1, 'segmentation': _rle(mask)}
      for n, mask in enumerate((left, right))
    )

  _write_dataset(tmp_path / 'v.json', add)
  read = coco_files.read(tmp_path / 'v.json')
  np.testing.assert_array_equal(read.decode(1), left | right)
  np.testing.assert_array_equal(read.decode(0), _three_masks()[0])


def test_other_categories_are_ignored(tmp_path):
  def change(dataset):
    dataset['annotations'][0]['category_id'] = 18  # a dog
    dataset['annotations'].append(
      {'id': 9, 'image_id': 1, 'category_id': 44, 'segmentation': [[1, 1, 5, 1, 5, 5]]}
    )

  _write_dataset(tmp_path / 'v.json', change)
  read = coco_files.read(tmp_path / 'v.json')
  assert not read.decode(0).any() and not read.decode(1).any()
  np.testing.assert_array_equal(read.decode(2), _three_masks()[2])


def test_files_of_other_tools_number_people_and_frames_as_they_like(tmp_path):
  def change(dataset):
    dataset['categories'] = [{'id': 1, 'name': 'ball'}, {'id': 2, 'name': 'person'}]
    for image in dataset['images']:
      image.update(id=-image['id'], file_name=f'v/{image["id"]:06d}_jpg.rf.{9 - image["id"]}ab.jpg')
    for annotation in dataset['annotations']:
      annotation.update(category_id=2, image_id=-annotation['image_id'])
    ball = [[1, 1, 5, 1, 5, 5]]
    dataset['annotations'].append({'image_id': -1, 'category_id': 1, 'segmentation': ball})

  _write_dataset(tmp_path / 'v.json', change)
  read = coco_files.read(tmp_path / 'v.json')
  np.testing.assert_array_equal([read.decode(i) for i in range(3)], _three_masks())


def test_a_mark_at_the_beginning_is_no_damage(tmp_path):
  _write_dataset(tmp_path / 'v.json')
  (tmp_path / 'v.json').write_bytes(b'\xef\xbb\xbf' + (tmp_path / 'v.json').read_bytes())
  read = coco_files.read(tmp_path / 'v.json')
  np.testing.assert_array_equal([read.decode(i) for i in range(3)], _three_masks())


def test_frames_are_ordered_by_the_ids_of_their_images(tmp_path):
  def change(dataset):
    for image in dataset['images']:
      image['id'] = 100 * image['id'] + 7
    for annotation in dataset['annotations']:
      annotation['image_id'] = 100 * annotation['image_id'] + 7
    dataset['images'].reverse()
    dataset['annotations'].reverse()

  _write_dataset(tmp_path / 'v.json', change)
  read = coco_files.read(tmp_path / 'v.json')
  np.testing.assert_array_equal([read.decode(i) for i in range(3)], _three_masks())


def test_write_rejects_no_masks_and_two_sizes_and_leaves_no_file(tmp_path):
  with pytest.raises(ValueError, match='`masks` must hold at least one mask; received none for v'):
    coco_files.write(tmp_path / 'v.json', [], video='v')
  with pytest.raises(ValueError, match=r'^masks must be of one size; received 4x6 after 4x5$'):
    coco_files.write(tmp_path / 'v.json', [np.zeros((4, 5)), np.zeros((4, 6))], video='v')
  assert not list(tmp_path.iterdir())


def _set(*keys, to):
  def change(dataset):
    *path, last = keys
    for key in path:
      dataset = dataset[key]
    dataset[last] = to

  return change


def _delete(*keys):
  def change(dataset):
    *path, last = keys
    for key in path:
      dataset = dataset[key]
    del dataset[last]

  return change


_SEGMENTATION = ('annotations', 0, 'segmentation')
_COCO = 'expected a COCO dataset of person masks with compressed RLE; '


@pytest.mark.parametrize(
  'change, message',
  [
    (_delete('images'), f"{_COCO}KeyError: 'images'"),
    (_delete('annotations'), f"{_COCO}KeyError: 'annotations'"),
    (_set('images', to=[]), 'expected images of one size; found []'),
    (_set('images', 1, 'width', to=21), 'expected images of one size; found [(12, 20), (12, 21)]'),
    (_delete('images', 1, 'height'), f"{_COCO}KeyError: 'height'"),
    (_delete('annotations', 0, 'category_id'), f"{_COCO}KeyError: 'category_id'"),
    (_set('annotations', 0, 'image_id', to=3), f'{_COCO}KeyError: 3'),
    (_set(*_SEGMENTATION, 'size', to=[20, 12]), 'expected masks of 12x20; found [20, 12]'),
    (_set(*_SEGMENTATION, to=[[1, 1, 5, 1, 5, 5]]), f'{_COCO}TypeError: '),  # a polygon
    (_set(*_SEGMENTATION, 'counts', to=[0, 240]), f'{_COCO}AttributeError: '),  # uncompressed
    (_set(*_SEGMENTATION, 'counts', to=''), 'expected masks of 240 pixels; annotation 1 has 0'),
    (
      _set(*_SEGMENTATION, 'counts', to=_rle(np.ones((12, 19)))['counts']),
      'expected masks of 240 pixels; annotation 1 has 228',
    ),
    (
      _set(*_SEGMENTATION, 'counts', to=_rle(np.ones((12, 21)))['counts']),
      'expected masks of 240 pixels; annotation 1 has 252',
    ),
    (
      _set(*_SEGMENTATION, 'counts', to=_rle(np.ones((12, 20)))['counts'][:-1]),
      f'{_COCO}ValueError: RLE counts end within a number',
    ),
    (
      _set(*_SEGMENTATION, 'counts', to='0 7'),
      f"{_COCO}ValueError: no character of RLE counts: ' '",
    ),
    (_set(*_SEGMENTATION, 'counts', to='\u00e4'), f'{_COCO}UnicodeEncodeError: '),
  ],
)
def test_read_rejects_a_damaged_file_and_names_it(tmp_path, change, message):
  path = tmp_path / 'v.json'
  _write_dataset(path, change)
  with pytest.raises(coco_files.MaskError) as error:
    coco_files.read(path)
  assert str(error.value).startswith(f'{path}: {message}')


@pytest.mark.parametrize('content', ['', '[]', '{"images": [{', '"masks"', 'null'])
def test_read_rejects_a_file_that_is_not_a_dataset(tmp_path, content):
  path = tmp_path / 'v.json'
  path.write_text(content)
  with pytest.raises(coco_files.MaskError) as error:
    coco_files.read(path)
  assert str(error.value).startswith(f'{path}: {_COCO}')


def test_read_rejects_counts_that_are_cut_off_anywhere(tmp_path):
  # pycocotools would fill the rest of the mask with uninitialized memory.
  path = tmp_path / 'v.json'
  counts = _rle(_three_masks()[2])['counts']
  for keep in range(len(counts)):
    _write_dataset(path, _set('annotations', 1, 'segmentation', 'counts', to=counts[:keep]))
    with pytest.raises(coco_files.MaskError, match=r'annotation 2 has|end within a number'):
      coco_files.read(path)


@pytest.mark.parametrize('seed', range(4))
def test_random_masks_pass_the_checks(tmp_path, seed):
  # Sparse and dense masks: long and short runs are encoded differently.
  rng = np.random.default_rng(seed)
  masks = rng.random((5, 61, 83)) < rng.random((5, 1, 1)) ** 4
  coco_files.write(tmp_path / 'v.json', masks, video='v')
  read = coco_files.read(tmp_path / 'v.json')
  np.testing.assert_array_equal([read.decode(i) for i in range(5)], masks)


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(coco_files.MaskError) as error:
    coco_files.read(tmp_path / 'v.json')
  assert str(error.value) == f'{tmp_path / "v.json"}: no such mask file'


def test_mask_errors_are_user_errors():
  assert issubclass(coco_files.MaskError, errors.UserError)


# === Coverage ===


@pytest.mark.parametrize(
  'masks, share',
  [
    (np.zeros((2, 3, 4)), 0.0),
    (np.ones((2, 3, 4), bool), 1.0),
    (np.array([[[255, 0], [0, 0]], [[1, 1], [0, 0]]], np.uint8), 3 / 8),
    ([], 0.0),
  ],
)
def test_coverage_is_the_fraction_of_pixels(masks, share):
  assert coco_files.coverage(masks) == share
