"""Explains the answers about a test list: rows, checks, pictures of a few; resumes.

output/test1.csv            one row per video, target and method (`row_files.COLUMNS`)
output/test1.classes.csv    shares, areas and ratios over all videos and by class
output/test1.coverage.csv   the same by how much of the area the person covers
output/test1.checks.csv     the checks of each example
output/test1.json           all of it, and what it is of
output/test1.pictures/      a sheet and an animation of each example
"""

from collections.abc import Iterator, Sequence
import dataclasses
import json
import math
import os
import sys
from typing import Any

import numpy as np

from i3d_tf.attribution import answers
from i3d_tf.attribution import checks
from i3d_tf.attribution import options as options_lib
from i3d_tf.attribution import pictures
from i3d_tf.attribution import row_files
from i3d_tf.attribution import summaries
from i3d_tf.attribution.methods import explainers
from i3d_tf.classifiers import class_map
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import journal
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records
from i3d_tf.inference import classifier_evaluation
from i3d_tf.inference import evaluation
from i3d_tf.inference import listed_videos
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import from_records
from i3d_tf.inputs import read_records
from i3d_tf.records import shards
from i3d_tf.training import runs
from i3d_tf.video import video_files

_REGIONS = ('activity',)  # Makes a plan read the masks.


@dataclasses.dataclass(frozen=True)
class _Work:
  """What is to be explained, and with what."""

  options: options_lib.ExplainOptions
  of_list: options_lib.ListOptions
  asked: trained_networks.TrainedNetwork
  explainer: explainers.Explainer
  methods: tuple[str, ...]
  plan: evaluation.Plan
  accepted: tuple[tuple[int, ...], ...] | None

  def path(self, suffix: str) -> str:
    return os.path.join(self.of_list.output, f'{self.plan.list_name}{suffix}')


class _Found:
  """What was found of each video, kept as it comes."""

  def __init__(self, path: str, header: Any) -> None:
    self.rows: dict[str, list[row_files.Row]] = {}
    self.checks: dict[str, list[row_files.CheckRow]] = {}
    self.journal = journal.Journal(path, header, self._accept)

  def _accept(self, entry: Any) -> bool:
    self.rows[entry['video']] = [row_files.Row(**row) for row in entry['rows']]
    if entry['checks'] is not None:
      self.checks[entry['video']] = list(entry['checks'])
    return True

  def add(
    self, video: str, rows: Sequence[row_files.Row], checked: list[row_files.CheckRow] | None
  ) -> None:
    self.rows[video] = list(rows)
    if checked is not None:
      self.checks[video] = checked
    as_dicts = [dataclasses.asdict(row) for row in rows]
    self.journal.add([{'video': video, 'rows': as_dicts, 'checks': checked}])


def run(
  options: options_lib.ExplainOptions,
  asked: trained_networks.TrainedNetwork,
  explainer: explainers.Explainer,
) -> int:
  """Explains a test list and prints what was found.

  Args:
    options: with `of_list`.
    asked: the network.
    explainer: of the network.

  Returns:
    The exit status: 1 if videos of the list are not in the records, or could not be stored.

  Raises:
    UserError: records or lists cannot be used, or the network lacks a class.
  """
  of_list = options.of_list
  assert of_list is not None
  status, test_set = _test_set(of_list, options.network.source, asked)
  methods = explainer.chosen(options.methods)
  plan, accepted = _plan(options, of_list, asked, test_set)
  work = _Work(options, of_list, asked, explainer, methods, plan, accepted)
  about = _about(work)
  log = os.path.join(of_list.output, f'.{plan.list_name}.journal')
  _check_same(log, about)
  found = _Found(log, about)
  order = _drawn(plan, options.settings.seed)
  checked, drawn = set(order[: of_list.examples]), set(order[: of_list.pictures])
  with read_records.naming_bad_records(plan.source, plan.entries):
    _explain(work, found, checked, drawn)
  _write(work, found, about)
  found.journal.close()
  missing = plan.metadata['missing']
  if missing:
    print(f'not in the records, so not explained: {len(missing)} videos, {text.some(missing)}')
  return 1 if missing else status


