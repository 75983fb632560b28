"""What records hold, as a hash: whether two folders show a network the same."""

import dataclasses
import hashlib
import json
import os

from i3d_tf.records import provenance

_FRAMES = ('short_side', 'frame_rate', 'jpeg_quality')
_FLOW = ('flow', 'flow_backend', 'flow_format', 'flow_jpeg_quality')


def content_hash(source, stream='rgb'):
  """A hash of all that a network of a stream can see of records: hexadecimal.

  It is the same wherever the folder lies, however many files it is cut into, and for stream
  rgb whether it holds flow or not. It changes with a video, its masks, its label, the
  verdict that the records were made with, and how frames are stored.

  Args:
    source: a `record_folders.Records`.
    stream: 'rgb' or 'flow'.
  """
  made = {}
  for shard in sorted({entry.shard for entry in source.entries}):
    known = provenance.read(os.path.join(source.folder, shard))
    # None of records that were not made by make_tfrecords: their index has to do.
    made.update({} if known is None else known.sources)
  settings = [source.settings.get(name) for name in _FRAMES + (_FLOW if stream == 'flow' else ())]
  content = hashlib.sha256(json.dumps([settings, source.label_names]).encode())
  for entry in sorted(source.entries, key=lambda entry: entry.path):
    row = {
      key: value
      for key, value in dataclasses.asdict(entry).items()
      if key not in ('shard', 'offset', 'length', 'flow')
    }
    files = made.get(entry.path, {})
    row.update({key: files.get(key) for key in ('start', 'end')})
    row.update({key: (files.get(key) or {}).get('sha256') for key in ('video', 'masks')})
    content.update(json.dumps(row, sort_keys=True).encode())
  return content.hexdigest()
