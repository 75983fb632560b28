"""Maps by occlusion: exact for a network that answers from a known patch."""

import numpy as np
import pytest

from i3d_tf.attribution import maps
from i3d_tf.attribution import options
from i3d_tf.attribution.methods import occlusion
from tests.attribution import networks

SHAPE = (6, 16, 16)


def ask(clips):
  """The mean red of the patch, and its negative."""
  red = clips[:, 2:4, 4:8, 8:12, 0].mean(axis=(1, 2, 3))
  return np.stack([red, -red], axis=1)


def grey(value=0.5):
  return np.full((*SHAPE, 3), value, np.float32)


def test_the_boxes_of_the_patch_have_all_of_the_map():
  of_red, against = occlusion.occlude(ask, grey(), [0, 1], (3, 4, 4))
  mask = networks.patch_mask(SHAPE)
  assert maps.share_inside(of_red, mask) == maps.Share(1.0, 32 / 1536)
  assert of_red.peak == ((2, 4), (4, 8), (8, 12))
  # From 0.5 to black, -1, over the pixels of the box.
  assert of_red.values.max() == pytest.approx(1.5 / 32)
  # Without the patch the logit of the other class rises: nothing falls.
  assert not against.values.any()
  # A place oracle of a mask elsewhere.
  assert maps.share_inside(of_red, np.roll(mask, 8, axis=2)).share == 0


def test_boxes_that_cover_the_patch_in_part_share_it():
  (found,) = occlusion.occlude(ask, grey(), [0], (1, 2, 2))
  np.testing.assert_allclose(found.values[0], [[0, 1.5 / 384], [0, 0]])


@pytest.mark.parametrize('fill', options.FILLS)
def test_every_fill_of_the_treatments_fills_boxes(fill):
  # Red in the patch alone, so that what stays around a box is something else.
  clip = grey(-0.5)
  clip[2:4, 4:8, 8:12] = 0.9
  (found,) = occlusion.occlude(ask, clip, [0], (3, 4, 4), fill=fill, seed=1)
  assert found.peak == ((2, 4), (4, 8), (8, 12))


def test_batches_and_progress_do_not_change_the_map():
  rng = np.random.default_rng(0)
  clip = rng.uniform(-1, 1, (*SHAPE, 3)).astype(np.float32)
  told, sizes = [], []

  def counted(clips):
    sizes.append(len(clips))
    return ask(clips)

  (one,) = occlusion.occlude(ask, clip, [0], (2, 3, 3))
  (two,) = occlusion.occlude(counted, clip, [0], (2, 3, 3), batch_size=4, progress=told.append)
  np.testing.assert_array_equal(one.values, two.values)
  assert sizes == [1, 4, 4, 4, 4, 2] and sum(told) == occlusion.passes((2, 3, 3), SHAPE) == 19


def test_no_more_boxes_than_pixels():
  assert occlusion.passes((9, 99, 2), SHAPE) == 6 * 16 * 2 + 1
  t, h, _ = occlusion.box_edges((9, 5, 2), SHAPE)
  assert t.tolist() == [*range(7)] and h.tolist() == [0, 3, 6, 10, 13, 16]
