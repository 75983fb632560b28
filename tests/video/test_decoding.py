"""Video files to frames: complete, by their times, in any container; damaged ones are refused."""

from fractions import Fraction

import cv2
import hypothesis
from hypothesis import strategies as st
import numpy as np
import pytest

from i3d_tf.video import decoding
from tests import fakes
from tests import videos


def _noise(count, height=32, width=48):
  """Frames that compress badly, so that half a file is half the frames."""
  return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


def _numbers(frames):
  return [videos.number(frame) for frame in frames]


def _shown(path, *args, **kwargs):
  return [videos.number(frame) for _, frame in decoding.at_rate(path, *args, **kwargs)]


# === Whole files ===


def test_frames_come_out_as_they_were_drawn(tmp_path):
  frames = _noise(5)
  decoded = decoding.decode(fakes.write_video(tmp_path / 'clip.avi', frames, 12.5))
  np.testing.assert_array_equal(list(decoded), frames)


@pytest.mark.parametrize(
  'name, count, shape',
  [
    ('v_ApplyEyeMakeup_g01_c01.avi', 164, (240, 320, 3)),
    ('v_BaseballPitch_g01_c01.avi', 107, (240, 320, 3)),
    ('mmaction2_demo.mp4', 280, (256, 427, 3)),  # its 340x256 pixels are not square
  ],
)
def test_real_clips_decode_completely(name, count, shape):
  frames = decoding.decode(fakes.shared('clips', name))
  first = next(frames)
  assert first.shape == shape and first.dtype == np.uint8
  decoded = 1 + sum(1 for _ in frames)
  assert 0.97 * count <= decoded <= count


@pytest.mark.parametrize(
  'suffix, codec, options',
  [
    ('mp4', 'libx264', {'g': '250', 'bf': '3'}),
    ('mp4', 'libx264', {'x264-params': 'open-gop=1:keyint=30:bframes=4'}),
    ('mp4', 'libx265', {'x265-params': 'log-level=none'}),
    ('mov', 'mpeg4', {}),
    ('m4v', 'libx264', {}),
    ('avi', 'mpeg4', {'g': '100', 'qmax': '3'}),
    ('avi', 'ffv1', {}),
    ('mkv', 'libx264', {'bf': '3'}),
    ('webm', 'libvpx-vp9', {'b': '500k', 'cpu-used': '8'}),
    ('webm', 'libvpx', {'b': '500k'}),
    ('mpg', 'mpeg2video', {'bf': '2', 'b': '2M'}),
    ('ts', 'libx264', {'bf': '3'}),
    ('m2ts', 'libx264', {'bf': '3'}),
    ('flv', 'libx264', {}),
    ('wmv', 'wmv2', {'b': '2M'}),
    ('nut', 'ffv1', {}),
  ],
)
def test_every_frame_of_whatever_file_and_parts_begin_at_the_frame(
  tmp_path, suffix, codec, options
):
  path = videos.encode(
    tmp_path / f'clip.{suffix}', videos.numbered(200), codec=codec, options=options
  )
  assert _numbers(decoding.decode(path)) == list(range(200))
  assert _shown(path) == list(range(200))
  for first in (1, 42, 131, 197):
    # A millisecond earlier: containers that count milliseconds round.
    begin, end = first / 25 - 1e-3, (first + 3) / 25 - 1e-3
    assert _shown(path, begin, end) == list(range(first, first + 3))
    assert _numbers(decoding.decode(path, begin, end)) == list(range(first, first + 3))
    numbered = list(decoding.at_rate(path, begin, end, numbered=True))
    assert [index for index, _ in numbered] == list(range(first, first + 3))


def test_a_frame_that_is_shown_twice_has_one_number(tmp_path):
  path = videos.encode(tmp_path / 'a.mp4', videos.numbered(5), time_base=Fraction(2, 25))
  tally = decoding.Tally()
  found = [index for index, _ in decoding.at_rate(path, tally=tally)]
  assert found == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] and tally.frames == 5


@pytest.mark.parametrize('rate, count', [(60, 1), (1000, 3)])
def test_a_video_too_short_for_the_rate_shows_its_last_frame(tmp_path, rate, count):
  path = videos.encode(
    tmp_path / 'a.mkv', videos.numbered(count), time_base=Fraction(1, rate), codec='ffv1'
  )
  assert _shown(path) == [count - 1]


# === Times ===


def _by_hand(stamps, rate):
  """What a rate shows: each place the last frame that belongs at or before it, halves upwards."""
  places = [int(np.floor(t * rate + 0.5)) for t in stamps]
  return [max(i for i, p in enumerate(places) if p <= n) for n in range(places[0], places[-1] + 1)]


