"""Which part of a clip a position of an endpoint stands for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.attribution.methods import cells
from i3d_tf.common import errors
from i3d_tf.model import inception_i3d


def test_mixed_5c_of_the_usual_clip():
  t, h, w = cells.edges_at('Mixed_5c', (65, 224, 224))
  np.testing.assert_array_equal(h, [0, 39.5, 71.5, 103.5, 135.5, 167.5, 199.5, 224])
  np.testing.assert_array_equal(h, w)
  assert len(t) == 10 and t[0] == 0 and t[-1] == 65 and set(np.diff(t)[1:-1]) == {8}


@pytest.mark.parametrize('frames, size', [(9, 32), (16, 96), (17, 65), (20, 70)])
def test_cells_are_those_of_the_network(frames, size):
  model = inception_i3d.InceptionI3D(2, frame_size=32, width=0.125)
  for endpoint in ('Conv3d_1a_7x7', 'MaxPool3d_3a_3x3', 'Mixed_4b', 'Mixed_5c'):
    output = keras.Model(model.input, model.get_layer(endpoint).output)
    shape = output.compute_output_shape((1, frames, size, size, 3))[1:4]
    edges = cells.edges_at(endpoint, (frames, size, size))
    assert tuple(len(e) - 1 for e in edges) == shape, endpoint
    for of_axis, length in zip(edges, (frames, size, size)):
      assert of_axis[0] == 0 and of_axis[-1] == length and (np.diff(of_axis) > 0).all()


@pytest.mark.parametrize('frames, size', [(16, 32), (17, 33)])
def test_centers_are_those_of_receptive_fields(frames, size):
  model = inception_i3d.InceptionI3D(2, frame_size=32, width=0.125)
  output = keras.Model(model.input, model.get_layer('Conv3d_1a_7x7').output)
  for variable in output.variables:
    if variable.name == 'kernel':
      variable.assign(np.ones(variable.shape))
  clip = tf.ones((1, frames, size, size, 3))
  with tf.GradientTape() as tape:
    tape.watch(clip)
    value = output(clip)[0, 3, 4, 5, 0]
  touched = np.abs(tape.gradient(value, clip)[0].numpy()).sum(-1)
  t, h, w = cells.edges_at('Conv3d_1a_7x7', (frames, size, size))
  for axis, (edges, index) in enumerate(((t, 3), (h, 4), (w, 5))):
    others = tuple({0, 1, 2} - {axis})
    mass = touched.sum(axis=others)
    center = (mass * (np.arange(len(mass)) + 0.5)).sum() / mass.sum()
    assert center == pytest.approx((edges[index] + edges[index + 1]) / 2)


def test_an_endpoint_that_does_not_exist_is_refused():
  with pytest.raises(errors.UserError, match='`endpoint` must be one of Conv3d_1a_7x7, .*Mixed_9z'):
    cells.edges_at('Mixed_9z', (9, 32, 32))
