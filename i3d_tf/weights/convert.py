"""Writes published weights as a Keras file."""

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.model import inception_i3d
from i3d_tf.weights import assign
from i3d_tf.weights import readers
from i3d_tf.weights.published import fetch
from i3d_tf.weights.published import identity
from i3d_tf.weights.published import label_maps

_SUFFIXES = ('.weights.h5', '.keras')


def convert(
  path: str,
  output: str,
  *,
  channels: int | None = None,
  num_classes: int | None = None,
  new_head: bool = False,
  seed: int = 0,
) -> str:
  """Writes weights of any kind that `readers.read` knows as a Keras file, atomically.

  Args:
    path: the weights, or the name of a release.
    output: file to write: .weights.h5 for weights only, .keras for weights and network.
    channels: 3 for RGB, 2 for flow; None for those of the weights.
    num_classes: number of logits; None for that of the weights.
    new_head: whether the network gets new, random logits.
    seed: seed of new logits.

  Returns:
    What was taken and what was not, and which release the weights are, in lines. The class
    names, if they are known, are written next to the file (`label_maps.next_to`).

  Raises:
    UserError: the weights cannot be used (`arrays.WeightsError`) or do not state the number
      of classes, or `output` has another suffix.
  """
  if not output.endswith(_SUFFIXES):
    raise errors.UserError(f'the output must end in {" or ".join(_SUFFIXES)}; received {output}')
  source = readers.read(fetch.resolve(path))
  num_classes = source.num_classes if num_classes is None else num_classes
  if num_classes is None:
    raise errors.UserError(
      f'{path}: has no logits, which would state the number of classes; expected num_classes '
      '(--num_classes)'
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
  described = [description, identity.describe(source)]
  if not new_head and source.num_classes is not None:
    names, note = label_maps.of_weights(source)
    if note is not None and 'no label map' not in note:
      label_maps.write(label_maps.next_to(output), names)
      described.append(f'{label_maps.next_to(output)}: class names')
  return '\n'.join(described)
