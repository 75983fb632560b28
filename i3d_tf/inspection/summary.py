"""What an inspection found, as a dict that JSON can hold."""

import collections
from collections.abc import Iterable, Sequence
import dataclasses
import statistics
from typing import Any

from i3d_tf.inspection import attention
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import record_checks

_BINS = 10  # of the distribution of coverage


def summary(inspection: inspect_folder.Inspection) -> dict[str, Any]:
  """Everything that an inspection found.

  Returns:
    A dict of 'folder', 'settings', 'decoders', 'decoded', 'totals', 'sizes', 'lengths', 'masks',
    'classes', 'lists', 'videos' (one dict per record), 'problems' and 'attention' (sentences, the
    most urgent first).
  """
  videos = inspection.videos

  def total(name: str) -> int:
    return sum(getattr(video, name) for video in videos)

  return {
    'folder': inspection.folder,
    'settings': inspection.settings,
    'decoders': list(inspection.decoders),
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
    'videos': [dataclasses.asdict(video) for video in videos],
    'problems': [dataclasses.asdict(problem) for problem in inspection.problems],
    'attention': attention.sentences(inspection),
  }


def _counts(items: Iterable[str]) -> dict[str, int]:
  """How often each item occurs, the most frequent first."""
  return dict(collections.Counter(items).most_common())


def _spread(values: Sequence[float]) -> dict[str, float] | None:
  """Least, median, most and mean of numbers; None without numbers."""
  if not values:
    return None
  return {
    'least': min(values),
    'median': statistics.median(values),
    'most': max(values),
    'mean': statistics.fmean(values),
  }


def _coverage(videos: Iterable[record_checks.CheckedVideo]) -> list[float]:
  """The coverage of the masks that are used."""
  return [video.coverage for video in videos if video.has_person and video.coverage is not None]


def _masks(videos: Sequence[record_checks.CheckedVideo]) -> dict[str, Any]:
  coverage = _coverage(videos)
  histogram = [0] * _BINS
  for share in coverage:
    histogram[min(int(share * _BINS), _BINS - 1)] += 1
  return {
    'found': len(coverage),
    'without_masks': [video.path for video in videos if video.coverage is None],
    'without_person': [video.path for video in videos if video.coverage == 0],
    'keep_original': [video.path for video in videos if video.keep_original],
    'coverage': _spread(coverage),
    'coverage_histogram': histogram,
  }


def _class(inspection: inspect_folder.Inspection, label: int) -> dict[str, Any]:
  videos = [video for video in inspection.videos if video.label == label]
  frames = {video.path: video.frames for video in videos}
  return {
    'name': inspection.label_names[label],
    'videos': len(videos),
    'frames': sum(frames.values()),
    'coverage': _spread(_coverage(videos)),
    'without': sum(not video.has_person for video in videos),
    'lists': {
      name: {
        'videos': sum(path in frames for path in listed),
        'frames': sum(frames.get(path, 0) for path in listed),
      }
      for name, listed in inspection.lists.items()
    },
  }
