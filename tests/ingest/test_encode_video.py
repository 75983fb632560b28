"""What is stored of one video file: frames, masks and flow of the same moments."""

import dataclasses
import json

import cv2
import numpy as np
import pytest

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.masks import coco_files
from i3d_tf.masks import second_looks
from i3d_tf.video import decoding
from tests import fakes

_NAMES = ['A', 'B']
_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=3)


def _decoded(images, flags):
  return [cv2.imdecode(np.frombuffer(image, np.uint8), flags) for image in images]


def test_read_video_stores_frames_at_the_size_of_the_settings(tmp_path):
  stored = encode_video.read_video(fakes.source(tmp_path), _NAMES, _SETTINGS)
  assert (stored.height, stored.width, stored.frame_rate) == (48, 64, 25.0)
  assert (stored.path, stored.label, stored.label_text) == ('A/v_A_g01_c01.avi', 0, 'A')
  assert (stored.masks, stored.coverage, stored.flow, stored.flow_method) == (None,) * 4
  decoded = np.stack(_decoded(stored.frames, cv2.IMREAD_COLOR))[..., ::-1]
  drawn = np.stack([decoding.resize(frame, 48, 64) for frame in fakes.moving()])
  np.testing.assert_allclose(decoded.astype(int), drawn, atol=8)
  assert np.abs(decoded.astype(int) - drawn).mean() < 1.5


def test_read_video_keeps_the_order_of_colors(tmp_path):
  frames = np.zeros((2, 24, 32, 3), np.uint8)
  frames[:] = (200, 100, 30)
  stored = encode_video.read_video(fakes.source(tmp_path, frames=frames), _NAMES, _SETTINGS)
  decoded = _decoded(stored.frames, cv2.IMREAD_COLOR)[0][..., ::-1]
  np.testing.assert_allclose(decoded.reshape(-1, 3).mean(axis=0), (200, 100, 30), atol=2)


def test_read_video_encodes_with_the_quality_of_the_settings(tmp_path):
  noise = np.random.default_rng(0).integers(0, 256, (1, 24, 32, 3), np.uint8)
  source = fakes.source(tmp_path, frames=noise)
  sizes = [
    len(
      encode_video.read_video(
        source, _NAMES, dataclasses.replace(_SETTINGS, jpeg_quality=quality)
      ).frames[0]
    )
    for quality in (20, 95)
  ]
  assert sizes[0] < sizes[1] / 2


def test_read_video_stores_masks_exactly_at_the_size_of_the_frames(tmp_path):
  stored = encode_video.read_video(
    fakes.source(tmp_path, masks=fakes.moving_masks()), _NAMES, _SETTINGS
  )
  decoded = _decoded(stored.masks, cv2.IMREAD_GRAYSCALE)
  assert decoded[0].dtype == np.uint8
  np.testing.assert_array_equal(
    decoded, np.kron(fakes.moving_masks(), np.ones((1, 2, 2), np.uint8))
  )
  assert stored.coverage == pytest.approx(2 * 12 / (24 * 32))


@pytest.mark.parametrize('look', [None, second_looks.SecondLook(0.3, 0.1)])
def test_read_video_stores_what_a_second_look_at_the_masks_found(tmp_path, look):
  source = fakes.source(tmp_path, masks=fakes.moving_masks())
  with open(source.masks) as f:
    content = json.load(f)
  if look is not None:
    content['info']['second_look'] = dataclasses.asdict(look)
  with open(source.masks, 'w') as f:
    json.dump(content, f)
  stored = encode_video.read_video(source, _NAMES, _SETTINGS)
  assert stored.seen_again == (None if look is None else pytest.approx(0.25))


def test_read_video_aligns_masks_with_frames(tmp_path):
  # From 24x36 to 40x60 and not half a pixel further left or up than the frames: pixel x shows
  # the source at (x + 0.5) * 0.6.
  masks = np.random.default_rng(0).random((2, 24, 36)) < 0.5
  source = fakes.source(tmp_path, frames=fakes.moving(2, 24, 36), masks=masks)
  stored = encode_video.read_video(source, _NAMES, dataclasses.replace(_SETTINGS, short_side=40))
  source_pixels = lambda size: np.floor((np.arange(size) + 0.5) * 0.6).astype(int)
  np.testing.assert_array_equal(
    _decoded(stored.masks, cv2.IMREAD_GRAYSCALE),
    masks[:, source_pixels(40)[:, np.newaxis], source_pixels(60)],
  )


