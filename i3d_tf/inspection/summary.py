"""What an inspection found, as text for people and as JSON for programs."""

import collections
import dataclasses
import statistics

from i3d_tf.flow import optical_flow
from i3d_tf.video import letterbox

_NAMED = 5  # videos that a line of the text names; all are in the JSON
_PROBLEMS = 20  # problems that the text lists, likewise
_CLASSES = 25  # up to so many classes, the text has a table of them
_BINS = 10  # of the distribution of coverage
# Black bars that cover less are lines that a codec adds; they are counted, not complained of.
_LEAST_BARS = 0.01


def summary(inspection):
  """Everything an inspection found, as a dict that `json` can write.

  Its keys: 'folder', 'settings', 'decoded', 'totals', 'sizes', 'lengths', 'masks',
  'classes', 'lists', 'videos' (one dict a record), 'problems', 'attention'
  (sentences, the most urgent first).
  """
  videos = inspection.videos
  total = lambda name: sum(getattr(video, name) for video in videos)
  return {
    'folder': inspection.folder,
    'settings': inspection.settings,
    'decoded': inspection.decoded,
    'totals': {
      'files': len(inspection.shards),
      'videos': len(videos),
      'frames': total('frames'),
      'flow': total('flow'),
      'frame_bytes': total('frame_bytes'),
      'flow_bytes': total('flow_bytes'),
      'mask_bytes': total('mask_bytes'),
      'problems': len(inspection.problems),
    },
    'sizes': _counts(f'{video.height}x{video.width}' for video in videos),
    'lengths': _spread([video.frames for video in videos]),
    'masks': _masks(videos),
    'classes': [_class(inspection, label) for label in range(len(inspection.label_names))],
    'lists': {
      name: {'videos': len(paths), 'missing': list(inspection.missing(name))}
      for name, paths in inspection.lists.items()
    },
    'videos': [_video(video) for video in videos],
    'problems': [dataclasses.asdict(problem) for problem in inspection.problems],
    'attention': attention(inspection),
  }


def _counts(items):
  return dict(collections.Counter(items).most_common())


def _spread(values):
  """Least, median and most of numbers, and their mean; None for none."""
  if not values:
    return None
  return {
    'least': min(values),
    'median': statistics.median(values),
    'most': max(values),
    'mean': statistics.fmean(values),
  }


def _masks(videos):
  found = [video.coverage for video in videos if video.has_person]
  histogram = [0] * _BINS
  for coverage in found:
    histogram[min(int(coverage * _BINS), _BINS - 1)] += 1
  return {
    'found': len(found),
    'without_masks': [video.path for video in videos if video.coverage is None],
    'without_person': [video.path for video in videos if video.coverage == 0],
    'keep_original': [video.path for video in videos if video.keep_original],
    'coverage': _spread(found),
    'coverage_histogram': histogram,
  }


def _class(inspection, label):
  videos = [video for video in inspection.videos if video.label == label]
  paths = {video.path for video in videos}
  frames = {video.path: video.frames for video in videos}
  in_lists = {
    name: {
      'videos': sum(path in paths for path in listed),
      'frames': sum(frames.get(path, 0) for path in listed),
    }
    for name, listed in inspection.lists.items()
  }
  return {
    'name': inspection.label_names[label],
    'videos': len(videos),
    'frames': sum(frames.values()),
    'coverage': _spread([video.coverage for video in videos if video.has_person]),
    'without': sum(not video.has_person for video in videos),
    'lists': in_lists,
  }


def _video(video):
  return {
    **dataclasses.asdict(video),
    'bars': None if video.bars is None else dataclasses.asdict(video.bars),
  }


# === What needs attention ===


def attention(inspection):
  """What somebody should look at before these records are used: sentences; none if all is well."""
  videos, found = inspection.videos, []

  def mention(items, sentence):
    items = list(items)
    if items:
      names = ', '.join(items[:_NAMED]) + (', ...' if len(items) > _NAMED else '')
      found.append(f'{sentence}: {_number(len(items), "video")}: {names}')

  damaged = len(inspection.problems)
  if damaged:
    found.append(f'{_number(damaged, "problem")}, listed above: make those files of records again')
  for name, paths in inspection.lists.items():
    missing = inspection.missing(name)
    mention(missing, f'{name} names videos that are not in the records')
  listed = {path for paths in inspection.lists.values() for path in paths}
  if listed:
    mention((v.path for v in videos if v.path not in listed), 'in no list')
  if any(video.coverage is not None for video in videos):
    mention(
      (v.path for v in videos if v.coverage is None),
      'no masks, so that they keep their original frames in every condition',
    )
  elif videos:
    found.append('no video has masks: only the unmasked condition can be trained and tested')
  mention(
    (v.path for v in videos if v.coverage == 0),
    'nobody in their masks, so that they keep their original frames, too',
  )
  mention(
    (v.path for v in videos if v.keep_original),
    'set aside by a verdict: they keep their original frames',
  )
  if any(video.flow for video in videos):
    mention((v.path for v in videos if not v.flow), 'no flow')
  bars = letterboxed(inspection)
  mention(
    (f'{v.path} ({_describe(v.bars)})' for v in bars),
    'black bars, which look like what replaces a region',
  )
  if len({(video.height, video.width) for video in videos}) > 1:
    short = {min(video.height, video.width) for video in videos}
    if len(short) > 1:
      found.append(f'the shorter sides of the frames differ: {", ".join(map(str, sorted(short)))}')
  return found


