"""evaluate --csv is killed, while it stores the videos and while it tests, and is called again."""

import collections
import csv
import json
import os

import pytest

from i3d_tf.inference import results
from tests import commands
from tests import fakes

_REGIONS = ('none', 'background', 'activity')
_VIDEOS, _FRAMES, _HEIGHT, _WIDTH = 12, 40, 120, 160
# It keeps count of the clips that it is asked about, and takes its time.
_CLASSIFIER = """
import time

def means(clips):
  with open('asked.txt', 'a') as f:
    f.write('clip\\n' * len(clips))
  time.sleep(0.2)
  return clips.mean(axis=(1, 2, 3))

means.class_names, means.size, means.value_range = ['A', 'B', 'C'], 96, (0, 1)
"""


@pytest.fixture
def folder(tmp_path):
  """A folder with videos and their masks, a list of them, and a classifier."""
  lines = ['path,label']
  for n in range(_VIDEOS):
    path = f'{"ABC"[n % 3]}/v_{n:02d}.avi'
    fakes.source(
      tmp_path,
      path,
      frames=fakes.moving(_FRAMES, _HEIGHT, _WIDTH, seed=n),
      masks=fakes.moving_masks(_FRAMES, _HEIGHT, _WIDTH),
    )
    lines.append(f'{path},{path[0]}')
  (tmp_path / 'list.csv').write_text('\n'.join(lines) + '\n')
  (tmp_path / 'theirs.py').write_text(_CLASSIFIER)
  return tmp_path


def _call(output):
  return (
    'i3d_tf.evaluate',
    '--classifier=theirs:means',
    '--csv=list.csv',
    '--videos=videos',
    '--masks=masks',
    f'--eval_masks={",".join(_REGIONS)}',
    '--batch_size=1',
    f'--output={output}',
  )


def _stored(folder):
  """{name: (content, time)} of the complete files of records in the output that is killed."""
  found = {}
  for index in (folder / 'killed').glob('records-*/videos-*.csv'):
    for path in index.parent.glob(f'{index.stem}*'):
      if path.suffix in ('.csv', '.json', '.tfrecord'):
        found[path.name] = (path.read_bytes(), path.stat().st_mtime_ns)
  return found


def _tested(folder):
  """The rows that the journal of the output that is killed has: {(treatment, video), ...}."""
  path = folder / 'killed' / 'results' / '.test1.journal'
  lines = path.read_text().split('\n')[1:-1] if path.exists() else []
  return {(name, row['video']) for name, row in map(json.loads, lines)}


def _asked(folder):
  """How many clips the classifier was asked about since the last call of this function."""
  path = folder / 'asked.txt'
  count = len(path.read_text().splitlines()) if path.exists() else 0
  path.write_text('')
  return count


def test_what_was_done_before_a_kill_is_not_done_again(folder):
  commands.run(*_call('uninterrupted'), cwd=folder)
  assert _asked(folder) == _VIDEOS * len(_REGIONS)

  # Killed while the videos are stored: of each, three files.
  storing = commands.start(*_call('killed'), cwd=folder)
  commands.kill_when(storing, lambda: len(_stored(folder)) >= 9)
  first = _stored(folder)
  assert 9 <= len(first) < 3 * _VIDEOS and _asked(folder) == 0

  # Killed between videos while they are tested.
  testing = commands.start(*_call('killed'), cwd=folder)
  commands.kill_when(testing, lambda: len(_tested(folder)) >= 4)
  second, tested = _stored(folder), _tested(folder)
  assert len(second) == 3 * _VIDEOS and {name: second[name] for name in first} == first
  assert 4 <= len(tested) < _VIDEOS * len(_REGIONS)
  # A kill may come between an answer and its row in the journal.
  assert len(tested) <= _asked(folder) <= len(tested) + 1

  out, _ = commands.run(*_call('killed'), cwd=folder)
  assert _asked(folder) == _VIDEOS * len(_REGIONS) - len(tested)
  assert _stored(folder) == second
  names = [
    sorted(os.listdir(folder / output / 'results')) for output in ('uninterrupted', 'killed')
  ]
  assert names[0] == names[1]
  for region in _REGIONS:
    ends = [_end(folder / output, region) for output in ('uninterrupted', 'killed')]
    assert ends[0] == ends[1]
    assert f'{region:<20}{ends[0].summary["accuracy"]:>7.4f}' in out
  rows = {region: _end(folder / 'killed', region).rows for region in _REGIONS}
  assert rows['none'] != rows['background'] != rows['activity']


_End = collections.namedtuple('_End', 'rows summary')


def _end(output, region):
  """What an output says in the end, without where its records are."""
  with open(results.path(output, 'test1', region), newline='') as f:
    rows = list(csv.reader(f))
  summary = results.read_summary(output, 'test1', region)
  assert os.path.dirname(summary['about'].pop('records')) == output.name
  return _End(rows, summary)
