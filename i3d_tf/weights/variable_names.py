"""The original names of I3D's variables: those in DeepMind's checkpoints, without their scope.

They follow from the table of layers. `formats` maps the names in other kinds of files to them.
"""

from collections.abc import Iterator

from i3d_tf.model import architecture

# The published graphs say 0a here, where every other block says 0b.
TYPO = {'Mixed_5b/Branch_2/Conv3d_0b_3x3': 'Mixed_5b/Branch_2/Conv3d_0a_3x3'}
CONV1 = 'Conv3d_1a_7x7/conv_3d/w'
HEAD = ('Logits/Conv3d_0c_1x1/conv_3d/w', 'Logits/Conv3d_0c_1x1/conv_3d/b')

# The convolutions of an Inception block, in the order of its channels in `architecture.LAYERS`.
BRANCHES = (
  'Branch_0/Conv3d_0a_1x1',
  'Branch_1/Conv3d_0a_1x1',
  'Branch_1/Conv3d_0b_3x3',
  'Branch_2/Conv3d_0a_1x1',
  'Branch_2/Conv3d_0b_3x3',
  'Branch_3/Conv3d_0b_1x1',
)


def units() -> Iterator[tuple[str, str]]:
  """Yields (layer, branch) of each convolution with batch norm, in order.

  `branch` is one of `BRANCHES`, or '' for a layer that is a single convolution.
  """
  for layer, kind, _ in architecture.LAYERS:
    if kind != 'pool':
      yield from ((layer, branch) for branch in (BRANCHES if kind == 'mixed' else ('',)))


def original(layer: str, branch: str) -> str:
  """Returns the original name of a unit, given as in `units`."""
  name = f'{layer}/{branch}'.rstrip('/')
  return TYPO.get(name, name)


def kernels() -> dict[str, int]:
  """Maps the original names of all kernels but the head's to their output channels at width 1."""
  filters = [
    n
    for _, kind, row in architecture.LAYERS
    if kind != 'pool'
    for n in (row if kind == 'mixed' else row[:1])
  ]
  return {f'{original(*unit)}/conv_3d/w': n for unit, n in zip(units(), filters)}
