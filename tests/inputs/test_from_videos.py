"""Videos of any length, as windows of stored frames with their masks."""

import cv2
import numpy as np
import pytest

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.masks import coco_files
from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.masks import png
from i3d_tf.video import decoding
from tests import fakes


def grey(count, height=80, width=112):
  """Frames of which number i has grey level 2 * i."""
  return [np.full((height, width, 3), 2 * i, np.uint8) for i in range(count)]


def write_masks(path, count, height=80, width=112):
  """Masks of which number i covers the rows from i on, and no more than 16 of them."""
  drawn = np.zeros((count, height, width), bool)
  for i, mask in enumerate(drawn):
    mask[i : i + 16] = True
  coco_files.write(path, drawn, video='a.avi')
  return coco_files.read(path)


def levels(frames):
  return (frames[:, 5, 5, 0] / 2).round().astype(int).tolist()


def shown(path, max_frames):
  """(grey levels halved, start, new frames) of every window."""
  return [
    (levels(window.frames), window.start, window.new)
    for window in from_videos.windows(str(path), 'rgb', 64, max_frames)
  ]


# === Windows ===


@pytest.mark.parametrize(
  'count, max_frames, expected',
  [
    (9, 250, [(range(9), 0, 9)]),
    (25, 10, [(range(10), 0, 10), (range(10, 20), 10, 10), (range(16, 25), 16, 5)]),
    (20, 10, [(range(10), 0, 10), (range(10, 20), 10, 10)]),
    (21, 10, [(range(10), 0, 10), (range(10, 20), 10, 10), (range(12, 21), 12, 1)]),
  ],
)
def test_windows_show_every_frame_and_never_fewer_than_9(tmp_path, count, max_frames, expected):
  fakes.write_video(tmp_path / 'a.avi', grey(count))
  assert shown(tmp_path / 'a.avi', max_frames) == [(list(r), s, n) for r, s, n in expected]


@pytest.mark.parametrize(
  'count, length, stride, expected',
  [
    (30, 10, 10, [(0, 10, 10), (10, 10, 10), (20, 10, 10)]),
    (20, 10, 5, [(0, 10, 10), (5, 10, 5), (10, 10, 5)]),
    (23, 10, 10, [(0, 10, 10), (10, 10, 10), (13, 10, 3)]),  # the end is seen, too
    (22, 10, 8, [(0, 10, 10), (8, 10, 8), (12, 10, 4)]),
    (12, 16, 16, [(0, 12, 12)]),  # shorter than a window
    (24, 9, 15, [(0, 9, 9), (15, 9, 9)]),  # a stride that leaves frames out
    (25, 9, 15, [(0, 9, 9), (15, 9, 9)]),  # frame 24 is left out as 9 to 14 are
    (33, 9, 15, [(0, 9, 9), (15, 9, 9), (24, 9, 9)]),
    (10, 9, 1, [(0, 9, 9), (1, 9, 1)]),
  ],
)
def test_sliding_windows_are_a_stride_apart_and_reach_the_end(
  tmp_path, count, length, stride, expected
):
  fakes.write_video(tmp_path / 'a.avi', grey(count))
  windows = list(from_videos.sliding(str(tmp_path / 'a.avi'), 'rgb', 64, length, stride))
  assert [(w.start, len(w.frames), w.new) for w in windows] == expected
  for window in windows:
    assert levels(window.frames) == list(range(window.start, window.start + len(window.frames)))


@pytest.mark.parametrize('native', [False, True])
@pytest.mark.parametrize('ends', ['last', 'drop', 'zeros'])
def test_windows_of_a_part_are_those_of_a_video_of_its_frames(tmp_path, ends, native):
  frames = grey(60)
  whole = fakes.write_video(tmp_path / 'whole.avi', frames)
  cut = fakes.write_video(tmp_path / 'cut.avi', frames[10:35])
  part = from_videos.Part(0.4, 1.4)
  call = ('rgb', 64, 11, 4)
  found = list(from_videos.sliding(whole, *call, native=native, ends=ends, part=part))
  expected = list(from_videos.sliding(cut, *call, native=native, ends=ends))
  assert len(found) == len(expected) > 3
  for one, other in zip(found, expected):
    np.testing.assert_array_equal(one.frames, other.frames)
    assert (one.start, one.new, one.missing) == (other.start, other.new, other.missing)


@pytest.mark.parametrize(
  'part, message',
  [
    (from_videos.Part(0.4, 0.7), 'from 0.4 s to 0.7 s: expected at least 9 frames at 25 a s'),
    (from_videos.Part(0.8), 'from 0.8 s on: expected at least 9 frames at 25 a second; found 5'),
    (from_videos.Part(5, 6), ': expected frames from 5 s to 6 s; the video has none there'),
  ],
)
def test_a_part_that_is_too_short_is_named(tmp_path, part, message):
  path = fakes.write_video(tmp_path / 'a.avi', grey(25))
  with pytest.raises(decoding.VideoError, match=message):
    list(from_videos.sliding(path, 'rgb', 64, 16, 16, part=part))


def test_other_frame_rates_are_resampled(tmp_path):
  fakes.write_video(tmp_path / 'a.avi', grey(40), frame_rate=50)
  ((shown_levels, _, new),) = shown(tmp_path / 'a.avi', 250)
  assert new == 20 and np.diff(shown_levels).tolist() == [2] * 19


def test_a_folder_of_frames_is_a_video(tmp_path):
  for i in range(12):
    cv2.imwrite(str(tmp_path / f'{i:03d}.png'), np.full((73, 90, 3), 2 * i, np.uint8))
  (tmp_path / 'notes.txt').write_text('no frame')
  assert shown(tmp_path, 250) == [(list(range(12)), 0, 12)]


