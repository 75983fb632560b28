"""Sets of videos: what is in a folder or an array, and which frames its clips have."""

import os
import re

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.fvd import options
from i3d_tf.fvd import video_sets
from tests import fakes
from tests import networks


def numbered(count, height=4, width=6):
  """Frames that hold their number."""
  return np.broadcast_to(
    np.arange(count, dtype=np.uint8)[:, None, None, None], (count, height, width, 3)
  )


def shown(frames, **which):
  """The numbers of the frames of each clip."""
  clips = video_sets.clips('a', frames, options.ClipOptions(**which))
  return [clip[:, 0, 0, 0].tolist() for clip in clips]


@pytest.mark.parametrize('stride', [None, 1, 4, 30])
@pytest.mark.parametrize('every', [1, 3])
def test_clips_are_slices_of_the_frames(stride, every):
  frames = numbered(70)
  starts = range(0, 70 - 9 * every, 1 if stride is None else stride)
  expected = [list(range(70))[start:][: 9 * every + 1][::every] for start in starts]
  found = shown(frames, length=10, stride=stride, every=every)
  assert found == (expected[:1] if stride is None else expected)


def test_a_video_that_ends_with_its_clip_is_long_enough():
  assert shown(numbered(19), length=10, every=2) == [list(range(0, 19, 2))]
  with pytest.raises(errors.UserError, match='a: expected at least 19 frames for a clip; found 18'):
    shown(numbered(18), length=10, every=2)


def test_frames_that_change_size_are_refused():
  frames = [*numbered(3), *numbered(9, 5, 6)]
  with pytest.raises(errors.UserError, match='a: expected frames of one size; found 4x6 and 5x6'):
    shown(frames, length=10)


def test_no_more_frames_are_read_than_the_clip_needs():
  def frames():
    yield from numbered(10)
    raise AssertionError

  assert len(shown(frames(), length=10)) == 1


def test_a_folder_has_videos_and_folders_of_frames(tmp_path):
  networks.video(tmp_path / 'b' / 'x.avi', 3)
  networks.video(tmp_path / 'a.mkv', 2)
  (tmp_path / 'b' / 'poster.png').write_bytes(fakes.png(fakes.ramp(4, 4)))
  (tmp_path / '.thumbnails').mkdir()
  (tmp_path / '.thumbnails' / '1.png').write_bytes(fakes.png(fakes.ramp(4, 4)))
  (tmp_path / 'frames' / 'cat').mkdir(parents=True)
  for number in (10, 9):
    picture = np.full((4, 6, 3), number, np.uint8)
    cv2.imwrite(str(tmp_path / 'frames' / 'cat' / f'{number}.png'), picture)
  found = video_sets.read(str(tmp_path))
  assert found.names == ['a.mkv', 'b/x.avi', 'frames/cat']
  assert [frame[0, 0, 0] for frame in found.frames('frames/cat')] == [9, 10]
  assert len(list(found.frames('b/x.avi'))) == 3


def test_a_folder_knows_its_videos(tmp_path):
  networks.video(tmp_path / 'a.avi', 3)
  found = video_sets.read(str(tmp_path))
  content = found.content('a.avi')
  assert found.is_same('a.avi', content)
  networks.video(tmp_path / 'a.avi', 4)
  assert not found.is_same('a.avi', content)


@pytest.mark.parametrize('suffix', ['npy', 'npz'])
def test_an_array_has_its_rows(tmp_path, suffix):
  path = str(tmp_path / f'a.{suffix}')
  videos = np.random.default_rng(0).integers(0, 256, (3, 12, 4, 6, 3), np.uint8)
  np.save(path, videos) if suffix == 'npy' else np.savez(path, videos=videos, other=1)
  found = video_sets.read(path)
  assert found.names == ['0', '1', '2']
  np.testing.assert_array_equal(np.stack(list(found.frames('2'))), videos[2])
  content = found.content('1')
  assert video_sets.read(path).is_same('1', content)
  np.savez(path, videos=videos + 1) if suffix == 'npz' else np.save(path, videos + 1)
  assert not video_sets.read(path).is_same('1', content)


def test_features_are_recognized_by_their_shape(tmp_path):
  features = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
  np.savez(tmp_path / 'a.npz', features)
  np.testing.assert_array_equal(video_sets.read(str(tmp_path / 'a.npz')), features)


def save(name, *arrays, **named):
  def write(folder):
    path = os.path.join(folder, name)
    np.save(path, *arrays) if name.endswith('y') else np.savez(path, *arrays, **named)
    return path

  return write


def text(name):
  def write(folder):
    path = os.path.join(folder, name)
    with open(path, 'w') as f:
      f.write('no array')
    return path

  return write


@pytest.mark.parametrize(
  'make, message',
  [
    (lambda folder: str(folder), 'expected videos (.3gp'),
    (lambda folder: str(folder / 'x'), 'expected a set of videos or features; no such file'),
    (text('a.avi'), 'one video is no set'),
    (text('a.npy'), 'expected an array that NumPy wrote'),
    (text('a.npz'), 'expected an array that NumPy wrote'),
    (save('a.npy', np.array([None])), 'expected an array that NumPy wrote'),
    (save('a.npz', a=np.zeros(2), b=np.zeros(2)), 'one called features or videos; found a, b'),
    (save('a.npy', np.zeros((2, 9, 4, 4, 3))), 'uint8 [N, T, H, W, 3]; found float64 [2, 9, 4'),
    (save('a.npy', np.zeros((2, 9, 4, 4, 1), np.uint8)), 'uint8 [N, T, H, W, 3]; found uint8'),
    (save('a.npy', np.zeros((1, 4))), 'numbers [N, D] with N of at least 2; found float64 [1, 4]'),
    (save('a.npy', np.array([[1.0], [np.inf]])), 'expected finite features'),
  ],
)
def test_what_is_no_set_is_refused_by_name(tmp_path, make, message):
  path = make(tmp_path)
  with pytest.raises(errors.UserError, match=re.escape(message)) as caught:
    video_sets.read(path)
  assert str(caught.value).startswith(path) and '\n' not in str(caught.value)
