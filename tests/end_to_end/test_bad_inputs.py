"""Bad inputs: each one says in one line what was expected and what came, and stops nothing else.

The tables are in tests/bad_inputs, one per area. A row is run as a user would, in a
process of its own; the network of the run is shallow (`tests.shallow`).
"""

import concurrent.futures
import queue
import shlex
import threading

import pytest

from tests import commands
from tests import forked
from tests import shallow
from tests.bad_inputs import clips
from tests.bad_inputs import flags
from tests.bad_inputs import lists
from tests.bad_inputs import masks
from tests.bad_inputs import record_folders
from tests.bad_inputs import run_folders
from tests.bad_inputs import segmenters
from tests.bad_inputs import stage as stage_lib
from tests.bad_inputs import videos
from tests.bad_inputs import weights

_AREAS = (clips, flags, lists, masks, record_folders, run_folders, segmenters, videos, weights)
ROWS = tuple(row for area in _AREAS for row in area.ROWS)
_AT_A_TIME = 2


def _command(row):
  """(module, arguments) of a row. Only files of weights are of the whole network."""
  module, *arguments = shlex.split(row.command)
  if module.startswith('i3d_tf.') and '--weights=' not in row.command:
    return 'tests.shallow', [module, *arguments]
  return module, arguments


@pytest.fixture(scope='module')
def outcomes(tmp_path_factory, request):
  """A dict from row to a future of (exit status, stdout, stderr, files left half-written)."""
  folder = tmp_path_factory.mktemp('bad_inputs')
  with shallow.network():
    stage_lib.make(folder / 'stage')
  chosen = {
    item.callspec.params['row'].name
    for item in request.session.items
    if item.path == request.path and 'outcomes' in item.fixturenames
  }
  wanted = [row for row in ROWS if row.name in chosen]
  idle, spoiling = queue.Queue(), threading.Lock()

  def do(number, row):
    place = folder / f'{number:03d}'
    stage_lib.copy(folder / 'stage', place)
    if row.spoil is not None:
      with spoiling:  # one may make its network shallow
        row.spoil(place)
    server = idle.get()
    try:
      result = server.run(*_command(row), place)
    finally:
      idle.put(server)
    partial = [str(path.relative_to(place)) for path in place.rglob('.partial_*')]
    return *result, partial

  servers = [forked.Server() for _ in range(_AT_A_TIME)]
  for server in servers:
    idle.put(server)
  with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME) as pool:
    yield {row.name: pool.submit(do, number, row) for number, row in enumerate(wanted)}
    pool.shutdown(cancel_futures=True)
  for server in servers:
    server.close()


@pytest.mark.parametrize('row', ROWS, ids=[row.name for row in ROWS])
def test_says_in_one_line_what_is_wrong(row, outcomes):
  status, out, err, partial = outcomes[row.name].result()
  said = out + err
  assert 'Traceback' not in said, said
  assert status == row.status, f'exit {status}\n{said}'
  for message in (row.message,) if isinstance(row.message, str) else row.message:
    assert any(message in line for line in said.splitlines()), f'{message}\nis not in\n{said}'
  errors = [line for line in err.splitlines() if ': error: ' in line]
  assert len(errors) == 1 if status == 2 else not errors if status == 0 else True, err
  assert not partial


def test_the_tables_are_long_and_name_every_command():
  assert len({row.name for row in ROWS}) == len(ROWS) >= 60
  assert {row.command.split()[0] for row in ROWS} == {
    'i3d_tf.train',
    'i3d_tf.evaluate',
    'i3d_tf.predict',
    'i3d_tf.export',
    'i3d_tf.extract_features',
    'i3d_tf.reproduce',
    'tools.make_tfrecords',
    'tools.inspect_tfrecords',
    'tools.convert_weights',
    'tools.benchmark',
    'segmentation.segment',
    'segmentation.review',
    'segmentation.compare',
  }


@pytest.mark.parametrize(
  'module, arguments, message',
  [
    ('i3d_tf.evaluate', ('--run_dir=nowhere', '--batch_size=nan'), 'flag --batch_size=nan'),
    (
      'tools.make_tfrecords',
      ('--videos=.', '--output=new', '--validation=inf'),
      '--validation must be a finite number; received inf',
    ),
  ],
)
def test_a_process_that_nobody_forked_says_the_same(tmp_path, module, arguments, message):
  assert message in commands.error(module, *arguments, cwd=tmp_path)
