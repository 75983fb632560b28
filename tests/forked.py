"""Runs commands as a user does, dozens of them, with one import of TensorFlow.

A process imports what all commands need, which takes seconds, and then forks a process for
each command: its standard streams, folder, environment, exit status and tracebacks are those
of `python -m module arguments`. It only imports: TensorFlow does not survive a fork once it
has computed anything.
"""

import atexit
import functools
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback

from i3d_tf.common import light_imports

_TIMEOUT = 300  # seconds after which a command counts as hung


class Server:
  """The process that forks; it ends with this one."""

  def __init__(self):
    self._folder = tempfile.TemporaryDirectory(prefix='forked_')
    self._process = subprocess.Popen(
      [sys.executable, '-m', 'tests.forked'],
      text=True,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
    )
    atexit.register(self.close)

  def close(self):
    if not self._process.stdin.closed:
      self._process.stdin.close()
      self._process.wait()
      self._folder.cleanup()

  def run(self, module, arguments, folder):
    """Runs a command in a folder.

    Args:
      module: as after `python -m`.
      arguments: a list of strings.
      folder: path of the working directory.

    Returns:
      (exit status, negative after a signal; stdout; stderr).
    """
    out, err = (os.path.join(self._folder.name, name) for name in ('stdout', 'stderr'))
    request = {
      'module': module,
      'arguments': list(map(str, arguments)),
      'folder': str(folder),
      'out': out,
      'err': err,
      'environment': {**os.environ, 'COLUMNS': '120'},
    }
    self._process.stdin.write(json.dumps(request) + '\n')
    self._process.stdin.flush()
    status = int(self._process.stdout.readline())
    texts = []
    for path in (out, err):
      with open(path, errors='replace') as f:
        texts.append(f.read())
    return status, *texts


@functools.cache
def server():
  """The server of this process, started when it is first needed."""
  return Server()


def _serve():
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
  import cv2  # noqa: F401
  import h5py  # noqa: F401
  import keras  # noqa: F401
  import pycocotools.mask  # noqa: F401

  light_imports.tensorflow()
  from tensorflow_datasets.proto import tf_example_pb2  # noqa: F401

  for line in sys.stdin:
    process = os.fork()
    if not process:
      _become(**json.loads(line))
    _, status = os.waitpid(process, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


def _become(module, arguments, folder, out, err, environment):
  """Does what `python -m module arguments` does; does not return."""
  signal.alarm(_TIMEOUT)
  for path, descriptor in ((os.devnull, 0), (out, 1), (err, 2)):
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(opened, descriptor)
  os.environ.clear()
  os.environ.update(environment)
  os.chdir(folder)
  status = 0
  try:
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name='__main__', alter_sys=True)
  except SystemExit as e:
    status = e.code if isinstance(e.code, int) else int(e.code is not None)
  except BaseException:  # as the interpreter does
    traceback.print_exc()
    status = 1
  finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == '__main__':
  _serve()
