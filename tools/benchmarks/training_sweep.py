"""Training steps of many shapes: where the time is more than the arithmetic needs.

The shape that does the most operations per second is the measure: its rate is 1, and a shape of 2
takes twice as long as its arithmetic would at that rate.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
import dataclasses
import itertools
import resource
import time

import tensorflow as tf

from i3d_tf.common import processes
from i3d_tf.model import arithmetic
from i3d_tf.model import inception_i3d
from tools.benchmarks import network
from tools.benchmarks.support import figure

BATCHES, SIZES, FRAMES = (1, 2, 4, 8), (64, 112, 160, 224), (16, 32, 64)
SECONDS = 900  # for all shapes; below the limit of a subject
STEP_SECONDS = 60  # of a single step
MEMORY_SHARE = 0.8  # of what is free
_CLASSES = 400
_REPEATS = 2

Shape = tuple[int, int, int]  # batch, size, frames


@dataclasses.dataclass(frozen=True)
class Step:
  """A training step that was measured.

  Attributes:
    seconds: the least that a step took.
    busy: the least that it computed: CPU time over the number of cores, which other load on the
      machine hardly changes; on a GPU, `seconds`.
    operations: its floating-point operations.
  """

  seconds: float
  busy: float
  operations: int


def measure(quick: bool = False) -> Iterator[figure.Figure]:
  """Measures float32 training steps of all shapes, from the least arithmetic on."""
  shapes = list(itertools.product(BATCHES, SIZES, FRAMES))
  if quick:
    shapes, width = [(1, 32, 9), (2, 32, 9)], 0.125
  else:
    width = 1.0
  steps, skipped = sweep(shapes, width, SECONDS, processes.free_bytes())
  print(table(steps, skipped))
  yield from figures(steps, skipped)


def _peak_bytes() -> int:
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def sweep(
  shapes: Sequence[Shape],
  width: float,
  seconds: float,
  memory: float,
  peak_bytes: Callable[[], int] = _peak_bytes,
) -> tuple[dict[Shape, Step], dict[Shape, str]]:
  """Measures shapes in the order of their arithmetic.

  Args:
    shapes: (batch, size, frames) of each.
    width: of the network.
    seconds: what all may take; a shape that would exceed it is skipped.
    memory: free bytes; a shape that would take more than `MEMORY_SHARE` of them is skipped.
    peak_bytes: the most memory that was in use so far. That of the process tells what steps
      need only if nothing before them needed more.

  Returns:
    (from shape to what was measured, from shape to why it was skipped).
  """
  steps: dict[Shape, Step] = {}
  skipped: dict[Shape, str] = {}
  start = time.monotonic()
  # The head averages over positions, so one network, traced once, takes every size.
  model = inception_i3d.InceptionI3D(
    _CLASSES, frame_size=min(size for _, size, _ in shapes), width=width, seed=0
  )
  function = tf.function(
    network.training_step(model),
    input_signature=[tf.TensorSpec([None, None, None, None, 3], tf.float32)],
  )
  counts = {shape: arithmetic.training_step(model, _clip_shape(shape)) for shape in shapes}
  base = peak_bytes()
  for shape in sorted(shapes, key=counts.__getitem__):
    left = seconds - (time.monotonic() - start)
    reason = steps and (
      _lack_of_memory(shape, steps, peak_bytes() - base, memory)
      or _lack_of_time(counts[shape], list(steps.values())[-1], left)
    )
    if reason:
      skipped[shape] = reason
    else:
      steps[shape] = Step(*_seconds(function, shape), counts[shape])
  return steps, skipped


def _lack_of_memory(shape: Shape, measured: Collection[Shape], used: float, memory: float) -> str:
  """Why a shape does not fit, in words; '' if it does. What is kept grows with the pixels."""
  needed = used * _pixels(shape) / max(map(_pixels, measured))
  if needed <= MEMORY_SHARE * memory:
    return ''
  return f'memory: needs about {needed / 2**30:.0f} GiB, {memory / 2**30:.0f} are free'


def _lack_of_time(operations: int, last: Step, left: float) -> str:
  """Why a shape takes too long, in words; '' if it does not."""
  expected = last.seconds * operations / last.operations
  if expected <= STEP_SECONDS and expected * (1 + _REPEATS) <= left:
    return ''
  return f'time: about {expected:.0f} s a step, {left:.0f} s are left for all'


def _seconds(step: Callable[[tf.Tensor], tf.Tensor], shape: Shape) -> tuple[float, float]:
  """The least `seconds` and `busy` of a step, after one that is not measured."""
  batch = network.clips(_clip_shape(shape))
  step(batch).numpy()
  seconds, busy = [], []
  for _ in range(_REPEATS):
    start, cpu = time.perf_counter(), time.process_time()
    step(batch).numpy()
    seconds.append(time.perf_counter() - start)
    busy.append((time.process_time() - cpu) / processes.num_cores())
  return min(seconds), min(seconds if tf.config.list_physical_devices('GPU') else busy)


def figures(steps: Mapping[Shape, Step], skipped: Mapping[Shape, str]) -> list[figure.Figure]:
  """The figures: of each shape its time over the arithmetic's at the best rate."""
  best = max(step.operations / step.busy for step in steps.values())
  found = [
    figure.Figure(
      f'batch {batch}, {frames} frames of {size}x{size}',
      step.busy * best / step.operations,
      how='time of a float32 training step (CPU time where there is no GPU) over the time of its '
      f'operations at the best rate; the least of {_REPEATS} steps after one that is not measured',
      note=f'{step.seconds:.3g} s',
    )
    for (batch, size, frames), step in steps.items()
  ]
  found.append(figure.Figure('the best rate', best / 1e9, unit='GFLOP/s'))
  found.append(
    figure.Figure(
      'shapes that were skipped',
      len(skipped),
      note='; '.join(f'{b} x {f} x {s} x {s}: {why}' for (b, s, f), why in skipped.items()),
    )
  )
  return found


def table(steps: Mapping[Shape, Step], skipped: Mapping[Shape, str]) -> str:
  """The sweep as a table in Markdown: time over the arithmetic's, and wall-clock seconds."""
  best = max(step.operations / step.busy for step in steps.values())
  shapes = [*steps, *skipped]
  columns = sorted({(frames, batch) for batch, _, frames in shapes})
  lines = [
    '| size | ' + ' | '.join(f'{b} x {f}' for f, b in columns) + ' |',
    '|---:|' + '---:|' * len(columns),
  ]
  for size in sorted({size for _, size, _ in shapes}):
    cells = []
    for frames, batch in columns:
      shape = (batch, size, frames)
      step, why = steps.get(shape), skipped.get(shape, '')
      if step is None:
        cells.append(why.partition(':')[0])
      else:
        cells.append(f'{step.busy * best / step.operations:.2f} ({step.seconds:.2g} s)')
    lines.append(f'| {size} | ' + ' | '.join(cells) + ' |')
  return '\n'.join([*lines, *(f'skipped: {shape}: {why}' for shape, why in skipped.items())])


def _clip_shape(shape: Shape) -> tuple[int, int, int, int, int]:
  batch, size, frames = shape
  return batch, frames, size, size, 3


def _pixels(shape: Shape) -> int:
  batch, size, frames = shape
  return batch * frames * size**2
