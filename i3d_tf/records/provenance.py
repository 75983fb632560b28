"""What each shard was made from: the `.sources.json` file next to it."""

from collections.abc import Iterable, Mapping
import dataclasses
import json
import os
from typing import Any

from i3d_tf.common import files
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.storage import objects
from i3d_tf.storage import stores


@dataclasses.dataclass(frozen=True)
class Provenance:
  """The content of a `.sources.json` file.

  Attributes:
    sha256: of the shard, hexadecimal.
    versions: name -> version of the libraries that the shard's bytes depend on.
    sources: path in the data set -> a dict of 'path', 'label', 'start', 'end',
      'keep_original', 'video' and 'masks' (each None or a dict of 'size', 'mtime_ns' and
      'sha256') and 'failure' (None, or why the video was left out).
  """

  sha256: str
  versions: dict[str, str]
  sources: dict[str, dict[str, Any]]


def path_of(shard: files.Path) -> str:
  """Path of the `.sources.json` file of a shard."""
  return os.path.splitext(shard)[0] + '.sources.json'


def read(shard: files.Path) -> Provenance | None:
  """Reads what a shard was made from; None if the shard is missing or incomplete.

  Raises:
    StoreError: the store of the shard cannot be used.
  """
  try:
    shards.read_index(shard)
    content = json.loads(objects.read_text(path_of(shard)))
    return Provenance(
      content['sha256'], content['versions'], {row['path']: row for row in content['sources']}
    )
  except stores.StoreError:
    raise
  except (schema.RecordError, OSError, ValueError, KeyError, TypeError):
    return None


def write(
  shard: files.Path, sha256: str, versions: Mapping[str, str], sources: Iterable[Mapping[str, Any]]
) -> None:
  """Writes the `.sources.json` file of a shard.

  Args:
    shard: the TFRecord file.
    sha256: as in `Provenance`.
    versions: as in `Provenance`.
    sources: the values of `Provenance.sources`, in the order of the shard.
  """
  content = {'sha256': sha256, 'versions': dict(versions), 'sources': list(sources)}
  objects.write_json(path_of(shard), content, indent=1)
