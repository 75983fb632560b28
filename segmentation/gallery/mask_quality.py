"""Which masks a reviewer should check: measures of a video's masks, and what is odd about them.

Every oddity has a severity from 0 to 1, which is 0.5 at its limit; above that, it is a reason
to check the video. Scores follow from the measures alone, so the table of measures is enough
to reproduce them.
"""

from collections.abc import Iterable, Sequence
import dataclasses
import itertools
import math
import statistics

from pycocotools import mask as coco_mask

from i3d_tf.common import text
from i3d_tf.masks import coco_files
from i3d_tf.masks import second_looks

# {code of a reason: what it means}, in the order in which the page lists them.
REASONS = {
  'unreadable': 'the video or its masks cannot be used',
  'no mask file': 'the video has not been segmented',
  'no person': 'no frame shows a person: the video keeps its original frames in any case',
  'often no person': 'many frames show no person',
  'tiny': 'the person covers almost nothing',
  'huge': 'the person covers almost everything',
  'seen again': 'without the people of the masks, the segmenter still finds somebody',
  'flickering': 'the mask jumps, disappears or appears from one frame to the next',
  'unlike its class': 'the person is far smaller or larger than is typical of the class',
}


@dataclasses.dataclass(frozen=True)
class Limits:
  """The values above which (for `tiny`, below which) an oddity is a reason to check a video.

  Attributes:
    absent: fraction of the frames that show no person.
    tiny, huge: fraction of the image that the person covers, in frames with a person.
    flicker: fraction of the steps from frame to frame that are breaks.
    seen_again: `SecondLook.seen_again`.
    unlike: distance from the class's typical coverage, in spreads of the class.
    break_overlap, break_area: a step is a break if the intersection over union of the masks
      is below `break_overlap`, if their areas differ by more than the factor `break_area`,
      or if the person appears or disappears.
    least_spread: lower bound of the spread of a class, as a factor.
  """

  absent: float = 0.2
  tiny: float = 0.01
  huge: float = 0.6
  flicker: float = 0.05
  seen_again: float = second_looks.LIMIT
  unlike: float = 3.0
  break_overlap: float = 0.25
  break_area: float = 1.6
  least_spread: float = 1.5


@dataclasses.dataclass(frozen=True)
class Measures:
  """The masks of a video in numbers. The names are columns of the table of the gallery.

  Attributes:
    frames: the number of frames.
    found: the number of frames that show a person.
    coverage: the fraction of all pixels that the person covers.
    coverage_found: the same over the frames that show a person; 0 if there is none.
    overlap: the mean intersection over union of successive masks that both show a person;
      None if there are no such masks.
    gaps: the number of gaps without a person between frames with one.
    breaks: the number of steps from frame to frame that are breaks, see `Limits`.
    worst: the frame after the break that changes most pixels; None without a break.
    seen_again: as in `SecondLook`; None if the segmenter did not look again.
  """

  frames: int
  found: int
  coverage: float
  coverage_found: float
  overlap: float | None
  gaps: int
  breaks: int
  worst: int | None
  seen_again: float | None = None


@dataclasses.dataclass(frozen=True)
class Reason:
  """A reason to check a video: one of `REASONS`, its severity from 0.5 to 1, and details."""

  code: str
  severity: float
  words: str


@dataclasses.dataclass(frozen=True)
class Judgement:
  """How suspicious the masks of a video are, from 0 to 1, and why, the strongest reason first."""

  score: float
  reasons: tuple[Reason, ...]


def measure(masks: coco_files.Masks, limits: Limits = Limits()) -> Measures:
  """Measures the masks of a video, without decoding them.

  Args:
    masks: the masks of all frames.
    limits: says what a break is.
  """
  frames = [
    coco_mask.merge(list(rles)) if len(rles) > 1 else (rles[0] if rles else None)
    for rles in masks.frames
  ]
  areas = [0 if rle is None else int(coco_mask.area(rle)) for rle in frames]
  found = sum(area > 0 for area in areas)
  overlaps, breaks, worst, most = [], 0, None, 0.0
  for index in range(1, len(frames)):
    small, large = sorted(areas[index - 1 : index + 1])
    if not large:
      continue
    overlap = 0.0
    if small:
      overlap = float(coco_mask.iou([frames[index - 1]], [frames[index]], [0])[0, 0])
      overlaps.append(overlap)
    if overlap < limits.break_overlap or large > limits.break_area * small:
      breaks += 1
      changed = (small + large) * (1 - overlap) / (1 + overlap)  # union minus intersection
      if changed > most:
        most, worst = changed, index
  shown = [index for index, area in enumerate(areas) if area]
  pixels = masks.height * masks.width
  return Measures(
    frames=len(frames),
    found=found,
    coverage=sum(areas) / (pixels * len(frames)),
    coverage_found=sum(areas) / (pixels * found) if found else 0.0,
    overlap=statistics.fmean(overlaps) if overlaps else None,
    gaps=sum(after - before > 1 for before, after in itertools.pairwise(shown)),
    breaks=breaks,
    worst=worst,
    seen_again=None if masks.second_look is None else masks.second_look.seen_again,
  )


