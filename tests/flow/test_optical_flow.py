"""Optical flow: sign and order of its axes, its storage in 8 bits, its names in records."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.records import flow_kind
from i3d_tf.records import folders
from tests import fakes

_STEP = 40 / 255  # pixels of motion between two quantized values


def _moved(right, down, size=64, margin=8):
  """Two frames; in the second, the content is moved by whole pixels."""
  image = fakes.texture(size + 2 * margin, size + 2 * margin)
  cut = lambda dx, dy: image[margin - dy : margin - dy + size, margin - dx : margin - dx + size]
  return cut(0, 0), cut(right, down)


@pytest.mark.parametrize('right, down', [(3, 0), (-2, 0), (0, 2), (0, -3), (2, -1), (0, 0)])
def test_flow_of_a_translation_is_the_translation(right, down):
  (flow,) = optical_flow.tvl1(_moved(right, down))
  assert flow.shape == (64, 64, 2) and flow.dtype == np.float32
  np.testing.assert_allclose(np.median(flow, axis=(0, 1)), [right, down], atol=0.1)


def test_flow_points_from_each_frame_to_the_next():
  image = fakes.texture(48, 80)
  frames = [image[:, start : start + 48] for start in (8, 6, 9, 9)]  # moves by +2, -3, 0
  flows = list(optical_flow.tvl1(iter(frames)))
  assert len(flows) == 3
  np.testing.assert_allclose([np.median(flow[..., 0]) for flow in flows], [2, -3, 0], atol=0.1)


@pytest.mark.parametrize('method', optical_flow.METHODS)
@pytest.mark.parametrize('count', [0, 1, 2, 3, 9])
def test_several_threads_give_the_flow_of_one_in_its_order(method, count):
  frames = fakes.moving(count, 40, 48) if count else []
  expected = list(optical_flow.compute(frames, method))
  found = list(optical_flow.compute(iter(frames), method, threads=3))
  assert len(found) == len(expected) == max(0, count - 1)
  for one, other in zip(found, expected):
    np.testing.assert_array_equal(one, other)


def test_threads_read_a_few_frames_ahead_and_pass_on_errors():
  read = []

  def frames():
    for number, frame in enumerate(fakes.moving(20, 40, 48)):
      if number == 15:
        raise errors.UserError('frame 15 is damaged')
      read.append(number)
      yield frame

  fields = optical_flow.compute(frames(), 'dis', threads=2)
  for number in range(5):
    next(fields)
    assert len(read) <= number + 4  # two frames of the field, and two more pairs
  with pytest.raises(errors.UserError, match='frame 15 is damaged'):
    list(fields)


@pytest.mark.parametrize('num_frames', [0, 1])
def test_fewer_than_two_frames_have_no_flow(num_frames):
  assert not list(optical_flow.tvl1([fakes.texture(32, 32)] * num_frames))


def test_quantization_changes_flow_by_at_most_half_a_step():
  flow = np.linspace(-20, 20, 10001, dtype=np.float32).reshape(-1, 1).repeat(2, axis=1)
  error = optical_flow.dequantize(optical_flow.quantize(flow)) - flow
  assert np.abs(error).max() <= _STEP / 2 + 1e-5


def test_dequantizing_and_quantizing_gives_the_same_values():
  quantized = np.arange(256, dtype=np.uint8).reshape(16, 8, 2)
  flow = optical_flow.dequantize(quantized)
  assert flow.dtype == np.float32
  np.testing.assert_array_equal(optical_flow.quantize(flow), quantized)


@pytest.mark.parametrize(
  'pixels, expected',
  [
    (-1000, 0),
    (-20.01, 0),
    (-20, 0),
    (20, 255),
    (20.01, 255),
    (1000, 255),
    (np.inf, 255),
    (0, 128),
    (-_STEP / 2, 127),
    (_STEP / 2, 128),
    (10, 191),
    (-10, 64),
  ],
)
def test_quantizing_clips_and_rounds(pixels, expected):
  quantized = optical_flow.quantize(np.full((1, 1, 2), pixels, np.float32))
  assert quantized.dtype == np.uint8
  np.testing.assert_array_equal(quantized, [[[expected, expected]]])


def test_no_motion_reads_as_half_a_step_to_the_right():
  quantized = optical_flow.quantize(np.zeros((1, 1, 2)))
  np.testing.assert_allclose(optical_flow.dequantize(quantized), _STEP / 2, atol=1e-5)


@pytest.mark.parametrize('right, down', [(3, 0), (0, -2), (0, 0)])
def test_dis_flow_of_a_translation_is_the_translation(right, down):
  (flow,) = optical_flow.compute(_moved(right, down), 'dis')
  assert flow.shape == (64, 64, 2) and flow.dtype == np.float32
  np.testing.assert_allclose(np.median(flow, axis=(0, 1)), [right, down], atol=0.3)


@pytest.mark.parametrize('height, width', [(40, 40), (32, 43), (43, 40), (37, 41), (64, 48)])
def test_dis_flow_of_a_pair_does_not_depend_on_those_before(height, width):
  frames = list(fakes.moving(5, height, width))
  together = list(optical_flow.compute(frames, 'dis'))
  for flow, pair in zip(together, itertools.pairwise(frames), strict=True):
    (alone,) = optical_flow.compute(pair, 'dis')
    np.testing.assert_array_equal(flow, alone)


# OpenCV's own code would end the process at most of these.
@pytest.mark.parametrize('height, width', [(12, 40), (16, 100), (31, 340), (8, 8), (11, 24)])
def test_frames_that_are_too_small_for_dis_are_refused(height, width):
  frames = np.zeros((2, height, width, 3), np.uint8)
  with pytest.raises(optical_flow.FlowError, match=f'received {height} x {width} pixels'):
    list(optical_flow.compute(frames, 'dis'))


@pytest.mark.parametrize('height, width', [(12, 39), (31, 39), (32, 640), (640, 12)])
def test_the_smallest_frames_for_dis_have_finite_flow(height, width):
  (flow,) = optical_flow.compute(fakes.moving(2, height, width), 'dis')
  assert flow.shape == (height, width, 2) and np.isfinite(flow).all()


def test_xla_computes_what_opencv_computes():
  image = fakes.texture(24, 40)
  frames = [image[:, start : start + 30] for start in (4, 3, 5)]  # 24x30, as in test_tvl1
  found = list(optical_flow.compute(iter(frames), 'tvl1', 'xla'))
  assert len(found) == 2 and found[0].shape == (24, 30, 2)
  error = np.linalg.norm(np.subtract(found, list(optical_flow.tvl1(frames))), axis=-1)
  assert error.mean() < 0.02
  assert not list(optical_flow.compute(frames[:1], 'tvl1', 'xla'))


@pytest.mark.parametrize(
  'method, backend, message',
  [
    ('raft', 'opencv', "`flow` must be one of tvl1, dis; received 'raft'"),
    ('tvl1', 'cuda', "`flow_backend` must be one of opencv, xla; received 'cuda'"),
    ('dis', 'xla', "`flow` must be 'tvl1' for flow_backend 'xla'; received 'dis'"),
  ],
)
def test_compute_rejects_unknown_methods_and_backends(method, backend, message):
  with pytest.raises(ValueError, match=message):
    optical_flow.compute([], method, backend)


def test_a_label_names_method_and_backend():
  assert [
    optical_flow.label('tvl1', 'opencv'),
    optical_flow.label('tvl1', 'xla'),
    optical_flow.label('dis', 'opencv'),
  ] == ['tvl1', 'tvl1_xla', 'dis']


@pytest.mark.parametrize(
  'settings, name',
  [
    ({'flow': None, 'flow_backend': 'opencv'}, None),
    ({}, None),
    ({'flow': 'tvl1', 'flow_backend': 'xla'}, 'tvl1_xla'),
    ({'flow': 'dis'}, 'dis'),
  ],
)
def test_records_name_their_flow(settings, name):
  assert flow_kind.of_records(settings) == name


def test_records_of_an_unknown_flow_are_rejected():
  with pytest.raises(errors.UserError, match=r"manifest.json: `flow` must be .* received 'raft'"):
    flow_kind.of_records({'flow': 'raft', 'flow_backend': 'opencv'})


def test_a_flow_network_needs_records_with_flow():
  make = lambda flow: folders.Records('r', (), ('A',), {'flow': flow})
  assert flow_kind.for_stream('rgb', make(None)) is None
  assert flow_kind.for_stream('rgb', make('dis')) is None
  assert flow_kind.for_stream('flow', make('dis')) == 'dis'
  with pytest.raises(errors.UserError, match='r: expected flow for --stream=flow; these records'):
    flow_kind.for_stream('flow', make(None))


def test_another_method_is_another_flow_but_another_backend_is_not():
  dis = {'flow': 'dis', 'flow_backend': 'opencv'}
  flow_kind.check_same('tvl1_xla', {'flow': 'tvl1', 'flow_backend': 'opencv'}, 'run')
  flow_kind.check_same(None, dis, 'run')
  with pytest.raises(
    errors.UserError,
    match='expected records with flow of tvl1, which run was trained on; found dis',
  ):
    flow_kind.check_same('tvl1', dis, 'run')


_WITHOUT_TENSORFLOW = """
import sys
import numpy as np
from i3d_tf.flow import optical_flow
assert 'cv2' not in sys.modules
from i3d_tf.ingest import shard_jobs
list(optical_flow.compute([np.zeros((32, 32, 3), np.uint8)] * 2))
assert not {'tensorflow', 'keras', 'jax'} & set(sys.modules)
"""


def test_opencvs_flow_needs_no_tensorflow_and_the_import_no_opencv():
  subprocess.run([sys.executable, '-c', _WITHOUT_TENSORFLOW], check=True)
