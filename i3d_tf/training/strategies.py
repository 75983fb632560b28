"""One training on several GPUs or machines, with the loss curve of one device.

TensorFlow's own strategies do the work. What is added here keeps what a training
computes apart from where it is computed: `--batch_size` is that of all replicas
together, every replica takes its rows of the batch that one device would take,
batch norm and dropout are those of the entire batch, and the first worker alone
writes. A run may therefore be stopped under one strategy and resumed under another.
"""

from collections.abc import Callable, Iterator
import contextlib
import json
import os
import tempfile
from typing import Any

import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.training import run_settings

# What TensorFlow raises when a worker is gone, depending on what the others were at.
_LOST = (
  tf.errors.UnavailableError,
  tf.errors.AbortedError,
  tf.errors.CancelledError,
  tf.errors.DeadlineExceededError,
)


def create(name: str) -> tf.distribute.Strategy:
  """A `tf.distribute.Strategy`.

  With multi_worker this waits for the other workers, and must come before anything else
  that TensorFlow computes.

  Args:
    name: 'none' for one device; 'mirrored' for every GPU of this machine; 'multi_worker'
      for every GPU of the machines in the environment variable TF_CONFIG, this process
      being one of its workers. Without a GPU, logical CPU devices take their place.

  Raises:
    UserError: the name is unknown, or TF_CONFIG does not say who the workers are.
  """
  if name not in run_settings.STRATEGIES:
    raise errors.UserError(
      f'`strategy` must be one of {", ".join(run_settings.STRATEGIES)}; received {name!r}'
    )
  if name == 'none':
    return tf.distribute.get_strategy()
  if name == 'multi_worker':
    _check_cluster(os.environ.get('TF_CONFIG'))
    try:
      return tf.distribute.MultiWorkerMirroredStrategy()
    except _LOST as e:
      raise errors.UserError(f'the workers of TF_CONFIG did not all start; {_reason(e)}') from e
  devices = tf.config.list_logical_devices('GPU') or tf.config.list_logical_devices('CPU')
  return tf.distribute.MirroredStrategy([device.name for device in devices])


def _check_cluster(config: str | None) -> None:
  """Raises a `UserError` if TF_CONFIG is not that of a worker of a cluster."""
  example = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
  )
  if config is None:
    raise errors.UserError(
      'expected the environment variable TF_CONFIG for '
      f'--strategy=multi_worker, such as {example}; it is not set'
    )
  try:
    content = json.loads(config)
    task, cluster = content['task'], content['cluster']
    right = (
      set(cluster) <= {'chief', 'worker'}
      and task['type'] in cluster
      and all(isinstance(hosts, list) for hosts in cluster.values())
      and 0 <= int(task['index']) < len(cluster[task['type']])
    )
  except (ValueError, KeyError, TypeError, AttributeError):
    right = False
  if not right:
    raise errors.UserError(
      f'expected TF_CONFIG such as {example}, the task being one of the cluster; received {config}'
    )


def check(strategy: tf.distribute.Strategy, batch_size: int, jit_compile: bool = False) -> None:
  """Raises a `UserError` if a training cannot be spread over the replicas."""
  replicas = strategy.num_replicas_in_sync
  if batch_size % replicas:
    raise errors.UserError(
      f'--batch_size is that of all replicas together: expected a multiple of the {replicas} '
      f'replicas; received {batch_size}'
    )
  if jit_compile and (replicas > 1 or is_spread(strategy)):
    raise errors.UserError(
      '--jit_compile goes with --strategy=none alone: XLA cannot compile what replicas exchange'
    )


