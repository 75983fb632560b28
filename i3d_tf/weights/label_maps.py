"""The names of a network's classes, from the files in which they are published."""

import importlib.util
import os
import re

from i3d_tf.common import errors

# File names in the kinetics-i3d repository, which has them some folders above its checkpoints.
_PUBLISHED = ('label_map.txt', 'label_map_600.txt', 'labels.txt')
_LEVELS = 3
UCF101 = 'ucf101'


def read(path: str | os.PathLike, num_classes: int) -> list[str]:
  """Reads class names.

  Args:
    path: a text file with one name per line in the order of the logits. The lines may
      be numbered from 1 (UCF101's classInd.txt) or not (kinetics-i3d's label_map.txt).
      'ucf101' means the classes of that data set.
    num_classes: expected number of names.

  Raises:
    UserError: the file is missing, or has another number of names.
  """
  file = _ucf101() if path == UCF101 else path
  try:
    with open(file, encoding='utf-8') as f:
      names = [line.strip() for line in f if line.strip()]
  except (OSError, UnicodeDecodeError) as e:
    raise errors.UserError(f'{file}: expected a text file of class names; {e}') from e
  numbered = [re.fullmatch(r'(\d+)\s+(\S.*)', name) for name in names]
  if all(match and int(match[1]) == number for number, match in enumerate(numbered, 1)):
    names = [match[2] for match in numbered if match]
  if len(names) != num_classes:
    raise errors.UserError(f'{file}: expected {num_classes} class names; found {len(names)}')
  return names


def find(weights: str | os.PathLike, num_classes: int) -> tuple[str, list[str]] | tuple[None, None]:
  """Finds the class names published next to weights.

  Args:
    weights: path of the weights.
    num_classes: number of names that the label map must have.

  Returns:
    (path, names), or (None, None) if there is no such label map in the folder of
    the weights or up to three folders above it.
  """
  folder = os.path.dirname(os.path.abspath(weights))
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


def _ucf101() -> str:
  """Path of the list of classes in TensorFlow Datasets, which the Model Garden depends on."""
  package = importlib.util.find_spec('tensorflow_datasets')  # Importing it would take seconds.
  if package is None or package.origin is None:
    raise errors.UserError(
      'expected tensorflow-datasets, which has the class names of ucf101; it is not installed. '
      'Pass the path of classInd.txt instead'
    )
  return os.path.join(os.path.dirname(package.origin), 'video', 'ucf101_labels.txt')
