"""Records of videos that show which frames, pixels and masks a batch is made from."""

import dataclasses

import numpy as np

from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_records
from tests import fakes

# Frames of 37x49 are cropped to 32x32 without being resized: pixels keep their values.
HEIGHT, WIDTH, SIZE = 37, 49, 32
STEP = 5  # Of the ramps; more than the error of JPEG.
SETTINGS = clip_settings.ClipSettings(
  frame_size=SIZE, clip_frames=9, max_frames=20, mask_dilation=0, batch_size=2
)
FLOW_SETTINGS = dataclasses.replace(SETTINGS, stream='flow')


def names(count):
  """Paths of videos in groups of their own."""
  return [f'A/v_A_g{n:02d}_c01.avi' for n in range(count)]


def levels(count, height=HEIGHT, width=WIDTH):
  """Gray frames whose level encodes their number, see `numbers`."""
  frames = np.zeros((count, height, width, 3), np.uint8)
  frames[:] = 6 * np.arange(count)[:, np.newaxis, np.newaxis, np.newaxis]
  return frames


def numbers(frames):
  """The numbers [B, T] of frames [B, T, ...] of `levels`."""
  return np.round(np.asarray(frames)[:, :, 5, 5, 0] / 6).astype(int)


def ramps(count=9):
  """Frames whose red encodes the row and whose green encodes the column, see `offset`."""
  return np.repeat(fakes.ramp(HEIGHT, WIDTH, STEP)[np.newaxis], count, axis=0)


def flow_ramps(count):
  """Quantized flow that encodes the column in u and the row in v."""
  quantized = np.zeros((count, HEIGHT, WIDTH, 2), np.uint8)
  quantized[..., 0] = STEP * np.arange(WIDTH)
  quantized[..., 1] = STEP * np.arange(HEIGHT)[:, np.newaxis]
  return quantized


def offset(frame, flipped):
  """(top, left) of a crop of the ramp; asserts that it is one."""
  frame = frame[:, ::-1] if flipped else frame
  frame = np.asarray(frame, float)
  top, left = np.round(frame[0, 0, :2] / STEP).astype(int)
  rows, columns = np.mgrid[top : top + SIZE, left : left + SIZE]
  # JPEG changes single pixels, by less than a step.
  np.testing.assert_allclose(frame[..., 0], STEP * rows, atol=STEP - 1)
  np.testing.assert_allclose(frame[..., 1], STEP * columns, atol=STEP - 1)
  return int(top), int(left)


def train(source, count, settings=SETTINGS, start_step=0):
  """The first batches of a training: a list of dicts of NumPy arrays."""
  dataset = from_records.training(source, source.entries, settings, start_step)
  return list(dataset.take(count).as_numpy_iterator())


def evaluate(source, settings=SETTINGS, entries=None):
  """All batches of an evaluation: a list of dicts of NumPy arrays."""
  entries = source.entries if entries is None else entries
  return list(from_records.evaluation(source, entries, settings).as_numpy_iterator())