def letterboxed(inspection):
  """The videos of which black bars cover a hundredth or more, the most covered first."""
  shares = {
    video: video.bars.share(video.height, video.width)
    for video in inspection.videos
    if video.bars is not None
  }
  return sorted(
    (video for video, share in shares.items() if share >= _LEAST_BARS),
    key=lambda video: -shares[video],
  )


def _describe(bars: letterbox.Bars):
  return ', '.join(f'{edge} {lines}' for edge, lines in dataclasses.asdict(bars).items() if lines)


# === Text ===


def text(inspection, all_classes=False):
  """The report that people read, in lines of text; it ends with what needs attention.

  Args:
    inspection: an `inspection.Inspection`.
    all_classes: whether to have a table of the classes however many they are.
  """
  found = summary(inspection)
  lines = [*_overview(found), '']
  if all_classes or len(found['classes']) <= _CLASSES:
    lines += _class_table(found)
  else:
    lines += _class_extremes(found)
  if inspection.problems:
    lines += ['', 'Problems:']
    lines += [f'  {problem}' for problem in inspection.problems[:_PROBLEMS]]
    if len(inspection.problems) > _PROBLEMS:
      lines.append(f'  and {len(inspection.problems) - _PROBLEMS} more (--json lists them)')
  lines.append('')
  if found['attention']:
    lines += ['Needs attention:', *(f'  {sentence}' for sentence in found['attention'])]
  else:
    lines.append(
      'All is well.'
      if inspection.decoded
      else 'All is well as far as can be told without decoding.'
    )
  return '\n'.join(lines)


def _overview(found):
  totals, masks = found['totals'], found['masks']
  videos, frames = totals['videos'], totals['frames']
  part = lambda name, count: (
    f'{_bytes(totals[f"{name}_bytes"])} ({_bytes(totals[f"{name}_bytes"] / count)} each)'
    if count
    else 'none'
  )
  yield (
    f'{found["folder"]}: {_number(videos, "video")}, {_number(frames, "frame")}, '
    f'{len(found["classes"])} classes, {_number(totals["files"], "file")}'
  )
  settings = found['settings']
  method = (
    ''
    if settings.get('flow') is None
    else (f'{optical_flow.label(settings["flow"], settings.get("flow_backend", "opencv"))} ')
  )
  with_masks = sum(video['frames'] for video in found['videos'] if video['mask_bytes'])
  yield (
    f'  on disk    frames {part("frame", frames)}, flow {method}{part("flow", totals["flow"])}, '
    f'masks {part("mask", with_masks)}'
  )
  if not videos:
    return
  yield '  sizes      ' + ', '.join(
    f'{size} ({count})' for size, count in list(found['sizes'].items())[:_NAMED]
  )
  lengths = found['lengths']
  yield (
    f'  lengths    {lengths["least"]} to {lengths["most"]} frames, median {lengths["median"]:g}'
  )
  yield (
    f'  masks      {_number(masks["found"], "video")} used; '
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
  bars = [video['bars'] for video in found['videos'] if video['bars'] is not None]
  if found['decoded']:
    yield f'  black bars {_number(sum(any(b.values()) for b in bars), "video")}'
  for name, listed in found['lists'].items():
    stored = listed['videos'] - len(listed['missing'])
    yield f'  {name:10} {stored} of {listed["videos"]} videos'


def _class_table(found):
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


def _class_extremes(found):
  for what, key in (('videos', lambda row: row['videos']), ('frames', lambda row: row['frames'])):
    rows = sorted(found['classes'], key=key)
    name = lambda row: f'{row["name"]} {key(row)}'
    yield (
      f'{what} a class: fewest {", ".join(map(name, rows[:3]))}; '
      f'most {", ".join(map(name, rows[:-4:-1]))}'
    )
  rows = sorted(
    (row for row in found['classes'] if row['coverage']), key=lambda row: row['coverage']['median']
  )
  if rows:
    name = lambda row: f'{row["name"]} {row["coverage"]["median"]:.1%}'
    yield (
      f'person: smallest {", ".join(map(name, rows[:3]))}; '
      f'largest {", ".join(map(name, rows[:-4:-1]))}'
    )
  yield '(--classes shows all of them)'


def _number(count, what):
  return f'{count:,} {what}' + ('' if count == 1 else 's')


def _bytes(count):
  for unit in ('B', 'kB', 'MB', 'GB'):
    if count < 1000:
      return f'{count:.0f} {unit}' if unit == 'B' or count >= 100 else f'{count:.1f} {unit}'
    count /= 1000
  return f'{count:.1f} TB'
