"""What shards were made from."""

from i3d_tf.records import provenance
from i3d_tf.records import shards
from tests import fakes

_ROWS = [{'path': 'A/a.avi', 'failure': None}, {'path': 'A/b.avi', 'failure': 'a/b.avi: empty'}]


def test_read_returns_what_was_written(tmp_path):
  shards.write_shard(tmp_path / 'a.tfrecord', [fakes.video('A/a.avi')])
  provenance.write(tmp_path / 'a.tfrecord', '00ff', {'opencv': '5'}, _ROWS)
  assert provenance.read(tmp_path / 'a.tfrecord') == provenance.Provenance(
    '00ff', {'opencv': '5'}, {row['path']: row for row in _ROWS}
  )


def test_write_keeps_the_format_of_the_file(tmp_path):
  provenance.write(tmp_path / 'a.tfrecord', '00ff', {'opencv': '5'}, _ROWS[:1])
  assert (tmp_path / 'a.sources.json').read_text() == (
    '{\n "sha256": "00ff",\n "versions": {\n  "opencv": "5"\n },\n'
    ' "sources": [\n  {\n   "path": "A/a.avi",\n   "failure": null\n  }\n ]\n}'
  )


def test_read_returns_none_for_an_incomplete_shard(tmp_path):
  path = tmp_path / 'a.tfrecord'
  assert provenance.read(path) is None
  provenance.write(path, '00ff', {}, _ROWS)
  assert provenance.read(path) is None
  shards.write_shard(path, [fakes.video('A/a.avi')])
  assert provenance.read(path) is not None
  (tmp_path / 'a.sources.json').write_text('{"sha256": "00ff"}')
  assert provenance.read(path) is None
