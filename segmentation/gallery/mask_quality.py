"""Which masks deserve a look: measures of a video's masks, and what is odd about them.

Every oddity is a severity from 0 to 1 that is 0.5 at its limit; from there on it is
a reason to look. All of it follows from the measures: a table of them gives the
same order again.
"""

from collections.abc import Iterable
import dataclasses
import math
import statistics

from pycocotools import mask as coco_mask

from i3d_tf.masks import coco_files

# The codes of reasons, in the order in which a page lists them, and what they mean.
REASONS = {
  'unreadable': 'the video or its masks cannot be used',
  'no mask file': 'nobody has looked for people in it',
  'no person': 'no frame shows a person: the video keeps its original frames in any case',
  'often no person': 'many frames show no person',
  'tiny': 'the person covers next to nothing',
  'huge': 'the person covers nearly everything',
  'flickering': 'the mask jumps, breaks off or flashes up from one frame to the next',
  'unlike its class': 'the person is far smaller or larger than is typical of the class',
}


@dataclasses.dataclass(frozen=True)
class Limits:
  """Where an oddity becomes a reason to look.

  Attributes:
    absent: share of the frames that show no person.
    tiny, huge: share of the picture that the person covers, where there is one.
    flicker: share of the steps from frame to frame that are breaks.
    unlike: distance from the class's typical coverage, in spreads of the class.
    break_overlap, break_area: a step is a break if the masks' intersection over
      union falls below the one, or their areas differ by more than the factor of
      the other; also if the person comes or goes.
    least_spread: of a class, as a factor; classes are not taken to be more alike.
  """

  absent: float = 0.2
  tiny: float = 0.01
  huge: float = 0.6
  flicker: float = 0.05
  unlike: float = 3.0
  break_overlap: float = 0.25
  break_area: float = 1.6
  least_spread: float = 1.5


@dataclasses.dataclass(frozen=True)
class Measures:
  """The masks of a video in numbers.

  Attributes:
    frames: number of frames.
    found: number of frames that show a person.
    coverage: share of all frames' pixels that the person covers.
    coverage_found: the same of the frames that show one; 0 if there is none.
    overlap: mean intersection over union of successive masks that both show a
      person; None if there are no such two.
    gaps: stretches without a person that lie between frames with one.
    breaks: steps from frame to frame that are breaks, see `Limits`.
    worst: the frame behind the break that changes most pixels; None without a break.
  """

  frames: int
  found: int
  coverage: float
  coverage_found: float
  overlap: float | None
  gaps: int
  breaks: int
  worst: int | None


@dataclasses.dataclass(frozen=True)
class Reason:
  """Why to look: one of `REASONS`, its severity from 0.5 to 1, and the same in words."""

  code: str
  severity: float
  words: str


@dataclasses.dataclass(frozen=True)
class Judgement:
  """How suspicious the masks of a video are: 0 to 1, and the reasons, the strongest first."""

  score: float
  reasons: tuple


def measure(masks: coco_files.Masks, limits: Limits = Limits()) -> Measures:
  """Measures the masks of a video, without decoding them.

  Args:
    masks: a `masks.Masks`.
    limits: a `Limits`, which says what a break is.

  Returns:
    `Measures`.
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
      changed = (small + large) * (1 - overlap) / (1 + overlap)  # union less intersection
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
    gaps=sum(after - before > 1 for before, after in zip(shown, shown[1:])),
    breaks=breaks,
    worst=worst,
  )


def typical(coverages: Iterable[float], limits: Limits = Limits()) -> tuple[float, float] | None:
  """What is typical of a class: (coverage, spread as a factor), or None of fewer than 3 videos.

  Medians: a mean would be drawn along by the very masks that are looked for.

  Args:
    coverages: `Measures.coverage_found` of the class's videos; those of 0 do not count.
    limits: a `Limits`.
  """
  logs = [math.log(coverage) for coverage in coverages if coverage > 0]
  if len(logs) < 3:
    return None
  middle = statistics.median(logs)
  deviation = 1.4826 * statistics.median(abs(value - middle) for value in logs)  # as sigma
  return math.exp(middle), max(math.exp(deviation), limits.least_spread)


def judge(
  measures: Measures, of_class: tuple[float, float] | None = None, limits: Limits = Limits()
) -> Judgement:
  """Says how suspicious measures are, and why.

  Args:
    measures: `Measures`.
    of_class: what `typical` gives for the video's class.
    limits: a `Limits`.

  Returns:
    A `Judgement`.
  """
  if not measures.found:
    return Judgement(
      0.99, (Reason('no person', 0.99, f'no person in any of {measures.frames} frames'),)
    )
  size = measures.coverage_found
  absent, steps = measures.frames - measures.found, max(measures.frames - 1, 1)
  worst = '' if measures.worst is None else f', the worst at frame {measures.worst}'
  gaps = f', {measures.gaps} {"gap" if measures.gaps == 1 else "gaps"}' if measures.gaps else ''
  oddities = [
    (
      'often no person',
      _odds(absent / measures.frames) / _odds(limits.absent),
      f'no person in {absent} of {measures.frames} frames',
    ),
    ('tiny', _odds(limits.tiny) / _odds(size), f'covers {_percent(size)} of the picture'),
    ('huge', _odds(size) / _odds(limits.huge), f'covers {_percent(size)} of the picture'),
    (
      'flickering',
      measures.breaks / steps / limits.flicker,
      f'{measures.breaks} breaks in {steps} steps{gaps}{worst}',
    ),
  ]
  if of_class is not None:
    usual, spread = of_class
    oddities.append(
      (
        'unlike its class',
        abs(math.log(size / usual)) / math.log(spread) / limits.unlike,
        f'covers {_percent(size)}, its class typically {_percent(usual)}',
      )
    )
  severities = [1.0 if times == math.inf else times / (1 + times) for _, times, _ in oddities]
  reasons = sorted(
    (
      Reason(code, severity, words)
      for (code, _, words), severity in zip(oddities, severities)
      if severity >= 0.5
    ),
    key=lambda reason: -reason.severity,
  )
  # Several reasons weigh more than one; without any, what comes nearest to one.
  score = 1 - math.prod(1 - reason.severity for reason in reasons) if reasons else max(severities)
  return Judgement(min(score, 0.98), tuple(reasons))


def unusable(code: str, words: str) -> Judgement:
  """The `Judgement` of a video that could not be measured: `code` is one of `REASONS`."""
  return Judgement(1.0, (Reason(code, 1.0, words),))


def _odds(share: float) -> float:
  return math.inf if share >= 1 else share / (1 - share)


def _percent(share: float) -> str:
  return f'{100 * share:.0f}%' if share >= 0.1 else f'{100 * share:.2g}%'
