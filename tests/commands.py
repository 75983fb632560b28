"""Runs commands as a user does: in a process of its own."""

import os
import signal
import subprocess
import sys
import time

from tests import forked


def start(module, *arguments, cwd):
  """Starts `python -m module arguments` in a folder, in a new interpreter: a Popen with pipes."""
  return subprocess.Popen(
    [sys.executable, '-m', module, *arguments],
    cwd=cwd,
    text=True,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    env={**os.environ, 'COLUMNS': '120'},
  )


def run(module, *arguments, cwd, status=0):
  """Runs a command to its end: (stdout, stderr); its exit status must be `status`.

  Its process is forked from one that has imported TensorFlow (`forked`): what a new
  interpreter imports, and when, is for `start` to show.
  """
  found, out, err = forked.server().run(module, arguments, cwd)
  assert found == status, f'exit {found}\n{out}\n{err}'
  return out, err


def error(module, *arguments, cwd, status=2):
  """Runs a command that must fail with one line: that line."""
  _, err = run(module, *arguments, cwd=cwd, status=status)
  assert 'Traceback' not in err, err
  lines = [line for line in err.splitlines() if ': error: ' in line]
  assert len(lines) == 1, err
  return lines[0].split(': error: ', 1)[1]


def kill_when(process, reached, timeout=300):
  """Kills a process with SIGKILL as soon as `reached()` is true."""
  deadline = time.monotonic() + timeout
  while not reached():
    assert process.poll() is None, process.communicate()
    assert time.monotonic() < deadline, 'never got there'
    time.sleep(0.02)
  process.send_signal(signal.SIGKILL)
  process.communicate()
