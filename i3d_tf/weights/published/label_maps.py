"""The names of a network's classes, from the files in which they are published."""

from collections.abc import Sequence
import os
import re

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import text_files
from i3d_tf.weights import arrays
from i3d_tf.weights.published import identity

# File names in the kinetics-i3d repository, which has them some folders above its checkpoints.
_PUBLISHED = ('label_map.txt', 'label_map_600.txt', 'labels.txt')
_LEVELS = 3
_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'labels')
# The class names that the project has, in the order of the logits: DeepMind's label_map.txt,
# the 1000 classes of ILSVRC-2012, and classInd.txt of UCF101. Those of Kinetics-600 are fetched
# with their weights.
BUILT_IN = ('kinetics400', 'imagenet', 'ucf101')


def read(path: str | os.PathLike, num_classes: int | None) -> list[str]:
  """Reads class names.

  Args:
    path: a text file with one name per line in the order of the logits. The lines may
      be numbered from 1 (UCF101's classInd.txt) or not (kinetics-i3d's label_map.txt).
      A name in `BUILT_IN` means the classes of that data set.
    num_classes: expected number of names; None for any.

  Raises:
    UserError: the file is missing, or has another number of names.
  """
  file = os.path.join(_FOLDER, f'{path}.txt') if path in BUILT_IN else path
  names = text_files.read_names(file, 'class names')
  if not names or num_classes not in (None, len(names)):
    raise errors.UserError(f'{file}: expected {num_classes} class names; found {len(names)}')
  return names


def find(weights: str | os.PathLike, num_classes: int) -> tuple[str, list[str]] | tuple[None, None]:
  """Finds the class names published next to weights.

  Args:
    weights: path of the weights.
    num_classes: number of names that the label map must have.

  Returns:
    (path, names), or (None, None) if there is no such label map: `next_to` the weights, in
    their folder, or up to three folders above it.
  """
  own = next_to(weights)
  if os.path.isfile(own):
    return own, read(own, num_classes)
  folder = os.path.abspath(weights)
  if not os.path.isdir(folder):
    folder = os.path.dirname(folder)
  for _ in range(_LEVELS + 1):
    for name in _PUBLISHED:
      path = os.path.join(folder, name)
      if os.path.isfile(path):
        try:
          return path, read(path, num_classes)
        except errors.UserError:
          continue  # The label map of another network.
    folder = os.path.dirname(folder)
  return None, None


def of_weights(weights: arrays.Weights, labels: str | None = None) -> tuple[list[str], str | None]:
  """The class names of weights with logits.

  Args:
    weights: what was read.
    labels: a file of class names or one of `BUILT_IN`; None for the label map that `find` finds
      or, without one, the names of the release that the weights are.

  Returns:
    (names, a sentence on where they are from or None). Without any, the names are 'class 0'
    and so on.

  Raises:
    UserError: the file of class names cannot be used.
  """
  count = weights.num_classes
  assert count is not None, 'weights without logits have no classes'
  if labels is not None:
    return read(labels, count), None
  path, names = find(weights.path, count)
  if names is not None:
    return names, f'{path}: class names'
  release = identity.release_of(weights)
  if release is not None and release.labels is not None:
    return read(release.labels, count), f'class names of {release.title}'
  return [f'class {i}' for i in range(count)], (
    f'no label map of {count} classes found near {weights.path}: --labels=label_map.txt names them'
  )


def next_to(weights: str | os.PathLike) -> str:
  """The path of the class names that `convert` writes next to a file of weights."""
  return re.sub(r'(\.weights\.h5|\.keras)?$', '.labels.txt', os.fspath(weights), count=1)


def write(path: str | os.PathLike, names: Sequence[str]) -> None:
  """Writes class names, one per line, atomically."""
  files.write_text(path, ''.join(f'{name}\n' for name in names))
