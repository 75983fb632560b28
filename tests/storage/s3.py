"""A real S3 server on this machine, connections to it that break, and processes that are killed."""

import contextlib
import multiprocessing
import os
import random
import socket
import threading

import pytest

from i3d_tf.ingest import build
from i3d_tf.ingest import requests
from i3d_tf.records import folders
from i3d_tf.storage import stores

NAMES = ['A', 'B']
SETTINGS = requests.EncodingSettings(short_side=48, num_shards=3)
LISTS = {'trainlist01.txt': b'A/v_A_g00_c01.avi 1\n', 'testlist01.txt': b'B/v_B_g01_c01.avi 2\n'}


@contextlib.contextmanager
def server():
  """Runs moto's server: yields its port. Skips the test where moto or s3fs is not installed."""
  for package in ('moto', 'flask', 'flask_cors', 's3fs', 'boto3'):
    pytest.importorskip(package, reason=f"{package} is not installed: pip install 'i3d_tf[s3,dev]'")
  from moto.moto_server import threaded_moto_server

  running = threaded_moto_server.ThreadedMotoServer('127.0.0.1', 0, verbose=False)
  running.start()
  try:
    yield running.get_host_and_port()[1]
  finally:
    running.stop()


def environment(port, cache):
  """The variables with which S3's clients find a server, and the project its cache."""
  return {
    'AWS_ENDPOINT_URL': f'http://127.0.0.1:{port}',
    'AWS_ACCESS_KEY_ID': 'testing',
    'AWS_SECRET_ACCESS_KEY': 'testing',
    'AWS_DEFAULT_REGION': 'us-east-1',
    stores.VARIABLE: str(cache),
  }


def forget_clients():
  """Lets the next use of an address read the variables again."""
  import s3fs

  stores._connect.cache_clear()
  s3fs.S3FileSystem.clear_instance_cache()


def client():
  """A client of boto3, to look into the server by another way than the project's."""
  import boto3

  return boto3.client('s3', endpoint_url=os.environ['AWS_ENDPOINT_URL'])


def contents(bucket, prefix):
  """{name below the prefix: bytes} of all objects."""
  s3 = client()
  found = s3.list_objects_v2(Bucket=bucket, Prefix=f'{prefix}/').get('Contents', ())
  return {
    item['Key'].removeprefix(f'{prefix}/'): s3.get_object(Bucket=bucket, Key=item['Key'])[
      'Body'
    ].read()
    for item in found
  }


# === Connections ===


@contextlib.contextmanager
def broken(port, answer, times):
  """Yields the port of a proxy that cuts the first connections off.

  Args:
    port: of the server.
    answer: bytes that it lets through of what the server sends, before it cuts a connection
      off; None never to answer at all.
    times: how many connections it treats like this.
  """
  listening = socket.create_server(('127.0.0.1', 0))
  seen = []

  def serve():
    while True:
      try:
        near, _ = listening.accept()
      except OSError:
        return  # closed
      seen.append(near)
      limit = answer if len(seen) <= times else float('inf')
      if limit is None:
        continue
      far = socket.create_connection(('127.0.0.1', port))
      threading.Thread(target=_pass_on, args=(near, far, float('inf')), daemon=True).start()
      threading.Thread(target=_pass_on, args=(far, near, limit), daemon=True).start()

  threading.Thread(target=serve, daemon=True).start()
  try:
    yield listening.getsockname()[1]
  finally:
    listening.close()
    for near in seen:
      near.close()


def _pass_on(source, target, limit):
  """Passes bytes on until `limit` of them have gone, then closes both ends."""
  with contextlib.suppress(OSError):
    while limit > 0 and (data := source.recv(int(min(limit, 1 << 16)))):
      target.sendall(data)
      limit -= len(data)
  for end in (source, target):
    with contextlib.suppress(OSError):
      end.shutdown(socket.SHUT_RDWR)


# === Kills ===


def write(variables, sources, url):
  """Makes records; what a process does that is killed."""
  os.environ.update(variables)
  build.build(sources, NAMES, url, SETTINGS, lists=LISTS)


def read(variables, url):
  """Opens records; what a process does that is killed."""
  os.environ.update(variables)
  folders.open_folder(url)


def killed_after(seconds, function, *arguments):
  """Runs a function in a process of its own, and kills it after a time: whether it was needed."""
  context = multiprocessing.get_context('forkserver')
  context.set_forkserver_preload(['tests.storage.s3', 's3fs'])
  process = context.Process(target=function, args=arguments)
  process.start()
  process.join(seconds)
  was_running = process.is_alive()
  process.kill()
  process.join()
  assert was_running or process.exitcode == 0, f'exit status {process.exitcode}'
  return was_running


def moments(count, longest, seed):
  """Random times until a kill, in seconds."""
  rng = random.Random(seed)
  return [rng.uniform(0, longest) for _ in range(count)]
