"""A folder of records: its manifest, and where in it every video lies.

It holds `videos-00000-of-00004.tfrecord` and so on, beside each a CSV index of its
records (`schema.Entry`), `labels.txt`, and `manifest.json`, written last.
"""

import dataclasses
import json
import os
import zlib

import numpy as np

from i3d_tf.common import files
from i3d_tf.records import schema

MANIFEST = 'manifest.json'
LABELS = 'labels.txt'
# In every manifest.
_ALWAYS = {'shards': list, 'label_names': list, 'settings': dict, 'complete': bool}


@dataclasses.dataclass(frozen=True)
class Records:
  """A folder of records: `folder`, its `entries`, `label_names` and `settings`."""

  folder: str
  entries: tuple
  label_names: tuple
  settings: dict


def open_folder(folder):
  """Opens a folder of records: a `Records`.

  Raises:
    records.RecordError: the folder is incomplete or damaged.
  """
  manifest = read_manifest(folder)
  if manifest is None:
    raise schema.RecordError(
      f'{folder}: expected a folder made by make_tfrecords; it has no {MANIFEST}'
    )
  if not manifest['complete']:
    raise schema.RecordError(
      f'{folder}: these records are not finished; '
      'call make_tfrecords again with the same flags to go on'
    )
  entries = []
  for shard in manifest['shards']:
    entries.extend(schema.read_shard_index(os.path.join(folder, shard)))
  shard_of = {}
  for entry in entries:
    if entry.path in shard_of:
      raise schema.RecordError(
        f'{folder}: expected every video once; {entry.path} lies in '
        f'{shard_of[entry.path]} and in {entry.shard}'
      )
    shard_of[entry.path] = entry.shard
    if not 0 <= entry.label < len(manifest['label_names']):
      raise schema.RecordError(
        f'{folder}: {entry.path} has label {entry.label}; '
        f'expected 0 to {len(manifest["label_names"]) - 1}'
      )
  return Records(str(folder), tuple(entries), tuple(manifest['label_names']), manifest['settings'])


def path_number(path):
  """A number of a video's own, whatever its place in a list: what its seeds are made of."""
  return zlib.crc32(path.encode())


def columns(entries, folder):
  """The parts of entries that a dataset needs: (shards string [N], offsets int64 [N])."""
  shards = np.array([os.path.join(folder, entry.shard) for entry in entries])
  return shards, np.array([entry.offset for entry in entries], np.int64)


def write_manifest(folder, manifest):
  """Writes a folder's manifest atomically, and its label map.

  Args:
    folder: where the shards are.
    manifest: a dict of 'shards' (file names), 'label_names' (in the order of
      their labels), 'settings' (how the records were made) and 'complete'; when
      complete also 'total', 'versions', and 'files' with each one's size and SHA-256.
  """
  with files.replacing(os.path.join(folder, LABELS)) as temporary, open(temporary, 'w') as f:
    f.writelines(f'{name}\n' for name in manifest['label_names'])
  with files.replacing(os.path.join(folder, MANIFEST)) as temporary, open(temporary, 'w') as f:
    json.dump(manifest, f, indent=2)


def read_whole_manifest(folder):
  """Reads a folder's manifest: a dict as `write_manifest` takes it, or None if there is none.

  Raises:
    records.RecordError: the file is no manifest.
  """
  path = os.path.join(folder, MANIFEST)
  try:
    with open(path) as f:
      manifest = json.load(f)
    for key, kind in _ALWAYS.items():
      if not isinstance(manifest[key], kind) or (
        kind is list and not all(isinstance(name, str) for name in manifest[key])
      ):
        raise ValueError(f'{key} is {manifest[key]!r}')
    return manifest
  except FileNotFoundError:
    return None
  except (OSError, ValueError, KeyError, TypeError) as e:
    raise schema.RecordError(
      f'{path}: expected the manifest of records; {type(e).__name__}: {e}'
    ) from e


def read_manifest(folder):
  """What a manifest holds from its first writing on: as `read_whole_manifest`, but no more."""
  manifest = read_whole_manifest(folder)
  return manifest and {key: manifest[key] for key in _ALWAYS}