@pytest.mark.parametrize('suffix, codec', [('mkv', 'ffv1'), ('mp4', 'libx264'), ('webm', 'libvpx')])
@pytest.mark.parametrize(
  'stamps',
  [
    [0, 40, 80, 2120, 2160],  # a pause of 2 s
    [100 * i for i in range(10)] + [1000 + 25 * i for i in range(20)],
    [40 * i + i * i * 13 % 37 for i in range(30)],  # a recorder's jitter
    [4 * i for i in range(60)],  # 250 frames a second
    [0, 1, 2, 3, 500],
  ],
  ids=['pause', 'faster', 'jitter', 'fast', 'burst'],
)
def test_frames_are_shown_at_their_times(tmp_path, suffix, codec, stamps):
  path = videos.encode(
    tmp_path / f'a.{suffix}',
    videos.numbered(len(stamps)),
    stamps,
    time_base=Fraction(1, 1000),
    codec=codec,
    options={'b': '2M'} if codec == 'libvpx' else None,
  )
  expected = _by_hand(np.array(stamps) / 1000, 25)
  # How long the last frame is shown is the container's word.
  last = len(stamps) - 1
  assert [n for n in _shown(path) if n != last] == [n for n in expected if n != last]
  assert _numbers(decoding.decode(path)) == list(range(len(stamps)))


@pytest.mark.parametrize('suffix', ['mkv', 'mp4', 'ts'])
def test_a_file_whose_clock_starts_late_starts_at_0(tmp_path, suffix):
  path = videos.encode(tmp_path / f'a.{suffix}', videos.numbered(25), range(125, 150))
  assert _shown(path, 0.2, 0.4) == [5, 6, 7, 8, 9]


@pytest.mark.parametrize('suffix', ['mkv', 'mp4', 'ts'])
def test_a_picture_that_begins_after_the_sound_keeps_its_time(tmp_path, suffix):
  path = videos.encode(tmp_path / f'a.{suffix}', videos.numbered(25), range(25, 50), sound=2.0)
  assert _shown(path) == list(range(25))
  with pytest.raises(decoding.VideoError, match='from 0 s to 0.9 s; the video has none there'):
    _shown(path, 0, 0.9)
  assert _shown(path, 1.2, 1.4) == pytest.approx([5, 6, 7, 8, 9], abs=1)  # the sound's first frame


@pytest.mark.parametrize('suffix', ['mkv', 'mp4', 'ts', 'flv', 'webm'])
def test_a_file_whose_sound_is_longer_is_whole(tmp_path, suffix):
  codec = 'libvpx' if suffix == 'webm' else 'libx264'
  path = videos.encode(tmp_path / f'a.{suffix}', videos.numbered(25), codec=codec, sound=3.0)
  assert _shown(path) == list(range(25))


