"""Records to clips: which frames are sampled, and how they are cropped and flipped."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.inputs import decode_clip
from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.masks import png
from tests import fakes
from tests import visible_clips

_JUST_UNDER_1 = np.nextafter(np.float32(1), np.float32(0))


# === Which frames ===


@pytest.mark.parametrize(
  'length, wanted, position, expected',
  [
    (20, 9, 0.0, range(9)),
    (20, 9, _JUST_UNDER_1, range(11, 20)),
    (20, 9, 0.5, range(6, 15)),  # The 7th of 12 starts.
    (10, 9, 0.49, range(9)),
    (10, 9, 0.5, range(1, 10)),
    (9, 9, _JUST_UNDER_1, range(9)),
    (4, 9, 0.0, [0, 1, 2, 3, 0, 1, 2, 3, 0]),
    (4, 9, _JUST_UNDER_1, [0, 1, 2, 3, 0, 1, 2, 3, 0]),
    (1, 9, 0.7, [0] * 9),
  ],
)
def test_loop_window_is_a_window_or_the_looped_video(length, wanted, position, expected):
  arguments = tf.constant(length), tf.constant(wanted), tf.constant(position, tf.float32)
  assert decode_clip.loop_window(*arguments).numpy().tolist() == list(expected)
  dataset = tf.data.Dataset.from_tensors(arguments).map(decode_clip.loop_window)
  assert next(iter(dataset)).numpy().tolist() == list(expected)


def _spoil(video, kept):
  """Replaces all images of a video by garbage, except those of the kept frames."""
  garbage = lambda images: tuple(
    image if index in kept else b'garbage' for index, image in enumerate(images)
  )
  return dataclasses.replace(video, frames=garbage(video.frames), masks=garbage(video.masks))


def test_only_sampled_frames_are_decoded(tmp_path):
  masks = np.zeros((20, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8)
  masks[:, 20] = 1
  video = fakes.video(frames=visible_clips.levels(20), masks=masks)
  settings = dataclasses.replace(visible_clips.SETTINGS, batch_size=1)
  expected = visible_clips.train(fakes.open_records(tmp_path / 'intact', [video]), 4, settings)
  step = next(
    n for n, batch in enumerate(expected) if 0 < visible_clips.numbers(batch['frames'])[0, 0] < 11
  )
  sampled = visible_clips.numbers(expected[step]['frames'])[0]
  spoiled = fakes.open_records(tmp_path / 'spoiled', [_spoil(video, set(sampled))])
  (batch,) = visible_clips.train(spoiled, 1, settings, start_step=step)
  np.testing.assert_array_equal(batch['frames'], expected[step]['frames'])
  np.testing.assert_array_equal(batch['masks'], expected[step]['masks'])
  for missing in (sampled[0], sampled[-1]):
    worse = fakes.open_records(tmp_path / f'{missing}', [_spoil(video, set(sampled) - {missing})])
    with pytest.raises(tf.errors.InvalidArgumentError):
      visible_clips.train(worse, 1, settings, start_step=step)


def test_evaluation_decodes_no_frame_after_max_frames(tmp_path):
  masks = np.zeros((30, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8)
  video = _spoil(fakes.video(frames=visible_clips.levels(30), masks=masks), set(range(20)))
  (batch,) = visible_clips.evaluate(fakes.open_records(tmp_path, [video]))
  assert visible_clips.numbers(batch['frames']).tolist() == [list(range(20))]


# === Crop, flip, masks ===


@pytest.fixture(scope='module', name='ramps')
def _ramps_records(tmp_path_factory):
  """Records of a video that encodes the row in red, the column in green and the frame in blue."""
  frames = visible_clips.ramps(20)
  frames[..., 2] = 6 * np.arange(20)[:, np.newaxis, np.newaxis]
  return fakes.open_records(tmp_path_factory.mktemp('ramps'), [fakes.video(frames=frames)])


def test_start_crop_and_flip_are_drawn_once_per_clip_and_independently(ramps):
  settings = dataclasses.replace(visible_clips.SETTINGS, batch_size=50)
  draws = []
  for batch in visible_clips.train(ramps, 4, settings):
    for clip in batch['frames']:
      flipped = clip[0, 0, 0, 1] > clip[0, 0, -1, 1]
      offsets = {visible_clips.offset(frame, flipped) for frame in clip[::4]}
      assert len(offsets) == 1, 'the crop moves within a clip'
      draws.append((round(np.mean(clip[0, ..., 2]) / 6), *offsets.pop(), int(flipped)))
  draws = np.array(draws)
  ranges = [
    20 - 9 + 1,
    visible_clips.HEIGHT - visible_clips.SIZE + 1,
    visible_clips.WIDTH - visible_clips.SIZE + 1,
    2,
  ]
  for drawn, places in zip(draws.T, ranges, strict=True):
    assert set(drawn) == set(range(places))
  # Each combination of halves of two of them is expected in a quarter of 200 draws, +-6.
  halves = draws >= np.array(ranges) / 2
  for one, other in itertools.combinations(halves.T, 2):
    for a, b in itertools.product([False, True], repeat=2):
      assert 25 < np.count_nonzero((one == a) & (other == b)) < 80


@pytest.mark.parametrize(
  'clips',
  [
    lambda source: visible_clips.train(
      source, 5, dataclasses.replace(visible_clips.SETTINGS, augment=False)
    ),
    visible_clips.evaluate,
  ],
  ids=['training', 'evaluation'],
)
def test_clips_are_center_crops_without_augmentation(ramps, clips):
  for batch in clips(ramps):
    for clip in batch['frames']:
      assert visible_clips.offset(clip[0], flipped=False) == (
        (visible_clips.HEIGHT - visible_clips.SIZE) // 2,
        (visible_clips.WIDTH - visible_clips.SIZE) // 2,
      )


def test_squashed_clips_show_entire_frames(ramps):
  (batch,) = visible_clips.evaluate(
    ramps, dataclasses.replace(visible_clips.SETTINGS, resize='squash')
  )
  frame = batch['frames'][0, 0].astype(float)
  place = lambda extent: (np.arange(visible_clips.SIZE) + 0.5) * extent / visible_clips.SIZE - 0.5
  np.testing.assert_allclose(
    frame[:, 16, 0], visible_clips.STEP * place(visible_clips.HEIGHT), atol=2
  )
  np.testing.assert_allclose(
    frame[16, :, 1], visible_clips.STEP * place(visible_clips.WIDTH), atol=2
  )


def _stripes(count, height, width):
  """Masks of one vertical or horizontal stripe, which differs between frames."""
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
    (visible_clips.HEIGHT, visible_clips.WIDTH, 'crop'),  # Not resized.
    (48, 60, 'crop'),  # 42 pixels resized to 32.
    (visible_clips.HEIGHT, visible_clips.WIDTH, 'squash'),
  ],
)
def test_frames_and_masks_share_crop_and_flip(tmp_path, height, width, resize):
  # White on the mask, black elsewhere: linear interpolation crosses the middle gray exactly where
  # the nearest pixel changes.
  masks = _stripes(14, height, width)
  source = fakes.open_records(
    tmp_path, [fakes.video(frames=np.repeat(255 * masks[..., np.newaxis], 3, axis=-1), masks=masks)]
  )
  settings = dataclasses.replace(visible_clips.SETTINGS, resize=resize, batch_size=20)
  batches = visible_clips.train(source, 2, settings)
  for batch in (*batches, *visible_clips.evaluate(source, settings)):
    assert set(np.unique(batch['masks'])) == {0, 1}
    np.testing.assert_array_equal(batch['frames'][..., 1] > 127, batch['masks'])
    assert batch['has_person'].all()
  # The draws differed.
  assert len({clip.tobytes() for batch in batches for clip in batch['masks']}) > 8


def test_masks_are_resized_by_nearest_pixel(tmp_path):
  masks = np.random.default_rng(0).integers(
    0, 2, (9, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8
  )
  source = fakes.open_records(tmp_path, [fakes.video(frames=visible_clips.levels(9), masks=masks)])
  (batch,) = visible_clips.evaluate(
    source, dataclasses.replace(visible_clips.SETTINGS, resize='squash')
  )
  place = lambda extent: np.floor(
    (np.arange(visible_clips.SIZE) + 0.5) * extent / visible_clips.SIZE
  ).astype(int)
  np.testing.assert_array_equal(
    batch['masks'][0],
    masks[:, place(visible_clips.HEIGHT)[:, np.newaxis], place(visible_clips.WIDTH)],
  )


@pytest.mark.parametrize('with_masks', [True, False])
def test_has_person_says_whether_masks_show_someone(tmp_path, with_masks):
  # Without masks, with empty masks, with a person: all in one batch, and the same whether or not
  # masks are decoded.
  masks = [
    None,
    np.zeros((9, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8),
    np.ones((9, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8),
  ]
  source = fakes.open_records(
    tmp_path,
    [
      fakes.video(name, masks=m, frames=visible_clips.levels(9))
      for name, m in zip(visible_clips.names(3), masks)
    ],
  )
  settings = dataclasses.replace(
    visible_clips.SETTINGS, with_masks=with_masks, mask_dilation=3, batch_size=3
  )
  for batch in (
    *visible_clips.train(source, 1, settings),
    *visible_clips.evaluate(source, settings),
  ):
    assert sorted(batch['entry']) == [0, 1, 2]
    for entry, has_person, clip in zip(batch['entry'], batch['has_person'], batch['masks']):
      assert has_person == (entry == 2)
      assert (clip == (entry == 2 and with_masks)).all()


@pytest.mark.parametrize('dilation, columns', [(0, 0), (9, 4)])
def test_masks_are_dilated_before_crop(tmp_path, dilation, columns):
  # A person just to the left of the center crop.
  masks = np.zeros((9, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8)
  masks[:, :, (visible_clips.WIDTH - visible_clips.SIZE) // 2 - 1] = 1
  source = fakes.open_records(tmp_path, [fakes.video(masks=masks, frames=visible_clips.levels(9))])
  (batch,) = visible_clips.evaluate(
    source, dataclasses.replace(visible_clips.SETTINGS, mask_dilation=dilation)
  )
  expected = np.zeros((visible_clips.SIZE, visible_clips.SIZE))
  expected[:, :columns] = 1
  np.testing.assert_array_equal(
    batch['masks'][0], np.broadcast_to(expected, (9, visible_clips.SIZE, visible_clips.SIZE))
  )
  assert batch['has_person'].all()


@pytest.mark.parametrize('resize', ['crop', 'squash'])
@pytest.mark.parametrize('diameter', [0, 1, 3, 9, 21])
def test_masks_are_dilated_like_entire_masks_for_all_png_depths(tmp_path, diameter, resize):
  # One bit or one byte per pixel: the window equals that of the entire mask dilated by OpenCV.
  masks = (
    np.random.default_rng(0).random((9, visible_clips.HEIGHT, visible_clips.WIDTH)) < 0.02
  ).astype(np.uint8)
  as_bytes = fakes.video(visible_clips.names(2)[0], frames=visible_clips.ramps(), masks=masks)
  as_bits = dataclasses.replace(
    as_bytes, path=visible_clips.names(2)[1], masks=tuple(map(png.encode, masks))
  )
  source = fakes.open_records(tmp_path, [as_bytes, as_bits])
  settings = dataclasses.replace(
    visible_clips.SETTINGS, mask_dilation=diameter, resize=resize, batch_size=20
  )
  grown = dilation_lib.dilate(masks, diameter)
  rows, columns = np.arange(visible_clips.SIZE), np.arange(visible_clips.SIZE)
  if resize == 'squash':
    rows, columns = (
      np.floor((np.arange(visible_clips.SIZE) + 0.5) * extent / visible_clips.SIZE).astype(int)
      for extent in (visible_clips.HEIGHT, visible_clips.WIDTH)
    )
  seen = set()
  for batch in (
    *visible_clips.train(source, 2, settings),
    *visible_clips.evaluate(source, settings),
  ):
    for entry, frames, clip in zip(batch['entry'], batch['frames'], batch['masks']):
      flipped = frames[0, 0, 0, 1] > frames[0, 0, -1, 1]
      top, left = (0, 0) if resize == 'squash' else visible_clips.offset(frames[0], flipped)
      expected = grown[:, (top + rows)[:, np.newaxis], left + columns]
      np.testing.assert_array_equal(clip[:, :, ::-1] if flipped else clip, expected)
      seen.add((int(entry), bool(flipped)))
  assert len(seen) == 4


@pytest.mark.parametrize('augment', [False, True])
def test_other_growths_are_what_that_dilation_gives_of_the_same_clip(tmp_path, augment):
  rng = np.random.default_rng(2)
  masks = (rng.random((9, visible_clips.HEIGHT, visible_clips.WIDTH)) < 0.01).astype(np.uint8)
  masks = [None, masks]  # of the first, nothing grows
  videos = [
    fakes.video(name, masks=of, frames=visible_clips.levels(9))
    for name, of in zip(visible_clips.names(2), masks)
  ]
  source = fakes.open_records(tmp_path, videos)
  settings = dataclasses.replace(
    visible_clips.SETTINGS, augment=augment, mask_dilation=3, growths=(0, 5)
  )
  for batch in visible_clips.train(source, 4, settings):
    seen = [batch[f'masks_grown{size}'] for size in (0, 5)]
    assert [of.shape for of in seen] == [batch['masks'].shape] * 2
    assert not np.any(seen[0] & ~batch['masks']) and not np.any(batch['masks'] & ~seen[1])
  for size in (0, 5):
    alone = dataclasses.replace(settings, mask_dilation=size, growths=())
    for batch, expected in zip(
      visible_clips.train(source, 4, settings), visible_clips.train(source, 4, alone), strict=True
    ):
      np.testing.assert_array_equal(batch[f'masks_grown{size}'], expected['masks'])
      np.testing.assert_array_equal(batch['frames'], expected['frames'])
  assert any(batch['masks_grown0'].any() for batch in visible_clips.train(source, 4, settings))
