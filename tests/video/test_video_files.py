"""Which files and folders are videos; folders of images are read in natural order."""

import os

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders
from i3d_tf.video import video_files
from tests import fakes


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


# === Folders of frames ===


def _images(folder, names, height=6, width=8):
  """Writes images; that of number i has red level 10 * i."""
  folder.mkdir(parents=True, exist_ok=True)
  for index, name in enumerate(names):
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 2] = 10 * index
    cv2.imwrite(str(folder / name), image)


def _levels(path):
  return [frame[0, 0].tolist() for frame in frame_folders.every_frame(str(path))]


def test_frames_are_rgb_in_the_order_of_their_numbers_and_hidden_files_are_none(tmp_path):
  names = ['img_1.png', 'img_2.png', 'img_10.png', 'img_100.png']
  _images(tmp_path, names)
  (tmp_path / '._img_3.png').write_text('of a Mac')
  (tmp_path / 'notes.txt').write_text('no frame')
  assert _levels(tmp_path) == [[10 * i, 0, 0] for i in range(4)]
  assert frame_folders.declared_frames(str(tmp_path)) == 4


@pytest.mark.parametrize(
  'start, end, expected',
  [
    (None, None, range(8)),
    (0.08, None, range(2, 8)),
    (None, 0.08, range(2)),
    (0.04, 0.2, range(1, 5)),
    (0.05, 0.21, range(2, 6)),  # as of video files: frames that begin there
    (0.24, 99, range(6, 8)),
  ],
)
def test_a_part_of_images_is_that_of_a_video_of_them(tmp_path, start, end, expected):
  _images(tmp_path / 'frames', [f'{i}.png' for i in range(8)], 48, 64)
  images = list(frame_folders.every_frame(str(tmp_path / 'frames')))
  path = fakes.write_video(tmp_path / 'a.avi', images)
  found = [
    [int(frame[0, 0, 0]) // 10 for frame in frame_folders.every_frame(of, start, end)]
    for of in (str(tmp_path / 'frames'), path)
  ]
  assert found == [list(expected)] * 2


def test_a_part_without_images_is_named(tmp_path):
  _images(tmp_path, ['1.png', '2.png'])
  with pytest.raises(
    decoding.VideoError, match=f'{tmp_path}: expected frames from 3 s to 4 s; the'
  ):
    list(frame_folders.every_frame(str(tmp_path), 3.0, 4.0))


def test_a_video_file_is_decoded(tmp_path):
  path = fakes.write_video(tmp_path / 'a.avi', [np.full((48, 64, 3), 100, np.uint8)] * 5)
  assert len(_levels(path)) == frame_folders.declared_frames(path) == 5


def test_images_that_are_damaged_or_of_other_sizes_are_named(tmp_path):
  _images(tmp_path / 'a', ['1.png', '2.png'])
  _images(tmp_path / 'a', ['3.png'], height=7)
  with pytest.raises(decoding.VideoError, match='a/3.png: expected 6x8 pixels, .*; found 7x8'):
    _levels(tmp_path / 'a')
  (tmp_path / 'a' / '2.png').write_text('x')
  with pytest.raises(decoding.VideoError, match='a/2.png: expected an image'):
    _levels(tmp_path / 'a')
  (tmp_path / 'b').mkdir()
  with pytest.raises(decoding.VideoError, match=r'b: expected image files .*; found none'):
    _levels(tmp_path / 'b')
  assert frame_folders.declared_frames(str(tmp_path / 'b')) == 1


def test_folders_of_frames_are_videos_where_there_are_no_video_files(tmp_path):
  for name in ('Run/b', 'Run/a', 'Walk/c', '.thumbnails'):
    _images(tmp_path / name, ['1.png'])
  (tmp_path / 'Run' / 'overview.png').write_bytes((tmp_path / 'Run/a/1.png').read_bytes())
  expected = str(tmp_path), ['Run/a', 'Run/b', 'Walk/c']
  assert frame_folders.find(str(tmp_path)) == expected
  fakes.write_video(tmp_path / 'Run' / 'v.avi', [np.zeros((48, 64, 3), np.uint8)] * 2)
  assert frame_folders.find(str(tmp_path)) == (str(tmp_path), ['Run/v.avi'])


def test_a_folder_of_frames_and_a_video_file_stand_for_themselves(tmp_path, monkeypatch):
  _images(tmp_path / 'tennis', ['1.png'])
  for path in (tmp_path / 'tennis', f'{tmp_path}/tennis/'):
    assert frame_folders.find(str(path)) == (str(tmp_path), ['tennis'])
  monkeypatch.chdir(tmp_path / 'tennis')
  assert frame_folders.find('.') == (str(tmp_path), ['tennis'])
  (tmp_path / 'v.avi').write_text('')
  assert frame_folders.find(str(tmp_path / 'v.avi')) == (str(tmp_path), ['v.avi'])


def test_a_folder_of_neither_is_named(tmp_path):
  with pytest.raises(errors.UserError, match=r'expected videos \(.3gp.*folders of frames \(.bmp'):
    frame_folders.find(str(tmp_path))
  with pytest.raises(errors.UserError, match='nowhere: expected a folder of videos; there is none'):
    frame_folders.find(os.path.join(tmp_path, 'nowhere'))


@pytest.mark.parametrize(
  'start, end, rate, expected',
  [
    (None, None, 25, [*range(12)]),
    (0.08, 0.24, 25, [2, 3, 4, 5]),
    (0.4, None, 25, [10, 11]),
    (None, 0.04, 25, [0]),
    (None, None, 50, [n // 2 for n in range(24)]),
    (None, None, 12.5, None),  # which of two frames is shown is FFmpeg's matter
  ],
)
def test_a_folder_of_frames_shows_25_a_second_as_a_file_of_them_does(
  tmp_path, start, end, rate, expected
):
  _images(tmp_path / 'v', [f'{index}.png' for index in range(12)])
  tally = decoding.Tally()
  found = list(frame_folders.at_rate(str(tmp_path / 'v'), start, end, rate, tally=tally))
  if expected is not None:
    assert [index for index, _ in found] == expected
  for index, frame in found:
    assert frame[0, 0].tolist() == [10 * index, 0, 0]
  file = fakes.write_video(tmp_path / 'v.avi', list(frame_folders.every_frame(tmp_path / 'v')))
  of_file = decoding.at_rate(file, start, end, rate, numbered=True)
  assert [index for index, _ in found] == [index for index, _ in of_file]
  assert tally.frames == 12 or end is not None
  assert frame_folders.duration(str(tmp_path / 'v')) == pytest.approx(12 / 25)
  assert frame_folders.duration(file) == pytest.approx(12 / 25)


def test_a_part_after_the_last_frame_of_a_folder_is_named(tmp_path):
  _images(tmp_path / 'v', ['1.png', '2.png'])
  with pytest.raises(decoding.VideoError, match=r'v: expected frames from 3 s to 4 s; the folder'):
    list(frame_folders.at_rate(str(tmp_path / 'v'), 3, 4))