def _test_set(
  of_list: options_lib.ListOptions, source: str, asked: trained_networks.TrainedNetwork
) -> tuple[int, test_sets.TestSet]:
  """(exit status, which videos): records are made of listed videos, or of the demo set."""
  test_set = of_list.test_set
  if of_list.listed is not None:
    records, status = listed_videos.store(
      of_list.listed, of_list.output, asked.stream, asked.model.frame_size
    )
    return status, dataclasses.replace(test_set, records=records)
  if test_set.records is not None:
    return 0, test_set
  if os.path.isfile(os.path.join(source, 'run.json')):
    return 0, dataclasses.replace(test_set, records=runs.load(source).data.records)
  print('no videos were given: those of the demo set are explained', file=sys.stderr)
  flow = asked.stream == 'flow'
  demo_records.prepare(demo_plan.DemoSettings(), of_list.demo_dir, flow=flow)
  return 0, dataclasses.replace(test_set, records=demo_records.folder(of_list.demo_dir, flow))


def _plan(
  options: options_lib.ExplainOptions,
  of_list: options_lib.ListOptions,
  asked: trained_networks.TrainedNetwork,
  test_set: test_sets.TestSet,
) -> tuple[evaluation.Plan, tuple[tuple[int, ...], ...] | None]:
  """The plan of the list, and the network's classes that are right; None if nobody asks."""
  source = options.network.source
  if os.path.isfile(os.path.join(source, 'run.json')):
    run = runs.load(source)
    verdicts = runs.verdicts(source, run) if test_set.verdicts is None else test_set.verdicts
    split = run.data.split if test_set.split is None else test_set.split
    test_set = dataclasses.replace(test_set, verdicts=verdicts, split=split)
  run = classifier_evaluation.as_run(asked, test_set)
  clips = dataclasses.replace(run.clips, max_frames=options.max_frames)
  run = dataclasses.replace(run, clips=clips)
  plan = evaluation.make_plan(of_list.output, run, _REGIONS, test_set, 1)
  accepted = None if of_list.class_map is None else class_map.read(of_list.class_map)
  try:
    return plan, classifier_evaluation.match(asked, plan.source, accepted)
  except errors.UserError:
    # Of a network that knows other classes, the predicted class can be explained all the same.
    if options_lib.TRUE in options.targets or accepted is not None:
      raise
    return plan, None


def _about(work: _Work) -> dict[str, Any]:
  """What the rows depend on: JSON-able."""
  options = work.options
  return {
    'network': work.asked.fingerprint(),  # with the dilation of masks
    'source': work.asked.source,
    'content': work.plan.metadata['content'],
    'list': work.plan.list_name,
    'verdicts': work.plan.metadata['verdicts'],
    'accepted': None if work.accepted is None else [list(labels) for labels in work.accepted],
    'targets': list(options.targets),
    'methods': list(work.methods),
    'settings': {**dataclasses.asdict(options.settings), 'batch_size': None},
    'fill': work.asked.fill,
    'max_frames': options.max_frames,
  }


def _check_same(path: str, about: dict[str, Any]) -> None:
  """Refuses a folder whose journal, at `path`, is of other work than `about` says."""
  try:
    with open(path, encoding='utf-8') as f:
      before = json.loads(f.readline())
    other = [
      key for key, value in json.loads(json.dumps(about)).items() if before.get(key) != value
    ]
  except (OSError, ValueError, AttributeError):
    return  # nothing that anybody could read
  if other:
    raise errors.UserError(
      f'{os.path.dirname(path)}: holds explanations of other {", ".join(other)}, of the network '
      f'{before.get("source")}. Give another --output'
    )


def _drawn(plan: evaluation.Plan, seed: int) -> list[str]:
  """The videos with people in an order drawn at random: the first are checked and drawn."""
  videos = sorted(entry.path for entry in plan.entries if entry.has_person)
  order = np.random.default_rng([seed, 1]).permutation(len(videos))
  return [videos[i] for i in order]


