"""A hash of what records hold: whether two folders show a network the same data."""

import dataclasses
import hashlib
import json
import os

from i3d_tf.records import folders
from i3d_tf.records import provenance

_FRAME_SETTINGS = ('short_side', 'frame_rate', 'jpeg_quality')
_FLOW_SETTINGS = ('flow', 'flow_backend', 'flow_format', 'flow_jpeg_quality')


def content_hash(source: folders.Records, stream: str = 'rgb') -> str:
  """Hashes everything in records that a network of a stream can see.

  The hash does not depend on where the folder is or on the number of its files, nor, for
  stream rgb, on whether it holds flow. It changes with a video, its masks, its label, the
  verdict that the records were made with, and how frames are stored.

  Args:
    source: the records.
    stream: 'rgb' or 'flow'.

  Returns:
    A hexadecimal SHA-256.
  """
  origins = {}
  for shard in sorted({entry.shard for entry in source.entries}):
    made_from = provenance.read(os.path.join(source.folder, shard))
    # None for records that make_tfrecords did not make: their index has to do.
    origins.update({} if made_from is None else made_from.sources)
  names = _FRAME_SETTINGS + (_FLOW_SETTINGS if stream == 'flow' else ())
  settings = [source.settings.get(name) for name in names]
  if source.settings.get('shared_groups'):  # results say the group of each video
    settings.append('shared groups')
  content = hashlib.sha256(json.dumps([settings, source.label_names]).encode())
  for entry in sorted(source.entries, key=lambda entry: entry.path):
    row = {
      key: value
      for key, value in dataclasses.asdict(entry).items()
      if key not in ('shard', 'offset', 'length', 'flow', 'seen_again')
    }
    origin = origins.get(entry.path, {})
    row.update({key: origin.get(key) for key in ('start', 'end')})
    row.update({key: (origin.get(key) or {}).get('sha256') for key in ('video', 'masks')})
    content.update(json.dumps(row, sort_keys=True).encode())
  return content.hexdigest()