@videos.needs_ffmpeg
def test_pictures_packed_out_of_order_in_an_avi_have_the_times_that_ffmpeg_gives_them(tmp_path):
  path = videos.encode(
    tmp_path / 'a.avi', videos.numbered(60), codec='mpeg4', options={'bf': '2', 'qmax': '3'}
  )
  for filters, part in (('fps=25', ()), ('fps=25,trim=1:1.4', (1.0, 1.4))):
    theirs = videos.by_program(path, videos.HEIGHT, videos.WIDTH, filters)
    assert _shown(path, *part) == _numbers(theirs)


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@hypothesis.given(
  gaps=st.lists(st.integers(1, 300), min_size=1, max_size=40),
  offset=st.integers(0, 3000),
  rate=st.sampled_from([1, 5, 12.5, 23.976, 25, 29.97, 30, 60]),
  part=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_frames_of_random_times_are_those_of_ffmpegs_filter(
  tmp_path_factory, gaps, offset, rate, part
):
  stamps = offset + np.cumsum([0, *gaps])
  path = videos.encode(
    tmp_path_factory.mktemp('random') / 'a.mkv',
    videos.numbered(len(stamps), 8),
    stamps.tolist(),
    time_base=Fraction(1, 1000),
    codec='ffv1',
  )
  exact = Fraction(rate).limit_denominator(1001000)
  filters = [('setpts', 'PTS-STARTPTS'), ('fps', f'{exact.numerator}/{exact.denominator}')]
  expected = [(t, videos.number(frame)) for t, frame in videos.by_one_graph(path, filters)]
  whole = _shown(path, rate=rate)
  # A file too short for the rate is the one exception: its last frame is shown.
  assert whole == ([n for _, n in expected] if expected else [len(stamps) - 1])
  start, end = sorted(round(share * stamps[-1] / 1000, 3) for share in part)
  wanted = [n for t, n in expected if start - 1e-6 <= t < end - 1e-6]
  if wanted:
    assert _shown(path, start, end, rate) == wanted
  else:
    with pytest.raises(decoding.VideoError, match='expected frames from .* the video has none'):
      _shown(path, start, end, rate)


@pytest.mark.parametrize('name', ['v_BaseballPitch_g01_c01.avi', 'mmaction2_test.mp4'])
def test_parts_of_real_clips_are_slices_of_all_frames(name):
  path = fakes.shared('clips', name)
  whole = [frame for _, frame in decoding.at_rate(path)]
  for start in (0.52, 1.72, 3.12):
    part = [frame for _, frame in decoding.at_rate(path, start, start + 0.2)]
    first = round(start * 25)
    np.testing.assert_array_equal(part, whole[first : first + 5])


def test_a_part_after_the_end_is_refused(tmp_path):
  path = fakes.write_video(tmp_path / 'clip.avi', _noise(20), 20)
  for read in (decoding.decode, decoding.at_rate):
    with pytest.raises(decoding.VideoError) as error:
      list(read(path, 3.0, 4.5))
    assert str(error.value) == (
      f'{path}: expected frames from 3 s to 4.5 s; the video has none there'
    )


# === What cannot be decoded ===


@pytest.mark.parametrize(
  'suffix, codec',
  [('avi', 'ffv1'), ('mp4', 'mjpeg'), ('mkv', 'ffv1'), ('mov', 'mjpeg'), ('avi', 'mjpeg')],
)
@pytest.mark.parametrize('share', [0.3, 0.9, 0.99])
def test_a_file_cut_off_is_refused_and_says_what_could_be_read(tmp_path, suffix, codec, share):
  whole = videos.encode(
    tmp_path / f'whole.{suffix}',
    _noise(40),
    codec=codec,
    pixels='yuvj420p' if codec == 'mjpeg' else 'yuv420p',
    options={'qmin': '3', 'qmax': '3'} if codec == 'mjpeg' else None,
  )
  with open(whole, 'rb') as f:
    content = f.read()
  half = tmp_path / f'half.{suffix}'
  half.write_bytes(content[: int(len(content) * share)])
  with pytest.raises(decoding.VideoError) as error:
    list(decoding.at_rate(half))
  message = str(error.value)
  assert message.startswith(f'{half}: expected ')
  if 'expected frames to the end' in message:
    count = int(message.split('only ')[1].split(' ')[0])
    assert abs(count - 40 * share) <= 3, message


def test_what_lies_before_the_cut_of_a_file_can_be_read(tmp_path):
  whole = fakes.write_video(tmp_path / 'whole.avi', _noise(40), 20)
  with open(whole, 'rb') as f:
    content = f.read()
  (tmp_path / 'half.avi').write_bytes(content[: len(content) // 2])
  assert len(list(decoding.decode(tmp_path / 'half.avi', 0, 0.5))) == 10
  with pytest.raises(decoding.VideoError, match='expected frames to the end; .*only '):
    list(decoding.decode(tmp_path / 'half.avi', 0.5, 1.5))


@pytest.mark.parametrize('name', ['v_ApplyEyeMakeup_g01_c01.avi', 'mmaction2_demo.mp4'])
def test_a_real_clip_cut_in_half_is_refused(tmp_path, name):
  with open(fakes.shared('clips', name), 'rb') as f:
    content = f.read()
  (tmp_path / name).write_bytes(content[: len(content) // 2])
  with pytest.raises(decoding.VideoError, match=f'{name}: expected '):
    list(decoding.decode(tmp_path / name))


def test_a_video_without_frames_is_refused(tmp_path):
  path = str(tmp_path / 'clip.avi')
  cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), 25.0, (48, 32)).release()
  with pytest.raises(decoding.VideoError) as error:
    next(decoding.decode(path))
  assert str(error.value) == f'{path}: expected frames; none could be decoded'


# === Sizes of stored frames ===


@pytest.mark.parametrize(
  'height, width, expected',
  [
    (240, 320, (256, 341)),  # UCF101: 341.33
    (320, 240, (341, 256)),
    (256, 340, (256, 340)),
    (100, 100, (256, 256)),
    (1080, 1920, (256, 455)),
    (36, 48, (256, 341)),
  ],
)
def test_the_shorter_side_is_fitted_and_the_aspect_ratio_kept(height, width, expected):
  assert decoding.fit_short_side(height, width, 256) == expected


@pytest.mark.parametrize('height, width', [(24, 20), (36, 48), (18, 60), (50, 41)])
def test_a_resized_ramp_is_a_ramp_with_half_pixel_centres(height, width):
  source = np.zeros((30, 40, 2), np.float32)
  source[..., 0] = np.arange(30)[:, np.newaxis] + 0.5
  source[..., 1] = np.arange(40) + 0.5
  resized = decoding.resize(source, height, width)
  assert resized.shape == (height, width, 2)
  rows = (np.arange(height) + 0.5) * 30 / height
  columns = (np.arange(width) + 0.5) * 40 / width
  # What lies outside of the outermost pixel centres repeats them.
  np.testing.assert_allclose(resized[:, width // 2, 0], np.clip(rows, 0.5, 29.5), atol=0.02)
  np.testing.assert_allclose(resized[height // 2, :, 1], np.clip(columns, 0.5, 39.5), atol=0.02)


def test_an_image_of_the_right_size_is_left_alone():
  image = fakes.ramp(20, 30)
  assert decoding.resize(image, 20, 30) is image
