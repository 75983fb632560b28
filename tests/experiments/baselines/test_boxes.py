"""Boxes of people: by hand, against the shapes that networks see, and read once."""

import numpy as np
import pytest

from i3d_tf.experiments.baselines import boxes
from i3d_tf.inputs import shapes
from i3d_tf.masks import dilation
from i3d_tf.records import schema
from tests import fakes


def _walker(frames=6, height=20, width=40):
  """A person of 8x4 pixels who walks 2 pixels a frame to the right, outline not a box."""
  masks = np.zeros((frames, height, width), np.uint8)
  for frame in range(frames):
    left = 4 + 2 * frame
    masks[frame, 5:13, left + 1 : left + 3] = 1
    masks[frame, 8, left : left + 4] = 1
  return masks


def _store(folder, videos):
  """A folder of records of {path: masks or None}."""
  return fakes.open_records(
    folder,
    [
      fakes.video(
        path, label='AB'.index(path[0]), frames=np.zeros((6, 20, 40, 3), np.uint8), masks=of
      )
      for path, of in videos.items()
    ],
  )


def test_boxes_are_what_one_measures_by_hand():
  found = boxes.of_masks(_walker(), 0)
  # From column 4 of 40 to 18, rows 5 to 13 of 20.
  np.testing.assert_allclose(found['tube'], [0.1, 0.25, 14 / 40, 0.4])
  # Two frames a third: x is 4 and 6, 8 and 10, 12 and 14; the width of a frame's box is 4.
  np.testing.assert_allclose(
    found['box'],
    [x / 40 if i == 0 else v for x in (5, 9, 13) for i, v in enumerate((0, 0.25, 0.1, 0.4))],
  )


@pytest.mark.parametrize('growth', [0, 1, 5, 9, 17])
@pytest.mark.parametrize('kind', boxes.KINDS)
def test_boxes_are_those_of_the_shapes_that_a_network_sees(kind, growth):
  """Of the grown masks: growing reaches the edges of the frame here."""
  masks = _walker(frames=3)
  grown = dilation.dilate(masks, growth).astype(bool)
  shown = shapes.SHAPES[kind](grown[np.newaxis]).numpy()[0]
  expected = []
  for frame in shown[:1] if kind == 'tube' else shown:
    rows, columns = np.nonzero(frame)
    x, y = columns.min(), rows.min()
    expected += [x / 40, y / 20, (columns.max() + 1 - x) / 40, (rows.max() + 1 - y) / 20]
  np.testing.assert_allclose(boxes.of_masks(masks, growth)[kind], expected)


def test_frames_without_anybody_do_not_count():
  masks = _walker(frames=3)
  empty = np.zeros_like(masks[:1])
  with_gaps = np.concatenate([empty, masks[:1], empty, masks[1:], empty])
  assert boxes.of_masks(with_gaps, 0) == boxes.of_masks(masks, 0)
  assert boxes.of_masks(empty, 9) is None


@pytest.mark.parametrize('frames', [1, 2, 4])
def test_few_frames_have_three_thirds_as_well(frames):
  masks = _walker(frames=frames)
  thirds = np.reshape(boxes.of_masks(masks, 0)['box'], (3, 4))
  lefts = 40 * thirds[:, 0]
  expected = {1: [4, 4, 4], 2: [4, 4, 6], 4: [4, 6, 9]}[frames]
  np.testing.assert_allclose(lefts, expected)


def test_boxes_of_records_are_read_once_and_a_stopped_reading_goes_on(tmp_path, monkeypatch):
  source = _store(tmp_path / 'records', {'A/1.avi': _walker(), 'B/1.avi': _walker()[:, ::-1]})
  read = lambda entries, **changes: boxes.read(
    source, entries, tmp_path / 'boxes.jsonl', **{'max_frames': 250, 'growth': 0, **changes}
  )
  first = read(source.entries[:1])
  np.testing.assert_array_equal(first['tube'][0], boxes.of_masks(_walker(), 0)['tube'])
  with open(tmp_path / 'boxes.jsonl', 'a') as f:
    f.write('["B/1.avi", {"tu')  # killed while it wrote
  decoded = []
  of_masks = boxes.of_masks
  monkeypatch.setattr(boxes, 'of_masks', lambda *a: decoded.append(1) or of_masks(*a))
  both = read(source.entries)
  assert len(decoded) == 1
  np.testing.assert_array_equal(both['box'][0], first['box'][0])
  again = read(source.entries[::-1])
  assert len(decoded) == 1
  np.testing.assert_array_equal(again['box'], both['box'][::-1])
  # Other frames or another growth are other boxes.
  assert read(source.entries, max_frames=2)['tube'][0][2] == pytest.approx(6 / 40)
  assert read(source.entries, growth=5)['tube'][0][0] == pytest.approx(2 / 40)
  assert len(decoded) == 5


def test_a_video_without_anybody_has_the_box_of_nobody(tmp_path):
  empty = np.zeros_like(_walker())
  source = _store(tmp_path / 'records', {'A/1.avi': None, 'B/1.avi': empty, 'B/2.avi': _walker()})
  found = boxes.read(source, source.entries, tmp_path / 'boxes.jsonl', max_frames=250, growth=9)
  assert not found['tube'][:2].any() and not found['box'][:2].any()
  assert found['tube'][2].any() and found['box'].shape == (3, 12)


def test_a_damaged_record_is_named(tmp_path):
  source = _store(tmp_path / 'records', {'A/1.avi': _walker()})
  shard = tmp_path / 'records' / source.entries[0].shard
  data = bytearray(shard.read_bytes())
  data[-20] ^= 1
  shard.write_bytes(data)
  with pytest.raises(schema.RecordError, match=r'videos-00000.*record of A/1.avi at byte 0.*check'):
    boxes.read(source, source.entries, tmp_path / 'boxes.jsonl', max_frames=250, growth=0)