def test_read_video_stores_empty_masks_of_a_video_without_people(tmp_path):
  stored = encode_video.read_video(
    fakes.source(tmp_path, masks=np.zeros((10, 24, 32), bool)), _NAMES, _SETTINGS
  )
  assert stored.coverage == 0.0
  assert not np.any(_decoded(stored.masks, cv2.IMREAD_GRAYSCALE))


@pytest.mark.parametrize(
  'rate, shown',
  [
    (12.5, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9]),
    # Frames belong at 0, .8, 1.7, 2.5, 3.3, 4.2, 5, 5.8, 6.7, 7.5, rounded, halves upwards.
    (30.0, [0, 1, 2, 4, 5, 6, 7, 8]),
    (50.0, [0, 2, 4, 6, 8]),
  ],
)
def test_read_video_resamples_masks_like_frames(tmp_path, rate, shown):
  stored = encode_video.read_video(
    fakes.source(tmp_path, masks=fakes.moving_masks(), rate=rate), _NAMES, _SETTINGS
  )
  assert len(stored.frames) == len(stored.masks) == len(shown) != 10
  np.testing.assert_array_equal(
    _decoded(stored.masks, cv2.IMREAD_GRAYSCALE),
    np.kron(fakes.moving_masks()[shown], np.ones((1, 2, 2), np.uint8)),
  )
  drawn = [decoding.resize(fakes.moving()[i], 48, 64) for i in shown]
  np.testing.assert_allclose(
    np.stack(_decoded(stored.frames, cv2.IMREAD_GRAYSCALE)).astype(int),
    np.stack(drawn)[..., 0],
    atol=8,
  )
  assert stored.coverage == pytest.approx(2 * 12 / (24 * 32))


def test_read_video_stores_the_flow_of_the_stored_frames(tmp_path):
  source = fakes.source(tmp_path, frames=fakes.moving(3))
  stored = encode_video.read_video(source, _NAMES, dataclasses.replace(_SETTINGS, flow='tvl1'))
  assert stored.flow_method == 'tvl1' and len(stored.flow) == 2
  expected = list(optical_flow.tvl1(decoding.resize(frame, 48, 64) for frame in fakes.moving(3)))
  # RGB: horizontal, vertical, nothing.
  pictures = np.stack(_decoded(stored.flow, cv2.IMREAD_UNCHANGED))[..., ::-1]
  np.testing.assert_array_equal(pictures[..., 2], 0)
  np.testing.assert_allclose(
    optical_flow.dequantize(pictures[..., :2]), expected, atol=20 / 255 + 1e-5
  )
  # The texture moves by one pixel of the file, two of the record, to the right.
  assert np.median(expected[0][..., 0]) == pytest.approx(2, abs=0.3)


@pytest.mark.parametrize(
  'flow, backend, label', [('dis', 'opencv', 'dis'), ('tvl1', 'xla', 'tvl1_xla')]
)
def test_read_video_names_the_origin_of_the_flow(tmp_path, flow, backend, label):
  source = fakes.source(tmp_path, frames=fakes.moving(2, 24, 30))
  stored = encode_video.read_video(
    source, _NAMES, dataclasses.replace(_SETTINGS, short_side=24, flow=flow, flow_backend=backend)
  )
  assert stored.flow_method == label and len(stored.flow) == 1
  (image,) = _decoded(stored.flow, cv2.IMREAD_COLOR)
  assert np.median(optical_flow.dequantize(image[..., 2])) == pytest.approx(1, abs=0.3)


def test_read_video_rejects_one_frame_if_flow_is_requested(tmp_path):
  source = fakes.source(tmp_path, frames=fakes.moving(1))
  assert len(encode_video.read_video(source, _NAMES, _SETTINGS).frames) == 1
  with pytest.raises(decoding.VideoError, match=r'expected at least 2 frames'):
    encode_video.read_video(source, _NAMES, dataclasses.replace(_SETTINGS, flow='tvl1'))


def test_read_video_rejects_an_unknown_flow(tmp_path):
  with pytest.raises(ValueError, match=r"^`flow` must be one of tvl1, dis; received 'raft'$"):
    encode_video.read_video(
      fakes.source(tmp_path), _NAMES, dataclasses.replace(_SETTINGS, flow='raft')
    )


