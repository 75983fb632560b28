"""Records: read in any order; named if they are damaged."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.inputs import read_records
from i3d_tf.masks import png
from i3d_tf.records import schema
from tests import fakes
from tests import visible_clips


def test_read_returns_parsed_records_in_order_of_positions(tmp_path):
  names = visible_clips.names(5)
  masks = [None, np.zeros((9, 37, 49), np.uint8), np.ones((9, 37, 49), np.uint8)]
  source = fakes.open_records(
    tmp_path,
    [
      fakes.video(name, label=n % 3, masks=masks[n % 3], frames=visible_clips.levels(9))
      for n, name in enumerate(names)
    ],
    num_shards=2,
  )
  order = np.array([3, 0, 2, 2, 4, 1, 0])
  positions = tf.data.Dataset.from_tensor_slices((100 + np.arange(7), order))
  pairs = list(read_records.read(positions, source, source.entries).as_numpy_iterator())
  assert [position for position, _ in pairs] == list(range(100, 107))
  assert [record['entry'] for _, record in pairs] == order.tolist()
  for _, record in pairs:
    entry = source.entries[record['entry']]
    assert record['path'].decode() == entry.path and record['label'] == entry.label
    assert record['has_person'] == entry.has_person
    assert len(record['frames']) == 9
  assert {entry.has_person for entry in source.entries} == {True, False}


def _flip_a_bit(path):
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 1
  path.write_bytes(content)


def test_naming_bad_records_names_damaged_record(tmp_path):
  source = fakes.open_records(
    tmp_path,
    [fakes.video(name, frames=visible_clips.levels(9)) for name in visible_clips.names(3)],
    num_shards=3,
  )
  shard = tmp_path / source.entries[1].shard
  _flip_a_bit(shard)
  with pytest.raises(schema.RecordError) as error:
    with read_records.naming_bad_records(source, source.entries):
      visible_clips.evaluate(source)
  assert str(error.value) == (
    f'{shard}: expected an intact record of {visible_clips.names(3)[1]} at byte 0; its checksum '
    'is wrong. Make this file of records again'
  )


@pytest.mark.parametrize('cut', [20, 45])
@pytest.mark.parametrize('part', ['frames', 'flow', 'masks', 'one-bit masks'])
def test_naming_bad_records_names_video_of_undecodable_image(tmp_path, part, cut):
  flow = visible_clips.flow_ramps(9)
  masks = np.zeros((10, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8)
  intact, spoiled = (
    fakes.video(name, frames=visible_clips.levels(10), masks=masks, flow=flow)
    for name in visible_clips.names(2)
  )
  if part == 'one-bit masks':
    part = 'masks'
    spoiled = dataclasses.replace(spoiled, masks=tuple(map(png.encode, masks)))
  images = getattr(spoiled, part)
  spoiled = dataclasses.replace(spoiled, **{part: (*images[:4], images[4][:cut], *images[5:])})
  source = fakes.open_records(tmp_path, [intact, spoiled])
  settings = visible_clips.FLOW_SETTINGS if part == 'flow' else visible_clips.SETTINGS
  with pytest.raises(schema.RecordError) as error:
    with read_records.naming_bad_records(source, source.entries):
      visible_clips.evaluate(source, settings)
  assert (
    f'of {visible_clips.names(2)[1]} at byte {source.entries[1].offset}; an image in it'
    in str(error.value)
  )


def test_naming_bad_records_passes_on_other_errors(tmp_path):
  source = fakes.open_records(tmp_path, [fakes.video(frames=visible_clips.levels(9))])
  with pytest.raises(tf.errors.InvalidArgumentError, match=r'^of the network'):
    with read_records.naming_bad_records(source, source.entries):
      raise tf.errors.InvalidArgumentError(None, None, 'of the network')
