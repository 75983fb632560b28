"""Pictures for people: outlines lie on the border, flow has its colours, sheets show everything."""

import cv2
import numpy as np
import pytest

from i3d_tf.video import drawing


def test_an_outline_covers_the_border_alone():
  image = np.full((60, 80, 3), 200, np.uint8)
  mask = np.zeros((60, 80), bool)
  mask[20:40, 30:60] = True
  drawn = drawing.outline(image, mask, thickness=1)
  assert tuple(drawn[20, 45]) == drawing.OUTLINE
  np.testing.assert_array_equal(drawn[30, 45], image[30, 45])
  np.testing.assert_array_equal(drawn[5, 5], image[5, 5])
  assert (image == 200).all(), 'the image itself is not drawn on'
  np.testing.assert_array_equal(drawing.outline(image, mask & False), image)


@pytest.mark.parametrize(
  'motion, color',
  [
    ((0, 0), (255, 255, 255)),
    ((5, 0), (255, 0, 0)),
    ((-5, 0), (0, 208, 255)),
    ((2.5, 0), (255, 127, 127)),
  ],
)
def test_flow_has_the_colours_of_the_wheel(motion, color):
  flow = np.tile(np.array(motion, np.float32), (4, 6, 1))
  np.testing.assert_array_equal(
    drawing.flow_colors(flow, bound=5), np.tile(np.array(color, np.uint8), (4, 6, 1))
  )


def test_flow_without_a_bound_saturates_at_its_fastest():
  flow = np.zeros((2, 2, 2), np.float32)
  flow[0, 0] = (3, 0)
  assert tuple(drawing.flow_colors(flow)[0, 0]) == (255, 0, 0)
  assert (drawing.flow_colors(np.zeros((2, 2, 2))) == 255).all()


def test_a_sheet_shows_every_image_and_text():
  red, blue = np.zeros((10, 12, 3), np.uint8), np.zeros((20, 8, 3), np.uint8)
  red[..., 0], blue[..., 2] = 255, 255
  page = drawing.sheet([[red, blue], [red]], ['first row', 'second'], title='two\nlines')
  assert (page == (255, 0, 0)).all(-1).sum() == 2 * 10 * 12
  assert (page == (0, 0, 255)).all(-1).sum() == 20 * 8
  assert (page < 100).all(-1).any(), 'no text'
  plain = drawing.sheet([[red, blue], [red]])
  assert not (plain < 100).all(-1).any()
  with pytest.raises(ValueError, match='must be 1, one per row; received 2'):
    drawing.sheet([[red]], ['a', 'b'])
  with pytest.raises(ValueError, match='must hold an image'):
    drawing.sheet([[]])


def test_what_is_written_is_what_was_drawn(tmp_path):
  image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
  drawing.write(tmp_path / 'a.png', image)
  np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'a.png'))[..., ::-1], image)
  drawing.write(tmp_path / 'a.jpg', image)
  assert (tmp_path / 'a.jpg').read_bytes()[:2] == b'\xff\xd8'


def test_fitting_to_a_height_keeps_the_aspect_ratio():
  assert drawing.fit_height(np.zeros((100, 150, 3), np.uint8), 50).shape == (50, 75, 3)
