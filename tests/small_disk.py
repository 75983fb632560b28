"""A disk so small that it fills up."""

import contextlib
import os
import subprocess

import pytest


@contextlib.contextmanager
def mounted(folder, size):
  """Mounts a file system in a new folder for the body of a `with`; skips the test if it cannot.

  Args:
    folder: path of the new folder.
    size: such as '512k'.

  Yields:
    A function that changes the size of the file system.
  """
  folder.mkdir()
  if (
    os.geteuid()
    or subprocess.run(
      ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', folder], check=False
    ).returncode
  ):
    pytest.skip('needs to mount a small file system')
  try:
    yield lambda size: subprocess.run(['mount', '-o', f'remount,size={size}', folder], check=True)
  finally:
    subprocess.run(['umount', '-l', folder], check=True)
