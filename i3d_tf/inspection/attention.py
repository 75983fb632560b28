"""What somebody should look at before a folder of records is used."""

from collections.abc import Iterable
import dataclasses

from i3d_tf.common import text
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import record_checks
from i3d_tf.video import letterbox

_NAMED = 5  # videos that a sentence names
# Bars that cover a smaller share of the frame are lines that codecs add: counted, not reported.
_MIN_BAR_SHARE = 0.01


def sentences(inspection: inspect_folder.Inspection) -> list[str]:
  """What needs attention, the most urgent first; empty if nothing does."""
  videos, found = inspection.videos, []

  def mention(names: Iterable[str], sentence: str) -> None:
    names = list(names)
    if names:
      listed = ', '.join(names[:_NAMED]) + (', ...' if len(names) > _NAMED else '')
      found.append(f'{sentence}: {text.count(len(names), "video")}: {listed}')

  damaged = len(inspection.problems)
  if damaged:
    found.append(
      f'{text.count(damaged, "problem")}, listed above: make those files of records again'
    )
  for name in inspection.lists:
    mention(inspection.missing(name), f'{name} names videos that are not in the records')
  listed = {path for paths in inspection.lists.values() for path in paths}
  if listed:
    mention((v.path for v in videos if v.path not in listed), 'in no list')
  if any(video.coverage is not None for video in videos):
    mention(
      (v.path for v in videos if v.coverage is None),
      'no masks, so they keep their original frames in every condition',
    )
  elif videos:
    found.append('no video has masks: only the unmasked condition can be trained and tested')
  mention(
    (v.path for v in videos if v.coverage == 0),
    'nobody in their masks, so they keep their original frames too',
  )
  mention(
    (v.path for v in videos if v.keep_original),
    'set aside by a verdict: they keep their original frames',
  )
  if any(video.flow for video in videos):
    mention((v.path for v in videos if not v.flow), 'no flow')
  mention(
    (f'{v.path} ({_describe(v.bars)})' for v in letterboxed(inspection) if v.bars is not None),
    'black bars, which look like a region that is replaced by black',
  )
  short_sides = sorted({min(video.height, video.width) for video in videos})
  if len(short_sides) > 1:
    found.append(f'the shorter sides of the frames differ: {", ".join(map(str, short_sides))}')
  return found


def letterboxed(inspection: inspect_folder.Inspection) -> list[record_checks.CheckedVideo]:
  """The videos whose black bars cover a hundredth or more, the most covered first."""
  shares = {
    video: video.bars.share(video.height, video.width)
    for video in inspection.videos
    if video.bars is not None
  }
  return sorted(
    (video for video, share in shares.items() if share >= _MIN_BAR_SHARE),
    key=lambda video: -shares[video],
  )


def _describe(bars: letterbox.Bars) -> str:
  return ', '.join(f'{edge} {lines}' for edge, lines in dataclasses.asdict(bars).items() if lines)
