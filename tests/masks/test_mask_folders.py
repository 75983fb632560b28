"""Which mask file is whose."""

import pytest

from i3d_tf.common import errors
from i3d_tf.masks import mask_folders


def test_videos_of_one_name_have_files_of_their_folders():
  assert mask_folders.file_names(['cat/000.avi', 'dog/000.avi', 'dog/x.mp4', 'y.avi']) == {
    'cat/000.avi': 'cat/000.json',
    'dog/000.avi': 'dog/000.json',
    'dog/x.mp4': 'x.json',
    'y.avi': 'y.json',
  }
  with pytest.raises(errors.UserError, match=r'cat/a\.avi and cat/a\.mp4 would have the same mask'):
    mask_folders.file_names(['cat/a.avi', 'cat/a.mp4'])


def test_masks_are_found_under_both_names(tmp_path):
  (tmp_path / 'cat').mkdir()
  for name in ('cat/000.json', '000.json', 'x.json', '.half.json', 'notes.txt'):
    (tmp_path / name).touch()
  folder = str(tmp_path)
  assert mask_folders.find(folder, 'cat/000.avi') == f'{folder}/cat/000.json'
  assert mask_folders.find(folder, 'dog/000.avi') == f'{folder}/000.json'
  assert mask_folders.find(folder, 'dog/000.avi', is_only=False) is None
  assert mask_folders.find(folder, 'cat/x.avi') == f'{folder}/x.json'
  assert mask_folders.find(folder, 'cat/y.avi') is None
  assert mask_folders.list_files(folder) == ['000.json', 'cat/000.json', 'x.json']


def test_no_mask_file_is_outside_its_folder():
  assert mask_folders.file_names(['/data/a.avi', '../b.avi']) == {
    '/data/a.avi': 'a.json',
    '../b.avi': 'b.json',
  }
  for other in ('/data/a.avi', '../a.avi'):
    with pytest.raises(errors.UserError, match=f'several are called a; found {other}'):
      mask_folders.file_names(['x/a.avi', other])
