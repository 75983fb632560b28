"""TV-L1: sign and order of its axes; its storage in 8 bits."""

import subprocess
import sys

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.records import flow_kind
from i3d_tf.records import folders
from tests import fakes

_STEP = 40 / 255  # pixels of motion from code to code


def _moved(right, down, size=64, margin=8):
  """Two frames, the second showing what the first shows moved by whole pixels."""
  image = fakes.texture(size + 2 * margin, size + 2 * margin)
  cut = lambda dx, dy: image[margin - dy : margin - dy + size, margin - dx : margin - dx + size]
  return cut(0, 0), cut(right, down)


@pytest.mark.parametrize('right, down', [(3, 0), (-2, 0), (0, 2), (0, -3), (2, -1), (0, 0)])
def test_flow_of_a_translation_is_the_translation(right, down):
  (flow,) = optical_flow.tvl1(_moved(right, down))
  assert flow.shape == (64, 64, 2) and flow.dtype == np.float32
  np.testing.assert_allclose(np.median(flow, axis=(0, 1)), [right, down], atol=0.1)


def test_flow_goes_from_each_frame_to_the_next():
  image = fakes.texture(48, 80)
  frames = [image[:, start : start + 48] for start in (8, 6, 9, 9)]  # moves by +2, -3, 0
  flows = list(optical_flow.tvl1(iter(frames)))
  assert len(flows) == 3
  np.testing.assert_allclose([np.median(flow[..., 0]) for flow in flows], [2, -3, 0], atol=0.1)


@pytest.mark.parametrize('number_of_frames', [0, 1])
def test_less_than_two_frames_have_no_flow(number_of_frames):
  assert not list(optical_flow.tvl1([fakes.texture(32, 32)] * number_of_frames))


def test_storage_is_off_by_half_a_step_at_most():
  flow = np.linspace(-20, 20, 10001, dtype=np.float32).reshape(-1, 1).repeat(2, axis=1)
  error = optical_flow.dequantize(optical_flow.quantize(flow)) - flow
  assert np.abs(error).max() <= _STEP / 2 + 1e-5


def test_every_code_survives_storage():
  codes = np.arange(256, dtype=np.uint8).reshape(16, 8, 2)
  flow = optical_flow.dequantize(codes)
  assert flow.dtype == np.float32
  np.testing.assert_array_equal(optical_flow.quantize(flow), codes)


@pytest.mark.parametrize(
  'pixels, code',
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
def test_motion_is_clipped_and_rounded_to_codes(pixels, code):
  codes = optical_flow.quantize(np.full((1, 1, 2), pixels, np.float32))
  assert codes.dtype == np.uint8
  np.testing.assert_array_equal(codes, [[[code, code]]])


def test_no_motion_reads_as_half_a_step_to_the_right():
  codes = optical_flow.quantize(np.zeros((1, 1, 2)))
  np.testing.assert_allclose(optical_flow.dequantize(codes), _STEP / 2, atol=1e-5)


@pytest.mark.parametrize('right, down', [(3, 0), (0, -2), (0, 0)])
def test_dis_flow_of_a_translation_is_the_translation(right, down):
  (flow,) = optical_flow.compute(_moved(right, down), 'dis')
  assert flow.shape == (64, 64, 2) and flow.dtype == np.float32
  np.testing.assert_allclose(np.median(flow, axis=(0, 1)), [right, down], atol=0.3)


def test_xla_computes_what_opencv_computes():
  image = fakes.texture(24, 40)
  frames = [image[:, start : start + 30] for start in (4, 3, 5)]  # 24x30, as test_batched_tvl1 has
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
    ('dis', 'xla', "flow_backend xla computes tvl1 alone; received flow 'dis'"),
  ],
)
def test_flow_that_nothing_computes_is_refused(method, backend, message):
  with pytest.raises(ValueError, match=message):
    optical_flow.compute([], method, backend)


def test_labels_tell_where_flow_is_from():
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
def test_records_tell_which_flow_they_hold(settings, name):
  assert flow_kind.of_records(settings) == name


def test_records_of_a_flow_that_there_is_not_are_refused():
  with pytest.raises(errors.UserError, match="manifest.json: `flow` must be .* received 'raft'"):
    flow_kind.of_records({'flow': 'raft', 'flow_backend': 'opencv'})


def test_a_flow_network_needs_records_with_flow():
  make = lambda flow: folders.Records('r', (), ('A',), {'flow': flow})
  assert flow_kind.for_stream('rgb', make(None)) is None
  assert flow_kind.for_stream('rgb', make('dis')) is None
  assert flow_kind.for_stream('flow', make('dis')) == 'dis'
  with pytest.raises(errors.UserError, match='r: expected flow for --stream=flow; these records'):
    flow_kind.for_stream('flow', make(None))


def test_another_algorithm_is_another_flow_and_another_backend_is_not():
  dis = {'flow': 'dis', 'flow_backend': 'opencv'}
  flow_kind.check_same('tvl1_xla', {'flow': 'tvl1', 'flow_backend': 'opencv'}, 'run')
  flow_kind.check_same(None, dis, 'run')
  with pytest.raises(
    errors.UserError,
    match='expected records with flow of tvl1, which run was trained on; found dis',
  ):
    flow_kind.check_same('tvl1', dis, 'run')


def test_nothing_is_loaded_that_is_not_asked_for():
  subprocess.run(
    [
      sys.executable,
      '-c',
      (
        'import sys, numpy as np; from i3d_tf.ingest import shard_jobs; from i3d_tf.flow import optical_flow;'
        'list(optical_flow.compute([np.zeros((32, 32, 3), np.uint8)] * 2));'
        'assert not {"tensorflow", "keras", "jax"} & set(sys.modules)'
      ),
    ],
    check=True,
  )