def test_flow_as_jpeg_is_smaller_and_nearly_the_same(tmp_path):
  source = fakes.source(tmp_path, frames=fakes.moving(3, 48, 64))
  sizes, quantized = {}, {}
  for name, changes in (
    ('png', {}),
    ('jpeg', {'flow_format': 'jpeg'}),
    ('low', {'flow_format': 'jpeg', 'flow_jpeg_quality': 50}),
  ):
    stored = encode_video.read_video(
      source, _NAMES, dataclasses.replace(_SETTINGS, flow='tvl1', **changes)
    )
    sizes[name] = sum(map(len, stored.flow))
    quantized[name] = np.stack(_decoded(stored.flow, cv2.IMREAD_COLOR))[..., :0:-1].astype(int)
    assert stored.flow[0].startswith(b'\x89PNG' if name == 'png' else b'\xff\xd8')
  assert sizes['low'] < sizes['jpeg'] < sizes['png']
  error = {name: np.abs(quantized[name] - quantized['png']).mean() for name in quantized}
  assert 0 < error['jpeg'] < error['low'] and error['jpeg'] < 1  # steps of 0.16 pixels


def test_read_video_rejects_an_unknown_format_of_flow(tmp_path):
  with pytest.raises(ValueError, match=r"^`flow_format` must be one of png, jpeg; received 'gif'$"):
    encode_video.read_video(
      fakes.source(tmp_path), _NAMES, dataclasses.replace(_SETTINGS, flow='tvl1', flow_format='gif')
    )


def test_read_video_does_not_compute_known_flow(tmp_path):
  settings = dataclasses.replace(_SETTINGS, flow='tvl1')
  stored = encode_video.read_video(fakes.source(tmp_path), _NAMES, settings, flow=('known',))
  assert stored.flow == ('known',)
  stored = encode_video.read_video(fakes.source(tmp_path), _NAMES, _SETTINGS, flow=('known',))
  assert stored.flow is None and stored.flow_method is None


@pytest.mark.parametrize(
  'start, end, shown',
  [
    (None, None, range(10)),
    (0.5, None, range(5, 10)),
    (None, 0.3, range(3)),
    (0.41, 0.8, range(5, 8)),
    (0.4, 0.8, range(4, 8)),
    (0.7, 99, range(7, 10)),
  ],
)
def test_read_video_stores_the_frames_and_masks_of_a_part(tmp_path, start, end, shown):
  source = dataclasses.replace(
    fakes.source(tmp_path, masks=fakes.moving_masks(), rate=10.0), start=start, end=end
  )
  stored = encode_video.read_video(source, _NAMES, dataclasses.replace(_SETTINGS, frame_rate=10.0))
  np.testing.assert_array_equal(
    _decoded(stored.masks, cv2.IMREAD_GRAYSCALE),
    np.kron(fakes.moving_masks()[list(shown)], np.ones((1, 2, 2), np.uint8)),
  )
  drawn = np.stack([decoding.resize(fakes.moving()[i], 48, 64) for i in shown])
  np.testing.assert_allclose(
    np.stack(_decoded(stored.frames, cv2.IMREAD_GRAYSCALE)).astype(int), drawn[..., 0], atol=8
  )


def test_read_video_rejects_masks_that_end_before_the_part(tmp_path):
  source = dataclasses.replace(
    fakes.source(tmp_path, masks=fakes.moving_masks(6), rate=10.0), end=0.8
  )
  with pytest.raises(coco_files.MaskError) as error:
    encode_video.read_video(source, _NAMES, _SETTINGS)
  assert str(error.value) == (
    f'{source.masks}: expected at least 8 masks, as many as '
    f'{source.file} has frames up to 0.8 s; found 6'
  )


@pytest.mark.parametrize(
  'masks, message',
  [
    (fakes.moving_masks(9), 'expected 10 masks, as many as {file} has frames; found 9'),
    (fakes.moving_masks(11), 'expected 10 masks, as many as {file} has frames; found 11'),
    (fakes.moving_masks(10, 32, 24), 'expected masks of 24x32, the size of {file}; found 32x24'),
    (fakes.moving_masks(10, 12, 16), 'expected masks of 24x32, the size of {file}; found 12x16'),
  ],
)
def test_read_video_rejects_masks_of_another_video(tmp_path, masks, message):
  source = fakes.source(tmp_path, masks=masks)
  with pytest.raises(coco_files.MaskError) as error:
    encode_video.read_video(source, _NAMES, _SETTINGS)
  assert str(error.value) == f'{source.masks}: {message.format(file=source.file)}'
