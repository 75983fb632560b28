"""Which pixels are replaced, and by what."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf import masking

# Two clips of one frame of 2 x 2 pixels, and their masks: the person is at the top left, in the
# second clip at the right.
_MASKS = np.array([[[[1, 0], [0, 0]]], [[[0, 1], [0, 1]]]], np.uint8)
_FILLED = {'rgb': -1.0, 'flow': 0.0}
_CHANNELS = {'rgb': 3, 'flow': 2}


def _clips(stream, dtype=np.float32):
  shape = (2, 1, 2, 2, _CHANNELS[stream])
  return np.linspace(-0.75, 0.75, np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize('found', [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize('stream', ['rgb', 'flow'])
@pytest.mark.parametrize('region, replaced', [
    ('none', np.zeros_like(_MASKS, bool)), ('background', _MASKS == 0), ('activity', _MASKS == 1)])
def test_exactly_the_region_is_filled_where_a_person_was_found(region, replaced, stream, found):
  clips = _clips(stream)
  expected = clips.copy()
  for index in range(2):
    if found[index]:
      expected[index][replaced[index]] = _FILLED[stream]
  actual = masking.replace(clips, _MASKS, np.array(found), region, stream=stream)
  np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize('region', ['background', 'activity'])
@pytest.mark.parametrize('person', [1, 255, True])
def test_everything_but_0_is_a_person(region, person):
  masks = (_MASKS * person).astype(np.asarray(person).dtype if person is True else np.uint8)
  clips, found = _clips('rgb'), np.array([True, True])
  np.testing.assert_array_equal(masking.replace(clips, masks, found, region),
                                masking.replace(clips, _MASKS, found, region))


@pytest.mark.parametrize('region', masking.REGIONS)
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_dtype_and_shape_are_kept_inside_a_dataset_too(region, dtype):
  clips, found = _clips('rgb', dtype), np.array([True, False])
  eager = masking.replace(tf.constant(clips), _MASKS, found, region)
  assert eager.dtype == dtype and eager.shape == clips.shape
  dataset = tf.data.Dataset.from_tensors((clips, _MASKS, found)).map(
      lambda c, m, f: masking.replace(c, m, f, region))
  assert dataset.element_spec == tf.TensorSpec(clips.shape, dtype)
  np.testing.assert_array_equal(next(iter(dataset)), eager)


def test_no_mask_is_needed_to_replace_nothing():
  clips = _clips('rgb')
  np.testing.assert_array_equal(masking.replace(clips, None, None, 'none'), clips)


@pytest.mark.parametrize('arguments, message', [
    ({'region': 'person'},
     "`region` must be one of none, background, activity; received 'person'"),
    ({'region': ''}, "`region` must be one of none, background, activity; received ''"),
    ({'region': 'activity', 'fill': 'pink'}, "`fill` must be one of black; received 'pink'"),
    ({'region': 'none', 'fill': 'pink'}, "`fill` must be one of black; received 'pink'"),
    ({'region': 'activity', 'stream': 'depth'},
     "`stream` must be 'rgb' or 'flow'; received 'depth'"),
])
def test_unknown_names_are_refused_quoting_them(arguments, message):
  with pytest.raises(ValueError) as error:
    masking.replace(_clips('rgb'), _MASKS, np.array([True, True]), **arguments)
  assert str(error.value) == message