def _explain(work: _Work, found: _Found, checked: set[str], drawn: set[str]) -> None:
  """Explains the videos that the journal lacks, or of which more is wanted than it has."""
  plan = work.plan
  waiting = [
    entry
    for entry in plan.entries
    if entry.path not in found.rows
    or (entry.path in checked and entry.path not in found.checks)
    or (entry.path in drawn and not os.path.exists(f'{_picture(work, entry.path)}.mp4'))
  ]
  bar = progress.progress_bar(
    total=len(plan.entries),
    initial=len(plan.entries) - len(waiting),
    desc=f'explaining, {", ".join(work.methods)}',
    unit='video',
  )
  with bar:
    for number, (entry, clip) in enumerate(_clips(work, waiting)):
      if number == 0 and 'occlusion' in work.methods:
        inputs = clip.frames.astype(np.float32) * np.float32(2 / 255) - 1
        bar.write(work.explainer.cost(inputs, len(waiting)), file=sys.stderr)
      explained = answers.explain(
        work.explainer, work.asked, clip, work.methods, work.options.targets
      )
      if entry.path in drawn:
        _draw(work, explained)
      rows = None
      if entry.path in checked and entry.path not in found.checks:
        rows = _check(work, explained)
      # Last: what is in the journal is not done again.
      found.add(entry.path, explained.rows, rows)
      bar.update(1)


def _clips(
  work: _Work, entries: Sequence[shards.Entry]
) -> Iterator[tuple[shards.Entry, answers.Clip]]:
  """The clips of entries, in the order of their lengths."""
  plan = work.plan
  if not entries:
    return
  for batch in from_records.evaluation(plan.source, entries, plan.clips):
    entry = entries[int(batch['entry'][0])]
    masks = batch['masks'][0].numpy()
    yield (
      entry,
      answers.Clip(
        entry.path,
        batch['frames'][0].numpy(),
        masks if entry.has_person else np.zeros_like(masks),
        plan.source.label_names[entry.label],
        () if work.accepted is None else work.accepted[entry.label],
        _group(plan, entry),
      ),
    )


def _group(plan: evaluation.Plan, entry: shards.Entry) -> str:
  """What a video shares performer and place with, as in results."""
  name = plan.source.label_names[entry.label]
  source = plan.sources.get(entry.path, '')
  return results.Row(
    entry.path, entry.label, name, 0, True, None, np.zeros(1, np.float32), source=source
  ).group


def _check(work: _Work, explained: answers.Explained) -> list[row_files.CheckRow]:
  """The checks of a video with a person, for the first target."""
  target, index = next(iter(explained.targets.items()))
  of_target = {m: of_map for (t, m), of_map in explained.maps.items() if t == target}
  return checks.of_video(work.explainer, explained.inputs, explained.clip.mask, index, of_target)


def _picture(work: _Work, video: str) -> str:
  """The path of the pictures of a video, without a suffix."""
  names = video_files.short_names(entry.path for entry in work.plan.entries)
  return os.path.join(work.path('.pictures'), names[video])


def _draw(work: _Work, explained: answers.Explained) -> None:
  base = _picture(work, explained.clip.video)
  pictures.write_sheet(f'{base}.png', explained)
  pictures.write_animation(f'{base}.mp4', pictures.animation(explained))


# === What was found ===


def _write(work: _Work, found: _Found, about: dict[str, Any]) -> None:
  """Writes the tables, and prints them."""
  entries = work.plan.entries
  rows = [row for entry in entries for row in found.rows[entry.path]]
  files.write_csv(work.path('.csv'), row_files.COLUMNS, (row.cells() for row in rows))
  tables = {
    'classes': summaries.of_rows(rows),
    'coverage': summaries.by_coverage(rows),
    'correlations': summaries.correlations(rows),
    'checks': [
      {'video': entry.path, **row} for entry in entries for row in found.checks.get(entry.path, ())
    ],
  }
  for name, table in tables.items():
    if table:
      header = list(table[0])
      files.write_csv(
        work.path(f'.{name}.csv'), header, ([_finite(row[key]) for key in header] for row in table)
      )
  as_json = {
    name: [{key: _finite(value) for key, value in row.items()} for row in table]
    for name, table in tables.items()
  }
  files.write_json(
    work.path('.json'), {'about': about, 'left_out': summaries.left_out(rows), **as_json}
  )
  checked = {video for video, of_video in found.checks.items() if of_video}
  areas = [row.area for row in rows if row.video in checked]
  print(summaries.describe(rows))
  if areas:
    averages = summaries.of_checks(tables['checks'])
    print(summaries.describe_checks(averages, float(np.mean(areas))))
  print(f'one row per video: {work.path(".csv")}')
  if os.path.isdir(work.path('.pictures')):
    print(f'pictures: {work.path(".pictures")}')


def _finite(value: Any) -> Any:
  return None if isinstance(value, float) and not math.isfinite(value) else value
