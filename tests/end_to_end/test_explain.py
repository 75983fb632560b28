"""The command explain: test lists and videos, networks with and without gradients, resuming."""

import csv
import json
import os

import cv2
import pytest

from i3d_tf.attribution import explain
from i3d_tf.attribution import options
from i3d_tf.attribution import row_files
from i3d_tf.classifiers import discovery
from i3d_tf.demo import records as demo_records
from i3d_tf.inference import test_sets
from i3d_tf.training import loop
from i3d_tf.training import runs
from i3d_tf.video import decoding
from tests import commands
from tests import networks
from tests import shallow
from tests import tiny

_SMALL = ('--endpoint=Mixed_3b', '--samples=1', '--max_frames=9')
_THEIRS = """
def means(clips):
  return clips[:, :, 8:24, 8:24].mean(axis=(1, 2, 3))

means.class_names, means.size, means.value_range = ['A', 'B', 'C'], 32, (0, 1)
"""


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """A folder with a run, its records, videos and masks, and a function that classifies."""
  folder = tmp_path_factory.mktemp('run')
  run = tiny.run(tiny.make_records(folder), steps=2)
  runs.start(str(folder / 'run'), run)
  loop.train(str(folder / 'run'), run)
  for name in ('a', 'b'):
    networks.video(folder / f'{name}.avi')
    networks.masks_file(folder / 'people' / f'{name}.json', empty=name == 'b')
  (folder / 'bad.avi').write_text('no video')
  networks.masks_file(folder / 'people' / 'bad.json')
  (folder / 'theirs.py').write_text(_THEIRS)
  return folder


def rows(path):
  with open(path, newline='') as f:
    return list(csv.DictReader(f))


@pytest.fixture(scope='module')
def listed(folder):
  """(what is printed, the folder of results) of the test list of the run."""
  out, _ = commands.run(
    'tests.shallow',
    'i3d_tf.explain',
    '--run_dir=run',
    '--target=true,predicted',
    '--examples=1',
    '--pictures=2',
    '--output=whole',
    *_SMALL,
    cwd=folder,
  )
  return out, folder / 'whole'


def test_a_test_list_has_a_row_for_each_video_class_and_method(folder, listed):
  out, results = listed
  found = rows(results / 'test1.csv')
  assert tuple(found[0]) == row_files.COLUMNS and len(found) == 10 * 2 * 2
  assert {(r['target'], r['method']) for r in found} == {
    (target, method) for target in ('true', 'predicted') for method in ('gradcam', 'smoothgrad')
  }
  for row in found:
    assert row['group'].startswith(row['class']) and 0 < float(row['area']) < 1
    if row['target'] == 'true':
      assert row['explained'] == row['class']
      assert (row['correct'] == '1') == any(
        r['video'] == row['video'] and r['target'] == 'predicted' and r['explained'] == row['class']
        for r in found
      )
    if row['ratio']:
      assert float(row['ratio']) == pytest.approx(float(row['share']) / float(row['area']))
  summary = json.loads((results / 'test1.json').read_text())
  assert summary['classes'][0]['class'] == 'all'
  assert f'one row per video: {os.path.join("whole", "test1.csv")}' in out
  assert 'share on the person' in out and 'rank correlation of' in out
  assert rows(results / 'test1.classes.csv') and rows(results / 'test1.coverage.csv')


def test_the_checks_are_made_with_the_examples_and_shown(listed):
  out, results = listed
  checked = rows(results / 'test1.checks.csv')
  assert len({row['video'] for row in checked}) == 1
  assert {row['check'] for row in checked} == {'randomised', 'deletion', 'insertion', 'agreement'}
  assert 'the share as weights are randomised from the top' in out and 'insertion score' in out
  pictures = sorted(os.listdir(results / 'test1.pictures'))
  assert [os.path.splitext(name)[1] for name in pictures] == ['.mp4', '.png'] * 2


def test_a_folder_of_other_explanations_is_refused(folder, listed):
  before = (folder / 'whole' / 'test1.csv').read_bytes()
  _, err = commands.run(
    'tests.shallow',
    'i3d_tf.explain',
    '--run_dir=run',
    '--target=true',
    '--output=whole',
    *_SMALL,
    cwd=folder,
    status=2,
  )
  assert 'whole: holds explanations of other targets, of the network run. Give another' in err
  _, err = commands.run(
    'tests.shallow',
    'i3d_tf.explain',
    '--run_dir=run',
    '--target=true,predicted',
    '--mask_dilation=33',
    '--output=whole',
    *_SMALL,
    cwd=folder,
    status=2,
  )
  assert 'whole: holds explanations of other network, ' in err  # under masks grown otherwise
  assert (folder / 'whole' / 'test1.csv').read_bytes() == before


