"""The train command with a network of nine convolutions in place of 57, for tests of strategies.

Batch norm at every layer makes the graph of several replicas slow to build; what is
tested does not depend on the depth. I3D_TEST_CPUS is the number of logical CPU devices.
"""

from i3d_tf import app  # first: it quiets TensorFlow's start

import os

import tensorflow as tf

from flags import training as training_flags
from i3d_tf import model
from i3d_tf import train


def shallow_layers():
  """`model.LAYERS` without all Inception blocks but the first; frames are pooled as before."""
  return tuple(row for row in model.LAYERS if row[1] != 'mixed' or row[0] == 'Mixed_3b')


def use_logical_devices(count):
  cpu, = tf.config.list_physical_devices('CPU')
  tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)


if __name__ == '__main__':
  model.LAYERS = shallow_layers()
  use_logical_devices(int(os.environ.get('I3D_TEST_CPUS', '1')))
  training_flags.define()
  app.run(train.main)
