"""A look at every video of a data set: on all cores, going on where it was stopped."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import functools
import json
import os
from typing import Any

from i3d_tf.common import files
from i3d_tf.common import journal
from i3d_tf.common import processes as processes_lib
from segmentation.gallery import mask_quality
from segmentation.gallery import strips

_VERSION = 1  # to be raised by whoever changes what a glance holds or how a strip looks
_DIED = 'the process that read it died (is the file damaged, or memory full?)'


def examine(
  sources: Sequence[strips.ReviewSource],
  folder: str,
  settings: strips.StripSettings = strips.StripSettings(),
  limits: mask_quality.Limits = mask_quality.Limits(),
  *,
  processes: int | None = None,
  progress: Callable[[int, int], None] | None = None,
) -> list[strips.Glance]:
  """Looks at videos, or at those that have not been looked at as they are now.

  Args:
    sources: `strips.ReviewSource`s.
    folder: where strips lie, and the journal of what is done.
    settings: a `strips.StripSettings`.
    limits: a `mask_quality.Limits`.
    processes: number of processes; None for one a core.
    progress: called as progress(videos done, videos in all), or None.

  Returns:
    The `strips.Glance`s in the order of `sources`.
  """
  keys = {source.video: _key(source, settings, limits) for source in sources}
  with files.locked(folder):
    done = _Glances(os.path.join(folder, '.journal.jsonl'), folder, keys)
    waiting = [source for source in sources if source.video not in done.glances]
    look = functools.partial(strips.glance, folder=folder, settings=settings, limits=limits)
    tell = (lambda done, total: None) if progress is None else progress
    tell(len(done.glances), len(sources))
    for source, seen in processes_lib.in_processes(look, waiting, processes):
      if seen is None:
        seen = strips.Glance(source.video, None, f'{source.file}: {_DIED}', '', (), (), 0, 0)
      done.add(seen, keys[source.video])
      tell(len(done.glances), len(sources))
    done.close()
  return [done.glances[source.video] for source in sources]


def _key(
  source: strips.ReviewSource, settings: strips.StripSettings, limits: mask_quality.Limits
) -> str:
  """What a glance depends on, as JSON: with the same key it need not be repeated."""

  def state(path: str) -> list[int] | None:
    try:
      status = os.stat(path)
      return [status.st_size, status.st_mtime_ns]
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
  """Glances as they come, kept in a journal; those of other keys or without strip are dropped."""

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
    """Keeps a glance; a video that killed its process is worth another try and is not kept."""
    self.glances[seen.video] = seen
    if seen.problem is None or _DIED not in seen.problem:
      self._journal.add([{'key': key, 'glance': dataclasses.asdict(seen)}])

  def close(self) -> None:
    """Closes the journal."""
    self._journal.close()


def _from_json(values: Mapping[str, Any]) -> strips.Glance:
  measures = values['measures']
  return strips.Glance(
    **{
      **values,
      'measures': None if measures is None else mask_quality.Measures(**measures),
      'shown': tuple(values['shown']),
      'moment': tuple(values['moment']),
    }
  )
