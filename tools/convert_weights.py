"""Converts published I3D weights to a Keras file.

    python -m tools.convert_weights --weights=rgb_imagenet/model.ckpt --output=rgb.weights.h5

Reads DeepMind's checkpoints (Kinetics-400 and Kinetics-600), TF-Slim's Inception-v1
(ImageNet, 2-D, which becomes 3-D by repeating it over time), the state dicts of the
PyTorch ports (.pt, .pth) and this project's Keras files; which it is, is found from
the content. Prints what was taken and what was not. The weights for another number
of classes: --num_classes=101 --new_head.
"""

from absl import flags

from i3d_tf.common import cli  # first: it quiets TensorFlow's start
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.model import inception_i3d
from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from i3d_tf.weights import readers

_SUFFIXES = ('.weights.h5', '.keras')


def define_flags():
  flags.DEFINE_string(
    'weights',
    None,
    'The weights to convert: a TensorFlow checkpoint by its prefix '
    '(rgb_imagenet/model.ckpt) or its folder, or a file.',
  )
  flags.DEFINE_string(
    'output',
    None,
    'File to write: NAME.weights.h5 (weights only, for model.load_weights) or '
    'NAME.keras (weights and network, for keras.models.load_model).',
  )
  flags.DEFINE_enum(
    'stream',
    None,
    sorted(arrays.STREAMS.values()),
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


def convert(path, output, channels=None, num_classes=None, new_head=False, seed=0):
  """Writes weights of any kind that `assign.load` reads as a Keras file.

  Args:
    path: the weights.
    output: file to write, .weights.h5 or .keras.
    channels: 3 for RGB, 2 for flow; None for those of the weights.
    num_classes: number of logits; None for that of the weights.
    new_head: whether the logits are new.
    seed: of new logits.

  Returns:
    What was taken and what was not, in one or two lines.

  Raises:
    UserError: the weights cannot be used (`arrays.WeightsError`), do not say how
      many classes there are, or `output` has another suffix.
  """
  if not output.endswith(_SUFFIXES):
    raise errors.UserError(f'the output must end in {" or ".join(_SUFFIXES)}; received {output}')
  source = readers.read(path)
  num_classes = source.num_classes if num_classes is None else num_classes
  if num_classes is None:
    raise errors.UserError(
      f'{path}: has no logits that tell the number of classes; expected num_classes (--num_classes)'
    )
  model = inception_i3d.InceptionI3D(
    num_classes, source.channels if channels is None else channels, seed=seed
  )
  description = assign.assign(source, model, new_head)
  with files.replacing(output) as temporary:
    if output.endswith('.keras'):
      model.save(temporary)
    else:
      model.save_weights(temporary)
  return description


def main():
  values = flags.FLAGS
  for name in ('weights', 'output'):
    if values[name].value is None:
      raise errors.UserError(f'expected --{name}, which was not given')
  channels = {stream: number for number, stream in arrays.STREAMS.items()}.get(values.stream)
  print(
    convert(
      values.weights, values.output, channels, values.num_classes, values.new_head, values.seed
    )
  )
  print(f'{values.output}: written')
  return 0


if __name__ == '__main__':
  define_flags()
  cli.run(main)
