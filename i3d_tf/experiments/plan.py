"""What of a reproduction is still to be done, and how long it takes."""

from collections.abc import Iterator, Sequence
import csv
import glob
import os
import statistics
import sys
import time

from i3d_tf.common import errors
from i3d_tf.common import light_imports
from i3d_tf.common import processes
from i3d_tf.common import progress
from i3d_tf.experiments import conditions
from i3d_tf.experiments import costs as costs_lib
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.flow import optical_flow
from i3d_tf.records import folders
from i3d_tf.training import run_settings

# What a test costs of a training step on as many frames: the pass forward of three alike.
_TEST_SHARE = 1 / 3
_SECONDS = 28.0  # that a measurement may take, with its process
_END_SECONDS = 1.0  # of these for the process to end


def time_left(reproduction: reproduction_lib.Reproduction, size: costs_lib.TestSize) -> str:
  """What is still to be done, in words, at the rate of the runs that are there; '' if none is.

  Args:
    reproduction: a `reproduction.Reproduction`.
    size: the `costs.TestSize` of its splits.
  """
  try:
    rate = _measured_rate(reproduction)
    if rate is None:
      return ''
    clips = sum(
      _clips(reproduction, model, treatments, size)
      for model, treatments in reproduction.tests().items()
    )
  except errors.UserError:
    return ''  # a damaged run reports itself and does not stop the others
  return f'about {duration(clips / rate)} left for all'


def plan(
  reproduction: reproduction_lib.Reproduction, num_classes: int, size: costs_lib.TestSize
) -> list[str]:
  """What is to be done, as lines of text with times. Steps are measured, in half a minute.

  Args:
    reproduction: a `reproduction.Reproduction`; its records need not be there yet.
    num_classes: classes of the data set.
    size: the `costs.TestSize` of its splits.
  """
  tests = reproduction.tests()
  costs, beside = _measured_costs(reproduction, num_classes, size)
  lines, total = [], beside
  for model, treatments in tests.items():
    steps, done = reproduction.optimization.steps, reproduction.steps_done(model)
    untested = reproduction.untested(model, treatments)
    state = 'trained' if done >= steps else f'{done} of {steps} steps trained'
    if reproduction.has_other_settings(model):
      state, untested = 'REFUSED: the run there has other settings', []
    cost, time_ = costs.get(model.stream), '?'
    if not untested:
      time_ = duration(0)
    elif cost is not None:
      seconds = cost.seconds(max(steps - done, 0), size.videos, len(untested))
      total, time_ = total + seconds, duration(seconds)
    lines.append(
      f'{time_:>10}  {model.name:<42}{state:<25} '
      f'to test: {", ".join(untested) if untested else "nothing"}'
    )
  if beside:
    lines.append(f'{duration(beside):>10}  to start, and the report')
  in_all = f'{duration(total)} in all' if all(costs.values()) else 'time unknown'
  lines.append(f'{len(tests)} models, {len(reproduction.cells)} results, {in_all}')
  for stream, cost in costs.items():
    lines += _described(stream, cost, reproduction, size)
  return lines


def _measured_costs(
  reproduction: reproduction_lib.Reproduction, num_classes: int, size: costs_lib.TestSize
) -> tuple[dict[str, costs_lib.Costs | None], float]:
  """What networks cost here, by their stream, and the seconds beside them.

  Costs are None where they could not be measured; nothing is beside where nothing is to be done.
  """
  models = {}
  for model, treatments in reproduction.tests().items():
    if reproduction.untested(model, treatments):
      models.setdefault(model.stream, model)
  has_records = all(
    reproduction.content(model.diversity, model.stream) is not None for model in models.values()
  )
  runs = tuple(
    reproduction.run(model, folders.open_folder(reproduction.records[model.diversity]))
    if has_records
    else _run_without_records(reproduction, model, num_classes)
    for model in models.values()
  )
  found = _measure(runs, size, has_records) if runs else []
  clips = reproduction.clips
  costs = {
    stream: costs_lib.from_measurements(found, number, clips.batch_size, clips.clip_frames)
    for number, stream in enumerate(models)
  }
  return costs, sum(one.beside for one in found if isinstance(one, costs_lib.Start))


