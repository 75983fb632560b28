"""The benchmark command: its subjects, its output, and subjects that fail."""

import json
import types

from tests import commands
from tools import benchmark
from tools.benchmarks.support import figure


def test_subjects_are_the_modules_of_the_folder_without_what_they_share():
  assert benchmark.subjects() == [
    'decoding',
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
    'waiting',
  ]


def test_other_subjects_are_measured_if_one_fails(monkeypatch):
  def broken(quick):
    raise RuntimeError('no such device')

  modules = {
    'tools.benchmarks.a': types.SimpleNamespace(measure=broken),
    'tools.benchmarks.b': types.SimpleNamespace(measure=lambda quick: {'x': 1 + quick}),
  }
  monkeypatch.setattr(benchmark.importlib, 'import_module', modules.__getitem__)
  measured, failed = benchmark.measure(['a', 'b'], quick=True)
  assert measured == {'b': [figure.Figure('x', 2.0)]}
  assert failed == {'a': 'RuntimeError: no such device'}


def test_the_command_prints_a_table_and_writes_json(tmp_path):
  out, _ = commands.run('tools.benchmark', '--only=input_pipeline', '--quick', cwd=tmp_path)
  assert 'cores' in out and 'input pipeline / bare decode_jpeg' in out
  found = json.loads((tmp_path / 'benchmark.json').read_text())
  ratio = found['figures']['input_pipeline'][0]
  assert 0 < ratio['low'] <= ratio['value'] <= ratio['high'] and ratio['bound'] == 0.85
  assert not found['failed'] and found['machine']['cores'] >= 1


def test_an_unknown_subject_is_one_line(tmp_path):
  message = commands.error('tools.benchmark', '--only=speed', cwd=tmp_path)
  assert message.startswith('expected --only of decoding, flow, flow_storage, input_pipeline, ')
  assert message.endswith('speed')