def test_flow_is_that_of_the_resized_frames(tmp_path):
  texture = fakes.texture(90, 120)
  for i in range(11):
    cv2.imwrite(str(tmp_path / f'{i:02d}.png'), texture[4:77, 2 * i : 2 * i + 73])
  (window,) = from_videos.windows(str(tmp_path), 'flow', 64, 250)
  assert window.frames.shape == (10, 73, 73, 2) and window.new == 10
  flow = optical_flow.dequantize(window.frames[:, 8:-8, 8:-8])
  np.testing.assert_allclose(np.median(flow[..., 0]), -2, atol=0.15)
  np.testing.assert_allclose(np.median(flow[..., 1]), 0, atol=0.15)


def test_flow_is_computed_as_it_was_for_training(tmp_path):
  texture = fakes.texture(90, 120)
  frames = [texture[4:77, 2 * i : 2 * i + 73] for i in range(11)]
  for i, frame in enumerate(frames):
    cv2.imwrite(str(tmp_path / f'{i:02d}.png'), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
  expected = optical_flow.quantize(np.stack(list(optical_flow.dis(frames))))
  (window,) = from_videos.windows(str(tmp_path), 'flow', 64, 250, flow='dis')
  np.testing.assert_array_equal(window.frames, expected)
  (window,) = from_videos.sliding(str(tmp_path), 'flow', 64, 250, 250, flow='dis')
  np.testing.assert_array_equal(window.frames, expected)


def test_flow_of_a_video_is_that_of_one_thread(tmp_path, monkeypatch):
  path = fakes.write_video(tmp_path / 'a.avi', fakes.moving(14, 73, 90))
  found = {}
  for cores in (1, 3):
    monkeypatch.setattr(from_videos.processes, 'num_cores', lambda cores=cores: cores)
    found[cores] = [frame for frame, _ in from_videos.stored(path, 'flow', 64)]
  assert len(found[1]) == 13
  np.testing.assert_array_equal(found[3], found[1])


# === Masks ===


@pytest.mark.parametrize(
  'stream, frame_rate, dilation', [('rgb', 25, 0), ('rgb', 50, 5), ('flow', 25, 3)]
)
def test_frames_and_masks_are_those_of_the_records(tmp_path, stream, frame_rate, dilation):
  frames = [np.roll(fakes.texture(80, 112), i, axis=1) for i in range(24)]
  path = fakes.write_video(tmp_path / 'a.avi', frames, frame_rate)
  written = write_masks(tmp_path / 'a.json', 24)
  record = encode_video.read_video(
    encode_video.VideoSource('A/a.avi', path, 0, str(tmp_path / 'a.json')),
    ['A'],
    requests.EncodingSettings(short_side=preprocess.resize_side(64), flow='tvl1', jpeg_quality=100),
  )
  (window,) = from_videos.windows(path, stream, 64, 250, written, dilation)
  decode = lambda image: cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
  stored_masks = png.decode(record.masks)[: len(window.frames)]
  np.testing.assert_array_equal(window.masks, dilation_lib.dilate(stored_masks, dilation))
  if stream == 'flow':
    stored_flow = np.stack([decode(image) for image in record.flow])[..., :0:-1]
    np.testing.assert_array_equal(window.frames, stored_flow)
  else:
    stored_frames = np.stack([decode(image) for image in record.frames])[..., ::-1]
    assert np.abs(window.frames.astype(int) - stored_frames).mean() < 1.5  # JPEG


@pytest.mark.parametrize(
  'count, height, message',
  [
    (13, 80, 'expected as many masks as it has frames; found 13 masks and 12 frames'),
    (10, 80, 'found 10 masks and more frames'),
    (12, 81, 'expected masks of 80x112, the size of its frames; found 81x112'),
  ],
)
def test_masks_of_another_video_are_refused(tmp_path, count, height, message):
  path = fakes.write_video(tmp_path / 'a.avi', grey(12))
  with pytest.raises(coco_files.MaskError, match=message):
    list(from_videos.windows(path, 'rgb', 64, 250, write_masks(tmp_path / 'a.json', count, height)))


# === Bad input ===


@pytest.mark.parametrize(
  'make, message',
  [
    (
      lambda path: fakes.write_video(path, grey(8)),
      'expected at least 9 frames at 25 a second; found 8',
    ),
    (lambda path: path.write_bytes(b''), 'the file is empty'),
    (lambda path: path.write_text('x' * 999), 'FFmpeg finds no video stream in it'),
    (lambda path: path.mkdir(), r'expected image files \(.bmp, .jpeg'),
    (lambda path: None, 'no such video file'),
  ],
)
def test_files_that_are_not_videos_are_named(tmp_path, make, message):
  path = tmp_path / 'a.avi'
  make(path)
  for read in (
    lambda: from_videos.windows(str(path), 'rgb', 64, 250),
    lambda: from_videos.sliding(str(path), 'rgb', 64, 16, 16),
  ):
    with pytest.raises(decoding.VideoError, match=f'{path}: .*{message}'):
      list(read())


def test_images_of_several_sizes_are_no_video(tmp_path):
  for i, height in enumerate((73, 73, 74)):
    cv2.imwrite(str(tmp_path / f'{i}.png'), np.zeros((height, 90, 3), np.uint8))
  with pytest.raises(decoding.VideoError, match='2.png: expected 73x90 pixels.*; found 74x90'):
    list(from_videos.windows(str(tmp_path), 'rgb', 64, 250))
