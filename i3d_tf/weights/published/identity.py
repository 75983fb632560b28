"""Which release the tensors of a file are, whatever the file is called and whoever made it."""

import glob
import hashlib
import os
import re

import numpy as np

from i3d_tf.weights import arrays
from i3d_tf.weights.published import releases


def fingerprint(weights: arrays.Weights) -> str:
  """SHA-256 of the names, shapes and float32 values of all tensors, in the order of their names."""
  digest = hashlib.sha256()
  for name in sorted(weights.arrays):
    array = np.ascontiguousarray(weights.arrays[name], '<f4')
    digest.update(f'{name} {array.shape}\0'.encode())
    digest.update(array.tobytes())
  return digest.hexdigest()


def release_of(weights: arrays.Weights) -> releases.Release | None:
  """The release whose tensors these are.

  A release whose tensors were never at hand is known by the index of its checkpoint, which has a
  checksum of every tensor; TensorFlow compares them when it reads.

  Args:
    weights: of any file.

  Returns:
    The release, or None if they are of no release that is known.
  """
  found = fingerprint(weights)
  index = _index_blob(weights.path)
  for release in releases.RELEASES.values():
    if release.tensors is not None:
      if release.tensors == found:
        return release
    elif index is not None and index in {file.git_blob for file in release.files}:
      return release
  return None


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


def _index_blob(path: str) -> str | None:
  """The git name of a checkpoint's index; None if the weights are not in a checkpoint."""
  prefix = re.sub(r'\.(index|meta|data-\d{5}-of-\d{5})$', '', path)
  pattern = os.path.join(glob.escape(path), '*.index') if os.path.isdir(path) else None
  found = glob.glob(pattern) if pattern is not None else [f'{prefix}.index']
  return git_blob(found[0]) if len(found) == 1 and os.path.isfile(found[0]) else None
