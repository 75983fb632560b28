"""conditions.json: rows are added, and results of something else keep their folder."""

import json

import pytest

from i3d_tf.common import errors
from i3d_tf.experiments import conditions
from i3d_tf.experiments import conditions_file

_RECORDS = {None: conditions_file.MadeFrom('/records', 'c0')}
_NETWORK = {'source': 'theirs', 'fingerprint': 'f0', 'label_names': ['x', 'y']}


def _write(folder, *names, labels=('a', 'b'), made_from=_RECORDS, network=None):
  chosen = conditions.select(names, True)
  conditions_file.write(str(folder), labels, chosen, made_from, network)
  return json.loads((folder / 'conditions.json').read_text())


def test_rows_are_added_in_the_order_of_the_table(tmp_path):
  _write(tmp_path, '2b')
  own = {3: conditions_file.MadeFrom('/records3', 'c3')}
  _write(tmp_path, '1b-diversity3', made_from=own)
  content = _write(tmp_path, '1b-rgb')
  assert content['label_names'] == ['a', 'b'] and 'network' not in content
  assert [(row['name'], row['records'], row['content']) for row in content['conditions']] == [
    ('1b-rgb', '/records', 'c0'),
    ('2b', '/records', 'c0'),
    ('1b-diversity3', '/records3', 'c3'),
  ]


def test_the_network_on_trial_is_kept(tmp_path):
  assert _write(tmp_path, '2b', network=_NETWORK)['network'] == _NETWORK
  assert len(_write(tmp_path, '2a', network=_NETWORK)['conditions']) == 2


@pytest.mark.parametrize(
  'first, second, message',
  [
    ({}, {'labels': ('a', 'c')}, r'of other classes \(a, b, ...\) than /records \(a, c, ...\)'),
    (
      {},
      {'made_from': {None: conditions_file.MadeFrom('/new', 'c1')}},
      r'2a was made from other videos or masks \(/records\) than /new now holds',
    ),
    ({}, {'network': _NETWORK}, 'holds results of networks that reproduce trained'),
    ({'network': _NETWORK}, {}, 'holds results of the network theirs'),
    (
      {'network': _NETWORK},
      {'network': {**_NETWORK, 'fingerprint': 'f1'}},
      'holds results of theirs, which has changed since',
    ),
  ],
)
def test_results_of_something_else_keep_their_folder(tmp_path, first, second, message):
  before = _write(tmp_path, '2a', **first)
  with pytest.raises(errors.UserError, match=f'{message}.* Give another --run_dir'):
    _write(tmp_path, '2a', **second)
  assert json.loads((tmp_path / 'conditions.json').read_text()) == before


@pytest.mark.parametrize('content', ['', '[]', '{"label_names": 5}', '{"conditions": []}'])
def test_a_damaged_file_is_refused(tmp_path, content):
  (tmp_path / 'conditions.json').write_text(content)
  with pytest.raises(errors.UserError, match='expected what reproduce writes'):
    _write(tmp_path, '2a')
