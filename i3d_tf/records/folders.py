"""A folder of records: its manifest, and where in it every video is.

It holds `videos-00000-of-00004.tfrecord` and so on, for each a CSV index of its records
(`shards.Entry`), `labels.txt`, and `manifest.json`, which is written last.
"""

from collections.abc import Mapping, Sequence
import dataclasses
import json
import os
from typing import Any
import zlib

import numpy as np

from i3d_tf.common import files
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.storage import mirror
from i3d_tf.storage import objects
from i3d_tf.storage import stores

MANIFEST = 'manifest.json'
LABELS = 'labels.txt'
# The keys of every manifest, also of one whose records are not finished, and their types.
_CORE = {'shards': list, 'label_names': list, 'settings': dict, 'complete': bool}


@dataclasses.dataclass(frozen=True)
class Records:
  """A folder of records.

  Attributes:
    folder: its path; of records in a store, that of their copy on this machine.
    entries: one per video, in the order of the shards.
    label_names: class names, in the order of their labels.
    settings: how the records were made, from the manifest.
    url: where they are in a store, without a slash at its end; None for a folder.
  """

  folder: str
  entries: tuple[shards.Entry, ...]
  label_names: tuple[str, ...]
  settings: dict[str, Any]
  url: str | None = None

  @property
  def address(self) -> str:
    """Where they are, for runs, results and messages: in the store, or the folder."""
    return self.folder if self.url is None else self.url


def open_folder(folder: files.Path) -> Records:
  """Opens a folder of records.

  Records in a store are first copied to this machine, as far as they are not there yet.

  Args:
    folder: path, or address in a store.

  Raises:
    RecordError: the folder is incomplete or damaged.
    StoreError: the store cannot be used.
  """
  url = stores.absolute(folder) if stores.is_url(folder) else None
  manifest = _finished(folder, read_full_manifest(folder))
  if url is not None:
    folder = _fetched(url, manifest)
  entries: list[shards.Entry] = []
  for shard in manifest['shards']:
    entries.extend(shards.read_index(os.path.join(folder, shard)))
  shard_of: dict[str, str] = {}
  for entry in entries:
    if entry.path in shard_of:
      raise schema.RecordError(
        f'{folder}: expected every video once; {entry.path} is in '
        f'{shard_of[entry.path]} and in {entry.shard}'
      )
    shard_of[entry.path] = entry.shard
    if not 0 <= entry.label < len(manifest['label_names']):
      raise schema.RecordError(
        f'{folder}: {entry.path} has label {entry.label}; '
        f'expected 0 to {len(manifest["label_names"]) - 1}'
      )
  label_names = tuple(manifest['label_names'])
  return Records(str(folder), tuple(entries), label_names, manifest['settings'], url)


def _finished(folder: files.Path, manifest: dict[str, Any] | None) -> dict[str, Any]:
  """The manifest of finished records; a RecordError if they are not."""
  manifest = _there(folder, manifest)
  if not manifest['complete']:
    raise schema.RecordError(
      f'{folder}: these records are not finished; '
      'rerun make_tfrecords with the same flags to resume'
    )
  return manifest


def _there(folder: files.Path, manifest: dict[str, Any] | None) -> dict[str, Any]:
  if manifest is None:
    raise schema.RecordError(
      f'{folder}: expected a folder made by make_tfrecords; it has no {MANIFEST}'
    )
  return manifest


def _fetched(url: str, manifest: Mapping[str, Any], strict: bool = True) -> str:
  """Copies records from a store to this machine; returns the path of the copy."""
  sha256 = {file['name']: file['sha256'] for file in manifest.get('files', ())}
  copy = mirror.folder(url, sha256, strict=strict)
  # Who remakes records marks them as unfinished first: between two equal manifests nothing was.
  if read_full_manifest(url) != manifest or read_full_manifest(copy) != manifest:
    raise schema.RecordError(f'{url}: these records were changed just now; rerun the same command')
  return copy


def to_inspect(folder: files.Path) -> str:
  """The path of records that may be unfinished or damaged; of those in a store, of their copy.

  Raises:
    RecordError: the folder has no readable manifest.
    StoreError: the store cannot be used.
  """
  if not stores.is_url(folder):
    return os.fspath(folder)
  manifest = read_full_manifest(folder)
  return _fetched(stores.absolute(folder), _there(folder, manifest), strict=False)


def path_number(path: str) -> int:
  """A number that depends only on a video's path, not on its place in a list; for seeds."""
  return zlib.crc32(path.encode())


def columns(entries: Sequence[shards.Entry], folder: files.Path) -> tuple[np.ndarray, np.ndarray]:
  """The parts of entries that a dataset needs: (paths of shards string [N], offsets int64 [N])."""
  paths = np.array([os.path.join(folder, entry.shard) for entry in entries])
  return paths, np.array([entry.offset for entry in entries], np.int64)


def write_manifest(folder: files.Path, manifest: Mapping[str, Any]) -> None:
  """Writes a folder's label map and then its manifest, both atomically.

  Args:
    folder: where the shards are.
    manifest: a dict of 'shards' (file names), 'label_names' (in the order of
      their labels), 'settings' (how the records were made) and 'complete'; when
      complete also 'total', 'versions', and 'files' with each one's size and SHA-256.
  """
  labels = ''.join(f'{name}\n' for name in manifest['label_names'])
  objects.write_text(os.path.join(folder, LABELS), labels)
  objects.write_json(os.path.join(folder, MANIFEST), manifest)


def read_full_manifest(folder: files.Path) -> dict[str, Any] | None:
  """Reads a folder's manifest: a dict as `write_manifest` takes it, or None if it is missing.

  Raises:
    RecordError: the file is not a manifest.
  """
  path = os.path.join(folder, MANIFEST)
  try:
    manifest = json.loads(objects.read_text(path))
    for key, kind in _CORE.items():
      if not isinstance(manifest[key], kind) or (
        kind is list and not all(isinstance(name, str) for name in manifest[key])
      ):
        raise ValueError(f'{key} is {manifest[key]!r}')
    return manifest
  except FileNotFoundError:
    return None
  except stores.StoreError:
    raise
  except (OSError, ValueError, KeyError, TypeError) as e:
    raise schema.RecordError(
      f'{path}: expected the manifest of records; {type(e).__name__}: {e}'
    ) from e


def read_manifest(folder: files.Path) -> dict[str, Any] | None:
  """Reads the part of a manifest that is there before the records are finished.

  Returns:
    A dict of 'shards', 'label_names', 'settings' and 'complete'; None if it is missing.

  Raises:
    RecordError: the file is not a manifest.
  """
  manifest = read_full_manifest(folder)
  return None if manifest is None else {key: manifest[key] for key in _CORE}
