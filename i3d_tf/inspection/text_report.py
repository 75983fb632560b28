"""What an inspection found, as text for people."""

from collections.abc import Callable, Iterator
import operator
from typing import Any

from i3d_tf.common import text as text_lib
from i3d_tf.flow import optical_flow
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import summary

_SIZES = 5  # frame sizes that are listed; the JSON has all
_PROBLEMS = 20  # problems that are listed; the JSON has all
_CLASSES = 25  # up to so many classes, there is a table of them


def text(inspection: inspect_folder.Inspection, all_classes: bool = False) -> str:
  """The report, in lines; it ends with what needs attention.

  Args:
    inspection: what was found.
    all_classes: whether to show the table of classes however many there are.
  """
  found = summary.summary(inspection)
  show_all = all_classes or len(found['classes']) <= _CLASSES
  lines = [*_overview(found), '', *(_class_table(found) if show_all else _class_extremes(found))]
  if inspection.problems:
    lines += ['', 'Problems:']
    lines += [f'  {problem}' for problem in inspection.problems[:_PROBLEMS]]
    if len(inspection.problems) > _PROBLEMS:
      lines.append(f'  and {len(inspection.problems) - _PROBLEMS} more (--json lists them)')
  lines.append('')
  if found['attention']:
    lines += ['Needs attention:', *(f'  {sentence}' for sentence in found['attention'])]
  else:
    checked = '' if inspection.decoded else ' (images were not decoded)'
    lines.append(f'Nothing needs attention{checked}.')
  return '\n'.join(lines)


def _overview(found: dict[str, Any]) -> Iterator[str]:
  totals, videos = found['totals'], found['totals']['videos']
  yield (
    f'{found["folder"]}: {text_lib.count(videos, "video")}, '
    f'{text_lib.count(totals["frames"], "frame")}, '
    f'{len(found["classes"])} classes, {text_lib.count(totals["files"], "file")}'
  )
  yield _disk_line(found)
  if not videos:
    return
  yield '  sizes      ' + ', '.join(
    f'{size} ({count})' for size, count in list(found['sizes'].items())[:_SIZES]
  )
  lengths = found['lengths']
  yield (
    f'  lengths    {lengths["least"]} to {lengths["most"]} frames, median {lengths["median"]:g}'
  )
  yield from _mask_lines(found['masks'])
  if found['decoded']:
    bars = [video['bars'] for video in found['videos'] if video['bars'] is not None]
    yield f'  black bars {text_lib.count(sum(any(b.values()) for b in bars), "video")}'
  if found['decoders']:
    yield f'  decoded by {", ".join(found["decoders"])}'
  for name, listed in found['lists'].items():
    stored = listed['videos'] - len(listed['missing'])
    yield f'  {name:10} {stored} of {listed["videos"]} videos'


def _disk_line(found: dict[str, Any]) -> str:
  totals, settings = found['totals'], found['settings']

  def part(name: str, count: int) -> str:
    size = totals[f'{name}_bytes']
    return f'{_bytes(size)} ({_bytes(size / count)} each)' if count else 'none'

  method = ''
  if settings.get('flow') is not None:
    backend = settings.get('flow_backend', 'opencv')
    method = f'{optical_flow.label(settings["flow"], backend)} '
  num_masks = sum(video['frames'] for video in found['videos'] if video['mask_bytes'])
  return (
    f'  on disk    frames {part("frame", totals["frames"])}, '
    f'flow {method}{part("flow", totals["flow"])}, masks {part("mask", num_masks)}'
  )


def _mask_lines(masks: dict[str, Any]) -> Iterator[str]:
  yield (
    f'  masks      {text_lib.count(masks["found"], "video")} used; '
    f'{len(masks["without_masks"])} without masks, '
    f'{len(masks["without_person"])} without a person, '
    f'{len(masks["keep_original"])} set aside'
  )
  if masks['coverage']:
    coverage = masks['coverage']
    yield (
      f'  persons    cover {coverage["least"]:.1%} to {coverage["most"]:.1%}, median '
      f'{coverage["median"]:.1%}; videos by tenths: '
      f'{" ".join(map(str, masks["coverage_histogram"]))}'
    )


def _class_table(found: dict[str, Any]) -> Iterator[str]:
  names = list(found['lists'])
  width = max([5, *(len(row['name']) for row in found['classes'])])
  yield (
    f'{"class":{width}} {"videos":>7} {"frames":>8} {"person":>7} {"without":>7}'
    + ''.join(f' {name:>11}' for name in names)
  )
  for row in found['classes']:
    person = f'{row["coverage"]["median"]:.1%}' if row['coverage'] else '-'
    yield (
      f'{row["name"]:{width}} {row["videos"]:7} {row["frames"]:8} {person:>7} '
      f'{row["without"]:7}' + ''.join(f' {row["lists"][name]["videos"]:11}' for name in names)
    )
  yield '(person: median share of the pixels; without: videos that keep their original frames)'


def _class_extremes(found: dict[str, Any]) -> Iterator[str]:
  classes = found['classes']
  for name in ('videos', 'frames'):
    first, last = _extremes(classes, operator.itemgetter(name), '')
    yield f'{name} per class: fewest {first}; most {last}'
  covered = [row for row in classes if row['coverage']]
  if covered:
    first, last = _extremes(covered, lambda row: row['coverage']['median'], '.1%')
    yield f'person: smallest {first}; largest {last}'
  yield '(--classes shows all of them)'


def _extremes(
  classes: list[dict[str, Any]], key: Callable[[dict[str, Any]], float], form: str
) -> tuple[str, str]:
  """The three classes with the smallest and the three with the largest key, as text."""
  rows = sorted(classes, key=key)
  first, last = (
    ', '.join(f'{row["name"]} {key(row):{form}}' for row in chosen)
    for chosen in (rows[:3], rows[:-4:-1])
  )
  return first, last


def _bytes(count: float) -> str:
  for unit in ('B', 'kB', 'MB', 'GB'):
    if count < 1000:
      return f'{count:.0f} {unit}' if unit == 'B' or count >= 100 else f'{count:.1f} {unit}'
    count /= 1000
  return f'{count:.1f} TB'
