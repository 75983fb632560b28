"""What explain leaves of a list, without any network: shares of a known rule."""

import json
import os

from i3d_tf.attribution import row_files
from i3d_tf.common import files

METHODS = ('gradcam', 'smoothgrad')
TARGETS = ('true', 'predicted')
VIDEOS = 12
# {stage: share}, the check of randomised weights of every video
STAGES = {row_files.TRAINED: 0.6, 'Logits': 0.3, 'Mixed_4f': 0.1}


def area(number):
  return 0.05 + 0.03 * number


def share(number, method):
  return min(1.0, area(number) * (2.0 if method == 'gradcam' else 1.0))


def lost(number):
  """The probability that masking takes away; it does not follow the share."""
  return 0.05 * (5 * number % VIDEOS)


def rows(count=VIDEOS, without_person=()):
  """Two classes, two videos a group; videos `without_person` have no area."""
  found = []
  for n in range(count):
    name = 'AB'[n % 2]
    nobody = n in without_person
    for method in METHODS:
      for target in TARGETS:
        found.append(
          row_files.Row(
            f'{name}/{n}.avi',
            name,
            f'{name}/g{n // 4}',
            target,
            'run',
            method,
            0.0 if nobody else share(n, method),
            0.0 if nobody else area(n),
            0.9,
            0.9 if nobody else 0.9 - lost(n),
            0.4,
            n % 3 > 0,
            65,
          )
        )
  return found


def checks(count=2):
  """Of the first videos."""
  found = []
  for n in range(count):
    video = f'{"AB"[n]}/{n}.avi'
    for method in METHODS:
      found += [(video, 'randomised', method, what, value) for what, value in STAGES.items()]
    for method, deletion, insertion in (
      *((method, 0.1, 0.7) for method in METHODS),
      (row_files.NOTHING, 0.4, 0.3),
    ):
      found += [
        (video, 'deletion', method, '', deletion),
        (video, 'insertion', method, '', insertion),
      ]
    found.append((video, 'agreement', *METHODS, 0.5 if n else None))
  return found


def write(folder, name='test1', source='runs/1b', with_checks=True, given=None):
  """Writes the files of a list into a folder: the path of the CSV file."""
  os.makedirs(folder, exist_ok=True)
  path = os.path.join(folder, f'{name}.csv')
  given = rows() if given is None else given
  files.write_csv(path, row_files.COLUMNS, (row.cells() for row in given))
  # Others that are not lists.
  files.write_csv(os.path.join(folder, f'{name}.classes.csv'), ('x',), ())
  if with_checks:
    files.write_csv(os.path.join(folder, f'{name}.checks.csv'), row_files.CHECK_COLUMNS, checks())
  if source:
    about = {'source': source, 'list': name, 'fill': 'blur', 'settings': {'endpoint': 'Mixed_4f'}}
    with open(os.path.join(folder, f'{name}.json'), 'w') as f:
      json.dump({'about': about}, f)
  return path
