"""Which flow records hold, and for which networks it will do."""

import pytest

from i3d_tf.common import errors
from i3d_tf.records import flow_kind
from i3d_tf.records import folders
from i3d_tf.records import schema


@pytest.mark.parametrize(
  'settings, expected',
  [
    ({}, None),
    ({'flow': None, 'flow_backend': 'opencv'}, None),
    ({'flow': 'tvl1'}, 'tvl1'),  # records from before there were backends
    ({'flow': 'tvl1', 'flow_backend': 'xla'}, 'tvl1_xla'),
    ({'flow': 'dis', 'flow_backend': 'opencv'}, 'dis'),
  ],
)
def test_of_records_names_the_stored_flow(settings, expected):
  assert flow_kind.of_records(settings) == expected


def test_of_records_rejects_an_unknown_method():
  with pytest.raises(schema.RecordError, match=r'^manifest.json: .*raft'):
    flow_kind.of_records({'flow': 'raft'})


def test_for_stream_requires_flow_for_stream_flow_alone():
  with_flow = folders.Records('r', (), (), {'flow': 'dis'})
  without = folders.Records('r', (), (), {})
  assert flow_kind.for_stream('flow', with_flow) == 'dis'
  assert flow_kind.for_stream('rgb', with_flow) is None
  assert flow_kind.for_stream('rgb', without) is None
  with pytest.raises(errors.UserError, match=r'^r: expected flow for --stream=flow; these records'):
    flow_kind.for_stream('flow', without)
  assert flow_kind.for_stream('rgb', with_flow, with_flow=True) == 'dis'
  with pytest.raises(errors.UserError, match=r'^r: expected flow for fill carried; these records'):
    flow_kind.for_stream('rgb', without, with_flow=True)


def test_check_same_accepts_another_backend_but_not_another_algorithm():
  flow_kind.check_same('tvl1', {'flow': 'tvl1', 'flow_backend': 'xla'}, 'run')
  flow_kind.check_same(None, {'flow': 'dis'}, 'run')
  flow_kind.check_same('dis', {}, 'run')
  with pytest.raises(errors.UserError) as error:
    flow_kind.check_same('tvl1_xla', {'flow': 'dis'}, 'run')
  assert str(error.value) == (
    'expected records with flow of tvl1, which run was trained on; found dis'
  )
