"""Videos held out of a list, in complete groups."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import text
from i3d_tf.records import ucf101


def split(
  videos: Mapping[str, int], names: Mapping[str, str], amount: float, seed: int
) -> tuple[dict[str, int], dict[str, int]]:
  """Splits a list in two such that no group is in both.

  If every video names a group ('v_Class_g01_c01'), the same groups are held out in all
  classes, as in UCF101's own test lists. (The folder is the class, not the file name: the
  folder HandstandPushups holds v_HandStandPushups_*.) Otherwise a group is a source
  (`ucf101.sources`), of which there may be several clips, and each class has its own draw.

  Args:
    videos: path -> label.
    names: path -> name of the video file.
    amount: how many groups to hold out: a whole number, or a share below 1, which
      stands for at least one group.
    seed: seed of the choice.

  Returns:
    (kept, held): two dicts like `videos`.

  Raises:
    UserError: the amount is invalid, or a class would have no video left.
  """
  if not (0 < amount < 1 or (amount >= 1 and amount % 1 == 0)):
    raise errors.UserError(
      f'expected a number of groups to hold out, or a share below 1; received {amount:g}'
    )
  group = {path: ucf101.group(names[path]) for path in videos}
  if all(group.values()):
    units = [sorted(set(group.values()))]
  else:
    of_name = ucf101.sources(names[path] for path in videos)
    group = {path: of_name[names[path]] for path in videos}
    units = [
      sorted({group[path] for path, other in videos.items() if other == label})
      for label in sorted(set(videos.values()))
    ]
  chosen = _choose(units, amount, seed)
  kept = {path: label for path, label in videos.items() if group[path] not in chosen}
  held = {path: label for path, label in videos.items() if group[path] in chosen}
  remaining = set(kept.values())
  for path, label in held.items():
    if label not in remaining:
      raise errors.UserError(
        f'expected fewer groups to hold out than there are; with {amount:g} held out, no video '
        f'of the class of {path} would be left to train on (make_tfrecords --test=0 holds out '
        'none)'
      )
  return kept, held


def named(
  videos: Mapping[str, int], chosen: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
  """Splits a list in two by what `--hold_out` says.

  Args:
    videos: path -> label.
    chosen: names of groups ('g08'), or of sources where names have no group; or one number or
      share of them to draw, as `split` does with seed 0.

  Returns:
    (kept, held): two dicts like `videos`.

  Raises:
    UserError: there is no such group, or a class would have no video left.
  """
  if len(chosen) == 1 and _number(chosen[0]) is not None:
    return split(videos, {path: path for path in videos}, float(chosen[0]), 0)
  sources = ucf101.sources(videos)
  groups = {path: ucf101.group(path) or sources[path] for path in videos}
  unknown = sorted(set(chosen).difference(groups.values()))
  if unknown:
    known = text.some(sorted(set(groups.values())))
    raise errors.UserError(
      f'expected groups of the training list to hold out, {known}; received {", ".join(unknown)}'
    )
  kept = {path: label for path, label in videos.items() if groups[path] not in chosen}
  lost = sorted(set(videos.values()).difference(kept.values()))
  if lost:
    path = next(path for path, label in videos.items() if label == lost[0])
    raise errors.UserError(
      f'expected fewer groups to hold out than there are; without {", ".join(chosen)}, no video of '
      f'the class of {path} would be left to train on'
    )
  return kept, {path: label for path, label in videos.items() if path not in kept}


def tested(chosen: Sequence[str]) -> str:
  """The subset to test on: what is held out is there to choose by, and then the test is not."""
  return 'validation' if chosen else 'test'


def check(chosen: Sequence[str]) -> None:
  """Refuses what `named` could not use of any list.

  Raises:
    UserError: a name is empty or given twice, or a number stands beside others.
  """
  numbers = [name for name in chosen if _number(name) is not None]
  amount = _number(chosen[0]) if len(chosen) == 1 else None
  if (
    '' in chosen
    or len(set(chosen)) < len(chosen)
    or (numbers and len(chosen) > 1)
    or (amount is not None and not (0 < amount < 1 or (amount >= 1 and amount % 1 == 0)))
  ):
    raise errors.UserError(
      'expected --hold_out of names of groups such as g08,g09, each once, or of one number or '
      f'share of them; received {",".join(chosen)}'
    )


def _number(name: str) -> float | None:
  try:
    return float(name)
  except ValueError:
    return None


def _choose(units: Iterable[list[str]], amount: float, seed: int) -> set[str]:
  """Draws `amount` of the groups in each unit."""
  generator = np.random.default_rng(seed)
  chosen: set[str] = set()
  for groups in units:
    count = int(amount) if amount >= 1 else max(round(amount * len(groups)), 1)
    chosen.update(groups[i] for i in generator.permutation(len(groups))[:count])
  return chosen
