"""The names of a network's classes, from the files in which they are published."""

import importlib.util
import os
import re

from i3d_tf.common import errors

# Names as kinetics-i3d's repository has them, some folders above its checkpoints.
_PUBLISHED = ('label_map.txt', 'label_map_600.txt', 'labels.txt')
_LEVELS = 3
UCF101 = 'ucf101'


def read(path, num_classes):
  """Reads class names.

  Args:
    path: a text file of one name a line in the order of the logits (kinetics-i3d's
      label_map.txt), the lines numbered from 1 (UCF101's classInd.txt) or not; or
      'ucf101' for the names of that data set.
    num_classes: how many there must be.

  Returns:
    A list of names.

  Raises:
    UserError: the file is missing, or has another number of names.
  """
  place = _ucf101() if path == UCF101 else path
  try:
    with open(place, encoding='utf-8') as f:
      names = [line.strip() for line in f if line.strip()]
  except (OSError, UnicodeDecodeError) as e:
    raise errors.UserError(f'{place}: expected a text file of class names; {e}') from e
  numbered = [re.fullmatch(r'(\d+)\s+(\S.*)', name) for name in names]
  if all(match and int(match[1]) == number for number, match in enumerate(numbered, 1)):
    names = [match[2] for match in numbered]
  if len(names) != num_classes:
    raise errors.UserError(f'{place}: expected {num_classes} class names; found {len(names)}')
  return names


def find(weights, num_classes):
  """Finds the class names published beside weights.

  Args:
    weights: path of the weights.
    num_classes: how many names there must be.

  Returns:
    (path, list of names), or (None, None) if no folder from that of the weights to
    three above it has a label map of so many names.
  """
  folder = os.path.dirname(os.path.abspath(weights))
  for _ in range(_LEVELS + 1):
    for name in _PUBLISHED:
      path = os.path.join(folder, name)
      if os.path.isfile(path):
        try:
          return path, read(path, num_classes)
        except errors.UserError:
          continue  # of another network
    folder = os.path.dirname(folder)
  return None, None


def _ucf101():
  """Where TensorFlow Datasets, which the Model Garden brings along, lists the classes."""
  package = importlib.util.find_spec('tensorflow_datasets')  # not imported: that takes seconds
  if package is None:
    raise errors.UserError(
      'the names of ucf101 come with tensorflow-datasets, which is not '
      'installed; give its classInd.txt'
    )
  return os.path.join(os.path.dirname(package.origin), 'video', 'ucf101_labels.txt')
