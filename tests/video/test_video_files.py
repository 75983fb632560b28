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


def test_a_folder_of_videos_stands_for_them_and_a_folder_of_frames_for_itself(tmp_path):
  for name in ('videos/b/2.avi', 'videos/1.MP4', 'videos/notes.txt', 'frames/0.PNG', 'single.avi'):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b'')
  paths = [str(tmp_path / name) for name in ('single.avi', 'videos', 'frames')]
  assert video_files.expand(paths) == [
    str(tmp_path / name) for name in ('single.avi', 'videos/1.MP4', 'videos/b/2.avi', 'frames')
  ]
  (tmp_path / 'empty').mkdir()
  # What reads it refuses it, and not the others.
  assert video_files.expand([str(tmp_path / 'empty')]) == [str(tmp_path / 'empty')]


def test_files_of_videos_of_one_name_are_called_after_their_folders():
  assert video_files.short_names(['x/cat/000.avi', 'x/dog/000.mp4', 'x/dog/1.avi', 'frames/']) == {
    'x/cat/000.avi': 'cat/000',
    'x/dog/000.mp4': 'dog/000',
    'x/dog/1.avi': '1',
    'frames/': 'frames',
  }
  # Nothing but the suffix tells these apart: whoever makes files of both has to say so.
  assert set(video_files.short_names(['a/b.avi', 'a/b.mp4']).values()) == {'b'}
