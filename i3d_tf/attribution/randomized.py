"""A network whose weights are randomised from the top down, for the check of Adebayo et al.

Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018: a map that explains a network
must change as its layers are initialised again, from the logits down ("cascading
randomization"). One that stays on the person shows edges of the picture, and not the network.
"""

from collections.abc import Iterator
import contextlib

import keras
import numpy as np

from i3d_tf.model import inception_i3d
from i3d_tf.model import layers


def stages(model: inception_i3d.InceptionI3D, count: int = 5) -> list[str]:
  """Endpoints down to which the network is randomised, from the top; the last is the first layer.

  Args:
    model: the network.
    count: how many, at least 2.
  """
  names = [layer.name for layer in model.layers if layer.variables][::-1]
  places = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
  return [names[place] for place in dict.fromkeys(places.tolist())]


@contextlib.contextmanager
def restored(model: inception_i3d.InceptionI3D) -> Iterator[None]:
  """Gives the network its weights back at the end, whatever happens."""
  kept = [np.array(variable) for variable in model.variables]
  try:
    yield
  finally:
    for variable, value in zip(model.variables, kept):
      variable.assign(value)


def randomize(model: inception_i3d.InceptionI3D, down_to: str, seed: int) -> None:
  """Initialises all layers again, from the logits down to an endpoint.

  Kernels are drawn as before a training; offsets and statistics of batch norm are those of its
  start. Without offsets, such layers are homogeneous, and a map does not depend on their scale.

  Args:
    model: the network; it is changed.
    down_to: the lowest endpoint that is randomised.
    seed: seeds the kernels; those of a layer do not depend on `down_to`.
  """
  names = [layer.name for layer in model.layers]
  number = 0
  for layer in model.layers:
    below = names.index(layer.name) < names.index(down_to)
    for variable in layer.variables:
      number += 1
      if not below:
        variable.assign(_initial(variable, seed * 1000 + number))


def _initial(variable: keras.Variable, seed: int) -> np.ndarray:
  if variable.name == 'kernel':
    return layers.kernel_initializer(seed % 2**31)(variable.shape)
  if variable.name == 'moving_variance':
    return np.ones(variable.shape, np.float32)
  return np.zeros(variable.shape, variable.dtype)
