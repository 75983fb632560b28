"""Videos held out of a list, whole groups at a time."""

import collections

import numpy as np

from i3d_tf.common import errors
from i3d_tf.records import ucf101


def split(videos, names, amount, seed):
  """Splits a list in two such that no group is in both.

  If every video names a group ('v_Class_g01_c01'), groups are held out in all
  classes alike, as UCF101's own test lists are. (Its classes are told by folder: the
  folder HandstandPushups holds v_HandStandPushups_*.) Otherwise a group is a video
  file, of which there may be several clips, and they are drawn class by class.

  Args:
    videos: a dict from path to label.
    names: a dict from path to the name of the video file.
    amount: how many groups to hold out: a whole number, or a share below 1, of
      which at least one group is made.
    seed: of the choice.

  Returns:
    (kept, held): two dicts as `videos`.

  Raises:
    UserError: a class would have no video left.
  """
  if not (0 < amount < 1 or amount >= 1 and amount % 1 == 0):
    raise errors.UserError(
      f'expected a number of groups to hold out, or a share below 1; received {amount:g}'
    )
  group = {path: ucf101.group(names[path]) for path in videos}
  if all(group.values()):
    units = {None: sorted(set(group.values()))}
  else:
    group = {path: names[path] for path in videos}
    units = collections.defaultdict(set)
    for path, label in videos.items():
      units[label].add(group[path])
    units = {label: sorted(units[label]) for label in sorted(units)}
  generator = np.random.default_rng(seed)
  chosen = set()
  for members in units.values():
    count = int(amount) if amount >= 1 else max(round(amount * len(members)), 1)
    chosen.update(members[i] for i in generator.permutation(len(members))[:count])
  kept = {path: label for path, label in videos.items() if group[path] not in chosen}
  held = {path: label for path, label in videos.items() if group[path] in chosen}
  left = set(kept.values())
  for path, label in held.items():
    if label not in left:
      raise errors.UserError(
        f'expected fewer groups to hold out than there are; with {amount:g} held out, no video '
        f'of the class of {path} would be left to train on (make_tfrecords --test=0 holds out '
        'none)'
      )
  return kept, held
