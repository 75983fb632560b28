"""One training and the test after it: what the command `train` does."""

from collections.abc import Mapping
import dataclasses
import os
import shutil
from typing import Any

import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records
from i3d_tf.experiments import possible_tests
from i3d_tf.experiments import requests
from i3d_tf.inference import evaluation
from i3d_tf.inference import test_sets
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.model import inception_i3d
from i3d_tf.records import fingerprints
from i3d_tf.records import flow_kind
from i3d_tf.records import folders
from i3d_tf.storage import stores
from i3d_tf.training import checkpoint_files
from i3d_tf.training import held_out
from i3d_tf.training import initial_weights
from i3d_tf.training import loop
from i3d_tf.training import onednn
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from i3d_tf.training import strategies


def run(request: requests.TrainRequest) -> int:
  """Trains and tests, and prints what came out.

  Args:
    request: what to do.

  Returns:
    The exit status: 1 if videos of a list are not in the records.

  Raises:
    UserError: something of the request cannot be used; `loop.train` and
      `evaluation.evaluate` say what.
  """
  onednn.warn()
  strategy = strategies.create(request.strategy)  # before anything that TensorFlow computes
  network = initial_weights.fitted(
    request.network, request.clips.stream, request.width_given
  )  # before a demo set is drawn
  source = _open_records(request, strategy)
  settings = _run_settings(dataclasses.replace(request, network=network), source)
  run_dir = _default_run_dir(request) if request.run_dir is None else request.run_dir
  loop.check_can_start(run_dir, settings, source, request.verdicts)
  _check_tests(request, settings, source)
  strategies.chief_first(
    strategy, lambda: runs.start(run_dir, settings, request.flags, request.verdicts)
  )
  model = loop.train(
    run_dir,
    settings,
    strategy=strategy,
    intervals=loop.Intervals(request.checkpoint_every, request.keep_checkpoints, request.log_every),
    tests=_tests_on_the_way(run_dir, settings, request),
  )
  if not strategies.is_chief(strategy):
    return 0
  last_step = checkpoint_files.last_step(run_dir)
  # One device tests; the network of a strategy is spread over several.
  summaries = evaluation.evaluate(
    run_dir,
    request.eval_treatments,
    test_set=test_sets.TestSet(subset=settings.data.tested),
    model=None if strategies.is_spread(strategy) else model,
  )
  print(f'\n{run_dir}: trained for {last_step} steps, {request.treatment.described}')
  if request.validate_every is not None:
    print(held_out.described(run_dir, last_step, settings.optimization.steps))
  print(evaluation.describe(summaries, run_dir))
  print(
    f'test it under other masks:  evaluate --run_dir={run_dir} '
    '--eval_masks=none,background,activity'
  )
  return 1 if evaluation.missing(summaries) else 0


def _tests_on_the_way(
  run_dir: str, run: run_settings.Run, request: requests.TrainRequest
) -> held_out.Schedule | None:
  """The tests on held-out videos while the network trains, under the treatment of the training.

  Each writes one row per video to validation/step.../results of the run directory.
  """
  if request.validate_every is None:
    return None
  videos = test_sets.TestSet(subset=run.data.tested)
  plan = evaluation.make_plan(run_dir, run, [run.data.treatment.name], videos, None)
  compiled: dict[str, Any] = {}

  def test(model: inception_i3d.InceptionI3D, step: int) -> Mapping[str, Any]:
    if not compiled:  # traced once, for the one network that trains
      compiled['predict'] = evaluation.predictor(model, run)
    # Answers that a killed test left may be of another network: on a GPU, steps vary when repeated.
    shutil.rmtree(os.path.join(run_dir, 'validation', f'step{step}'), ignore_errors=True)
    of_step = dataclasses.replace(plan, run_dir=os.path.join(run_dir, 'validation', f'step{step}'))
    (summary,) = evaluation.test_and_write(
      of_step, compiled['predict'], {'step': step, **plan.metadata}
    ).values()
    return summary

  return held_out.Schedule(request.validate_every, request.patience, test)


def _check_tests(
  request: requests.TrainRequest, settings: run_settings.Run, source: folders.Records
) -> None:
  """Raises UserError where the list does not allow a test: before the training, not after it."""
  data = settings.data
  _, impossible = possible_tests.split_off_impossible(
    source, request.eval_treatments, data.tested, data.split, data.hold_out
  )
  for name, reason in impossible.items():
    raise errors.UserError(f'--eval_masks={name}: {reason}')


def _open_records(
  request: requests.TrainRequest, strategy: tf.distribute.Strategy
) -> folders.Records:
  """Opens the records of a request, drawing the demo set if it asks for that."""
  if request.records is not None:
    return folders.open_folder(request.records)
  strategies.chief_first(
    strategy, lambda: demo_records.prepare(demo_plan.DemoSettings(), request.demo_dir)
  )
  return folders.open_folder(demo_records.folder(request.demo_dir))


def _run_settings(request: requests.TrainRequest, source: folders.Records) -> run_settings.Run:
  treatment, verdicts = request.treatment, request.verdicts
  data = run_settings.Data(
    stores.absolute(source.address),
    request.split,
    treatment.region,
    treatment.fill,
    treatment.place,
    None if verdicts is None else verdicts_lib.content_hash(verdicts),
    flow_kind.for_stream(request.clips.stream, source, treatment.needs_flow),
    fingerprints.content_hash(source, request.clips.stream),
    treatment.shape,
    treatment.time,
    request.hold_out,
  )
  return run_settings.Run(
    data, request.clips, request.network, request.optimization, source.label_names
  )


def _default_run_dir(request: requests.TrainRequest) -> str:
  parts = [
    request.clips.stream,
    request.treatment.name,
    f'split{request.split}',
    f'seed{request.clips.seed}',
    *([f'without_{"_".join(request.hold_out)}'] if request.hold_out else []),
  ]
  return os.path.join('runs', '_'.join(['demo', *parts] if request.records is None else parts))
