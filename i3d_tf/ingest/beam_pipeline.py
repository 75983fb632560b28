"""The Beam pipeline that does jobs; `beam_workers` starts it.

It has one step, a function that is called for each job, so it runs on any runner whose
workers see the same files under the same names. A runner that hands the job to a job server
returns at once: if the parent ends before the job does, the job is cancelled there.

Example:

    python -m i3d_tf.ingest.beam_pipeline jobs.pickle --runner=FnApiRunner
"""

from collections.abc import Iterator
import contextlib
import json
import os
import pickle
import re
import signal
import sys
import threading
from typing import Any

import apache_beam as beam
from apache_beam.options import pipeline_options
from apache_beam.runners import runner
import cv2
import grpc

from i3d_tf.common import errors

_ANSWER_SECONDS = 30  # for a job server that is still starting; Beam would wait for 300
_CANCEL_SECONDS = 10  # for a job server to take the request

_submitted: list[runner.PipelineResult] = []  # the job, once a runner has returned it


class DoJob(beam.DoFn):
  """Does a job; yields the path of what it made."""

  def setup(self) -> None:
    """Called by Beam in each new worker."""
    cv2.setNumThreads(1)  # parallelism comes from the processes

  def process(self, job: Any) -> Iterator[str]:
    """Does one `beam_workers.Job`. (Beam checks types at run time, and protocols lack that.)"""
    try:
      job.do()
    except (errors.UserError, OSError) as e:
      message = errors.user_message(e)
      if message is None:
        raise
      # Report at once if the pipe is ours: Beam waits for the other workers before it raises.
      report_error(message)
      raise errors.UserError(message) from e
    yield job.path


def report_error(message: str) -> None:
  """Sends an error to `beam_workers`: in one write, as several processes share the pipe."""
  os.write(1, (json.dumps({'error': message}) + '\n').encode())


def main(path: str, *options: str) -> None:
  """Runs the pipeline.

  Args:
    path: file of the pickled jobs.
    *options: flags for Beam.
  """
  with open(path, 'rb') as f:
    jobs = pickle.load(f)
  threading.Thread(target=_end_with_parent, daemon=True).start()
  threading.excepthook = _report_lost_worker
  try:
    flags = pipeline_options.PipelineOptions(list(options))
    _check_job_server(flags.view_as(pipeline_options.PortableOptions))
    pipeline = beam.Pipeline(options=flags)
    _ = pipeline | 'files to make' >> beam.Create(jobs) | 'make them' >> beam.ParDo(DoJob())
    _submitted.append(pipeline.run())
    _submitted[0].wait_until_finish()
  except errors.UserError as e:
    report_error(str(e))
  except grpc.RpcError as e:
    if not _submitted:  # from a local worker, or while the job was handed in: the log says which
      raise
    _report_lost_server(e)
  except Exception as e:
    # A worker's error comes as the text of its traceback.
    match = re.search(r'UserError: (.+?)(?: \[while running.*)?$', str(e), re.MULTILINE)
    if match is None:
      raise
    report_error(match[1])


def _check_job_server(options: pipeline_options.PortableOptions) -> None:
  """Raises a UserError unless the job server that the flags name answers, if they name one."""
  if options.job_endpoint in (None, 'embed'):
    return
  seconds = min(options.job_server_timeout, _ANSWER_SECONDS)
  with grpc.insecure_channel(options.job_endpoint) as channel:
    try:
      grpc.channel_ready_future(channel).result(timeout=seconds)
    except grpc.FutureTimeoutError:
      raise errors.UserError(
        f"--beam_options: expected a job server of Apache Beam's at "
        f'--job_endpoint={options.job_endpoint}; none has answered for {seconds} seconds'
      ) from None


def _end_with_parent() -> None:
  """Waits until the parent's end of the pipe closes; then ends the job, this process, its workers.

  Killing processes here ends no job on a cluster.
  """
  while os.read(sys.stdin.fileno(), 1):
    pass
  for job in _submitted:
    # In a thread, as there is no limit on the time that the request takes.
    request = threading.Thread(target=_cancel, args=(job,), daemon=True)
    request.start()
    request.join(_CANCEL_SECONDS)
  os.killpg(0, signal.SIGKILL)


def _cancel(job: runner.PipelineResult) -> None:
  with contextlib.suppress(Exception):  # it has ended, or nobody is left who could be told
    job.cancel()


def _report_lost_server(error: grpc.RpcError) -> None:
  reason = type(error).__name__
  if isinstance(error, grpc.Call):
    reason = f'{error.code().name}: {" ".join(str(error.details()).split())[:200]}'
  report_error(
    f'the connection to the job server was lost ({reason}); if the job still runs on the cluster, '
    'cancel it there. Rerun the same command to resume'
  )


def _report_lost_worker(arguments: threading.ExceptHookArgs) -> None:
  """Reports a worker that has died: Beam's thread for it raises, but Beam itself waits forever."""
  if _submitted and isinstance(arguments.exc_value, grpc.RpcError):
    _report_lost_server(arguments.exc_value)  # a thread that reads the job's messages
    return
  reason = ' '.join(str(arguments.exc_value).split()) or arguments.exc_type.__name__
  report_error(
    f'a worker was lost ({reason[:200]}); it may have run out of memory. Rerun the same command '
    'to resume'
  )


if __name__ == '__main__':
  # Under its own name: what Beam pickles must not belong to __main__.
  from i3d_tf.ingest import beam_pipeline

  beam_pipeline.main(*sys.argv[1:])
