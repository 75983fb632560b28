"""Folders of records: reading, writing, and refusing damaged ones."""

import dataclasses
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.records import tfrecord
from tests import fakes


def _videos(count):
  """Videos that differ in length: record n holds n + 1 frames."""
  return [
    schema.StoredVideo(
      path=f'A/v_A_g01_c{n:02d}.avi',
      label=n % 3,
      label_text='A',
      frames=(b'%d' % n,) * (n + 1),
      height=36,
      width=48,
      frame_rate=25.0,
    )
    for n in range(count)
  ]


def _manifest(**changes):
  return {
    'shards': ['videos-00000-of-00001.tfrecord'],
    'label_names': ['A', 'B', 'C'],
    'settings': {},
    'complete': True,
    **changes,
  }


def test_open_folder_returns_entries_labels_and_settings(tmp_path):
  names = [shards.shard_name(i, 2) for i in range(2)]
  assert names == ['videos-00000-of-00002.tfrecord', 'videos-00001-of-00002.tfrecord']
  videos = _videos(5)
  entries = [
    shards.write_shard(str(tmp_path / shard), videos[i::2]) for i, shard in enumerate(names)
  ]
  folders.write_manifest(str(tmp_path), _manifest(shards=names, settings={'seed': 3}))
  opened = folders.open_folder(str(tmp_path))
  assert opened.folder == str(tmp_path)
  assert opened.entries == (*entries[0], *entries[1])
  assert opened.label_names == ('A', 'B', 'C')
  assert opened.settings == {'seed': 3}
  assert (tmp_path / 'labels.txt').read_text() == 'A\nB\nC\n'


def test_columns_locate_the_records(tmp_path):
  videos = _videos(6)
  opened = fakes.open_records(tmp_path, videos, num_shards=4)
  assert len(opened.entries) == 6 and len({entry.shard for entry in opened.entries}) == 4
  places = tf.data.Dataset.from_tensor_slices(folders.columns(opened.entries, opened.folder))
  read = list(places.flat_map(shards.read_at))
  for entry, serialized in zip(opened.entries, read, strict=True):
    parsed = schema.parse(serialized)
    assert parsed['path'].numpy().decode() == entry.path
    assert len(parsed['frames']) == entry.frames


def _remove(name):
  return lambda folder: (folder / name).unlink()


def _rewrite(name, change):
  return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


_SHARD, _INDEX = 'videos-00000-of-00001.tfrecord', 'videos-00000-of-00001.csv'


@pytest.mark.parametrize(
  'damage, message',
  [
    (
      _remove('manifest.json'),
      '{folder}: expected a folder made by make_tfrecords; it has no manifest.json',
    ),
    (
      lambda folder: folders.write_manifest(str(folder), _manifest(complete=False)),
      '{folder}: these records are not finished; rerun make_tfrecords with the same flags to '
      'resume',
    ),
    (
      _rewrite('manifest.json', lambda content: content[:-20]),
      '{folder}/manifest.json: expected the manifest of records; JSONDecodeError: ',
    ),
    (
      _rewrite('manifest.json', lambda content: b'{"shards": []}'),
      "{folder}/manifest.json: expected the manifest of records; KeyError: 'label_names'",
    ),
    (
      _rewrite('manifest.json', lambda content: b'[]'),
      '{folder}/manifest.json: expected the manifest of records; TypeError: ',
    ),
    (
      _rewrite('manifest.json', lambda content: b'\xff\xfe'),
      '{folder}/manifest.json: expected the manifest of records; UnicodeDecodeError: ',
    ),
    (_remove(_SHARD), f'{{folder}}/{_SHARD}: expected a file of {{size}} bytes; no such file'),
    (
      _rewrite(_SHARD, lambda content: content[:-1]),
      f'{{folder}}/{_SHARD}: expected a file of {{size}} bytes; it has {{size_less_1}}',
    ),
    (
      _rewrite(_SHARD, lambda content: b''),
      f'{{folder}}/{_SHARD}: expected a file of {{size}} bytes; it has 0',
    ),
    (_remove(_INDEX), f'{{folder}}/{_INDEX}: expected the index of a shard; FileNotFoundError: '),
    (
      _rewrite(_INDEX, lambda content: content.rsplit(b',', 3)[0]),
      f'{{folder}}/{_INDEX}: expected the index of a shard; TypeError: ',
    ),
    (
      _rewrite(_INDEX, lambda content: content.replace(b'offset', b'place')),
      f'{{folder}}/{_INDEX}: expected the index of a shard; ValueError: no column offset',
    ),
    (
      _rewrite(_INDEX, lambda content: content.replace(b',36,', b',many,')),
      f'{{folder}}/{_INDEX}: expected the index of a shard; ValueError: ',
    ),
    (
      _rewrite(_INDEX, lambda content: b''.join(content.splitlines(True)[:-1])),
      f'{{folder}}/{_SHARD}: expected a file of {{size_less_last}} bytes; it has {{size}}',
    ),
    (
      lambda folder: folders.write_manifest(str(folder), _manifest(label_names=['A', 'B'])),
      '{folder}: A/v_A_g01_c02.avi has label 2; expected 0 to 1',
    ),
  ],
)
def test_open_folder_rejects_damage(tmp_path, damage, message):
  fakes.write_records(tmp_path, _videos(3))
  size = os.path.getsize(tmp_path / _SHARD)
  last = shards.read_index(str(tmp_path / _SHARD))[-1].length
  damage(tmp_path)
  with pytest.raises(schema.RecordError) as error:
    folders.open_folder(str(tmp_path))
  assert str(error.value).startswith(
    message.format(folder=tmp_path, size=size, size_less_1=size - 1, size_less_last=size - last)
  )


