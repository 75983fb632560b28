"""explain on a list is killed between videos, and within the checks of one, and is called again."""

import json
import os

import numpy as np
import pytest

from tests import commands
from tests import fakes

_VIDEOS, _FRAMES, _HEIGHT, _WIDTH, _CHECKED = 8, 24, 60, 80, 3
# It keeps count of the clips that it is asked about, and takes its time.
_CLASSIFIER = """
import time

def means(clips):
  with open('asked.txt', 'a') as f:
    f.write('clip\\n' * len(clips))
  time.sleep(0.02)
  return clips.mean(axis=(1, 2, 3)) * [[3, 2, 1]]

means.class_names, means.size, means.value_range = ['A', 'B', 'C'], 48, (0, 1)
"""


def _person(height):
  masks = np.zeros((_FRAMES, _HEIGHT, _WIDTH), bool)
  masks[:, :height, 20:50] = True
  return masks


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
      masks=_person(10 + 4 * n),
    )
    lines.append(f'{path},{path[0]}')
  (tmp_path / 'list.csv').write_text('\n'.join(lines) + '\n')
  (tmp_path / 'theirs.py').write_text(_CLASSIFIER)
  return tmp_path


def _call(output):
  return (
    'i3d_tf.explain',
    '--classifier=theirs:means',
    '--csv=list.csv',
    '--videos=videos',
    '--masks=masks',
    '--target=true,predicted',
    '--boxes=1,3,3',
    f'--examples={_CHECKED}',
    '--pictures=1',
    f'--output={output}',
  )


def _done(folder):
  """The entries of the journal of the output that is killed."""
  path = folder / 'killed' / '.test1.journal'
  return [json.loads(line) for line in path.read_text().split('\n')[1:-1]] if path.exists() else []


def _asked(folder):
  """How many clips the classifier was asked about since the last call of this function."""
  path = folder / 'asked.txt'
  count = len(path.read_text().splitlines()) if path.exists() else 0
  path.write_text('')
  return count


def _written(output):
  """{name: content} of what an output says in the end, pictures included."""
  found = {path.name: path.read_bytes() for path in output.glob('test1*') if path.is_file()}
  return found | {path.name: path.read_bytes() for path in output.glob('test1.pictures/*')}


def test_killed_and_called_again_it_writes_what_an_undisturbed_run_writes(folder):
  commands.run(*_call('undisturbed'), cwd=folder)
  whole = _asked(folder)

  # Killed between videos, then while a video is explained or checked.
  for videos in (2, 5):
    explaining = commands.start(*_call('killed'), cwd=folder)
    commands.kill_when(explaining, lambda videos=videos: len(_done(folder)) >= videos)
    assert videos <= len(_done(folder)) < _VIDEOS
    assert not (folder / 'killed' / 'test1.csv').exists()
  before = _done(folder)
  _asked(folder)

  out, _ = commands.run(*_call('killed'), cwd=folder)
  after = _done(folder)
  assert after[: len(before)] == before
  # What the journal has is not done again: each video costs an answer, two of the regions, and the
  # boxes with the whole clip; a command asks twice to say what it will cost.
  each, twice = 3 + 10, 2
  checks = (whole - twice - each * _VIDEOS) / _CHECKED
  rest = after[len(before) :]
  checked = sum(entry['checks'] is not None for entry in rest)
  assert checks > 0 and _asked(folder) == twice + each * len(rest) + checks * checked
  expected = _written(folder / 'undisturbed')
  assert {'test1.csv', 'test1.classes.csv', 'test1.checks.csv', 'test1.json'} <= set(expected)
  assert len(expected) == 8 and _written(folder / 'killed') == expected
  assert f'one row per video: {os.path.join("killed", "test1.csv")}' in out
