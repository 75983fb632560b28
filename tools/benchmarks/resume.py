"""Whether a training that is killed repeatedly ends like one that was never interrupted.

    python -m tools.benchmark --only=resume

Half of the kills (-9) come at a random moment between the start of the process and a few
steps into its training; the others while a checkpoint is being saved.
"""

from collections.abc import Callable
import csv
import dataclasses
import os
import subprocess
import tempfile
import time

import numpy as np
import tensorflow as tf

from i3d_tf.inference import results
from tools.benchmarks.support import figure
from tools.benchmarks.support import small_training

_KILLS = 20
_STEPS_PER_KILL = 4  # a checkpoint is saved at every second one
_SEED = 0


@dataclasses.dataclass
class _Kills:
  """What the kills of a training did.

  Attributes:
    number: the number of kills.
    while_saving: kills that left an incomplete checkpoint behind.
    survived: kills after which the last checkpoint was complete.
  """

  number: int = 0
  while_saving: int = 0
  survived: int = 0


def measure(quick: bool = False) -> list[figure.Figure]:
  """Kills one training repeatedly and compares its end with that of another one."""
  num_kills = 2 if quick else _KILLS
  steps = num_kills * _STEPS_PER_KILL
  flags = (*small_training.FLAGS, f'--steps={steps}', '--checkpoint_every=2', '--log_every=1')
  with tempfile.TemporaryDirectory() as folder:
    small_training.make_records(folder)
    start_up = _train_uninterrupted(folder, flags)
    kills = _train_with_kills(folder, flags, num_kills, start_up)
    weights, metrics, logits = _differences(
      os.path.join(folder, 'uninterrupted'), os.path.join(folder, 'killed')
    )
  how = (
    f'train on drawn videos, {steps} steps, dropout 0.5, Adam, a checkpoint every 2 steps; '
    f'moments of the kills from seed {_SEED}'
  )
  figures = [
    figure.Figure(
      'kills after which the last checkpoint was complete', kills.survived, bound=num_kills, how=how
    ),
    figure.Figure(
      '  of them while one was being saved',
      kills.while_saving,
      bound=num_kills / 4,
      how=how,
      note='those that left an incomplete checkpoint behind',
    ),
  ]
  for name, value, note in (
    (
      'greatest difference of the last checkpoints',
      weights,
      'weights, statistics and state of the optimizer',
    ),
    ('greatest difference of loss and accuracy', metrics, 'over all steps'),
    ('greatest difference of test logits', logits, ''),
  ):
    figures.append(figure.Figure(name, value, '', 0, higher_is_better=False, how=how, note=note))
  return figures


def _train_uninterrupted(folder: str, flags: tuple[str, ...]) -> float:
  """Trains without interruption: seconds from the start to the first step."""
  begun = time.monotonic()
  process = small_training.start(folder, 'i3d_tf.train', *flags, '--run_dir=uninterrupted')
  history = os.path.join(folder, 'uninterrupted', 'history.csv')
  _wait(process, lambda: _num_lines(history) > 1)
  start_up = time.monotonic() - begun
  small_training.check_ended(process, folder)
  return start_up


def _train_with_kills(
  folder: str, flags: tuple[str, ...], num_kills: int, start_up: float
) -> _Kills:
  """Trains, is killed a number of times, and trains to the end.

  Args:
    folder: holds the records; the run is in its folder `killed`.
    flags: of train.
    num_kills: the number of kills.
    start_up: seconds from the start of a process to its first step.
  """
  rng = np.random.default_rng(_SEED)
  run_dir = os.path.join(folder, 'killed')
  checkpoints = os.path.join(run_dir, 'checkpoints')
  kills = _Kills()
  while kills.number < num_kills:
    process = small_training.start(folder, 'i3d_tf.train', *flags, '--run_dir=killed')
    if kills.number % 2 == 0:
      saves, seconds = int(rng.integers(1, 3)), float(rng.uniform(0, 0.02))
      killed = _kill_while_saving(process, checkpoints, saves, seconds)
    else:
      killed = _kill_after(process, float(rng.uniform(0, 1.1 * start_up)))
    if not killed:  # the training ended before
      break
    kills.number += 1
    kills.while_saving += bool(_incomplete(checkpoints))
    kills.survived += _is_complete(run_dir)
  process = small_training.start(folder, 'i3d_tf.train', *flags, '--run_dir=killed')
  small_training.check_ended(process, folder)
  return kills


