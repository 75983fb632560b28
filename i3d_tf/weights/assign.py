"""Sets the variables of a network from a file of weights: all of them or none."""

from collections.abc import Mapping, Sequence
import os

import keras

from i3d_tf.common import text
from i3d_tf.model import inception_i3d
from i3d_tf.model import layers
from i3d_tf.weights import arrays
from i3d_tf.weights import readers
from i3d_tf.weights import variable_names


def load(model: keras.Model, path: str | os.PathLike, new_head: bool = False) -> str:
  """Loads a file of weights into a network; sets all of its variables or none.

  Args:
    model: an `InceptionI3D`, or a network of its layers.
    path: prefix, folder or file of a TensorFlow checkpoint, or a PyTorch or Keras
      file.
    new_head: whether to leave the logits as they are, for another number of classes.

  Returns:
    What was loaded and what was not, in one or two lines.

  Raises:
    WeightsError: the file is missing, damaged or of an unknown kind, does not fit
      the network, or has missing or unexpected variables.
  """
  return assign(readers.read(path), model, new_head)


def assign(weights: arrays.Weights, model: keras.Model, new_head: bool = False) -> str:
  """Sets the variables of a network from weights that are already read; otherwise like `load`.

  Raises:
    WeightsError: the weights do not fit the network.
  """
  variables = variables_by_original_name(model)
  left_new = set(variable_names.HEAD) if new_head or weights.of_images else set()
  taken = {name: variable for name, variable in variables.items() if name not in left_new}
  if not left_new and weights.num_classes is None:
    raise arrays.WeightsError(
      f'{weights.path}: has no logits. To train new logits, pass new_head (--new_head)'
    )
  unused = sorted(set(weights.arrays) - set(taken) - left_new)
  if unused:
    raise arrays.WeightsError(f'{weights.path}: the network has no {text.some(unused)}')
  _check_shapes(weights, taken)
  for name, variable in taken.items():
    variable.assign(weights.arrays[name])
  return _describe(weights, len(taken), len(variables), new_head)


def _check_shapes(weights: arrays.Weights, variables: Mapping[str, keras.Variable]) -> None:
  """Raises a WeightsError unless the arrays fit these variables."""
  channels = variables[variable_names.CONV1].shape[3]
  if channels != weights.channels:
    raise arrays.WeightsError(
      f'{weights.path}: its first convolution takes {_channels(weights.channels)}; expected '
      f'{_channels(channels)}'
    )
  wrong = [
    name
    for name, variable in variables.items()
    if weights.arrays[name].shape != tuple(variable.shape)
  ]
  if wrong and set(wrong) <= set(variable_names.HEAD):
    expected = variables[variable_names.HEAD[1]].shape[0]
    raise arrays.WeightsError(
      f'{weights.path}: has {weights.num_classes} classes; expected {expected}. To train '
      f'{expected} new classes, pass new_head (--new_head)'
    )
  if wrong:
    shape = tuple(variables[wrong[0]].shape)
    raise arrays.WeightsError(
      f'{weights.path}: {wrong[0]} has the shape {weights.arrays[wrong[0]].shape}; expected '
      f'{shape}{_and_more(wrong[1:])}. Published weights fit a network of width 1'
    )


def _describe(weights: arrays.Weights, taken: int, total: int, new_head: bool) -> str:
  """Describes how many of the network's variables were set, and what was left out."""
  stream = arrays.STREAMS.get(weights.channels, f'{weights.channels} channels')
  classes = 'no classes' if weights.num_classes is None else f'{weights.num_classes} classes'
  line = (
    f'{weights.path}: {weights.kind} ({stream}, {classes}): '
    f"{taken} of the network's {total} variables set"
  )
  ignored = list(weights.ignored)
  if new_head and weights.num_classes is not None:
    ignored.append('its logits')
  rest = [f'not taken: {", ".join(ignored)}'] if ignored else []
  if taken < total:
    rest.append(f'left as initialized: the logits ({total - taken} variables)')
  return '\n'.join([line, '; '.join(rest)] if rest else [line])


def _channels(count: int) -> str:
  return f'{count} channels' + (f', {arrays.STREAMS[count]}' if count in arrays.STREAMS else '')


def _and_more(names: Sequence[str]) -> str:
  return f' and {len(names)} more like it' if names else ''


def variables_by_original_name(model: keras.Model) -> dict[str, keras.Variable]:
  """Maps the names in DeepMind's checkpoints to the variables of a network.

  Args:
    model: an `InceptionI3D`, or a network of its layers.

  Returns:
    A dict from the name without its scope, such as
    'Mixed_3b/Branch_1/Conv3d_0b_3x3/conv_3d/w', to the variable.
    Kernels have the checkpoint's shape [kt, kh, kw, in, out]; batch-norm
    variables are [C] here and [C] or [1, 1, 1, 1, C] in checkpoints.
  """
  variables = {}

  def add_unit(name: str, unit: layers.Unit3D) -> None:
    name = variable_names.TYPO.get(name, name)
    variables[f'{name}/conv_3d/w'] = unit.conv.kernel
    for leaf in ('beta', 'moving_mean', 'moving_variance'):
      variables[f'{name}/batch_norm/{leaf}'] = getattr(unit.batch_norm, leaf)

  for layer in model.layers:
    if isinstance(layer, layers.Unit3D):
      add_unit(layer.name, layer)
    elif isinstance(layer, layers.Mixed):
      for unit in (unit for branch in layer.branches for unit in branch):
        if isinstance(unit, layers.Unit3D):
          branch_name, unit_name = unit.name.split('_Conv3d_')
          add_unit(f'{layer.name}/{branch_name}/Conv3d_{unit_name}', unit)
    elif isinstance(layer, inception_i3d.Head):
      variables[variable_names.HEAD[0]] = layer.conv.kernel
      variables[variable_names.HEAD[1]] = layer.conv.bias
  return variables
