"""Records made by workers elsewhere, for a job server that runs in another process."""

import contextlib
import os
import re
import signal
import socket
import time

import pytest

from i3d_tf.common import files
from i3d_tf.ingest import build
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from tests import commands
from tests import fakes
from tests.ingest.clusters import job_server

_ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), *3 * [os.pardir]))
_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=4)
_SHARD = 'videos-00000-of-00004.tfrecord'
_LIMIT = 120  # seconds, of every wait


@pytest.fixture(scope='module', name='folder')
def _folder(tmp_path_factory):
  """Videos in a class folder, and what one process makes of them."""
  folder = tmp_path_factory.mktemp('data')
  for n in range(8):
    fakes.source(folder, f'A/{n}.avi', frames=fakes.moving(20, seed=n))
  build.build(_sources(folder), ['A'], str(folder / 'expected'), _SETTINGS)
  return folder


@pytest.fixture(name='server')
def _server(tmp_path):
  with job_server.started(_ROOT, tmp_path / 'server.log') as server:
    yield server


def _sources(folder):
  return [
    encode_video.VideoSource(f'A/{n}.avi', str(folder / 'videos' / 'A' / f'{n}.avi'), 0)
    for n in range(8)
  ]


def _arguments(folder, output, address, workers):
  return (
    f'--videos={folder}/videos',
    f'--output={output}',
    '--short_side=48',
    '--shards=4',
    '--beam_options='
    f'--runner=PortableRunner --job_endpoint={address} '
    f'--environment_type=EXTERNAL --environment_config={workers}',
  )


def _wait_until(reached, process):
  deadline = time.monotonic() + _LIMIT
  while not reached():
    assert process.poll() is None, process.communicate()
    assert time.monotonic() < deadline, 'never got there'
    time.sleep(0.1)


def _is_awaited(folder):
  """Whether a process waits for the lock of a folder (Linux lists locks, and who waits: "->")."""
  with open('/proc/locks', encoding='ascii') as f:
    return any('->' in line and f':{os.stat(folder).st_ino} ' in line for line in f)


@contextlib.contextmanager
def _held(folder, output, address, workers):
  """A command whose job is under way, and cannot end: the lock of a shard is held."""
  with files.locked(output / '.work' / _SHARD):
    process = commands.start(
      'tools.make_tfrecords', *_arguments(folder, output, address, workers), cwd=_ROOT
    )
    try:
      _wait_until(lambda: job_server.states(address) == ['RUNNING'], process)
      _wait_until(lambda: _is_awaited(output / '.work' / _SHARD), process)
      yield process
    finally:
      process.kill()


@contextlib.contextmanager
def _unused_address():
  """An address at which nobody listens."""
  with socket.socket() as unused:
    unused.bind(('localhost', 0))
    yield f'localhost:{unused.getsockname()[1]}'


def _assert_complete(folder, output):
  made, expected = fakes.contents(output), fakes.contents(folder / 'expected')
  assert {name: made[name] for name in expected} == expected


def test_workers_of_a_job_server_make_the_records_of_one_process(folder, tmp_path, server):
  _, address, workers = server
  out, err = commands.run(
    'tools.make_tfrecords', *_arguments(folder, tmp_path / 'records', address, workers), cwd=_ROOT
  )
  assert f'{tmp_path / "records"}: complete' in out
  assert '8/8' in err  # progress
  _assert_complete(folder, tmp_path / 'records')
  assert job_server.states(address) == ['DONE']


def test_a_workers_error_arrives_in_one_line(folder, tmp_path, server):
  _, address, workers = server
  work = tmp_path / 'records' / '.work'
  work.mkdir(parents=True)
  (work / _SHARD).write_text('where a folder should be')
  error = commands.error(
    'tools.make_tfrecords', *_arguments(folder, tmp_path / 'records', address, workers), cwd=_ROOT
  )
  assert error.endswith(f'.work/{_SHARD}: File exists')


def test_workers_that_do_not_answer_are_named(folder, tmp_path, server):
  _, address, _ = server
  with _unused_address() as workers:
    error = commands.error(
      'tools.make_tfrecords', *_arguments(folder, tmp_path / 'records', address, workers), cwd=_ROOT
    )
  assert re.search(rf'ended with status 1: .*:{workers.split(":")[1]}: .*refused', error)


def test_a_job_server_that_does_not_answer_is_named(folder, tmp_path):
  with _unused_address() as address:
    arguments = list(_arguments(folder, tmp_path / 'records', address, 'localhost:1'))
    arguments[-1] += ' --job_server_timeout=1'
    error = commands.error('tools.make_tfrecords', *arguments, cwd=_ROOT)
  assert error == (
    f"--beam_options: expected a job server of Apache Beam's at --job_endpoint={address}; none "
    'has answered for 1 seconds'
  )


@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_the_job_is_cancelled_when_the_command_is_stopped(folder, tmp_path, server, number, status):
  _, address, workers = server
  with _held(folder, tmp_path / 'records', address, workers) as process:
    process.send_signal(number)
    _, err = process.communicate(timeout=_LIMIT)
    assert process.returncode == status, err
    assert 'Traceback' not in err
    deadline = time.monotonic() + _LIMIT
    while (states := job_server.states(address)) != ['CANCELLED']:
      assert time.monotonic() < deadline, states
      time.sleep(0.1)


def test_a_lost_job_server_is_reported_and_the_same_command_resumes(folder, tmp_path, server):
  lost, address, workers = server
  output = tmp_path / 'records'
  with _held(folder, output, address, workers) as process:
    lost.kill()
    _, err = process.communicate(timeout=_LIMIT)
  assert process.returncode == 2, err
  assert 'Traceback' not in err
  assert 'error: the connection to the job server was lost (UNAVAILABLE' in err
  assert 'Rerun the same command to resume' in err
  with job_server.started(_ROOT, tmp_path / 'next.log') as (_, address, workers):
    commands.run('tools.make_tfrecords', *_arguments(folder, output, address, workers), cwd=_ROOT)
  _assert_complete(folder, output)