def _wait(process: subprocess.Popen, reached: Callable[[], bool], pause: float = 0.02) -> bool:
  """Waits for a condition: whether it was met before the process ended."""
  while not reached():
    if process.poll() is not None:
      return False
    time.sleep(pause)
  return True


def _kill_after(process: subprocess.Popen, seconds: float) -> bool:
  """Kills a process after some time: whether it was still running."""
  end = time.monotonic() + seconds
  if not _wait(process, lambda: time.monotonic() >= end):
    return False
  return _kill(process)


def _kill_while_saving(process: subprocess.Popen, folder: str, saves: int, seconds: float) -> bool:
  """Kills a process some seconds after the start of its `saves`-th save: whether it did."""
  for _ in range(saves):
    if not (
      _wait(process, lambda: not _incomplete(folder), 0.0005)
      and _wait(process, lambda: bool(_incomplete(folder)), 0.0005)
    ):
      return False
  time.sleep(seconds)
  return _kill(process)


def _kill(process: subprocess.Popen) -> bool:
  """Kills a process: whether it was still running."""
  process.kill()
  return process.wait() < 0


def _incomplete(folder: str) -> list[str]:
  """Checkpoints that are being written, or were when their writer was killed."""
  try:
    return [name for name in os.listdir(folder) if name.endswith('_temp')]
  except FileNotFoundError:
    return []


def _num_lines(path: str) -> int:
  """The number of lines of a file; 0 if it does not exist."""
  try:
    with open(path) as f:
      return len(f.readlines())
  except FileNotFoundError:
    return 0


def _checkpoint(run_dir: str) -> dict[str, np.ndarray]:
  """All values of the last checkpoint by name; empty if there is no checkpoint."""
  path = tf.train.latest_checkpoint(os.path.join(run_dir, 'checkpoints'))
  if path is None:
    return {}
  reader = tf.train.load_checkpoint(path)
  return {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if name != '_CHECKPOINTABLE_OBJECT_GRAPH' and not name.startswith('save_counter')
  }


def _is_complete(run_dir: str) -> bool:
  """Whether the last checkpoint, if there is one, can be read completely."""
  try:
    return all(np.all(np.isfinite(value)) for value in _checkpoint(run_dir).values())
  except (tf.errors.OpError, ValueError, IndexError):
    return False


def _differences(one: str, other: str) -> tuple[float, float, float]:
  """The greatest differences of the checkpoints, histories and test logits of two runs.

  Raises:
    RuntimeError: the runs have other variables, or numbers of steps or of videos.
  """
  checkpoints = [_checkpoint(one), _checkpoint(other)]
  tables = [_history(one), _history(other)]
  logits = [_logits(one), _logits(other)]
  for a, b in (
    map(list, checkpoints),
    [table.shape for table in tables],
    [table.shape for table in logits],
  ):
    if not a or a != b:
      raise RuntimeError(f'expected two runs of the same length; received {a} and {b}')
  first, second = checkpoints
  return (
    max(float(np.abs(first[name].astype(float) - second[name]).max()) for name in first),
    float(np.abs(tables[0] - tables[1]).max()),
    float(np.abs(logits[0] - logits[1]).max()),
  )


def _history(run_dir: str) -> np.ndarray:
  """Step, loss and accuracy of every row: float [steps, 3]."""
  with open(os.path.join(run_dir, 'history.csv'), newline='') as f:
    return np.array(
      [[float(row[key]) for key in ('step', 'loss', 'accuracy')] for row in csv.DictReader(f)]
    )


def _logits(run_dir: str) -> np.ndarray:
  """The logits of the final test: float [videos, classes]."""
  rows = results.read(results.path(run_dir, 'test1', 'background'))
  return np.array([row.logits for row in rows])
