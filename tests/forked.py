"""Runs commands as a user does, dozens of them, with one import of TensorFlow.

A process imports what all commands need and takes seconds, then forks a process for
each command: its standard streams, folder, exit status and tracebacks are those of
`python -m module arguments`.
"""

import json
import os
import runpy
import shlex
import signal
import subprocess
import sys
import traceback

_TIMEOUT = 300  # seconds after which a command counts as hung


class Commands:
  """Commands in processes of their own; a context manager."""

  def __enter__(self):
    self._server = subprocess.Popen(
      [sys.executable, '-m', 'tests.forked'],
      text=True,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      env={**os.environ, 'COLUMNS': '120'},
    )
    return self

  def __exit__(self, *error):
    self._server.stdin.close()
    self._server.wait()

  def run(self, command, folder):
    """Runs a command in a folder.

    Args:
      command: a line such as 'i3d_tf.train --steps=3', words as a shell takes them.
      folder: path of the working directory.

    Returns:
      (exit status, negative after a signal; stdout; stderr).
    """
    module, *arguments = shlex.split(command)
    out, err = (f'{folder}.{name}' for name in ('stdout', 'stderr'))
    json.dump(
      {'module': module, 'arguments': arguments, 'folder': str(folder), 'out': out, 'err': err},
      self._server.stdin,
    )
    self._server.stdin.write('\n')
    self._server.stdin.flush()
    status = int(self._server.stdout.readline())
    texts = []
    for path in (out, err):
      with open(path, errors='replace') as f:
        texts.append(f.read())
    return status, *texts


def _serve():
  # pylint: disable=g-import-not-at-top,unused-import
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
  # pylint: enable=g-import-not-at-top,unused-import
  for line in sys.stdin:
    process = os.fork()
    if not process:
      _become(**json.loads(line))
    _, status = os.waitpid(process, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


def _become(module, arguments, folder, out, err):
  """Does what `python -m module arguments` does; does not return."""
  signal.alarm(_TIMEOUT)
  for path, descriptor in ((os.devnull, 0), (out, 1), (err, 2)):
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(opened, descriptor)
  os.chdir(folder)
  status = 0
  try:
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name='__main__', alter_sys=True)
  except SystemExit as e:
    status = e.code if isinstance(e.code, int) else int(e.code is not None)
  except BaseException:  # pylint: disable=broad-exception-caught; as the interpreter does
    traceback.print_exc()
    status = 1
  finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # pylint: disable=protected-access


if __name__ == '__main__':
  _serve()
