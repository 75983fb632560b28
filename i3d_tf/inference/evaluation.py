"""Tests a network on full videos, under several treatments in one pass."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import os
from typing import Any

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_records
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import read_records
from i3d_tf.inputs import treatments as treatments_lib
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.model import inception_i3d
from i3d_tf.records import clip_sources
from i3d_tf.records import fingerprints
from i3d_tf.records import flow_kind
from i3d_tf.records import folders
from i3d_tf.records import shards
from i3d_tf.records import splits
from i3d_tf.training import checkpoint_files
from i3d_tf.training import history
from i3d_tf.training import network
from i3d_tf.training import run_settings
from i3d_tf.training import runs

Batch = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Plan:
  """A test that can start: everything but the network.

  Attributes:
    run_dir: where the results go.
    label_names: class names in the order of the network's logits.
    labels: from the label of a record to that of the network.
    sources: of videos whose name does not tell it, see `clip_sources.beyond_names`.
    accepted: from the label of a record to the network's labels that count as right; None if
      they are `labels`.
  """

  run_dir: str
  run: run_settings.Run
  source: folders.Records
  entries: Sequence[shards.Entry]
  treatments: dict[str, treatments_lib.Treatment]
  clips: clip_settings.ClipSettings
  list_name: str
  metadata: dict[str, Any]
  label_names: tuple[str, ...]
  labels: Sequence[int]
  accepted: Sequence[tuple[int, ...]] | None = None
  sources: Mapping[str, str] = dataclasses.field(default_factory=dict)


def evaluate(
  run_dir: str | os.PathLike,
  treatments: Sequence[str],
  *,
  test_set: test_sets.TestSet = test_sets.TestSet(),
  batch_size: int | None = None,
  model: inception_i3d.InceptionI3D | None = None,
) -> dict[str, dict[str, Any]]:
  """Tests the network of a run on full videos and writes the results.

  Every frame is decoded once, however many treatments there are. Stopped and called
  again, it resumes after the last batch.

  Args:
    run_dir: a run directory with a checkpoint.
    treatments: names of treatments, such as 'none', 'background' and 'activity-blur',
      each a test of its own.
    test_set: which videos.
    batch_size: videos of one length that are computed together; None for that of training.
    model: the network if it is at hand, with the weights of the last checkpoint.

  Returns:
    From treatment name to summary (`results.summarize`), in the order of `treatments`.

  Raises:
    UserError: run, records or lists cannot be used, or a treatment is unknown.
  """
  treatments_lib.parse_all(treatments)  # reports a typing error before anything is read
  plan = make_plan(os.fspath(run_dir), runs.load(run_dir), treatments, test_set, batch_size)
  step = checkpoint_files.last_step(run_dir)
  if model is None:
    model, step = network.restore_model(run_dir, plan.run)
  return test_and_write(plan, predictor(model, plan.run), {'step': step, **plan.metadata})


def test_and_write(
  plan: Plan, predict: Callable[[tf.Tensor], tf.Tensor], metadata: dict[str, Any]
) -> dict[str, dict[str, Any]]:
  """Computes the rows that are not in the journal yet, and writes the results."""
  run_dir = plan.run_dir
  journal = results.RowJournal(
    os.path.join(run_dir, 'results', f'.{plan.list_name}.journal'), metadata
  )
  _test(plan, predict, metadata['step'], journal)
  summaries = {}
  for name in plan.treatments:
    rows = [journal.rows[name, entry.path] for entry in plan.entries]
    summaries[name] = results.write(
      run_dir, plan.list_name, name, rows, plan.label_names, {**metadata, 'mask': name}
    )
  journal.close(delete=True)
  return summaries


def evaluate_and_print(run_dir: str | os.PathLike, **arguments: Any) -> int:
  """Tests a network and prints the accuracies: what the command `evaluate` does.

  Args:
    run_dir: a run directory with a checkpoint.
    **arguments: as `evaluate` takes them.

  Returns:
    The exit status: 1 if videos of the list are not in the records.
  """
  return print_summaries(evaluate(run_dir, **arguments), run_dir)


def print_summaries(summaries: Mapping[str, Mapping[str, Any]], run_dir: str | os.PathLike) -> int:
  """Prints the accuracies; returns the exit status as `evaluate_and_print`."""
  unmatched = next(iter(summaries.values()))['about']['unknown_verdicts']
  if unmatched:
    print(f'verdicts on videos that are not in the records: {unmatched}')
  print(describe(summaries, run_dir))
  return 1 if missing(summaries) else 0


def missing(summaries: Mapping[str, Mapping[str, Any]]) -> list[str]:
  """The videos of the list that the records lack, of what `evaluate` returns."""
  return next(iter(summaries.values()))['about']['missing']


def describe(summaries: Mapping[str, Mapping[str, Any]], run_dir: str | os.PathLike) -> str:
  """The summaries that `evaluate` returns as a few lines of text."""
  width = max(18, *(len(name) + 2 for name in summaries))
  lines = [
    f'{"replaced at test":<{width}}{"accuracy":>9}{"95% interval":>18}{"top 5":>8}'
    f'{"videos":>8}{"kept original":>15}'
  ]
  for name, summary in summaries.items():
    bounds = summary['accuracy_interval']
    interval = '-' if None in bounds else '{:.4f} - {:.4f}'.format(*bounds)
    lines.append(
      f'{name:<{width}}{summary["accuracy"]:>9.4f}{interval:>18}'
      f'{summary["top_5_accuracy"]:>8.4f}'
      f'{summary["videos"]:>8}{len(summary["kept_original"]):>15}'
    )
  absent = missing(summaries)
  if absent:
    lines.append(
      f'not in the records, so not tested: {len(absent)} videos of the list, {text.some(absent)}'
    )
  list_name = next(iter(summaries.values()))['about']['list']
  lines.append(f'one row per video: {results.path(run_dir, list_name, "*")}')
  return '\n'.join(lines)


def make_plan(
  run_dir: str,
  run: run_settings.Run,
  names: Sequence[str],
  test_set: test_sets.TestSet,
  batch_size: int | None,
) -> Plan:
  """Plans a test: everything but the network.

  Args:
    run_dir: where the results go.
    run: which records and clips, and how these are treated.
    names: names of treatments.
    test_set, batch_size: as in `evaluate`.

  Raises:
    UserError: records or lists cannot be used, or a treatment is unknown.
  """
  treatments = treatments_lib.parse_all(names, run.clips.stream)
  regions = [treatment.region for treatment in treatments.values()]
  split = run.data.split if test_set.split is None else test_set.split
  source = folders.open_folder(run.data.records if test_set.records is None else test_set.records)
  if source.label_names != run.label_names:
    raise errors.UserError(
      f'{source.address}: expected the classes that {run_dir} was trained on; '
      f'found {len(source.label_names)} others, or in another order'
    )
  flow_kind.check_same(run.data.flow, source.settings, run_dir)
  content = fingerprints.content_hash(source, run.clips.stream)
  verdicts = runs.verdicts(run_dir, run) if test_set.verdicts is None else test_set.verdicts
  source, unmatched = splits.apply_verdicts(source, verdicts)
  entries, missing = splits.load(source, test_set.subset, split, run.data.hold_out)
  with_flow = any(treatment.needs_flow for treatment in treatments.values())
  splits.check(source, entries, run.clips.stream, regions, with_flow)
  clips = dataclasses.replace(
    run.clips,
    with_masks=any(region != 'none' for region in regions),
    with_partners=any(treatment.needs_partner for treatment in treatments.values()),
    with_twins=any(treatment.needs_twin for treatment in treatments.values()),
    with_flow=with_flow,
    growths=tuple(sorted({t.dilation for t in treatments.values() if t.dilation is not None})),
    batch_size=run.clips.batch_size if batch_size is None else batch_size,
  )
  list_name = f'{test_set.subset}{split}'
  if run.data.content not in (None, content):
    list_name += f'.{content[:8]}'  # results of other records do not replace the run's own
  metadata = {
    'records': source.address,
    'list': list_name,
    'content': content,
    'trained_on': run.data.treatment.name,
    'missing': list(missing),
    'verdicts': None if verdicts is None else verdicts_lib.content_hash(verdicts),
    'unknown_verdicts': len(unmatched),
  }
  labels = range(len(run.label_names))
  place = (run_dir, run, source, entries, treatments, clips, list_name, metadata)
  sources = clip_sources.beyond_names(source)
  return Plan(*place, run.label_names, labels, sources=sources)


def _test(
  plan: Plan,
  predict: Callable[[tf.Tensor], tf.Tensor],
  step: int | None,
  journal: results.RowJournal,
) -> None:
  """Computes the rows that the journal lacks."""
  waiting = [
    entry
    for entry in plan.entries
    if any((name, entry.path) not in journal.rows for name in plan.treatments)
  ]
  # The network is traced once, whatever the number of treatments.
  treat = {name: _treatment(plan, treatment) for name, treatment in plan.treatments.items()}
  progress_bar = progress.progress_bar(
    total=len(plan.entries),
    initial=len(plan.entries) - len(waiting),
    desc=f'testing, replaced: {", ".join(plan.treatments)}',
    unit='video',
  )
  with read_records.naming_bad_records(plan.source, plan.entries), progress_bar as bar:
    events = tf.summary.create_file_writer(os.path.join(plan.run_dir, 'tensorboard'))
    batches = (
      from_records.evaluation(plan.source, waiting, plan.clips, plan.entries) if (waiting) else ()
    )
    for number, batch in enumerate(batches):
      tested = [waiting[i] for i in batch['entry'].numpy()]
      seeds = tf.constant([folders.path_number(entry.path) for entry in tested], tf.int64)
      clips = {key: of for key, of in batch.items() if key != 'label' and 'entry' not in key}
      for name in plan.treatments:
        if all((name, entry.path) in journal.rows for entry in tested):
          continue  # It was stopped within this batch.
        inputs = treat[name](clips, seeds)
        logits = predict(inputs)
        if not tf.reduce_all(tf.math.is_finite(logits)):
          raise errors.UserError(
            f'{plan.run_dir}: the network gives logits that are not finite '
            f'(for {tested[0].path}). Was its training stable?'
          )
        journal.add(
          name,
          [
            _row(plan, entry, batch['frames'].shape[1], row, place)
            for entry, row, place in zip(
              tested, logits.numpy(), _places(plan, plan.treatments[name], batch, len(tested))
            )
          ],
        )
        if number == 0:
          with events.as_default(step=step):
            tf.summary.image(f'{plan.list_name}/{name}', history.contact_sheet(inputs))
      bar.update(len(tested))
    events.close()


def _places(
  plan: Plan, treatment: treatments_lib.Treatment, batch: Batch, count: int
) -> Sequence[shards.Entry | None]:
  """Whose place the person of each clip is pasted on."""
  if treatment.place_from is None:
    return [None] * count
  return [plan.entries[i] for i in batch[f'{treatment.place_from}_entry'].numpy()]


def _row(
  plan: Plan, entry: shards.Entry, frames: int, logits: np.ndarray, place: shards.Entry | None
) -> results.Row:
  if not entry.has_person:
    place = None  # it kept its own
  label = plan.labels[entry.label]
  accepted = () if plan.accepted is None else plan.accepted[entry.label]
  return results.Row(
    entry.path,
    label,
    plan.source.label_names[entry.label],
    frames,
    entry.has_person,
    entry.coverage,
    logits,
    () if accepted == (label,) else accepted,
    plan.sources.get(entry.path, ''),
    entry.seen_again,
    *(('', '') if place is None else (plan.source.label_names[place.label], place.path)),
  )


def _treatment(
  plan: Plan, treatment: treatments_lib.Treatment
) -> Callable[[Batch, tf.Tensor], tf.Tensor]:
  """A function from a batch of uint8 clips and seeds to what the network sees of it."""
  stream, spec = plan.run.clips.stream, from_records.spec(plan.clips)

  @tf.function(input_signature=[spec, tf.TensorSpec([None], tf.int64)])
  def treat(batch: Batch, seeds: tf.Tensor) -> tf.Tensor:
    return preprocess.network_input(batch, treatment, stream, seeds)

  return treat


def predictor(
  model: inception_i3d.InceptionI3D, run: run_settings.Run
) -> Callable[[tf.Tensor], tf.Tensor]:
  """A function from what the network sees to its logits."""
  size, channels = run.clips.frame_size, clip_settings.CHANNELS[run.clips.stream]

  @tf.function(input_signature=[tf.TensorSpec([None, None, size, size, channels], tf.float32)])
  def predict(inputs: tf.Tensor) -> tf.Tensor:
    return model(inputs, training=False)

  return predict
