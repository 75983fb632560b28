"""Files of records made by many processes, or by a cluster.

All of Apache Beam lives in a process of its own:

    make_tfrecords                      locks the folder, shows progress, tells of errors
      python -m i3d_tf.ingest.beam_pipeline    runs the pipeline
        Beam's workers                  make files of records

Whichever of the three is killed, the others end at once: the pipeline's process
and its workers are a process group, which goes down when the pipe from
make_tfrecords closes, or when a worker is lost. (Beam by itself would wait for a
lost worker for ever.) Errors come up as JSON lines on the standard output.
"""

import contextlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import threading

from i3d_tf.common import errors
from i3d_tf.common import files

_SECONDS = 0.5  # between two looks at how far the workers are
_LOCAL = ('--runner=FnApiRunner', '--direct_running_mode=multi_processing')


class WorkerError(errors.UserError):
  """Workers could not do their work; the message says why."""


def run(jobs, folder, workers, options, progress):
  """Makes files of records in several processes; returns when all are whole.

  Args:
    jobs: `shards.Job`s.
    folder: an existing folder for what is to be kept while the work goes on.
    workers: number of processes of the local runner.
    options: Beam's own flags, strings, that come after ours: the runner, and so on.
    progress: called without arguments now and then.

  Raises:
    WorkerError: a worker met an error that the user can mend, or was killed, or
      the pipeline could not run.
  """
  path = os.path.join(folder, 'jobs.pickle')
  with files.replacing(path) as temporary, open(temporary, 'wb') as f:
    pickle.dump(jobs, f)
  command = [
    sys.executable,
    '-m',
    'i3d_tf.ingest.beam_pipeline',
    path,
    *_LOCAL,
    f'--direct_num_workers={workers}',
    *options,
  ]
  # Where Python finds us here, it shall find us there; Bazel, for one, sets sys.path.
  environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))}
  with (
    open(os.path.join(folder, 'beam.log'), 'wb') as log,
    subprocess.Popen(
      command,
      env=environment,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=log,
      start_new_session=True,
    ) as process,
  ):
    told, ended = [], threading.Event()
    threading.Thread(target=_listen, args=(process.stdout, told, ended), daemon=True).start()
    status = None
    try:
      # Workers that outlive the pipeline keep its end of the pipe open.
      while not ended.wait(_SECONDS) and process.poll() is None:
        progress()
      ended.wait(_SECONDS)  # for the last words
      if not told:
        status = process.wait()
    finally:
      if status != 0:
        _end(process, jobs)
    if told:
      raise WorkerError(told[0])
    if status < 0:
      raise WorkerError(
        f'the process of the pipeline was ended by signal {-status}; the same '
        'command goes on where it stopped'
      )
    if status:
      raise WorkerError(
        f'the pipeline ended with status {status}: {_reason(log.name)} '
        f'({log.name} holds all that it said)'
      )


def _listen(stream, told, ended):
  """Waits for the first error that a line of the stream tells, or for the stream's end."""
  for line in stream:
    with contextlib.suppress(ValueError, KeyError, TypeError):  # somebody else's output
      told.append(json.loads(line)['error'])
      break
  ended.set()


def _reason(log):
  """The last line of a log that names an exception."""
  with open(log, errors='replace') as f:
    lines = re.findall(r'^[\w.]*(?:Error|Exception): .*', f.read(), re.MULTILINE)
  return lines[-1] if lines else 'no reason was given'


def _end(process, jobs):
  """Kills a process and its children, and removes what they have half written."""
  with contextlib.suppress(ProcessLookupError):
    os.killpg(process.pid, signal.SIGKILL)
  process.wait()
  for job in jobs:
    with contextlib.suppress(FileNotFoundError):
      os.remove(files.partial(job.path))
