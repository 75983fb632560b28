"""Examines every video of a data set, in several processes; an interrupted run is resumed."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import functools
import json
import os
from typing import Any

from i3d_tf.common import file_content
from i3d_tf.common import files
from i3d_tf.common import journal
from i3d_tf.common import processes as processes_lib
from segmentation.gallery import mask_quality
from segmentation.gallery import strips

_VERSION = 1  # increment when the content of a glance or the drawing of a strip changes
_DIED = 'its process died (is the file damaged, or did memory run out?)'


def examine(
  sources: Sequence[strips.ReviewSource],
  folder: str,
  settings: strips.StripSettings = strips.StripSettings(),
  limits: mask_quality.Limits = mask_quality.Limits(),
  *,
  processes: int | None = None,
  progress: Callable[[int, int], None] | None = None,
) -> list[strips.Glance]:
  """Examines videos: measures their masks and draws their strips.

  Videos that were examined before, and have not changed since, are not examined again.

  Args:
    sources: the videos.
    folder: the folder of the strips and of the journal of finished videos.
    settings: how strips are drawn.
    limits: says what a break is.
    processes: number of processes; None for one per core.
    progress: called as progress(number of videos done, number of all videos), or None.

  Returns:
    One `strips.Glance` per source, in their order.
  """
  keys = {source.video: _key(source, settings, limits) for source in sources}
  with files.locked(folder):
    done = _Glances(os.path.join(folder, '.journal.jsonl'), folder, keys)
    waiting = [source for source in sources if source.video not in done.glances]
    look = functools.partial(strips.glance, folder=folder, settings=settings, limits=limits)
    if progress is not None:
      progress(len(done.glances), len(sources))
    for source, seen in processes_lib.in_processes(look, waiting, processes):
      if seen is None:
        seen = strips.Glance(source.video, None, f'{source.file}: {_DIED}', '', (), (), 0, 0)
      done.add(seen, keys[source.video])
      if progress is not None:
        progress(len(done.glances), len(sources))
    done.close()
  return [done.glances[source.video] for source in sources]


def _key(
  source: strips.ReviewSource, settings: strips.StripSettings, limits: mask_quality.Limits
) -> str:
  """Everything that a glance depends on, as JSON: with the same key it is not repeated."""

  def state(path: str) -> list[int] | None:
    try:
      status = os.stat(path)
      own = [status.st_size, status.st_mtime_ns]
      # A folder of frames does not change when one of them is written over.
      return [*own, *file_content.size_and_time(path)] if os.path.isdir(path) else own
    except OSError:
      return None

  return json.dumps(
    [
      _VERSION,
      state(source.file),
      state(source.masks),
      dataclasses.astuple(settings),
      dataclasses.astuple(limits),
    ]
  )


class _Glances:
  """Glances, kept in a journal; those with another key or without a strip are dropped."""

  def __init__(self, path: str, folder: str, keys: Mapping[str, str]) -> None:
    self.glances: dict[str, strips.Glance] = {}
    self._folder, self._keys = folder, keys
    self._journal = journal.Journal(path, {'version': _VERSION}, self._accept)

  def _accept(self, entry: Mapping[str, Any]) -> bool:
    seen = _from_json(entry['glance'])
    has_strip = not seen.width or os.path.exists(strips.strip_path(self._folder, seen.video))
    is_valid = entry['key'] == self._keys.get(seen.video) and has_strip
    if is_valid:
      self.glances[seen.video] = seen
    return is_valid

  def add(self, seen: strips.Glance, key: str) -> None:
    """Adds a glance. It is journaled unless the process died, which is retried next time."""
    self.glances[seen.video] = seen
    if seen.problem is None or _DIED not in seen.problem:
      self._journal.add([{'key': key, 'glance': dataclasses.asdict(seen)}])

  def close(self) -> None:
    """Closes the journal."""
    self._journal.close()


def _from_json(values: Mapping[str, Any]) -> strips.Glance:
  """The glance of a journal entry."""
  measures = values['measures']
  return strips.Glance(
    **{
      **values,
      'measures': None if measures is None else mask_quality.Measures(**measures),
      'shown': tuple(values['shown']),
      'moment': tuple(values['moment']),
    }
  )
