"""A look at every video of a data set: on all cores, going on where it was stopped."""

import dataclasses
import functools
import json
import os

from i3d_tf.common import files
from i3d_tf.common import processes as processes_lib
from segmentation.gallery import mask_quality
from segmentation.gallery import strips

_VERSION = 1  # to be raised by whoever changes what a glance holds or how a strip looks
_DIED = 'the process that read it died (is the file damaged, or memory full?)'


def examine(
  sources,
  folder,
  settings=strips.StripSettings(),
  limits=mask_quality.Limits(),
  *,
  processes=None,
  progress=None,
):
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
    done = _Journal(os.path.join(folder, '.journal.jsonl'), folder, keys)
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


def _key(source, settings, limits):
  """What a glance depends on, as JSON: with the same key it need not be repeated."""

  def state(path):
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


class _Journal:
  """Glances as they come, one JSON line each, so that a killed process loses none.

  Lines of other keys, those whose strip is gone and damaged ones are left out.
  """

  def __init__(self, path, folder, keys):
    self.glances = {}
    kept = []
    try:
      with open(path, 'rb') as f:
        # Behind the last line break is nothing, or what a kill cut off.
        lines = f.read().split(b'\n')[:-1]
    except FileNotFoundError:
      lines = []
    for line in lines:
      try:
        entry = json.loads(line)
        seen = _from_json(entry['glance'])
      except (ValueError, KeyError, TypeError):
        continue  # of another version, or damaged: that video is looked at again
      if entry['key'] == keys.get(seen.video) and (
        not seen.width or os.path.exists(strips.strip_path(folder, seen.video))
      ):
        self.glances[seen.video] = seen
        kept.append(line)
    with files.replacing(path) as temporary, open(temporary, 'wb') as f:
      f.writelines(line + b'\n' for line in kept)
    self._file = open(path, 'a')

  def add(self, seen, key):
    self.glances[seen.video] = seen
    if seen.problem is None or _DIED not in seen.problem:  # that is worth another try
      self._file.write(json.dumps({'key': key, 'glance': dataclasses.asdict(seen)}) + '\n')
      self._file.flush()

  def close(self):
    self._file.close()


def _from_json(values):
  measures = values['measures']
  return strips.Glance(
    **{
      **values,
      'measures': None if measures is None else mask_quality.Measures(**measures),
      'shown': tuple(values['shown']),
      'moment': tuple(values['moment']),
    }
  )