def _measure(
  runs: tuple[run_settings.Run, ...], size: costs_lib.TestSize, has_records: bool
) -> list[costs_lib.Found]:
  """What `step_times.measure` finds, as far as it comes in a process of its own."""
  found, start = [], time.monotonic()
  arguments = (start + _SECONDS - _END_SECONDS, runs, size, has_records)
  with progress.progress_bar(
    total=round(_SECONDS), desc='measuring a step, at most', unit='s', leave=False
  ) as bar:
    try:
      for one in processes.in_limited_process(_measure_here, arguments, _SECONDS):
        if one is not None:
          found.append(one)
        bar.update(round(time.monotonic() - start) - bar.n)
    except processes.ProcessError as e:
      bar.write(f'measuring a step: {e}', file=sys.stderr)
  return found


def _measure_here(
  end: float, runs: tuple[run_settings.Run, ...], size: costs_lib.TestSize, has_records: bool
) -> Iterator[costs_lib.Found]:
  """`step_times.measure` until `end`, importing what it needs; a plan needs no TensorFlow."""
  start = time.monotonic()  # of one clock for all processes
  light_imports.tensorflow()
  from i3d_tf.experiments import step_times

  now = time.monotonic()
  yield costs_lib.Start(now - start)
  yield from step_times.measure(runs, size, has_records, end - now)


def _run_without_records(
  reproduction: reproduction_lib.Reproduction, model: conditions.Model, num_classes: int
) -> run_settings.Run:
  """The run of a model whose records are still to be made, with flow."""
  settings = {'flow': optical_flow.METHODS[0]}
  source = folders.Records('', (), tuple(map(str, range(num_classes))), settings)
  return reproduction.run(model, source)


def _described(
  stream: str,
  cost: costs_lib.Costs | None,
  reproduction: reproduction_lib.Reproduction,
  size: costs_lib.TestSize,
) -> list[str]:
  """The costs of networks of a stream, in words."""
  if cost is None:
    return [f'{stream}: nothing could be measured in {_SECONDS:.0f} s']
  lines = [
    f'{stream}: {cost.step:.2g} s for a training step of {reproduction.clips.batch_size} clips, '
    f'{cost.answer:.2g} s for an answer about a video of {size.frames} frames; {cost.source}'
  ]
  gigabytes = 'unknown' if cost.bytes is None else f'about {cost.bytes / 2**30:.1f} GiB'
  free = processes.free_bytes()
  lines.append(f'  memory: {gigabytes}; free: {free / 2**30:.1f} GiB')
  if cost.bytes is not None and cost.bytes > free:
    lines[-1] += ': TOO LITTLE; a smaller --batch_size, --clip_frames or --frame_size needs less'
  return lines


def _clips(
  reproduction: reproduction_lib.Reproduction,
  model: conditions.Model,
  treatments: Sequence[str],
  size: costs_lib.TestSize,
) -> float:
  """What is left to do for a model: training clips that take as long."""
  clips, untested = reproduction.clips, reproduction.untested(model, treatments)
  if not untested:
    return 0
  steps = max(reproduction.optimization.steps - reproduction.steps_done(model), 0)
  tests = size.videos * len(untested)
  return steps * clips.batch_size + tests * size.frames / clips.clip_frames * _TEST_SHARE


def _measured_rate(reproduction: reproduction_lib.Reproduction) -> float | None:
  """Training clips a second of the runs that are there, by their history; None if none is."""
  rates = []
  for path in glob.glob(os.path.join(reproduction.run_dir, 'runs', '*', 'history.csv')):
    try:
      with open(path, newline='') as f:
        # The first row holds the compilation.
        for row in list(csv.DictReader(f))[1:]:
          if row.get('clips_per_second'):
            rates.append(float(row['clips_per_second']))
    except (ValueError, csv.Error) as e:
      raise errors.UserError(f'{path}: expected what train writes; {e}') from e
  return statistics.median(rates) if rates else None


def duration(seconds: float) -> str:
  """Seconds in words, such as '2 min 25 s' or '25 min'."""
  if seconds < 90:
    return f'{seconds:.0f} s'
  if seconds < 600:
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes} min {rest} s' if rest else f'{minutes} min'
  return f'{seconds / 60:.0f} min' if seconds < 5400 else f'{seconds / 3600:.1f} h'
