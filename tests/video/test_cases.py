"""Inputs that have gone wrong for somebody, as `shared/cases/make_inputs.py` makes them."""

import importlib.util
import json
import os

import numpy as np
import pytest

from i3d_tf.video import decoding
from tests import fakes
from tests import videos

pytestmark = videos.needs_ffmpeg


@pytest.fixture(scope='module')
def cases():
  """The module that makes the inputs."""
  spec = importlib.util.spec_from_file_location(
    'make_inputs', fakes.shared('cases', 'make_inputs.py')
  )
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


@pytest.fixture(scope='module')
def folder(cases, tmp_path_factory):
  folder = tmp_path_factory.mktemp('cases')
  cases.videos(str(folder))
  return folder


def test_numbered_frames_are_shown_as_ffmpegs_filter_shows_them(cases, folder):
  with open(folder / 'expected.json') as f:
    expected = json.load(f)
  assert len(expected) == 5
  for name, numbers in expected.items():
    file, *part = name.split(', ')
    limits = {key: float(value) for key, value in (one.split('=') for one in part)}
    found = [cases.number(frame) for _, frame in decoding.at_rate(folder / file, **limits)]
    # Versions of FFmpeg differ by one frame at the end of a file of a variable rate.
    assert found[: len(numbers)] == numbers and len(found) <= len(numbers) + 1, name
    assert all(extra >= numbers[-1] for extra in found[len(numbers) :]), name


def test_frames_equal_those_of_the_program_to_the_bit(folder):
  checked = 0
  for name in sorted(os.listdir(folder)):
    if name in ('expected.json', 'tagged_ycgco.mp4'):
      continue
    ours = np.stack([frame for _, frame in decoding.at_rate(folder / name)])
    theirs = videos.by_program(folder / name, *ours.shape[1:3], 'yadif=deint=interlaced,fps=25')
    assert 0 <= len(ours) - len(theirs) <= 1, name
    np.testing.assert_array_equal(ours[: len(theirs)], theirs, err_msg=name)
    again = np.stack([frame for _, frame in decoding.at_rate(folder / name)])
    np.testing.assert_array_equal(again, ours, err_msg=name)
    checked += 1
  assert checked >= 13


@pytest.mark.parametrize(
  'name, count',
  [
    ('audio_longer.mkv', 50),
    ('fragmented.mp4', 50),
    ('stream_copied_cut.mp4', 45),
    ('empty_packets.avi', 49),
    ('starts_at_5s.mkv', 50),
    ('interlaced_h264.mp4', 25),
    ('interlaced_mpeg2.mpg', 25),
  ],
)
def test_whole_files_are_read_to_their_end(folder, name, count):
  assert sum(1 for _ in decoding.at_rate(folder / name)) == count


def test_two_files_of_the_same_bytes_give_the_same_frames(folder):
  first, second = (
    [frame for _, frame in decoding.at_rate(folder / f'interlaced_h264{end}.mp4')]
    for end in ('', '_again')
  )
  np.testing.assert_array_equal(first, second)
  whole = [frame for _, frame in decoding.at_rate(folder / 'progressive.mp4')]
  difference = np.abs(np.stack(first).astype(int) - whole)
  assert difference.mean() < 6, 'the pictures are those of the progressive file, deinterlaced'


def test_a_conversion_that_is_refused_names_file_and_time(folder):
  with pytest.raises(decoding.VideoError) as error:
    list(decoding.at_rate(folder / 'tagged_ycgco.mp4'))
  assert str(error.value).startswith(
    f'{folder / "tagged_ycgco.mp4"}: expected colours that FFmpeg can convert to RGB; it refuses '
    'the frame at 0.00 s'
  )