def typical(coverages: Iterable[float], limits: Limits = Limits()) -> tuple[float, float] | None:
  """The typical coverage of a class and its spread as a factor; None for fewer than 3 videos.

  Both are medians, because means would be shifted by the bad masks that are to be found.

  Args:
    coverages: `Measures.coverage_found` of the videos of the class; zeros do not count.
    limits: gives the least spread.
  """
  logs = [math.log(coverage) for coverage in coverages if coverage > 0]
  if len(logs) < 3:
    return None
  middle = statistics.median(logs)
  # The median absolute deviation, scaled to the standard deviation of a normal distribution.
  deviation = 1.4826 * statistics.median(abs(value - middle) for value in logs)
  return math.exp(middle), max(math.exp(deviation), limits.least_spread)


def judge(
  measures: Measures, of_class: tuple[float, float] | None = None, limits: Limits = Limits()
) -> Judgement:
  """Judges how suspicious the masks of a video are, and why.

  Args:
    measures: the measures of the video.
    of_class: the typical coverage and spread of the video's class, from `typical`.
    limits: where an oddity becomes a reason.
  """
  if not measures.found:
    return Judgement(
      0.99, (Reason('no person', 0.99, f'no person in any of {measures.frames} frames'),)
    )
  size = measures.coverage_found
  absent, steps = measures.frames - measures.found, max(measures.frames - 1, 1)
  worst = '' if measures.worst is None else f', the worst at frame {measures.worst}'
  gaps = f', {text.count(measures.gaps, "gap")}' if measures.gaps else ''
  oddities = [
    (
      'often no person',
      _odds(absent / measures.frames) / _odds(limits.absent),
      f'no person in {absent} of {measures.frames} frames',
    ),
    ('tiny', _odds(limits.tiny) / _odds(size), f'covers {_percent(size)} of the image'),
    ('huge', _odds(size) / _odds(limits.huge), f'covers {_percent(size)} of the image'),
    (
      'flickering',
      measures.breaks / steps / limits.flicker,
      f'{measures.breaks} breaks in {steps} steps{gaps}{worst}',
    ),
  ]
  if measures.seen_again is not None:
    oddities.append(
      (
        'seen again',
        _odds(measures.seen_again) / _odds(limits.seen_again),
        f'{_percent(measures.seen_again)} of what was found is found again without the masks',
      )
    )
  if of_class is not None:
    usual, spread = of_class
    oddities.append(
      (
        'unlike its class',
        abs(math.log(size / usual)) / math.log(spread) / limits.unlike,
        f'covers {_percent(size)}, its class typically {_percent(usual)}',
      )
    )
  return _judgement(oddities)


def _judgement(oddities: Sequence[tuple[str, float, str]]) -> Judgement:
  """The judgement of oddities: (code, how many times its limit it is, words)."""
  severities = [1.0 if times == math.inf else times / (1 + times) for _, times, _ in oddities]
  reasons = sorted(
    (
      Reason(code, severity, words)
      for (code, _, words), severity in zip(oddities, severities)
      if severity >= 0.5
    ),
    key=lambda reason: -reason.severity,
  )
  # Several reasons weigh more than one. Without any, the oddity nearest to its limit counts.
  score = 1 - math.prod(1 - reason.severity for reason in reasons) if reasons else max(severities)
  return Judgement(min(score, 0.98), tuple(reasons))


def unusable(code: str, words: str) -> Judgement:
  """The judgement on a video that could not be measured: `code` is one of `REASONS`."""
  return Judgement(1.0, (Reason(code, 1.0, words),))


def _odds(fraction: float) -> float:
  return math.inf if fraction >= 1 else fraction / (1 - fraction)


def _percent(fraction: float) -> str:
  return f'{100 * fraction:.0f}%' if fraction >= 0.1 else f'{100 * fraction:.2g}%'