def test_it_resumes_where_it_was_stopped(folder, listed):
  _, whole = listed
  journal = (whole / '.test1.journal').read_text().split('\n')
  # As after a kill: three videos are done, and a line is cut off.
  (folder / 'killed').mkdir()
  (folder / 'killed' / '.test1.journal').write_text('\n'.join([*journal[:4], journal[4][:30]]))
  kept = json.loads(journal[1])
  kept['rows'][0]['frames'] = 7  # It is not made again.
  text = (folder / 'killed' / '.test1.journal').read_text()
  text = text.replace(journal[1], json.dumps(kept))
  (folder / 'killed' / '.test1.journal').write_text(text)
  commands.run(
    'tests.shallow',
    'i3d_tf.explain',
    '--run_dir=run',
    '--target=true,predicted',
    '--examples=1',
    '--pictures=2',
    '--output=killed',
    *_SMALL,
    cwd=folder,
  )
  expected, found = (rows(path / 'test1.csv') for path in (whole, folder / 'killed'))
  changed = [(a, b) for a, b in zip(expected, found) if a != b]
  assert len(found) == len(expected) and len(changed) == 1
  assert (changed[0][0]['frames'], changed[0][1]['frames']) == ('9', '7')


def test_videos_are_drawn_and_a_bad_one_does_not_stop_the_others(folder, tmp_path):
  out, err = commands.run(
    'tests.shallow',
    'i3d_tf.explain',
    '--run_dir=run',
    '--video=bad.avi,a.avi,b.avi',
    '--masks=people',
    f'--output={tmp_path}/drawn',
    '--methods=smoothgrad',
    *_SMALL,
    cwd=folder,
    status=1,
  )
  assert 'bad.avi' in err and 'Traceback' not in err
  assert 'a.avi: 9 frames' in out and 'of the map on the person, who covers' in out
  assert 'no person was found' in out.split('b.avi')[1]
  for name in ('a', 'b'):
    assert cv2.imread(str(tmp_path / 'drawn' / f'{name}.png')) is not None
    assert len(list(decoding.decode(str(tmp_path / 'drawn' / f'{name}.mp4')))) == 9


def test_a_function_is_explained_by_occlusion_which_says_its_cost_first(folder, tmp_path):
  out, err = commands.run(
    'i3d_tf.explain',
    '--classifier=theirs:means',
    '--video=a.avi',
    '--masks=people',
    '--target=B',
    '--boxes=1,4,4',
    f'--output={tmp_path}/a.gif',
    f'--picture={tmp_path}/a.png',
    cwd=folder,
  )
  assert 'occlusion: 17 forward passes of' in err
  assert 'B (' in out and 'occlusion: ' in out
  assert sorted(os.listdir(tmp_path)) == ['a.gif', 'a.png']


def test_what_cannot_be_asked_is_one_line(folder):
  ask = ('i3d_tf.explain', '--classifier=theirs:means', '--video=a.avi', '--masks=people')
  message = commands.error(*ask, '--methods=gradcam', cwd=folder)
  assert 'theirs:means: --methods=gradcam needs I3D; this network allows occlusion' in message
  message = commands.error(*ask, '--target=Z', cwd=folder)
  assert "must be true, predicted or a class of the network; received 'Z'" in message
  message = commands.error(*ask, '--target=true', cwd=folder)
  assert '--target=true is for videos whose class is known' in message
  # The records of the run show other classes than the function has.
  message = commands.error(*ask[:2], '--records=records', '--target=true', cwd=folder)
  assert 'expected a network that knows the classes of' in message


def test_without_videos_the_demo_set_is_explained(folder, tmp_path, monkeypatch, capsys):
  """Whose classes another network need not know, if the predicted class is asked about."""
  monkeypatch.syspath_prepend(str(folder))
  monkeypatch.setattr(demo_records, 'prepare', lambda settings, demo_dir, flow: None)
  monkeypatch.setattr(demo_records, 'folder', lambda demo_dir, flow: str(folder / 'records'))
  asked = options.ExplainOptions(
    discovery.ClassifierOptions('theirs:means'),
    False,
    (),
    ('predicted',),
    options.MethodSettings(boxes=(1, 2, 2)),
    9,
    of_list=options.ListOptions(
      test_sets.TestSet(), 'demo', None, None, str(tmp_path / 'demo_explained'), 0, 0
    ),
  )
  assert explain.run(asked) == 0
  out, err = capsys.readouterr()
  assert 'no videos were given: those of the demo set are explained' in err
  assert 'occlusion: 5 forward passes' in err and 'for 10 videos' in err
  found = rows(tmp_path / 'demo_explained' / 'test1.csv')
  assert len(found) == 10 and {row['method'] for row in found} == {'occlusion'}
  assert all(row['correct'] == '' for row in found) and 'occlusion, class: predicted' in out
