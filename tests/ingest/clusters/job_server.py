"""A job server of Beam's and a pool of workers, in a process of their own, as on a cluster.

They are Beam's in Python. They speak the protocols that the job servers of Flink and Spark speak,
but work on this machine alone, and a job that is cancelled is only called so.

    python -m tests.ingest.clusters.job_server
"""

import contextlib
import re
import subprocess
import sys
import threading
import time

from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.portability.api import beam_job_api_pb2_grpc
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.worker import worker_pool_main
import grpc

_START_SECONDS = 120


@contextlib.contextmanager
def started(folder, log):
  """Starts the process in a folder; it is killed at the end: yields (process, job server, workers).

  Args:
    folder: the root of the project.
    log: a path, where the process writes what happens.
  """
  with (
    open(log, 'wb') as log_file,
    subprocess.Popen(
      [sys.executable, '-m', 'tests.ingest.clusters.job_server'],
      cwd=folder,
      stdout=subprocess.PIPE,
      stderr=log_file,
      text=True,
    ) as process,
  ):
    try:
      timer = threading.Timer(_START_SECONDS, process.kill)
      timer.start()
      addresses = process.stdout.readline()
      timer.cancel()
      assert re.fullmatch(r'localhost:\d+ localhost:\d+\n', addresses), log.read_text()
      yield process, *addresses.split()
    finally:
      process.kill()


def states(address):
  """The states of all jobs of a job server, by their names."""
  with grpc.insecure_channel(address) as channel:
    answer = beam_job_api_pb2_grpc.JobServiceStub(channel).GetJobs(
      beam_job_api_pb2.GetJobsRequest(), timeout=30
    )
  return [beam_job_api_pb2.JobState.Enum.Name(job.state) for job in answer.job_info]


def main():
  """Serves until it is killed; prints the addresses."""
  workers, _ = worker_pool_main.BeamFnExternalWorkerPoolServicer.start()
  port = local_job_service.LocalJobServicer().start_grpc_server()
  print(f'localhost:{port}', workers, flush=True)
  while True:
    time.sleep(3600)


if __name__ == '__main__':
  main()
