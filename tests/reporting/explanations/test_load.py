"""Explanations are found, named, and read; damaged ones are named."""

import json

import pytest

from i3d_tf.reporting.explanations import load
from tests.reporting.explanations import written


def test_without_explanations_there_are_none(tmp_path):
  assert load.find(str(tmp_path)) == ((), ())
  (tmp_path / load.FOLDER).mkdir()
  assert load.find(str(tmp_path)) == ((), ())


def test_those_in_the_folder_of_the_results_are_found(tmp_path):
  folder = tmp_path / load.FOLDER
  written.write(folder, 'test2')
  written.write(folder, 'test1', source='/elsewhere/weights/rgb_scratch/model.ckpt')
  (tmp_path / 'runs' / '3a').mkdir(parents=True)
  written.write(folder / '3a', 'test1.0123abcd', source=str(tmp_path / 'runs' / '3a'))
  (folder / 'records-1').mkdir()
  (folder / 'records-1' / 'videos-00000-of-00001.csv').write_text('video\n')
  found, problems = load.find(str(tmp_path))
  assert [e.name for e in found] == [
    'rgb_scratch/model.ckpt, test1',
    'runs/1b, test2',
    'runs/3a, test1.0123abcd',
  ]
  assert problems == ()
  assert found[0].rows == tuple(written.rows()) and len(found[0].checks) == len(written.checks())
  assert (found[0].fill, found[0].endpoint) == ('blur', 'Mixed_4f')


def test_folders_and_files_are_taken_each_once(tmp_path):
  written.write(tmp_path / load.FOLDER)
  path = written.write(tmp_path / 'a', source='', with_checks=False)
  written.write(tmp_path / 'a', 'train1')
  found, problems = load.find(str(tmp_path), [path, str(tmp_path / 'a')])
  assert [e.name.split('/')[-1] for e in found] == ['a, test1', '1b, train1'] and not problems
  assert found[0].checks == () and (found[0].fill, found[0].endpoint) == ('', '')


def test_no_two_have_the_same_name(tmp_path):
  folders = [str(tmp_path / name) for name in 'ab']
  for folder in folders:
    written.write(folder)
  found, _ = load.find(str(tmp_path), folders)
  assert [e.name for e in found] == [f'runs/1b, test1 ({folder})' for folder in folders]


def test_the_endpoint_is_that_of_grad_cam_alone(tmp_path):
  rows = [row for row in written.rows() if row.method == 'smoothgrad']
  ((found,), _) = load.find('', [written.write(tmp_path, given=rows)])
  assert found.endpoint == ''


@pytest.mark.parametrize(
  'name, content, message',
  [
    ('test1.csv', 'video,share\n', 'test1.csv: expected what explain writes, a CSV file with'),
    ('test1.checks.csv', 'video\n', 'test1.checks.csv: expected what explain writes, a CSV file'),
    ('test1.json', '{', 'test1.json: expected what explain writes; JSONDecodeError'),
    ('test1.json', '{}', 'test1.json: expected what explain writes; KeyError'),
    ('test1.json', json.dumps({'about': []}), '`about` is no object'),
  ],
)
def test_a_damaged_one_is_named_and_the_others_are_read(tmp_path, name, content, message):
  written.write(tmp_path, 'test1')
  written.write(tmp_path, 'test2')
  (tmp_path / name).write_text(content)
  found, (problem,) = load.find('', [str(tmp_path)])
  assert [e.name for e in found] == ['runs/1b, test2']
  assert message in problem and '\n' not in problem


def test_a_folder_without_explanations_is_named(tmp_path):
  found, (problem,) = load.find('', [str(tmp_path)])
  assert found == () and problem == (
    f'{tmp_path}: expected what explain writes, such as test1.csv; found none'
  )