def is_spread(strategy: tf.distribute.Strategy) -> bool:
  """Whether a strategy is another than 'none'; it may have a single replica all the same."""
  return isinstance(
    strategy, (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
  )


def is_chief(strategy: tf.distribute.Strategy) -> bool:
  """Whether this process is the one that writes: the only one, or the first worker."""
  return strategy.extended.should_save_summary


def described(strategy: tf.distribute.Strategy) -> str:
  """Where a training computes, in words.

  Without a GPU everything runs on the CPU, which nobody would notice but by the time.
  """
  gpus = len(tf.config.list_logical_devices('GPU'))
  if not is_spread(strategy):
    return 'computes on a GPU' if gpus else 'computes on the CPU (TensorFlow finds no GPU)'
  return f'{strategy.num_replicas_in_sync} replicas, each on a ' + (
    'GPU' if gpus else 'CPU device (TensorFlow finds no GPU)'
  )


def replica_index() -> tuple[Any, int]:
  """(number of the replica, number of replicas), in the code of a replica."""
  context = tf.distribute.get_replica_context()
  return context.replica_id_in_sync_group, context.num_replicas_in_sync


def datasets(
  strategy: tf.distribute.Strategy, make: Callable[..., tf.data.Dataset], batch_size: int
) -> Any:
  """The batches of all replicas, in which every worker reads its own rows only.

  Args:
    strategy: a `tf.distribute.Strategy`.
    make: a function of `row_slice` and `num_replicas`, as in `from_records.training`, to
      an endless `tf.data.Dataset`.
    batch_size: of all replicas together.

  Returns:
    An iterable of what `strategy.run` takes.
  """

  def make_share(context: tf.distribute.InputContext) -> tf.data.Dataset:
    workers, worker = context.num_input_pipelines, context.input_pipeline_id
    row_slice = (batch_size * worker // workers, batch_size * (worker + 1) // workers)
    dataset = make(row_slice=row_slice, num_replicas=context.num_replicas_in_sync // workers)
    # Or workers would ask each other at every step whether all have a batch.
    return dataset.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))

  return strategy.distribute_datasets_from_function(make_share)


def chief_first(strategy: tf.distribute.Strategy, function: Callable[[], Any]) -> None:
  """Calls a function in the first worker, and then in the others.

  For what writes at first and finds all there when it is called again.
  """
  if is_chief(strategy):
    function()
  _sum(strategy, 0)
  if not is_chief(strategy):
    function()


def check_agreement(
  strategy: tf.distribute.Strategy, step: int, run_dir: str | os.PathLike
) -> None:
  """Raises a `UserError` if the workers would not resume from the same step."""
  replicas = strategy.num_replicas_in_sync
  # The squares, too: 1 and 3 have the mean of 2 and 2.
  if (_sum(strategy, step), _sum(strategy, step**2)) != (step * replicas, step**2 * replicas):
    raise errors.UserError(
      f'{run_dir}: expected the same last checkpoint in every worker; it is that of step {step} '
      'here, and another elsewhere. --run_dir must be on a file system that all of them share'
    )


def _sum(strategy: tf.distribute.Strategy, value: int) -> int:
  """The sum of an integer over all replicas; every worker waits for the others."""
  if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
    return value * strategy.num_replicas_in_sync

  @tf.function
  def total() -> tf.Tensor:
    return strategy.reduce('SUM', strategy.run(lambda: tf.constant(value, tf.int64)), axis=None)

  with naming_lost_workers(strategy):
    return int(total())


@contextlib.contextmanager
def naming_lost_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
  """Turns TensorFlow's error about a worker that is gone into one line.

  Raises:
    UserError: another worker has ended.
  """
  try:
    yield
  except _LOST as e:
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
      raise
    raise errors.UserError(
      'another worker has ended, so this one cannot continue. Start all of them again with the '
      f'same command: they resume from the last checkpoint. ({_reason(e)})'
    ) from e


def _reason(error: tf.errors.OpError) -> str:
  return (error.message.strip() or type(error).__name__).splitlines()[0][:200]


@contextlib.contextmanager
def folder_of_own(
  strategy: tf.distribute.Strategy, run_dir: str | os.PathLike
) -> Iterator[str | os.PathLike]:
  """Where this worker saves checkpoints: the chief in `run_dir`, others where nothing stays.

  All have to save, since values that replicas hold apart are collected for it.
  """
  if is_chief(strategy):
    yield run_dir
  else:
    with tempfile.TemporaryDirectory(prefix='i3d_worker_') as folder:
      yield folder
