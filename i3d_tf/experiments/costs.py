"""What a training and its tests cost: from what was measured of them to seconds and bytes."""

from collections import Counter
from collections.abc import Sequence
import dataclasses
import statistics

from i3d_tf.records import shards

# Where they were not measured, a training and a test start in so many times the seconds that the
# network takes to build: measured with Adam, of widths 0.5 and 1, on a processor with AVX2.
_SETUP_OF_BUILDING = 8.0
_TEST_SETUP_OF_BUILDING = 1.5


@dataclasses.dataclass(frozen=True)
class TestSize:
  """How much a test is.

  Attributes:
    videos: of the list.
    frames: of each that the network sees, a mean.
    batch: videos that are computed together, a mean: those of one length are.
  """

  videos: int
  frames: int
  batch: int = 1


def test_size(entries: Sequence[shards.Entry], max_frames: int, batch_size: int = 1) -> TestSize:
  """The `TestSize` of videos.

  Args:
    entries: `shards.Entry`s, at least one.
    max_frames: as in `clip_settings.ClipSettings`.
    batch_size: videos of one length that are computed together, at most.
  """
  lengths = Counter(min(entry.frames, max_frames) for entry in entries)
  batches = sum(-(-videos // batch_size) for videos in lengths.values())
  videos = lengths.total()
  return TestSize(videos, round(statistics.mean(lengths.elements())), round(videos / batches))


@dataclasses.dataclass(frozen=True)
class Start:
  """How long a process takes to start.

  Attributes:
    seconds: to import TensorFlow and this project.
  """

  seconds: float

  @property
  def beside(self) -> float:
    """Seconds of a reproduction beside its models: to start, and to write the report.

    The report imports about as much again and draws the figures (2 to 3 imports, measured on
    processors with AVX2 and AVX-512).
    """
    return 3 * self.seconds


@dataclasses.dataclass(frozen=True)
class Arithmetic:
  """What a run has to compute, and how fast the device computes.

  Attributes:
    run: number of the run.
    training: floating-point operations of a step of its training.
    answer: those of an answer about a video of its test.
    rate: floating-point operations a second of a product of matrices.
    base_bytes: memory that the process has taken before any step.
    built: seconds to build the network.
  """

  run: int
  training: float
  answer: float
  rate: float
  base_bytes: int
  built: float


@dataclasses.dataclass(frozen=True)
class Measurement:
  """What was measured of a batch.

  Attributes:
    run: number of the run.
    part: 'training' or 'test'.
    clips, frames: of the batch.
    operations: floating-point operations of the batch.
    first: seconds of the first call, which builds the graph.
    later: seconds of a later one.
    beside: seconds of what belongs to it: of a training, to build the network; of a test, to read
      a video.
    peak_bytes: the most memory that the process has taken so far.
  """

  run: int
  part: str
  clips: int
  frames: int
  operations: float
  first: float
  later: float
  beside: float
  peak_bytes: int

  @property
  def pace(self) -> float:
    """Seconds per operation."""
    return self.later / self.operations

  @property
  def setup(self) -> float:
    """Seconds that the first call takes longer."""
    return max(self.first - self.later, 0.0)


Found = Start | Arithmetic | Measurement


@dataclasses.dataclass(frozen=True)
class Costs:
  """What a run costs here.

  Attributes:
    setup: seconds before the steps of a training.
    step: seconds of a step.
    test_setup: seconds before the videos of a test.
    reading: seconds to read a video of a test.
    answer: seconds of an answer about it.
    source: what the seconds come from, in words.
    bytes: memory that the training takes; None if that is unknown.
  """

  setup: float
  step: float
  test_setup: float
  reading: float
  answer: float
  source: str
  bytes: float | None

  def seconds(self, steps: int, videos: int, treatments: int) -> float:
    """What so many steps take, and a test of videos under so many treatments.

    Args:
      steps: of training; 0 if it is done.
      videos: of the test.
      treatments: that are tested; 0 for no test.
    """
    total = self.setup + steps * self.step if steps else 0.0
    if treatments:
      total += self.test_setup + videos * (self.reading + treatments * self.answer)
    return total


def from_measurements(
  found: Sequence[Found], run: int, batch_size: int, clip_frames: int
) -> Costs | None:
  """The costs of a run, from what was measured of it and of others.

  What was not measured is taken to compute at the pace of what was: a larger batch at that of a
  smaller one, a test at that of a training and the reverse, a run at that of another, and all at
  that of a product of matrices if there is nothing else.

  Args:
    found: what was measured.
    run: number of the run.
    batch_size, clip_frames: of a step of its training.

  Returns:
    The `Costs`; None if not even the arithmetic of the run was counted.
  """
  work = next((one for one in found if isinstance(one, Arithmetic) and one.run == run), None)
  if work is None:
    return None
  training, test = (_nearest(found, run, part) for part in ('training', 'test'))
  pace = next((one.pace for one in (training, test) if one is not None), 1 / work.rate)
  return Costs(
    setup=_SETUP_OF_BUILDING * work.built if training is None else training.beside + training.setup,
    step=pace * work.training,
    test_setup=_TEST_SETUP_OF_BUILDING * work.built if test is None else test.setup,
    reading=0.0 if test is None else test.beside,
    answer=(pace if test is None else test.pace) * work.answer,
    source=_source(training, test, run, batch_size, clip_frames),
    bytes=None if training is None or training.run != run else _bytes(work, training),
  )


def _nearest(found: Sequence[Found], run: int, part: str) -> Measurement | None:
  """What was measured of a part of a run, or else of another run."""
  measured = [one for one in found if isinstance(one, Measurement) and one.part == part]
  return min(measured, key=lambda one: one.run != run, default=None)


def _source(
  training: Measurement | None,
  test: Measurement | None,
  run: int,
  batch_size: int,
  clip_frames: int,
) -> str:
  if training is None and test is not None:
    return 'NOT MEASURED in time: the counted arithmetic at the rate of a test'
  if training is None:
    return 'NOT MEASURED in time: the counted arithmetic at the rate of a product of matrices'
  if training.run != run:
    return 'by its arithmetic, from the steps of another stream'
  if (training.clips, training.frames) != (batch_size, clip_frames):
    return f'by its arithmetic, from a measured step of {training.clips} x {training.frames} frames'
  return 'measured'


def _bytes(work: Arithmetic, training: Measurement) -> float:
  """The memory of a training step: what a smaller one takes grows with the arithmetic."""
  grown = (training.peak_bytes - work.base_bytes) * work.training / training.operations
  return work.base_bytes + grown
