"""Jobs done by many processes, or by a cluster: shards of records, masks of videos.

All of Apache Beam runs in a process of its own:

    make_tfrecords, segment                    locks the folder, shows progress, reports errors
      python -m i3d_tf.ingest.beam_pipeline    runs the pipeline
        Beam's workers                         do the jobs

Whichever of the three is killed, the others end at once: the pipeline's process and its workers
are a process group, which is killed when the pipe from make_tfrecords closes, or when a worker is
lost. (Beam itself would wait for a lost worker forever.) A job on a cluster is cancelled before,
unless the pipeline's process was the one killed. Errors arrive as JSON lines on the pipeline's
standard output.
"""

from collections.abc import Callable, Sequence
import contextlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from typing import BinaryIO, Protocol

from i3d_tf.common import errors
from i3d_tf.common import files

_POLL_SECONDS = 0.5  # between two looks at the workers' progress
_END_SECONDS = 15  # for the pipeline to cancel a job on a cluster, and end
_DEFAULTS = (
  '--runner=FnApiRunner',
  '--direct_running_mode=multi_processing',
  # A month. With job servers that know the job before it runs, as those in Python do, Beam 2.77
  # ends the job after this time, not only the wait for an answer; `beam_pipeline` waits for that.
  '--job_server_timeout=2592000',
)


class Job(Protocol):
  """Something to make, which can be pickled; whatever is made already is left alone."""

  @property
  def path(self) -> str:
    """The file that is made."""
    ...

  def do(self) -> None:
    """Makes it, in a worker; raises a UserError to end all work."""
    ...


class WorkerError(errors.UserError):
  """Workers could not do their work; the message says why."""


def run(
  jobs: Sequence[Job],
  folder: str,
  workers: int,
  options: Sequence[str],
  progress: Callable[[], None],
) -> None:
  """Does jobs in several processes; returns when all are done.

  Args:
    jobs: what to do.
    folder: an existing folder for files that are needed during the work.
    workers: number of processes of the local runner.
    options: Beam's own flags, which come after ours: the runner, and so on.
    progress: called every now and then.

  Raises:
    WorkerError: a worker met an error that the user can fix, or was killed, or
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
    *_DEFAULTS,
    f'--direct_num_workers={workers}',
    *options,
  ]
  # Pass sys.path on: Bazel, for one, sets it within the process.
  environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))}
  with (
    open(os.path.join(folder, 'beam.log'), 'wb') as log_file,
    subprocess.Popen(
      command,
      env=environment,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=log_file,
      start_new_session=True,
    ) as process,
  ):
    _watch(process, jobs, progress, log_file.name)


def _watch(
  process: subprocess.Popen[bytes], jobs: Sequence[Job], progress: Callable[[], None], log_path: str
) -> None:
  """Waits for the pipeline; raises a WorkerError unless it succeeds."""
  messages: list[str] = []
  ended = threading.Event()
  threading.Thread(target=_listen, args=(process.stdout, messages, ended), daemon=True).start()
  status = None
  try:
    # Workers that outlive the pipeline keep its end of the pipe open: check for its end, too.
    while not ended.wait(_POLL_SECONDS) and process.poll() is None:
      progress()
    ended.wait(_POLL_SECONDS)  # for messages that are still in the pipe
    if not messages:
      status = process.wait()
  finally:
    if status != 0:
      _kill(process, jobs)
  if messages:
    raise WorkerError(messages[0])
  if status is not None and status < 0:
    raise WorkerError(
      f'the process of the pipeline was killed by signal {-status}; rerun the same command to '
      'resume'
    )
  if status:
    raise WorkerError(
      f'the pipeline ended with status {status}: {_reason(log_path)} (its full log: {log_path})'
    )


def _listen(stream: BinaryIO, messages: list[str], ended: threading.Event) -> None:
  """Waits for the first error that a line of the stream reports, or for the stream's end."""
  for line in stream:
    with contextlib.suppress(ValueError, KeyError, TypeError):  # not a line of `beam_pipeline`
      messages.append(json.loads(line)['error'])
      break
  ended.set()


def _reason(log_path: str) -> str:
  """The last line of a log that names an exception; the details, of one of gRPC's."""
  with open(log_path, errors='replace') as f:
    found = re.findall(
      r'^([\w.]*(?:Error|Exception): .*)(?:\n\s+status = .*\n\s+details = "(.+)")?',
      f.read(),
      re.MULTILINE,
    )
  if not found:
    return 'no reason was given'
  line, details = found[-1]
  return details if details else line


def _kill(process: subprocess.Popen[bytes], jobs: Sequence[Job]) -> None:
  """Ends a process and its children, and removes their unfinished files."""
  assert process.stdin is not None
  with contextlib.suppress(subprocess.TimeoutExpired):
    process.stdin.close()  # it cancels its job on a cluster, and kills itself and its children
    process.wait(_END_SECONDS)
  with contextlib.suppress(ProcessLookupError):
    os.killpg(process.pid, signal.SIGKILL)
  process.wait()
  for job in jobs:
    with contextlib.suppress(FileNotFoundError):
      os.remove(files.partial(job.path))
