"""Which release the tensors of a file are, whatever the file is called and whoever made it.

The .index file of a TensorFlow checkpoint holds a CRC-32C of every tensor (BundleEntryProto in
tensor_bundle.proto): so tensors in any file can be compared with a release that is not here.
"""

import hashlib
import os
import re

import google_crc32c
import numpy as np

from i3d_tf.weights import arrays
from i3d_tf.weights.published import releases


def fingerprint(weights: arrays.Weights) -> str:
  """SHA-256 of the name and CRC-32C of each tensor, one per line in the order of their names."""
  digest = hashlib.sha256()
  for name in sorted(weights.arrays):
    content = np.ascontiguousarray(weights.arrays[name], '<f4').tobytes()
    digest.update(f'{name} {google_crc32c.value(content):08x}\n'.encode())
  return digest.hexdigest()


def release_of(weights: arrays.Weights) -> releases.Release | None:
  """The release whose tensors these are, logits included; None if they are of none that is known.

  Args:
    weights: of any file.
  """
  found = fingerprint(weights)
  return next((r for r in releases.RELEASES.values() if r.tensors == found), None)


def describe(weights: arrays.Weights) -> str:
  """Says in one line which release the weights are, and whether their path claims another."""
  release = release_of(weights)
  parts = re.split(r'[/\\.]', os.path.abspath(weights.path))
  claimed = [name for name in releases.RELEASES if name in parts]
  line = (
    'the tensors are of no release that is known here'
    if release is None
    else f'the tensors are those of {release.title}'
  )
  if claimed and (release is None or release.name != claimed[-1]):
    line += f', although the path says {claimed[-1]}'
  return f'{weights.path}: {line}'


def git_blob(path: str | os.PathLike) -> str:
  """SHA-1 by which git names a file's content."""
  digest = hashlib.sha1(b'blob %d\0' % os.path.getsize(path), usedforsecurity=False)
  _update(digest, path)
  return digest.hexdigest()


def sha256(path: str | os.PathLike) -> str:
  """SHA-256 of a file's content."""
  digest = hashlib.sha256()
  _update(digest, path)
  return digest.hexdigest()


def _update(digest: 'hashlib._Hash', path: str | os.PathLike) -> None:
  with open(path, 'rb') as f:
    while chunk := f.read(1 << 20):
      digest.update(chunk)