def test_open_folder_rejects_negative_labels(tmp_path):
  fakes.write_records(tmp_path, [dataclasses.replace(_videos(1)[0], label=-1)])
  with pytest.raises(schema.RecordError, match=r'has label -1; expected 0 to 2$'):
    folders.open_folder(str(tmp_path))


def test_read_manifest_returns_what_was_written_or_none(tmp_path):
  assert folders.read_manifest(str(tmp_path)) is None
  manifest = _manifest(settings={'flow': None, 'frame_rate': 12.5})
  folders.write_manifest(str(tmp_path), manifest)
  assert folders.read_manifest(str(tmp_path)) == manifest
  assert json.loads((tmp_path / 'manifest.json').read_text()) == manifest


def test_read_full_manifest_returns_all_keys(tmp_path):
  assert folders.read_full_manifest(str(tmp_path)) is None
  folders.write_manifest(str(tmp_path), _manifest(files=[{'sha256': '00'}]))
  assert folders.read_manifest(str(tmp_path)) == _manifest()
  assert folders.read_full_manifest(str(tmp_path))['files'] == [{'sha256': '00'}]


# What the first version of this program wrote for two videos of 2 frames: an index with CR LF.
_OLD_INDEX = (
  b'path,label,shard,offset,length,frames,height,width,coverage,flow,keep_original\r\n'
  b'"A/a, b.avi",0,videos-00000-of-00001.tfrecord,0,{0},2,36,48,0.25,1,1\r\n'
  b'B/c.avi,1,videos-00000-of-00001.tfrecord,{0},{1},2,36,48,,0,0\r\n'
)
_OLD_MANIFEST = b"""{
  "shards": [
    "videos-00000-of-00001.tfrecord"
  ],
  "label_names": [
    "A",
    "B"
  ],
  "settings": {
    "short_side": 36,
    "flow": "tvl1"
  },
  "complete": true
}"""


def test_open_folder_reads_the_files_of_the_first_version(tmp_path):
  videos = [
    fakes.video(
      'A/a, b.avi',
      frames=np.zeros((2, 36, 48, 3)),
      masks=np.ones((2, 36, 48), np.uint8),
      flow=np.zeros((1, 36, 48, 2), np.uint8),
    ),
    fakes.video('B/c.avi', label=1, frames=np.zeros((2, 36, 48, 3))),
  ]
  records = [tfrecord.frame(schema.encode(video)) for video in videos]
  lengths = [str(len(record)).encode() for record in records]
  (tmp_path / _SHARD).write_bytes(b''.join(records))
  index = _OLD_INDEX.replace(b'{0}', lengths[0]).replace(b'{1}', lengths[1])
  (tmp_path / _INDEX).write_bytes(index)
  (tmp_path / 'manifest.json').write_bytes(_OLD_MANIFEST)
  (tmp_path / 'labels.txt').write_bytes(b'A\nB\n')

  opened = folders.open_folder(tmp_path)
  assert opened.label_names == ('A', 'B')
  assert opened.settings == {'short_side': 36, 'flow': 'tvl1'}
  first, second = opened.entries
  assert first == shards.Entry(
    'A/a, b.avi', 0, _SHARD, 0, len(records[0]), 2, 36, 48, 0.25, 1, keep_original=True
  )
  assert second == shards.Entry(
    'B/c.avi', 1, _SHARD, len(records[0]), len(records[1]), 2, 36, 48, None, 0
  )
  assert schema.decode(tfrecord.read(tmp_path / _SHARD, second.offset)).path == 'B/c.avi'


def test_write_manifest_keeps_the_format_of_the_first_version(tmp_path):
  folders.write_manifest(tmp_path, json.loads(_OLD_MANIFEST))
  assert (tmp_path / 'manifest.json').read_bytes() == _OLD_MANIFEST
  assert (tmp_path / 'labels.txt').read_bytes() == b'A\nB\n'
