"""Runs conditions: trains what is missing, tests, fuses, writes results."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from typing import Any

import keras
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.experiments import conditions as conditions_lib
from i3d_tf.experiments import conditions_file
from i3d_tf.experiments import possible_tests
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments.baselines import nearest
from i3d_tf.inference import evaluation
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.records import folders
from i3d_tf.storage import stores
from i3d_tf.training import loop
from i3d_tf.training import runs


def run(
  reproduction: reproduction_lib.Reproduction,
  *,
  checkpoint_every: int = 100,
  log_every: int = 10,
  flags: Mapping[str, Any] | None = None,
  log: Callable[[str], None] = print,
  time_left: Callable[[], str] = lambda: '',
) -> list[tuple[str, str]]:
  """Trains, tests and fuses whatever is missing. A model that fails does not stop the others.

  Args:
    reproduction: a `reproduction.Reproduction`.
    checkpoint_every, log_every: as in `loop.train`.
    flags: the command's flags, for the record.
    log: called with every line of progress.
    time_left: called before each model; what is still to be done, in words, or ''.

  Returns:
    A list of (name of model, row or result, reason) of what failed.
  """
  with files.locked(reproduction.run_dir):
    write_conditions(reproduction)
  failures = nearest.run(reproduction)
  for name, reason in failures.items():
    log(f'failed: {name}: {reason}')
  tests = reproduction.tests()
  for number, (model, treatments) in enumerate(tests.items(), 1):
    left = time_left()
    log(f'model {number} of {len(tests)}: {model.name}{f" ({left})" if left else ""}')
    try:
      # A second call on the folder waits, and finds it done.
      with files.locked(reproduction.model_dir(model)):
        impossible = _train_and_test(
          reproduction, model, treatments, checkpoint_every, log_every, flags
        )
      for treatment, reason in impossible.items():
        failures[f'{model.name}, tested on {treatment}'] = reason
    except (errors.UserError, tf.errors.OpError) as e:
      failures[model.name] = str(e).splitlines()[0] if str(e) else type(e).__name__
      log(f'failed: {model.name}: {failures[model.name]}')
    with files.locked(reproduction.run_dir):
      _fuse_finished(reproduction, model, failures)
  return list(failures.items())


def _train_and_test(
  reproduction: reproduction_lib.Reproduction,
  model: conditions_lib.Model,
  treatments: Sequence[str],
  checkpoint_every: int,
  log_every: int,
  flags: Mapping[str, Any] | None,
) -> dict[str, str]:
  """Does what is missing of a model: from treatments that its list does not allow to the reason."""
  run_dir = reproduction.model_dir(model)
  source = folders.open_folder(reproduction.records[model.diversity])
  wanted = reproduction.run(model, source)
  runs.check_same(run_dir, wanted)  # also where nothing is left to do
  untested = reproduction.untested(model, treatments)
  if not untested:
    return {}
  untested, impossible = possible_tests.split_off_impossible(
    source, untested, wanted.data.tested, model.split, reproduction.hold_out
  )
  if not untested:
    return impossible
  loop.check_can_start(run_dir, wanted, source, reproduction.verdicts)
  runs.start(run_dir, wanted, flags, reproduction.verdicts)
  network = None
  if reproduction.steps_done(model) < reproduction.optimization.steps:
    network = loop.train(
      run_dir,
      wanted,
      intervals=loop.Intervals(checkpoint_every=checkpoint_every, log_every=log_every),
    )
  evaluation.evaluate(
    run_dir, untested, model=network, test_set=test_sets.TestSet(source.address, wanted.data.tested)
  )
  del network
  keras.utils.clear_session()
  return impossible


def _fuse_finished(
  reproduction: reproduction_lib.Reproduction,
  finished: conditions_lib.Model,
  failures: dict[str, str],
) -> None:
  """Writes the results of the conditions of a model that have all that they need."""
  for condition, split, seed in reproduction.cells:
    models = conditions_lib.models(condition, split, seed)
    if finished not in models:
      continue
    name = conditions_lib.result_name(condition, split, seed)
    try:
      if any(reproduction.untested(model, [condition.tested_on]) for model in models):
        continue
      summary = results.read_summary(
        reproduction.model_dir(models[0]), reproduction.tested(split), condition.tested_on
      )
      rows = fuse(
        [
          results.read(
            results.path(
              reproduction.model_dir(model), reproduction.tested(split), condition.tested_on
            )
          )
          for model in models
        ]
      )
    except errors.UserError as e:
      failures[name] = str(e)
      continue
    label_names = runs.load(reproduction.model_dir(models[0])).label_names
    about = {
      **condition.to_json(),
      'split': split,
      'seed': seed,
      'models': [model.name for model in models],
      'missing': [] if summary is None else summary['about'].get('missing', []),
    }
    results.write(
      reproduction.run_dir,
      f'{condition.name}.split{split}',
      f'seed{seed}',
      rows,
      label_names,
      about,
    )


def fuse(streams: Sequence[Sequence[results.Row]]) -> list[results.Row]:
  """Adds the logits of streams, video by video.

  Args:
    streams: a list of lists of `results.Row`, one per stream.

  Returns:
    A list of `results.Row`, the first stream's with the sums as logits.

  Raises:
    UserError: the streams were not tested on the same videos.
  """
  first, *others = streams
  for other in others:
    if [row.video for row in first] != [row.video for row in other]:
      raise errors.UserError(
        f'expected streams tested on the same videos; found {len(first)} and '
        f'{len(other)}, or in another order'
      )
  return [
    dataclasses.replace(rows[0], logits=sum(row.logits for row in rows)) for rows in zip(*streams)
  ]


def write_conditions(reproduction: reproduction_lib.Reproduction) -> None:
  """Writes conditions.json.

  Raises:
    UserError: as `conditions_file.write`.
  """
  source = folders.open_folder(next(iter(reproduction.records.values())))
  made_from = {
    diversity: conditions_file.MadeFrom(
      stores.absolute(folder), reproduction.content(diversity, 'rgb')
    )
    for diversity, folder in reproduction.records.items()
  }
  conditions_file.write(
    reproduction.run_dir,
    source.label_names,
    reproduction.conditions,
    made_from,
    hold_out=reproduction.hold_out,
  )


def table(reproduction: reproduction_lib.Reproduction) -> list[str]:
  """The accuracies known so far, in per cent, as lines of text: one per condition and seed."""
  return accuracies(
    reproduction.run_dir, reproduction.conditions, reproduction.splits, reproduction.seeds
  )


def accuracies(
  run_dir: str,
  conditions: Sequence[conditions_lib.Condition],
  splits: Sequence[int],
  seeds: Sequence[int],
) -> list[str]:
  """The lines of `table`, of some conditions, splits and seeds of a folder."""
  lines = [
    'accuracy, %'.ljust(24) + ''.join(f'{"split " + str(split):>10}' for split in splits) + '  what'
  ]
  for condition in conditions:
    for seed in seeds:
      row = ''
      for split in splits:
        summary = results.read_summary(run_dir, f'{condition.name}.split{split}', f'seed{seed}')
        row += f'{"-":>10}' if summary is None else f'{100 * summary["accuracy"]:>10.2f}'
      name = condition.name if len(seeds) == 1 else f'{condition.name} seed {seed}'
      lines.append(f'{name:24}{row}  {condition.title}')
  return lines
