"""Networks of which it is known where their answers come from."""

import keras
import numpy as np

from i3d_tf.classifiers import i3d as i3d_classifier
from i3d_tf.classifiers import protocol
from i3d_tf.model import inception_i3d

SIDE = 96  # pixels of frames; I3D's Mixed_5c has 3 x 3 cells
CLASSES = ('red', 'green')
# A patch of 20 pixels that only the middle cell of Mixed_5c sees, and the cell: receptive fields
# of `i3d` reach 22 pixels from their centers 23.5, 55.5 and 87.5.
PATCH, CELL = slice(46, 65), slice(39, 72)


def i3d():
  """An I3D that hands the positive red and green on to its logits: no other channel, no kernel.

  Logit 0 is about the mean over cells of the most red, logit 1 of the most green.
  """
  model = inception_i3d.InceptionI3D(2, dropout=0.0, frame_size=SIDE, width=0.125)
  for variable in model.variables:
    value = np.zeros(variable.shape, np.float32)
    if variable.name == 'moving_variance':
      value += 1
    # Of an Inception block, the first branch alone hands on: the others stay 0.
    handed_on = 'Branch_' not in variable.path or 'Branch_0' in variable.path
    if variable.name == 'kernel' and handed_on:
      t, h, w = (n // 2 for n in value.shape[:3])
      for channel in range(2):
        value[t, h, w, channel, channel] = 1
    variable.assign(value)
  return model


def classifier(model=None):
  """`i3d` or another network for clips of 96 pixels as a `protocol.Classifier`."""
  model = i3d() if model is None else model
  form = protocol.ClipForm(SIDE, min_frames=9)
  return protocol.Classifier(
    'oracle', CLASSES, form, i3d_classifier.function_of(model), network=model
  )


def clip(person=(), place=(), frames=16):
  """A clip [T, 96, 96, 3] with colours ('red', 'green') of the patch and of the rest, else 0."""
  values = np.zeros((frames, SIDE, SIDE, 3), np.float32)
  for color in place:
    values[..., CLASSES.index(color)] = 1
  values[:, PATCH, PATCH] = 0
  for color in person:
    values[:, PATCH, PATCH, CLASSES.index(color)] = 1
  return values


def patch_network(size=16, frames=None, square=False):
  """A Keras network that answers from the red of one patch of space-time: frames 2 and 3, rows 4 to
  7, columns 8 to 11. Logit 0 is its mean, or the mean of its squares; logit 1 is 0."""
  inputs = keras.Input((frames, size, size, 3))
  red = inputs[:, 2:4, 4:8, 8:12, 0]
  answer = keras.ops.mean(red * red if square else red, axis=(1, 2, 3))
  return keras.Model(inputs, keras.ops.stack([answer, 0 * answer], axis=1))


def patch_mask(shape):
  """Where `patch_network` looks: bool [T, H, W]."""
  mask = np.zeros(shape, bool)
  mask[2:4, 4:8, 8:12] = True
  return mask


def patch_classifier(gradients=True, square=False, **form):
  """`patch_network` as a classifier, with or without gradients."""
  model = patch_network(square=square)
  form = protocol.ClipForm(16, **form)
  return protocol.Classifier(
    'patch', CLASSES, form, lambda clips: model(clips).numpy(), network=model if gradients else None
  )
