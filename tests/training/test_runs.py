"""A run directory: settings and verdicts make the round trip."""

import dataclasses
import json

import pytest

from i3d_tf.common import errors
from i3d_tf.masks import verdicts
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from tests import tiny


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  return tiny.run(tiny.make_records(tmp_path_factory.mktemp('demo')), steps=4, mask='background')


def test_settings_round_trip(tmp_path, run):
  runs.start(str(tmp_path), run, {'mask': 'background'})
  assert runs.load(str(tmp_path)) == run
  with open(tmp_path / 'run.json') as f:
    assert json.load(f)['flags'] == {'mask': 'background'}
  moved = dataclasses.replace(run, data=dataclasses.replace(run.data, records='/elsewhere'))
  runs.start(str(tmp_path), moved)


def test_runs_made_before_layers_could_be_frozen_are_read(tmp_path, run):
  runs.start(str(tmp_path), run)
  content = json.loads((tmp_path / 'run.json').read_text())
  assert content['network'].pop('freeze') is None
  (tmp_path / 'run.json').write_text(json.dumps(content))
  assert runs.load(str(tmp_path)) == run
  frozen = tiny.replace(run, 'network', weights='w.h5', freeze='Mixed_3c')
  with pytest.raises(errors.UserError, match="network.freeze is None there, 'Mixed_3c' here"):
    runs.check_same(str(tmp_path), frozen)


@pytest.mark.parametrize(
  'content, message',
  [
    (None, 'expected a directory made by train; it has no run.json'),
    ('{', 'run.json: expected what train writes; JSONDecodeError'),
    ('{}', "run.json: expected what train writes; KeyError: 'data'"),
    ('[]', 'run.json: expected what train writes; TypeError'),
  ],
)
def test_load_rejects_a_directory_without_a_run(tmp_path, content, message):
  if content is not None:
    (tmp_path / 'run.json').write_text(content)
  with pytest.raises(errors.UserError, match=message):
    runs.load(str(tmp_path))


@pytest.mark.parametrize(
  'make, message',
  [
    (lambda: run_settings.Data('r', split=4), '`split` must be one of 1, 2, 3; received 4'),
    (
      lambda: run_settings.Data('r', mask='person'),
      "`mask` must be one of none, .*; received 'person'",
    ),
    (
      lambda: run_settings.Data('r', fill='pink'),
      '`fill` must be one of black, mean, blur, noise, inpaint, other, same, picture, stripes, '
      "carried; received 'pink'",
    ),
    (lambda: run_settings.Network(width=0), '`width` must be above 0 and at most 16; received 0'),
    (
      lambda: run_settings.Network(precision='float16'),
      '`precision` must be one of float32, mixed_bfloat16',
    ),
    (
      lambda: run_settings.Network(weights='w.h5', freeze='Logits'),
      "`freeze` must be one of None, Conv3d_1a_7x7, .*, Mixed_5c; received 'Logits'",
    ),
    (
      lambda: run_settings.Network(freeze='Mixed_3c'),
      '`freeze` is for networks that start from `weights`; received Mixed_3c and none',
    ),
    (
      lambda: run_settings.Network(dropout=1),
      '`dropout` must be at least 0 and below 1; received 1',
    ),
    (lambda: run_settings.Optimization(steps=0), '`steps` must be at least 1; received 0'),
    (
      lambda: run_settings.Optimization(learning_rate=0),
      '`learning_rate` must be above 0 and finite; received 0',
    ),
    (
      lambda: run_settings.Optimization(learning_rate=float('inf')),
      '`learning_rate` must be above 0 and',
    ),
    (lambda: run_settings.Optimization(schedule='linear'), '`schedule` must be drops or cosine'),
    (
      lambda: run_settings.Optimization(warmup_steps=5),
      '`warmup_steps` must be at least 0, fewer than',
    ),
    (
      lambda: run_settings.Optimization(weight_decay=-1),
      '`weight_decay` must be at least 0 and finite; received',
    ),
  ],
)
def test_settings_out_of_range_are_refused(make, message):
  with pytest.raises(errors.UserError, match=message):
    make()


VERDICTS = {'Waving/v_Waving_g01_c01.avi': 'original', 'Waving/v_Waving_g02_c01.avi': 'fine'}


def test_verdicts_are_kept_with_the_run(tmp_path, run):
  with_verdicts = tiny.replace(run, 'data', verdicts=verdicts.content_hash(VERDICTS))
  runs.start(str(tmp_path), with_verdicts, verdicts=VERDICTS)
  assert runs.verdicts(str(tmp_path), runs.load(str(tmp_path))) == VERDICTS
  runs.start(str(tmp_path), with_verdicts, verdicts=VERDICTS)
  with pytest.raises(errors.UserError, match="data.verdicts is '[0-9a-f]{12}' there, None here"):
    runs.start(str(tmp_path), run)
  verdicts.write(tmp_path / 'verdicts.csv', {})
  with pytest.raises(errors.UserError, match='verdicts.csv: expected the verdicts that the run'):
    runs.verdicts(str(tmp_path), with_verdicts)


def test_a_run_without_verdicts_has_none(tmp_path, run):
  runs.start(str(tmp_path), run)
  assert runs.verdicts(str(tmp_path), run) is None
  with pytest.raises(ValueError, match='`verdicts` must be those of the run, None'):
    runs.start(str(tmp_path), run, verdicts=VERDICTS)


def test_a_run_from_before_there_were_verdicts_has_none(tmp_path, run):
  runs.start(str(tmp_path), run)
  content = json.loads((tmp_path / 'run.json').read_text())
  del content['data']['verdicts']
  (tmp_path / 'run.json').write_text(json.dumps(content))
  assert runs.load(str(tmp_path)) == run
