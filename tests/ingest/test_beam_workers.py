"""Records made by several processes: the same as by one, whichever is killed meanwhile."""

import errno
import os
import signal
import time

import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import beam_workers
from i3d_tf.ingest import build
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.ingest import shard_jobs
from tests import commands
from tests import fakes

_NAMES = ['A']
_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=4)


@pytest.fixture(scope='module', name='folder')
def _folder(tmp_path_factory):
  """Videos in a class folder, one of them broken, and what one process makes of them."""
  folder = tmp_path_factory.mktemp('data')
  for n in range(8):
    fakes.source(folder, f'A/{n}.avi', frames=fakes.moving(20, seed=n))
  (folder / 'videos' / 'A' / '3.avi').write_text('no video')
  build.build(_sources(folder), _NAMES, str(folder / 'expected'), _SETTINGS)
  return folder


def _sources(folder):
  return [
    encode_video.VideoSource(f'A/{n}.avi', str(folder / 'videos' / 'A' / f'{n}.avi'), 0)
    for n in range(8)
  ]


@pytest.mark.parametrize(
  'options',
  [(), ('--runner=PortableRunner', '--job_endpoint=embed', '--environment_type=LOOPBACK')],
  ids=['own runner', 'another runner'],
)
def test_workers_make_the_records_of_one_process(folder, tmp_path, options):
  seen = []
  failures = build.build(
    _sources(folder),
    _NAMES,
    str(tmp_path),
    _SETTINGS,
    lambda *done: seen.append(done),
    workers=2,
    beam_options=options,
  )
  assert [failure.path for failure in failures] == ['A/3.avi']
  assert fakes.contents(tmp_path) == fakes.contents(folder / 'expected')
  assert seen[0] == (0, 8) and seen[-1] == (8, 8) and seen == sorted(seen)


def test_run_raises_a_workers_error_for_the_user(folder, tmp_path):
  job = shard_jobs.ShardJob(
    str(tmp_path / 'records' / 'a.tfrecord'), tuple(_sources(folder)), ('A',), _SETTINGS
  )
  (tmp_path / 'records' / 'a.tfrecord').mkdir(parents=True)
  (tmp_path / 'records' / '.work').mkdir()
  (tmp_path / 'records' / '.work' / 'a.tfrecord').write_text('where a folder should be')
  with pytest.raises(errors.UserError, match=r'\.work/a\.tfrecord: File exists'):
    beam_workers.run([job], str(tmp_path), 1, (), lambda: None)


def test_build_reports_flags_that_beam_rejects_in_one_line(folder, tmp_path):
  with pytest.raises(errors.UserError) as error:
    build.build(
      _sources(folder),
      _NAMES,
      str(tmp_path),
      _SETTINGS,
      workers=2,
      beam_options=('--runner=NoSuchRunner',),
    )
  assert 'ValueError: Unexpected pipeline runner: NoSuchRunner' in str(error.value)
  assert '\n' not in str(error.value)


# === Stopped ===


def _start(folder, output):
  process = commands.start(
    'tools.make_tfrecords',
    f'--videos={folder}/videos',
    f'--output={output}',
    '--short_side=48',
    '--shards=4',
    '--workers=2',
    cwd=folder,
  )
  deadline = time.monotonic() + 120
  while len(_workers(process)) < 2:
    assert process.poll() is None, process.communicate()
    assert time.monotonic() < deadline
    time.sleep(0.02)
  return process


def _children(process):
  """Process ids of the pipeline, and command lines by id of all processes in its session."""
  running = {}
  for name in filter(str.isdigit, os.listdir('/proc')):
    try:
      with open(f'/proc/{name}/cmdline', 'rb') as f:
        command = f.read().replace(b'\0', b' ').decode()
      with open(f'/proc/{name}/stat') as f:
        state, parent, _, session = f.read().rsplit(')', 1)[1].split()[:4]
    except OSError:
      continue
    if state != 'Z':
      running[int(name)] = int(parent), int(session), command
  pipeline = [
    pid
    for pid, (parent, _, command) in running.items()
    if parent == process.pid and 'beam_pipeline' in command
  ]
  return pipeline, {
    pid: command for pid, (_, session, command) in running.items() if session in pipeline
  }


def _workers(process):
  return [
    pid
    for pid, command in _children(process)[1].items()
    if 'sdk_worker_main' in command and not command.startswith(('/bin/sh', 'sh '))
  ]


def _all_gone(pids):
  deadline = time.monotonic() + 10
  while any(os.path.exists(f'/proc/{pid}') for pid in pids):
    if time.monotonic() > deadline:
      return False
    time.sleep(0.05)
  return True


@pytest.mark.parametrize(
  'victim, number, status, message',
  [
    ('command', signal.SIGINT, 130, 'interrupted; rerun the same command to resume'),
    ('command', signal.SIGKILL, -9, None),
    ('pipeline', signal.SIGKILL, 2, 'the process of the pipeline was killed by signal 9'),
    ('worker', signal.SIGKILL, 2, 'a worker was lost ('),
  ],
)
def test_all_processes_end_when_one_is_killed_and_the_next_call_resumes(
  folder, tmp_path, victim, number, status, message
):
  process = _start(folder, tmp_path / 'records')
  pipeline, session = _children(process)
  os.kill(
    {'command': process.pid, 'pipeline': pipeline[0], 'worker': _workers(process)[0]}[victim],
    number,
  )
  _, err = process.communicate(timeout=60)
  assert process.returncode == status, err
  assert 'Traceback' not in err and (message is None or message in err)
  assert _all_gone(session)
  assert not [
    name
    for name in fakes.contents(tmp_path / 'records')
    if '.partial' in name and number != signal.SIGKILL
  ]
  commands.run(
    'tools.make_tfrecords',
    f'--videos={folder}/videos',
    f'--output={tmp_path / "records"}',
    '--short_side=48',
    '--shards=4',
    '--workers=1',
    cwd=folder,
    status=1,
  )
  made = fakes.contents(tmp_path / 'records')
  assert {name: made[name] for name in fakes.contents(folder / 'expected')} == fakes.contents(
    folder / 'expected'
  )


def test_user_message_distinguishes_system_errors_from_bugs():
  full = OSError(errno.ENOSPC, 'No space left on device', 'records/a')
  assert errors.user_message(full) == 'records/a: No space left on device'
  assert errors.user_message(errors.UserError('x')) == 'x'
  assert errors.user_message(OSError(errno.ENOENT, 'No such file')) is None
  assert errors.user_message(ValueError('x')) is None
