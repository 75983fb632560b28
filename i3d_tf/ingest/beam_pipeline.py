"""The Beam pipeline that makes files of records; `beam_workers` starts it.

It is one step, a function called for each file, so that it runs on any runner whose
workers see the same files under the same names.

    python -m i3d_tf.ingest.beam_pipeline jobs.pickle --runner=FnApiRunner
"""

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
from i3d_tf.ingest import shards


class MakeShard(beam.DoFn):
  """Makes the file of records of a `shards.Job`; gives its path."""

  def setup(self):
    cv2.setNumThreads(1)  # the processes are the threads

  def process(self, job):
    try:
      shards.build(job)
    except (errors.UserError, OSError) as e:
      message = errors.user_message(e)
      if message is None:
        raise
      # At once, where we are heard: Beam lets the other workers finish before it says anything.
      tell(message)
      raise errors.UserError(message) from e
    yield job.path


def tell(message):
  """Tells `beam_workers` of an error: one write, since several processes share the pipe."""
  os.write(1, (json.dumps({'error': message}) + '\n').encode())


def main(path, *options):
  with open(path, 'rb') as f:
    jobs = pickle.load(f)
  threading.Thread(target=_end_with_parent, daemon=True).start()
  threading.excepthook = _end_with_worker
  try:
    with beam.Pipeline(options=pipeline_options.PipelineOptions(list(options))) as pipeline:
      _ = pipeline | 'files to make' >> beam.Create(jobs) | 'make them' >> beam.ParDo(MakeShard())
  except Exception as e:
    # A worker's error comes as the text of its traceback.
    found = re.search(r'UserError: (.+?)(?: \[while running.*)?$', str(e), re.MULTILINE)
    if found is None:
      raise
    tell(found[1])


def _end_with_parent():
  while os.read(sys.stdin.fileno(), 1):
    pass
  os.killpg(0, signal.SIGKILL)


def _end_with_worker(arguments):
  # The thread in which Beam looks after a worker raises when that ends; Beam itself waits on.
  reason = ' '.join(str(arguments.exc_value).split()) or arguments.exc_type.__name__
  tell(
    f'a worker was lost ({reason[:200]}); was it killed, for want of memory? The same command '
    'goes on where it stopped'
  )


if __name__ == '__main__':
  # Under its own name: what Beam pickles must not belong to __main__.
  from i3d_tf.ingest import beam_pipeline

  beam_pipeline.main(*sys.argv[1:])
