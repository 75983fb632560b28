"""Weights as others publish them: the variables of a model by DeepMind's and TF-Slim's names."""

import os

import numpy as np
import tensorflow as tf

from i3d_tf.model import inception_i3d
from i3d_tf.weights import assign


def narrow(num_classes=5, channels=3, width=0.125, seed=0):
  """A network of all layers with few channels."""
  return inception_i3d.InceptionI3D(num_classes, channels, width=width, seed=seed)


def values(model):
  """The arrays of a model by original name."""
  return {name: v.numpy() for name, v in assign.variables_by_original_name(model).items()}


def published(model, scope):
  """The variables in DeepMind's files: of Kinetics-400 with a scope, of Kinetics-600 without."""
  variables = {}
  for name, value in values(model).items():
    if '/batch_norm/' in name and not scope:
      value = value.reshape(1, 1, 1, 1, -1)
    variables[scope + name] = value
    if not scope and not name.rsplit('/', 1)[1].startswith('moving_'):
      variables[f'{name}/Momentum'] = np.zeros_like(value)
  return variables


def slim(model):
  """Random 2-D weights by TF-Slim's names, with the channels of a model."""
  rng = np.random.default_rng(0)
  variables = {
    'InceptionV1/Logits/Conv2d_0c_1x1/weights': np.ones((1, 1, 128, 1001), np.float32),
    'InceptionV1/Logits/Conv2d_0c_1x1/biases': np.ones(1001, np.float32),
    'global_step': np.int64(7),
  }
  for name, value in values(model).items():
    if not name.startswith('Logits'):
      for ours, theirs in (
        ('Conv3d', 'Conv2d'),
        ('conv_3d/w', 'weights'),
        ('batch_norm', 'BatchNorm'),
      ):
        name = name.replace(ours, theirs)
      shape = value.shape[1:] if value.ndim == 5 else value.shape
      variables[f'InceptionV1/{name}'] = rng.uniform(0.5, 1.5, shape).astype(np.float32)
  return variables


def save(prefix, variables):
  """Writes a TensorFlow checkpoint; returns its prefix as a string."""
  os.makedirs(os.path.dirname(prefix), exist_ok=True)
  tf.raw_ops.SaveV2(
    prefix=str(prefix),
    tensor_names=list(variables),
    tensors=list(variables.values()),
    shape_and_slices=[''] * len(variables),
  )
  return str(prefix)


def assert_equal(actual, expected, names=None):
  """Asserts that two dicts have equal arrays, all of them or those of some names."""
  for name in expected if names is None else names:
    np.testing.assert_array_equal(actual[name], expected[name], name)
