"""What each file of records was made from: its `.sources.json`."""

import dataclasses
import json
import os

from i3d_tf.records import schema


@dataclasses.dataclass(frozen=True)
class Made:
  """What `.sources.json` says: `sha256`, `versions`, and a dict of `sources` by path."""

  sha256: str
  versions: dict
  sources: dict


def read(path):
  """Reads what a whole file of records was made of: a `Made`, or None if it is not whole."""
  try:
    schema.read_shard_index(path)
    with open(path_of(path)) as f:
      made = json.load(f)
    return Made(made['sha256'], made['versions'], {row['path']: row for row in made['sources']})
  except (schema.RecordError, OSError, ValueError, KeyError, TypeError):
    return None


def path_of(shard):
  """Where the `Made` of a file of records lies."""
  return os.path.splitext(shard)[0] + '.sources.json'
