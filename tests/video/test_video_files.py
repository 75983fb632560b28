"""Which files are videos."""

import pytest

from i3d_tf.common import errors
from i3d_tf.video import video_files


def test_videos_are_found_in_all_folders_and_sorted(tmp_path):
  for name in ('B/b.avi', 'A/x/a.MP4', 'a.webm', 'notes.txt', 'A/.partial_c.avi', 'list.avi.csv'):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
  assert video_files.find(str(tmp_path)) == ['A/x/a.MP4', 'B/b.avi', 'a.webm']


def test_a_folder_without_videos_is_named(tmp_path):
  with pytest.raises(errors.UserError, match='expected videos .*; found none'):
    video_files.find(str(tmp_path))
  with pytest.raises(errors.UserError, match='nowhere: expected a folder of videos'):
    video_files.find(str(tmp_path / 'nowhere'))
