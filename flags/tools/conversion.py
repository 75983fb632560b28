"""Flags of convert_weights."""

from typing import Any

from absl import flags

from flags.shared import existing
from flags.shared import weights_folder
from i3d_tf.common import errors

_SUFFIXES = ('.weights.h5', '.keras')
_CHANNELS = {'flow': 2, 'rgb': 3}  # stream -> channels of its frames


def define() -> None:
  """Defines the flags; `arguments` reads them."""
  flags.DEFINE_string(
    'weights',
    None,
    'The weights to convert: a TensorFlow checkpoint by its prefix '
    f'(rgb_imagenet/model.ckpt) or its folder, a file, {weights_folder.NAMES_HELP}.',
  )
  weights_folder.define()
  flags.DEFINE_string(
    'output',
    None,
    'File to write: NAME.weights.h5 (weights only, for model.load_weights) or '
    'NAME.keras (weights and network, for keras.models.load_model).',
  )
  flags.DEFINE_enum(
    'stream',
    None,
    list(_CHANNELS),
    'Stop unless the weights are of this stream; by default either will do.',
  )
  flags.DEFINE_integer(
    'num_classes',
    None,
    'Number of classes of the network; by default that of the weights.',
    lower_bound=1,
  )
  flags.DEFINE_bool(
    'new_head',
    False,
    'Leave out the logits of the weights: the network gets new, random ones, to be '
    'trained. Weights of ImageNet never have logits that fit.',
  )
  flags.DEFINE_integer('seed', 0, 'Seed of new logits.', lower_bound=0)


def arguments() -> dict[str, Any]:
  """The flags as arguments of `convert.convert`.

  Raises:
    UserError: a flag is missing or wrong, or there are no such weights.
  """
  values = flags.FLAGS
  for name in ('weights', 'output'):
    if values[name].value is None:
      raise errors.UserError(f'expected --{name}; it was not given')
  if not values.output.endswith(_SUFFIXES):
    raise errors.UserError(
      f'expected --output to end in {" or ".join(_SUFFIXES)}; received {values.output}'
    )
  weights_folder.use()
  existing.check_weights('--weights', values.weights)
  return {
    'path': values.weights,
    'output': values.output,
    'channels': None if values.stream is None else _CHANNELS[values.stream],
    'num_classes': values.num_classes,
    'new_head': values.new_head,
    'seed': values.seed,
  }
