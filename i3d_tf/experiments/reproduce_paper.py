"""All conditions of the paper and the report of them: what the command `reproduce` does."""

from collections.abc import Mapping, Sequence
import os

from i3d_tf.demo import actions
from i3d_tf.experiments import costs
from i3d_tf.experiments import demo_sets
from i3d_tf.experiments import plan as plan_lib
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments import requests
from i3d_tf.records import folders
from i3d_tf.records import hold_out
from i3d_tf.records import splits
from i3d_tf.training import initial_weights
from i3d_tf.training import onednn
from i3d_tf.training import run_settings


def run(request: requests.ReproduceRequest) -> int:
  """Runs what is missing and makes the report, or says what would be done.

  Args:
    request: what to run.

  Returns:
    The exit status: 1 if something failed, cannot be used or is missing.

  Raises:
    UserError: weights or records cannot be used, or the folder holds other results.
  """
  onednn.warn()
  print_left_out(request.without_flow)
  network, flow_network = _networks(request)  # before a demo set is drawn
  sets = (
    {} if request.records is not None else demo_sets.needed(request.conditions, request.demo_dir)
  )
  if not request.dry_run:
    for demo_set in sets.values():
      demo_set.prepare()
  records: dict[int | None, str] = {key: demo_set.records for key, demo_set in sets.items()}
  if request.records is not None:
    records = {None: request.records}
  num_classes, size = _test_size(request, records)
  reproduction = reproduction_lib.Reproduction(
    run_dir=request.run_dir,
    conditions=request.conditions,
    splits=request.splits,
    seeds=request.seeds,
    records=records,
    clips=request.clips,
    network=network,
    optimization=request.optimization,
    verdicts=request.verdicts,
    flow_network=flow_network,
    hold_out=request.hold_out,
  )
  if request.dry_run:
    lines = [demo_set.describe() for demo_set in sets.values()]
    print('\n'.join([*lines, *plan_lib.plan(reproduction, num_classes, size)]))
    return 0
  return _run(request, reproduction, size)


def _test_size(
  request: requests.ReproduceRequest, records: Mapping[int | None, str]
) -> tuple[int, costs.TestSize]:
  """(number of classes, how much a test is)."""
  if request.records is None and request.dry_run:  # the demo set may not have been drawn
    return len(actions.ACTIONS), demo_sets.test_size(request.clips)
  source = folders.open_folder(records[request.conditions[0].diversity])
  subset = hold_out.tested(request.hold_out)
  tested, _ = splits.load(source, subset, request.splits[0], request.hold_out)
  return len(source.label_names), costs.test_size(
    tested, request.clips.max_frames, request.clips.batch_size
  )


def _run(
  request: requests.ReproduceRequest,
  reproduction: reproduction_lib.Reproduction,
  size: costs.TestSize,
) -> int:
  """Runs what is missing, prints the table and makes the report: the exit status."""
  from i3d_tf.experiments import run_conditions  # here: it loads TensorFlow

  failures = run_conditions.run(
    reproduction,
    checkpoint_every=request.checkpoint_every,
    log_every=request.log_every,
    flags=request.flags,
    time_left=lambda: plan_lib.time_left(reproduction, size),
  )
  print('\n' + '\n'.join(run_conditions.table(reproduction)))
  print(f'results: {request.run_dir}/results, one row per video')
  for name, reason in failures:
    print(f'failed: {name}: {reason}')
  return 1 if make_report(request.run_dir) or failures else 0


def _networks(
  request: requests.ReproduceRequest,
) -> tuple[run_settings.Network, run_settings.Network]:
  """The settings of RGB and of flow networks, with the width of their weights."""
  flow = reproduction_lib.of_flow(request.network, request.flow_weights)
  return (
    initial_weights.fitted(request.network, 'rgb', request.width_given),
    initial_weights.fitted(flow, 'flow', request.width_given),
  )


def print_left_out(names: Sequence[str]) -> None:
  """Says which rows were left out because the records hold no flow, if any were."""
  if names:
    print(f'left out, since the records hold no flow: {", ".join(names)}')


def make_report(run_dir: str) -> bool:
  """Makes the report and prints what is wrong with it; returns whether anything is."""
  from i3d_tf.reporting import report as report_lib  # here: it loads Matplotlib

  page, report = report_lib.make(run_dir, os.path.join(run_dir, 'report'))
  for problem in report.paper.problems:
    print(f'cannot be used: {problem}')
  for split, videos in report.paper.missing.items():
    print(
      f'not in the records: {len(videos)} videos of the test list of split {split}, such as '
      f'{videos[0]}; the accuracies are of the others'
    )
  print(f'report: open {page}')
  return bool(report.paper.problems or report.paper.missing)
