"""Records to batches: what is sampled, decoded, cropped, in which order."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_records
from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.masks import png
from i3d_tf.records import folders
from i3d_tf.records import schema
from tests import fakes
from tests import tiny

_JUST_UNDER_1 = np.nextafter(np.float32(1), np.float32(0))

# Frames of 37x49 are cropped to 32x32 without being resized: pixels keep their values.
_HEIGHT, _WIDTH, _SIZE = 37, 49, 32
_STEP = 5  # of the ramps; more than JPEG changes
_SETTINGS = clip_settings.ClipSettings(
  frame_size=_SIZE, clip_frames=9, max_frames=20, mask_dilation=0, batch_size=2
)


def _levels(count, height=_HEIGHT, width=_WIDTH):
  """Grey frames whose level tells their number: see `_numbers`."""
  frames = np.zeros((count, height, width, 3), np.uint8)
  frames[:] = 6 * np.arange(count)[:, np.newaxis, np.newaxis, np.newaxis]
  return frames


def _numbers(frames):
  """The numbers of frames, [B, T, ...] of `_levels`."""
  return np.round(np.asarray(frames)[:, :, 5, 5, 0] / 6).astype(int)


def _ramps(count=9):
  return np.repeat(fakes.ramp(_HEIGHT, _WIDTH, _STEP)[np.newaxis], count, axis=0)


def _offset(frame, flipped):
  """Where a crop of the ramp begins: (top, left); asserts that it is a crop of the ramp."""
  frame = frame[:, ::-1] if flipped else frame
  frame = np.asarray(frame, float)
  top, left = np.round(frame[0, 0, :2] / _STEP).astype(int)
  rows, columns = np.mgrid[top : top + _SIZE, left : left + _SIZE]
  # JPEG changes single pixels, by less than a step.
  np.testing.assert_allclose(frame[..., 0], _STEP * rows, atol=_STEP - 1)
  np.testing.assert_allclose(frame[..., 1], _STEP * columns, atol=_STEP - 1)
  return int(top), int(left)


def _names(count):
  return [f'A/v_A_g{n:02d}_c01.avi' for n in range(count)]


def _train(source, count, settings=_SETTINGS, start_step=0):
  """The first batches of a training: a list of dicts of NumPy arrays."""
  dataset = from_records.training(source, source.entries, settings, start_step)
  return list(dataset.take(count).as_numpy_iterator())


def _evaluate(source, settings=_SETTINGS, entries=None):
  entries = source.entries if entries is None else entries
  return list(from_records.evaluation(source, entries, settings).as_numpy_iterator())


@pytest.fixture(scope='module', name='numbered')
def _numbered(tmp_path_factory):
  """Records of seven videos of 20 numbered frames in three shards, labels 0, 1, 2, 0 ..."""
  return fakes.open_records(
    tmp_path_factory.mktemp('numbered'),
    [fakes.video(name, label=n % 3, frames=_levels(20)) for n, name in enumerate(_names(7))],
    num_shards=3,
  )


# === Settings ===


@pytest.mark.parametrize(
  'changes, message',
  [
    ({'stream': 'depth'}, "`stream` must be one of rgb, flow; received 'depth'"),
    ({'resize': 'stretch'}, "`resize` must be one of crop, squash; received 'stretch'"),
    ({'clip_frames': 8}, '`clip_frames` must be at least 9; received 8'),
    ({'max_frames': 0}, '`max_frames` must be at least 9; received 0'),
    (
      {'mask_dilation': 4},
      '`mask_dilation` must be 0 or odd and positive, at most 1023; received 4',
    ),
    (
      {'mask_dilation': -1},
      '`mask_dilation` must be 0 or odd and positive, at most 1023; received -1',
    ),
    ({'seed': -1}, '`seed` must be from 0 to 4294967295; received -1'),
    ({'batch_size': 0}, '`batch_size` must be at least 1; received 0'),
    ({'frame_size': 31}, '`frame_size` must be at least 32; received 31'),
  ],
)
def test_settings_out_of_range_are_refused_saying_what_is_expected(changes, message):
  with pytest.raises(errors.UserError) as error:
    clip_settings.ClipSettings(**changes)
  assert str(error.value) == message


@pytest.mark.parametrize(
  'changes',
  [
    {'clip_frames': 9},
    {'max_frames': 9},
    {'mask_dilation': 0},
    {'mask_dilation': 1},
    {'batch_size': 1},
    {'frame_size': 32},
    {'seed': 0},
  ],
)
def test_settings_at_the_edge_of_their_range_are_accepted(changes):
  settings = clip_settings.ClipSettings(**changes)
  defaults = dataclasses.asdict(clip_settings.ClipSettings())
  assert dataclasses.asdict(settings) == {**defaults, **changes}


# === Which frames ===


@pytest.mark.parametrize(
  'length, wanted, position, expected',
  [
    (20, 9, 0.0, range(0, 9)),
    (20, 9, _JUST_UNDER_1, range(11, 20)),
    (20, 9, 0.5, range(6, 15)),  # the 7th of 12 starts
    (10, 9, 0.49, range(0, 9)),
    (10, 9, 0.5, range(1, 10)),
    (9, 9, _JUST_UNDER_1, range(0, 9)),
    (4, 9, 0.0, [0, 1, 2, 3, 0, 1, 2, 3, 0]),
    (4, 9, _JUST_UNDER_1, [0, 1, 2, 3, 0, 1, 2, 3, 0]),
    (1, 9, 0.7, [0] * 9),
  ],
)
def test_a_clip_is_a_window_of_a_video_or_the_whole_of_it_looped(
  length, wanted, position, expected
):
  arguments = tf.constant(length), tf.constant(wanted), tf.constant(position, tf.float32)
  assert from_records.loop_window(*arguments).numpy().tolist() == list(expected)
  dataset = tf.data.Dataset.from_tensors(arguments).map(from_records.loop_window)
  assert next(iter(dataset)).numpy().tolist() == list(expected)


def test_training_clips_are_consecutive_and_begin_everywhere(numbered):
  settings = dataclasses.replace(_SETTINGS, batch_size=20)
  clips = np.concatenate([_numbers(batch['frames']) for batch in _train(numbered, 5, settings)])
  np.testing.assert_array_equal(clips, clips[:, :1] + np.arange(9))
  assert set(clips[:, 0]) == set(range(12))


def test_short_videos_are_looped_in_training_and_to_9_frames_in_a_test(tmp_path):
  source = fakes.open_records(
    tmp_path, [fakes.video(frames=_levels(4), masks=np.zeros((4, _HEIGHT, _WIDTH), np.uint8))]
  )
  settings = dataclasses.replace(_SETTINGS, clip_frames=11, batch_size=1)
  (batch,) = _train(source, 1, settings)
  assert _numbers(batch['frames']).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2]]
  assert batch['masks'].shape == (1, 11, _SIZE, _SIZE)
  (batch,) = _evaluate(source, settings)
  assert _numbers(batch['frames']).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 0]]


def _spoil(video, kept):
  """The video with garbage for all its images but those of some frames."""
  garbage = lambda images: tuple(
    image if index in kept else b'garbage' for index, image in enumerate(images)
  )
  return dataclasses.replace(video, frames=garbage(video.frames), masks=garbage(video.masks))


def test_only_sampled_frames_are_decoded(tmp_path):
  masks = np.zeros((20, _HEIGHT, _WIDTH), np.uint8)
  masks[:, 20] = 1
  video = fakes.video(frames=_levels(20), masks=masks)
  settings = dataclasses.replace(_SETTINGS, batch_size=1)
  whole = _train(fakes.open_records(tmp_path / 'whole', [video]), 4, settings)
  step = next(n for n, batch in enumerate(whole) if 0 < _numbers(batch['frames'])[0, 0] < 11)
  sampled = _numbers(whole[step]['frames'])[0]
  spoiled = fakes.open_records(tmp_path / 'spoiled', [_spoil(video, set(sampled))])
  (batch,) = _train(spoiled, 1, settings, start_step=step)
  np.testing.assert_array_equal(batch['frames'], whole[step]['frames'])
  np.testing.assert_array_equal(batch['masks'], whole[step]['masks'])
  for missing in (sampled[0], sampled[-1]):
    worse = fakes.open_records(tmp_path / f'{missing}', [_spoil(video, set(sampled) - {missing})])
    with pytest.raises(tf.errors.InvalidArgumentError):
      _train(worse, 1, settings, start_step=step)


def test_a_test_decodes_no_frame_behind_max_frames(tmp_path):
  masks = np.zeros((30, _HEIGHT, _WIDTH), np.uint8)
  video = _spoil(fakes.video(frames=_levels(30), masks=masks), set(range(20)))
  (batch,) = _evaluate(fakes.open_records(tmp_path, [video]))
  assert _numbers(batch['frames']).tolist() == [list(range(20))]


# === In which order ===


def _same(left, right):
  return all(
    a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)
    for a, b in zip(left, right, strict=True)
  )


def test_a_seed_gives_the_same_batches_and_another_seed_others(numbered):
  seeds = [0, 1]
  runs = [_train(numbered, 4, dataclasses.replace(_SETTINGS, seed=seed)) for seed in seeds]
  assert _same(runs[1], _train(numbered, 4, dataclasses.replace(_SETTINGS, seed=seeds[1])))
  for key in ('entry', 'frames'):
    assert not all(np.array_equal(a[key], b[key]) for a, b in zip(*runs))


@pytest.fixture(scope='module', name='undisturbed')
def _undisturbed(numbered):
  return _train(numbered, 12)


@pytest.mark.parametrize('start_step', [3, 10])
def test_training_goes_on_with_exactly_the_batches_of_an_undisturbed_one(
  numbered, undisturbed, start_step
):
  batches = _train(numbered, 2, start_step=start_step)
  assert _same(batches, undisturbed[start_step : start_step + 2])


def test_each_pass_shows_every_video_once_in_an_order_of_its_own(numbered):
  # Seven videos in batches of two: a batch may lie across passes.
  batches = _train(numbered, 14)
  passes = np.concatenate([batch['entry'] for batch in batches]).reshape(4, 7)
  for entries in passes:
    assert sorted(entries) == list(range(7))
  assert len(set(map(tuple, passes))) == 4


def test_one_video_is_enough_to_train_on(tmp_path):
  source = fakes.open_records(tmp_path, [fakes.video(frames=_levels(9))])
  assert [batch['entry'].tolist() for batch in _train(source, 2)] == [[0, 0], [0, 0]]


def test_entry_and_label_belong_to_the_frames(tmp_path):
  # Videos that differ in grey, in four shards, of which only some are asked for, out of order.
  videos = [
    fakes.video(name, label=n % 3, frames=_levels(9) * 0 + 30 * n)
    for n, name in enumerate(_names(8))
  ]
  source = fakes.open_records(tmp_path, videos, num_shards=4)
  entries = [entry for entry in source.entries if entry.path in _names(8)[1:7]][::-1]
  training = from_records.training(source, entries, _SETTINGS).take(6).as_numpy_iterator()
  for batch in itertools.chain(training, _evaluate(source, entries=entries)):
    for frames, label, entry in zip(batch['frames'], batch['label'], batch['entry']):
      number = int(entries[entry].path[7:9])
      np.testing.assert_allclose(frames.astype(int), 30 * number, atol=1)
      assert label == number % 3


def test_batches_are_what_the_documentation_says(numbered):
  for batch in (_train(numbered, 1)[0], _evaluate(numbered)[0]):
    length = batch['frames'].shape[1]
    assert {key: (value.dtype.name, value.shape) for key, value in batch.items()} == {
      'frames': ('uint8', (2, length, _SIZE, _SIZE, 3)),
      'masks': ('uint8', (2, length, _SIZE, _SIZE)),
      'has_person': ('bool', (2,)),
      'label': ('int64', (2,)),
      'entry': ('int64', (2,)),
    }


def test_a_test_shows_every_video_once_in_batches_of_one_length(tmp_path):
  lengths = [9, 12, 4, 9, 12, 30, 20, 12, 9]
  source = fakes.open_records(
    tmp_path,
    [fakes.video(name, frames=_levels(length)) for name, length in zip(_names(9), lengths)],
  )
  batches = _evaluate(source)
  assert sorted(np.concatenate([batch['entry'] for batch in batches])) == list(range(9))
  for batch in batches:
    seen = [min(max(lengths[entry], 9), 20) for entry in batch['entry']]
    assert seen == [batch['frames'].shape[1]] * len(seen)
  # 9, 9 | 9, and the looped one | 12, 12 | 12 | 20, 20 in some order.
  assert sorted(len(batch['entry']) for batch in batches) == [1, 2, 2, 2, 2]


# === Crop, flip, masks ===


@pytest.fixture(scope='module', name='ramps')
def _ramps_records(tmp_path_factory):
  """Records of a video whose red tells the row, green the column and blue the frame."""
  frames = _ramps(20)
  frames[..., 2] = 6 * np.arange(20)[:, np.newaxis, np.newaxis]
  return fakes.open_records(tmp_path_factory.mktemp('ramps'), [fakes.video(frames=frames)])


def test_start_place_and_flip_are_drawn_once_a_clip_everywhere_and_independently(ramps):
  settings = dataclasses.replace(_SETTINGS, batch_size=50)
  draws = []
  for batch in _train(ramps, 4, settings):
    for clip in batch['frames']:
      flipped = clip[0, 0, 0, 1] > clip[0, 0, -1, 1]
      offsets = {_offset(frame, flipped) for frame in clip[::4]}
      assert len(offsets) == 1, 'the crop wanders within a clip'
      draws.append((round(np.mean(clip[0, ..., 2]) / 6), *offsets.pop(), int(flipped)))
  draws = np.array(draws)
  ranges = [20 - 9 + 1, _HEIGHT - _SIZE + 1, _WIDTH - _SIZE + 1, 2]
  for drawn, places in zip(draws.T, ranges, strict=True):
    assert set(drawn) == set(range(places))
  # Of 200 draws, a quarter is expected in each combination of halves of two of them, +-6.
  halves = draws >= np.array(ranges) / 2
  for one, other in itertools.combinations(halves.T, 2):
    for a, b in itertools.product([False, True], repeat=2):
      assert 25 < np.count_nonzero((one == a) & (other == b)) < 80


@pytest.mark.parametrize(
  'clips',
  [lambda source: _train(source, 5, dataclasses.replace(_SETTINGS, augment=False)), _evaluate],
  ids=['training without augmentation', 'test'],
)
def test_otherwise_the_centre_is_cut(ramps, clips):
  for batch in clips(ramps):
    for clip in batch['frames']:
      assert _offset(clip[0], flipped=False) == ((_HEIGHT - _SIZE) // 2, (_WIDTH - _SIZE) // 2)


def test_squashing_shows_the_whole_frame(ramps):
  (batch,) = _evaluate(ramps, dataclasses.replace(_SETTINGS, resize='squash'))
  frame = batch['frames'][0, 0].astype(float)
  place = lambda extent: (np.arange(_SIZE) + 0.5) * extent / _SIZE - 0.5
  np.testing.assert_allclose(frame[:, 16, 0], _STEP * place(_HEIGHT), atol=2)
  np.testing.assert_allclose(frame[16, :, 1], _STEP * place(_WIDTH), atol=2)


def _stripes(count, height, width):
  """Masks of one stripe, upright or lying, which is another in every frame."""
  rng = np.random.default_rng(0)
  masks = np.zeros((count, height, width), np.uint8)
  for t, mask in enumerate(masks):
    start, extent = rng.integers(4, 16), rng.integers(6, 20)
    if t % 2:
      mask[start : start + extent] = 1
    else:
      mask[:, start : start + extent] = 1
  return masks


@pytest.mark.parametrize(
  'height, width, resize',
  [
    (_HEIGHT, _WIDTH, 'crop'),  # not resized
    (48, 60, 'crop'),  # 42 pixels resized to 32
    (_HEIGHT, _WIDTH, 'squash'),
  ],
)
def test_frames_and_masks_move_together(tmp_path, height, width, resize):
  # White where the mask is: between black and white, linear interpolation passes the middle
  # where the nearest pixel changes.
  masks = _stripes(14, height, width)
  source = fakes.open_records(
    tmp_path, [fakes.video(frames=np.repeat(255 * masks[..., np.newaxis], 3, axis=-1), masks=masks)]
  )
  settings = dataclasses.replace(_SETTINGS, resize=resize, batch_size=20)
  batches = _train(source, 2, settings)
  for batch in (*batches, *_evaluate(source, settings)):
    assert set(np.unique(batch['masks'])) == {0, 1}
    np.testing.assert_array_equal(batch['frames'][..., 1] > 127, batch['masks'])
    assert batch['has_person'].all()
  # Draws did differ.
  assert len({clip.tobytes() for batch in batches for clip in batch['masks']}) > 8


def test_masks_take_the_nearest_pixel(tmp_path):
  masks = np.random.default_rng(0).integers(0, 2, (9, _HEIGHT, _WIDTH), np.uint8)
  source = fakes.open_records(tmp_path, [fakes.video(frames=_levels(9), masks=masks)])
  (batch,) = _evaluate(source, dataclasses.replace(_SETTINGS, resize='squash'))
  place = lambda extent: np.floor((np.arange(_SIZE) + 0.5) * extent / _SIZE).astype(int)
  np.testing.assert_array_equal(
    batch['masks'][0], masks[:, place(_HEIGHT)[:, np.newaxis], place(_WIDTH)]
  )


@pytest.mark.parametrize('with_masks', [True, False])
def test_found_tells_whether_the_masks_of_a_video_show_somebody(tmp_path, with_masks):
  # No mask file; nobody in the masks; somebody. All in one batch, and the same whether or not
  # masks are decoded.
  masks = [None, np.zeros((9, _HEIGHT, _WIDTH), np.uint8), np.ones((9, _HEIGHT, _WIDTH), np.uint8)]
  source = fakes.open_records(
    tmp_path, [fakes.video(name, masks=m, frames=_levels(9)) for name, m in zip(_names(3), masks)]
  )
  settings = dataclasses.replace(_SETTINGS, with_masks=with_masks, mask_dilation=3, batch_size=3)
  for batch in (*_train(source, 1, settings), *_evaluate(source, settings)):
    assert sorted(batch['entry']) == [0, 1, 2]
    for entry, found, clip in zip(batch['entry'], batch['has_person'], batch['masks']):
      assert found == (entry == 2)
      assert (clip == (entry == 2 and with_masks)).all()


@pytest.mark.parametrize('dilation, columns', [(0, 0), (9, 4)])
def test_masks_grow_before_the_crop(tmp_path, dilation, columns):
  # A person just outside of the centre crop, to the left of it.
  masks = np.zeros((9, _HEIGHT, _WIDTH), np.uint8)
  masks[:, :, (_WIDTH - _SIZE) // 2 - 1] = 1
  source = fakes.open_records(tmp_path, [fakes.video(masks=masks, frames=_levels(9))])
  (batch,) = _evaluate(source, dataclasses.replace(_SETTINGS, mask_dilation=dilation))
  expected = np.zeros((_SIZE, _SIZE))
  expected[:, :columns] = 1
  np.testing.assert_array_equal(batch['masks'][0], np.broadcast_to(expected, (9, _SIZE, _SIZE)))
  assert batch['has_person'].all()


@pytest.mark.parametrize('resize', ['crop', 'squash'])
@pytest.mark.parametrize('dilation', [0, 1, 3, 9, 21])
def test_masks_grow_as_if_whole_whatever_png_they_are_of(tmp_path, dilation, resize):
  # Each pixel of the window is what OpenCV makes of the whole mask; one bit a pixel, or a byte.
  masks = (np.random.default_rng(0).random((9, _HEIGHT, _WIDTH)) < 0.02).astype(np.uint8)
  as_bytes = fakes.video(_names(2)[0], frames=_ramps(), masks=masks)
  as_bits = dataclasses.replace(as_bytes, path=_names(2)[1], masks=tuple(map(png.encode, masks)))
  source = fakes.open_records(tmp_path, [as_bytes, as_bits])
  settings = dataclasses.replace(_SETTINGS, mask_dilation=dilation, resize=resize, batch_size=20)
  grown = dilation_lib.dilate(masks, dilation)
  rows, columns = np.arange(_SIZE), np.arange(_SIZE)
  if resize == 'squash':
    rows, columns = (
      np.floor((np.arange(_SIZE) + 0.5) * extent / _SIZE).astype(int)
      for extent in (_HEIGHT, _WIDTH)
    )
  seen = set()
  for batch in (*_train(source, 2, settings), *_evaluate(source, settings)):
    for entry, frames, clip in zip(batch['entry'], batch['frames'], batch['masks']):
      flipped = frames[0, 0, 0, 1] > frames[0, 0, -1, 1]
      top, left = (0, 0) if resize == 'squash' else _offset(frames[0], flipped)
      expected = grown[:, (top + rows)[:, np.newaxis], left + columns]
      np.testing.assert_array_equal(clip[:, :, ::-1] if flipped else clip, expected)
      seen.add((int(entry), bool(flipped)))
  assert len(seen) == 4


# === Flow ===


def _flow_ramps(count):
  codes = np.zeros((count, _HEIGHT, _WIDTH, 2), np.uint8)
  codes[..., 0] = _STEP * np.arange(_WIDTH)
  codes[..., 1] = _STEP * np.arange(_HEIGHT)[:, np.newaxis]
  return codes


_FLOW_SETTINGS = dataclasses.replace(_SETTINGS, stream='flow')


def test_a_flip_negates_horizontal_flow_and_flow_is_cropped_like_frames(tmp_path):
  video = fakes.video(frames=_ramps(12), flow=_flow_ramps(11))
  source = fakes.open_records(tmp_path, [video])
  settings = dataclasses.replace(_FLOW_SETTINGS, batch_size=12)
  flips = []
  for flow, rgb in zip(
    _train(source, 2, settings), _train(source, 2, dataclasses.replace(settings, stream='rgb'))
  ):
    for codes, frames in zip(flow['frames'], rgb['frames']):
      assert codes.shape == (9, _SIZE, _SIZE, 2)
      flipped = frames[0, 0, 0, 1] > frames[0, 0, -1, 1]
      top, left = _offset(frames[0], flipped)
      expected = _flow_ramps(9)[:, top : top + _SIZE, left : left + _SIZE]
      if flipped:
        expected = expected[:, :, ::-1].copy()
        expected[..., 0] = 255 - expected[..., 0]
      np.testing.assert_array_equal(codes, expected)
      flips.append(flipped)
  assert set(flips) == {True, False}


def test_flow_has_one_field_less_than_frames_and_the_mask_of_the_frame_it_starts_from(tmp_path):
  # Of the mask of frame t, and of the flow that leaves it, column 20 shows t.
  masks = np.zeros((12, _HEIGHT, _WIDTH), np.uint8)
  flow = np.zeros((11, _HEIGHT, _WIDTH, 2), np.uint8)
  for t in range(12):
    masks[t, 10 + t, 20] = 1
    if t < 11:
      flow[t, 10 + t, 20] = 200
  source = fakes.open_records(tmp_path, [fakes.video(frames=_levels(12), masks=masks, flow=flow)])
  for batch in (
    *_evaluate(source, _FLOW_SETTINGS),
    *_train(source, 4, dataclasses.replace(_FLOW_SETTINGS, clip_frames=10)),
  ):
    np.testing.assert_array_equal(batch['frames'][..., 1] == 200, batch['masks'])
    assert batch['masks'].any()
  (batch,) = _evaluate(source, _FLOW_SETTINGS)
  assert batch['frames'].shape == (1, 11, _SIZE, _SIZE, 2)


def test_flow_may_be_stored_as_jpeg(tmp_path):
  codes = np.full((11, _HEIGHT, _WIDTH, 2), (200, 100), np.uint8)
  video = fakes.video(frames=_levels(12), flow=codes)
  pictures = [fakes.jpeg(np.dstack([field, np.zeros_like(field[..., 0])])) for field in codes]
  source = fakes.open_records(tmp_path, [dataclasses.replace(video, flow=tuple(pictures))])
  (batch,) = _evaluate(source, _FLOW_SETTINGS)
  np.testing.assert_allclose(
    batch['frames'].astype(int), np.broadcast_to((200, 100), batch['frames'].shape), atol=2
  )


# === Damage ===


def _flip_a_bit(path):
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 1
  path.write_bytes(content)


def test_a_damaged_record_is_named(tmp_path):
  source = fakes.open_records(
    tmp_path, [fakes.video(name, frames=_levels(9)) for name in _names(3)], num_shards=3
  )
  shard = tmp_path / source.entries[1].shard
  _flip_a_bit(shard)
  with pytest.raises(schema.RecordError) as error:
    with from_records.naming_bad_records(source, source.entries):
      _evaluate(source)
  assert str(error.value) == (
    f'{shard}: expected a whole record of {_names(3)[1]} at byte 0; its checksum is wrong. '
    'Make this file of records again'
  )


@pytest.mark.parametrize('cut', [20, 45])
@pytest.mark.parametrize('part', ['frames', 'flow', 'masks', 'one-bit masks'])
def test_an_image_that_cannot_be_decoded_is_named_with_its_video(tmp_path, part, cut):
  codes, masks = _flow_ramps(9), np.zeros((10, _HEIGHT, _WIDTH), np.uint8)
  whole, spoiled = (
    fakes.video(name, frames=_levels(10), masks=masks, flow=codes) for name in _names(2)
  )
  if part == 'one-bit masks':
    part = 'masks'
    spoiled = dataclasses.replace(spoiled, masks=tuple(map(png.encode, masks)))
  images = getattr(spoiled, part)
  spoiled = dataclasses.replace(spoiled, **{part: (*images[:4], images[4][:cut], *images[5:])})
  source = fakes.open_records(tmp_path, [whole, spoiled])
  settings = _FLOW_SETTINGS if part == 'flow' else _SETTINGS
  with pytest.raises(schema.RecordError) as error:
    with from_records.naming_bad_records(source, source.entries):
      _evaluate(source, settings)
  assert f'of {_names(2)[1]} at byte {source.entries[1].offset}; an image in it' in str(error.value)


def test_errors_that_are_not_of_the_records_are_passed_on(numbered):
  with pytest.raises(tf.errors.InvalidArgumentError, match='^of the network'):
    with from_records.naming_bad_records(numbered, numbered.entries[:1]):
      raise tf.errors.InvalidArgumentError(None, None, 'of the network')


def test_partners_are_of_another_class_and_repeat(tmp_path):
  source = folders.open_folder(tiny.make_records(tmp_path))
  entries = source.entries
  settings = clip_settings.ClipSettings(
    frame_size=32, clip_frames=12, batch_size=5, mask_dilation=0, augment=False, with_partners=True
  )
  # The frames of every video from its first, looped to 12: what a partner must look like.
  alone = {}
  for batch in from_records.evaluation(
    source, entries, dataclasses.replace(settings, with_partners=False)
  ):
    for frames, masks, entry in zip(*(batch[k].numpy() for k in ('frames', 'masks', 'entry'))):
      looped = np.arange(12) % len(frames)
      alone[entry] = frames[looped], masks[looped]

  def partner_of(frames, masks):
    found = [
      entry
      for entry, (f, m) in alone.items()
      if np.array_equal(f, frames) and np.array_equal(m, masks)
    ]
    assert len(found) == 1
    return found[0]

  def pairs(start_step):
    seen = []
    for batch in from_records.training(source, entries, settings, start_step).take(4):
      for entry, frames, masks in zip(
        batch['entry'].numpy(), batch['partner_frames'].numpy(), batch['partner_masks'].numpy()
      ):
        seen.append((entry, partner_of(frames, masks)))
    return seen

  first = pairs(0)
  assert all(entries[a].label != entries[b].label for a, b in first)
  assert len({b for _, b in first}) > 8
  assert pairs(2)[:10] == first[10:]
