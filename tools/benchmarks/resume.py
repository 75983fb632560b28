"""Whether a training that is killed again and again ends as if nobody had touched it.

    python -m tools.benchmark --only=resume

Half of the kills (-9) fall at a random moment between the start of the process and a few
steps into its training; the others inside the saving of a checkpoint.
"""

import csv
import os
import tempfile
import time

import numpy as np
import tensorflow as tf

from i3d_tf.inference import results
from tools.benchmarks import figure
from tools.benchmarks import small_training

_KILLS = 20
_STEPS_A_KILL = 4  # of which every second one saves a checkpoint
_SEED = 0


def measure(quick=False):
  """Kills one training, compares it with another: `figure.Figure`s."""
  kills = 2 if quick else _KILLS
  steps = kills * _STEPS_A_KILL
  flags = (*small_training.FLAGS, f'--steps={steps}', '--checkpoint_every=2', '--log_every=1')
  with tempfile.TemporaryDirectory() as folder:
    small_training.make_records(folder)
    begun = time.monotonic()
    process = small_training.start(folder, 'i3d_tf.train', *flags, '--run_dir=whole')
    history = os.path.join(folder, 'whole', 'history.csv')
    _wait(process, lambda: _lines(history) > 1)
    start_up = time.monotonic() - begun
    small_training.check_ended(process, folder)

    rng = np.random.default_rng(_SEED)
    inside, survived, number = 0, 0, 0
    while number < kills:
      process = small_training.start(folder, 'i3d_tf.train', *flags, '--run_dir=killed')
      if number % 2 == 0:
        killed = _kill_while_saving(
          process,
          os.path.join(folder, 'killed', 'checkpoints'),
          saves=int(rng.integers(1, 3)),
          seconds=rng.uniform(0, 0.02),
        )
      else:
        killed = _kill_after(process, rng.uniform(0, 1.1 * start_up))
      if not killed:  # it was faster, and has ended
        break
      number += 1
      inside += bool(_halves(os.path.join(folder, 'killed', 'checkpoints')))
      survived += _is_whole(os.path.join(folder, 'killed'))
    process = small_training.start(folder, 'i3d_tf.train', *flags, '--run_dir=killed')
    small_training.check_ended(process, folder)
    weights, metrics, accuracies = _differences(
      os.path.join(folder, 'whole'), os.path.join(folder, 'killed')
    )
  how = (
    f'train on drawn videos, {steps} steps, dropout 0.5, Adam, a checkpoint every 2 steps; '
    f'killed at moments of seed {_SEED}'
  )
  return [
    figure.Figure(
      'kills after which the last checkpoint was whole', survived, bound=kills, how=how
    ),
    figure.Figure(
      '  of them inside the saving of one',
      inside,
      bound=kills / 4,
      how=how,
      note='those that left a half-written checkpoint behind',
    ),
    figure.Figure(
      'difference of the last checkpoint, largest number',
      weights,
      bound=0,
      higher_is_better=False,
      how=how,
      note='weights, statistics, optimizer',
    ),
    figure.Figure(
      'difference of loss and accuracy, largest of all steps',
      metrics,
      bound=0,
      higher_is_better=False,
      how=how,
    ),
    figure.Figure(
      'difference of test logits, largest', accuracies, bound=0, higher_is_better=False, how=how
    ),
  ]


def _wait(process, reached, pause=0.02):
  """Waits until something is so: whether that came before the process ended."""
  while not reached():
    if process.poll() is not None:
      return False
    time.sleep(pause)
  return True


def _kill_after(process, seconds):
  """Kills a process when its time has come: whether it was still running."""
  end = time.monotonic() + seconds
  if not _wait(process, lambda: time.monotonic() >= end):
    return False
  return _kill(process)


def _kill_while_saving(process, folder, saves, seconds):
  """Kills a process some seconds into the `saves`-th time that it saves: whether it did."""
  for _ in range(saves):
    if not (
      _wait(process, lambda: not _halves(folder), 0.0005)
      and _wait(process, lambda: _halves(folder), 0.0005)
    ):
      return False
  time.sleep(seconds)
  return _kill(process)


def _kill(process):
  process.kill()
  return process.wait() < 0


def _halves(folder):
  """Checkpoints that are being written, or were when the writer was killed."""
  try:
    return [name for name in os.listdir(folder) if name.endswith('_temp')]
  except FileNotFoundError:
    return []


def _lines(path):
  try:
    with open(path) as f:
      return len(f.readlines())
  except FileNotFoundError:
    return 0


def _checkpoint(run_dir):
  """Every number of the last checkpoint by name; none if there is no checkpoint yet."""
  path = tf.train.latest_checkpoint(os.path.join(run_dir, 'checkpoints'))
  if path is None:
    return {}
  reader = tf.train.load_checkpoint(path)
  return {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if name != '_CHECKPOINTABLE_OBJECT_GRAPH' and not name.startswith('save_counter')
  }


def _is_whole(run_dir):
  """Whether the last checkpoint, if there is one, can be read to its end."""
  try:
    return all(np.all(np.isfinite(value)) for value in _checkpoint(run_dir).values())
  except (tf.errors.OpError, ValueError, IndexError):
    return False


def _differences(one, other):
  """Largest differences of (checkpoints, histories, test logits) of two runs.

  Raises:
    RuntimeError: they do not even hold the same kinds of numbers.
  """
  found = [_checkpoint(one), _checkpoint(other)]
  tables = [_history(one), _history(other)]
  logits = [_logits(one), _logits(other)]
  for a, b in (map(list, found), [table.shape for table in tables], map(len, logits)):
    if not a or a != b:
      raise RuntimeError(f'expected two runs of the same length; found {a} and {b}')
  return (
    max(float(np.abs(found[0][name].astype(float) - found[1][name]).max()) for name in found[0]),
    float(np.abs(tables[0] - tables[1]).max()),
    float(np.abs(logits[0] - logits[1]).max()),
  )


def _history(run_dir):
  """Step, loss and accuracy of every row: float [steps, 3]."""
  with open(os.path.join(run_dir, 'history.csv'), newline='') as f:
    return np.array(
      [[float(row[key]) for key in ('step', 'loss', 'accuracy')] for row in csv.DictReader(f)]
    )


def _logits(run_dir):
  """The logits of the test at the end: float [videos, classes]."""
  rows = results.read(results.path(run_dir, 'test1', 'background'))
  return np.array([row.logits for row in rows])
