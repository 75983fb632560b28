"""The benchmark command: its subjects, its output, and subjects that fail."""

import json
import os
import signal
import time
import types

from tests import commands
from tools import benchmark
from tools.benchmarks.support import figure


def test_subjects_are_the_modules_of_the_folders_without_what_they_share():
  assert benchmark.subjects() == [
    'decoding',
    'explain',
    'flow',
    'flow_storage',
    'input_pipeline',
    'make_tfrecords',
    'memory',
    'network',
    'peer',
    'prediction',
    'records_cost',
    'resume',
    'training_sweep',
    'waiting',
  ]


def _subject(name, quick):
  """In place of `benchmark.measure_here`: what other processes do."""
  yield figure.Figure(name, 1.0 + quick)
  if name == 'broken':
    raise RuntimeError('no such device')
  if name == 'endless':
    time.sleep(3600)
  if name == 'killed':
    os.kill(os.getpid(), signal.SIGKILL)


def test_other_subjects_are_measured_if_one_fails_dies_or_does_not_end():
  measured, failed = benchmark.measure(
    ['broken', 'endless', 'killed', 'fine'], quick=True, time_limit=20, measure_subject=_subject
  )
  assert measured['fine'] == [figure.Figure('fine', 2.0)]
  assert failed == {
    'broken': 'RuntimeError: no such device',
    'endless': 'did not end within 20 s',
    'killed': 'its process died with exit status -9',
  }
  # What was measured by then is kept.
  assert {name: len(figures) for name, figures in measured.items()} == dict.fromkeys(measured, 1)
  assert len(measured) == 4


def test_a_subject_that_gives_numbers_is_measured(monkeypatch):
  module = types.SimpleNamespace(measure=lambda quick: {'x': 1 + quick})
  for name, path in (('memory', 'memory'), ('explain', 'answers.explain')):
    modules = {f'tools.benchmarks.{path}': module}
    monkeypatch.setattr(benchmark.importlib, 'import_module', modules.get)
    assert list(benchmark.measure_here(name, True)) == [figure.Figure('x', 2.0)]


def test_the_command_prints_a_table_and_writes_json(tmp_path):
  out, _ = commands.run('tools.benchmark', '--only=input_pipeline', '--quick', cwd=tmp_path)
  assert 'cores' in out and 'input pipeline / bare decode_jpeg' in out
  found = json.loads((tmp_path / 'benchmark.json').read_text())
  ratio = found['figures']['input_pipeline'][0]
  assert 0 < ratio['low'] <= ratio['value'] <= ratio['high'] and ratio['bound'] == 0.85
  assert not found['failed'] and found['machine']['cores'] >= 1


def test_an_unknown_subject_is_one_line(tmp_path):
  message = commands.error('tools.benchmark', '--only=speed', cwd=tmp_path)
  assert message.startswith(
    'expected --only of decoding, explain, flow, flow_storage, input_pipeline, '
  )
  assert message.endswith('speed')


def test_a_subject_that_takes_too_long_says_so(tmp_path):
  _, err = commands.run(
    'tools.benchmark', '--only=memory', '--quick', '--time_limit=1', cwd=tmp_path, status=1
  )
  assert 'not measured: memory: did not end within 1 s' in err
  found = json.loads((tmp_path / 'benchmark.json').read_text())
  assert found['failed'] == {'memory': 'did not end within 1 s'} and found['figures'] == {}
