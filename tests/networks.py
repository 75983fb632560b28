"""Tiny trained networks, and videos for them."""

import dataclasses
import functools
import os

import numpy as np

from i3d_tf.inference import trained_networks
from i3d_tf.masks import coco_files
from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from tests import fakes

CLASSES = ('Archery', 'Bowling', 'Diving', 'Fencing', 'Golf')


def network(stream='rgb', resize='crop', dilation=0):
  """A `TrainedNetwork` with random weights for frames of 32x32 pixels.

  Its model is shared by all that ask for the stream, so no test may change it.
  """
  model = _model(stream, tuple(architecture.LAYERS))
  return trained_networks.TrainedNetwork('tiny', model, stream, CLASSES, resize, dilation)


@functools.cache
def _model(stream, layers):
  """The model of a stream; `layers` are those in force, which tests/shallow.py changes."""
  del layers
  model = inception_i3d.InceptionI3D(
    len(CLASSES), 3 if stream == 'rgb' else 2, dropout=0.0, frame_size=32, width=0.125, seed=3
  )
  # A ReLU halves the power of a signal, and the initial kernels reduce it further. Statistics
  # like those after training compensate for that, so that the logits depend on the video.
  rng = np.random.default_rng(3)
  for variable in model.variables:
    if variable.name == 'moving_variance':
      variable.assign(rng.uniform(0.3, 0.5, variable.shape))
    elif variable.name == 'beta':
      variable.assign(rng.normal(0, 0.1, variable.shape))
  return model


def video(path, count=12, height=60, width=80):
  """Writes a lossless video of noise; returns its path as a string."""
  rng = np.random.default_rng(count)
  return fakes.write_video(path, rng.integers(0, 256, (count, height, width, 3), np.uint8))


def masks_file(path, count=12, height=60, width=80, empty=False):
  """Writes masks of a person who moves to the right; returns the path as a string."""
  drawn = np.zeros((count, height, width), bool)
  if not empty:
    for i, mask in enumerate(drawn):
      mask[10:50, 20 + i : 45 + i] = True
  coco_files.write(path, drawn, video=os.path.splitext(os.path.basename(path))[0])
  return str(path)


def replace(network_, **values):
  """Copies a `TrainedNetwork` with some attributes changed."""
  return dataclasses.replace(network_, **values)
