"""Which videos of a folder of records a split trains on and tests on, and with which masks.

The lists are in the folder `lists` of the records, in UCF101's form.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import os

from i3d_tf.common import errors
from i3d_tf.common import validation
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.records import folders
from i3d_tf.records import hold_out as hold_out_lib
from i3d_tf.records import shards
from i3d_tf.records import ucf101

LISTS = 'lists'


def load(
  source: folders.Records, subset: str, split: int, hold_out: Sequence[str] = ()
) -> tuple[tuple[shards.Entry, ...], tuple[str, ...]]:
  """The entries of a subset of a split.

  Args:
    source: the records.
    subset: 'train', 'test' or 'validation'.
    split: 1, 2 or 3.
    hold_out: groups of the training list (`hold_out.named`) that are no longer in it: they are
      the subset 'validation', in place of that of the records.

  Returns:
    (entries, missing): the entries in the order of the list, and the paths of those
    videos of the list that are not in the records.

  Raises:
    UserError: the list is missing or damaged, contradicts the records' labels,
      none of its videos is in the records, or groups cannot be held out.
  """
  validation.check_choice('split', split, ucf101.SPLITS)
  holds_out = bool(hold_out) and subset != 'test'
  list_name = ucf101.list_name('train' if holds_out else subset, split)
  path = os.path.join(source.folder, LISTS, list_name)
  videos = ucf101.read_list(path, source.label_names)
  if holds_out:
    kept, held = hold_out_lib.named(videos, hold_out)
    videos = kept if subset == 'train' else held
  ucf101.check_disjoint(os.path.dirname(path), split, source.label_names)
  by_path = {entry.path: entry for entry in source.entries}
  entries = tuple(by_path[video] for video in videos if video in by_path)
  missing = tuple(video for video in videos if video not in by_path)
  for entry in entries:
    if entry.label != videos[entry.path]:
      raise errors.UserError(
        f'{path}: {entry.path} has label {videos[entry.path]} there, '
        f'and {entry.label} in {source.folder}'
      )
  if not entries:
    raise errors.UserError(f'{path}: none of its {len(videos)} videos is in {source.folder}')
  return entries, missing


def apply_verdicts(
  source: folders.Records, verdicts: Mapping[str, str] | None
) -> tuple[folders.Records, tuple[str, ...]]:
  """Applies verdicts on masks to records.

  A video judged `original` keeps its original frames whatever its masks show; one judged
  `fine` does not, even if the records were made with the opposite verdict.

  Args:
    source: the records.
    verdicts: video -> verdict (`i3d_tf.masks.verdicts`), or None.

  Returns:
    (source, unmatched): the records with the verdicts applied, and the videos that have a
    verdict but are not in the records.
  """
  if not verdicts:
    return source, ()
  entries = tuple(
    dataclasses.replace(entry, keep_original=verdicts[entry.path] == verdicts_lib.ORIGINAL)
    if entry.path in verdicts
    else entry
    for entry in source.entries
  )
  unmatched = sorted(set(verdicts).difference(entry.path for entry in entries))
  return dataclasses.replace(source, entries=entries), tuple(unmatched)


def _asking(stream: str) -> str:
  return '--stream=flow' if stream == 'flow' else 'fill carried'


def check(
  source: folders.Records,
  entries: Sequence[shards.Entry],
  stream: str,
  regions: Iterable[str],
  with_flow: bool = False,
) -> None:
  """Makes sure that records hold what a network and its treatments need.

  Args:
    source: the records that `entries` are from.
    entries: the videos in question.
    stream: 'rgb' or 'flow'.
    regions: the regions that treatments replace.
    with_flow: whether a treatment of stream rgb takes flow.

  Raises:
    UserError: the stream is flow, or a treatment takes it, and some video has none, or a region
      is to be replaced and no video has a mask.
  """
  if stream == 'flow' or with_flow:
    without = [entry.path for entry in entries if not entry.flow]
    if without:
      raise errors.UserError(
        f'{source.folder}: expected flow for {_asking(stream)}; {len(without)} of '
        f'{len(entries)} videos have none, such as {without[0]} '
        '(make_tfrecords --flow stores it)'
      )
  if any(region != 'none' for region in regions) and not any(e.has_person for e in entries):
    raise errors.UserError(
      f'{source.folder}: expected person masks for masks other than none; '
      f'none of the {len(entries)} videos has any '
      '(make_tfrecords --masks stores them)'
    )
