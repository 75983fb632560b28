"""The Beam pipeline that makes shards; `beam_workers` starts it.

It has one step, a function that is called for each shard, so it runs on any runner whose
workers see the same files under the same names.

Example:

    python -m i3d_tf.ingest.beam_pipeline jobs.pickle --runner=FnApiRunner
"""

from collections.abc import Iterator
import json
import os
import pickle
import re
import signal
import sys
import threading

import apache_beam as beam
from apache_beam.options import pipeline_options
import cv2

from i3d_tf.common import errors
from i3d_tf.ingest import shard_jobs


class MakeShard(beam.DoFn):
  """Makes the shard of a job; yields its path."""

  def setup(self) -> None:
    """Called by Beam in each new worker."""
    cv2.setNumThreads(1)  # parallelism comes from the processes

  def process(self, job: shard_jobs.ShardJob) -> Iterator[str]:
    """Makes one shard."""
    try:
      shard_jobs.build(job)
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
    with beam.Pipeline(options=pipeline_options.PipelineOptions(list(options))) as pipeline:
      _ = pipeline | 'files to make' >> beam.Create(jobs) | 'make them' >> beam.ParDo(MakeShard())
  except Exception as e:
    # A worker's error comes as the text of its traceback.
    match = re.search(r'UserError: (.+?)(?: \[while running.*)?$', str(e), re.MULTILINE)
    if match is None:
      raise
    report_error(match[1])


def _end_with_parent() -> None:
  """Waits until the parent's end of the pipe closes; then kills this process and its workers."""
  while os.read(sys.stdin.fileno(), 1):
    pass
  os.killpg(0, signal.SIGKILL)


def _report_lost_worker(arguments: threading.ExceptHookArgs) -> None:
  """Reports a worker that has died: Beam's thread for it raises, but Beam itself waits forever."""
  reason = ' '.join(str(arguments.exc_value).split()) or arguments.exc_type.__name__
  report_error(
    f'a worker was lost ({reason[:200]}); it may have run out of memory. Rerun the same command '
    'to resume'
  )


if __name__ == '__main__':
  # Under its own name: what Beam pickles must not belong to __main__.
  from i3d_tf.ingest import beam_pipeline

  beam_pipeline.main(*sys.argv[1:])
