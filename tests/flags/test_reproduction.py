"""Flags of reproduce: which rows they ask for."""

import json

import pytest

from flags import reproduction
from flags import training
from flags.shared import data
from flags.shared import network
from flags.shared import protocols
from flags.shared import weights_folder
from i3d_tf.records import folders
from tests import flag_values

_MODULES = (reproduction, training, data, network, protocols, weights_folder)


@pytest.fixture
def asked(monkeypatch, tmp_path):
  """From arguments to the `ReproduceRequest`, on records with a kind of flow or with none."""

  def request(flow, *arguments):
    (tmp_path / folders.MANIFEST).write_text(
      json.dumps(
        {'shards': [], 'label_names': ['a', 'b'], 'settings': {'flow': flow}, 'complete': True}
      )
    )
    flag_values.parse(
      monkeypatch, reproduction.define, _MODULES, [f'--records={tmp_path}', *arguments]
    )
    return reproduction.request()

  return request


def _names(request):
  return [condition.name for condition in request.conditions]


def test_groups_leave_out_what_needs_flow_and_say_so(asked):
  request = asked(None)
  assert _names(request) == ['1b-rgb', '2a', '2b', '3a', '3b']
  assert request.without_flow == ('1a', '1b-flow')


def test_records_with_flow_have_all_rows(asked):
  request = asked('tvl1', '--conditions=all')
  assert {'1a', '1b-flow', '2-carried', '3-carried'} < set(_names(request))
  assert not request.without_flow


def test_a_row_that_is_named_stays(asked):
  request = asked(None, '--conditions=1b-flow,2a')
  assert _names(request) == ['1b-flow', '2a']
  assert not request.without_flow
