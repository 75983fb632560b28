"""A network of nine convolutions instead of 57, for tests of the code around it.

A graph of all layers takes seconds to build and to compile, and much longer with batch norm over
several replicas in each of them. The tests do not depend on the depth.

Example:

    python -m tests.shallow i3d_tf.train --steps=3

runs a command with that network. I3D_TEST_CPUS is the number of logical CPU devices, and
I3D_TEST_BLOCK the one Inception block that is left.
"""

import os
import runpy
import sys
from unittest import mock

from i3d_tf.model import architecture

_ALL = architecture.LAYERS
_BLOCK = 'Mixed_3b'


def layers(block=_BLOCK):
  """`architecture.LAYERS` with only one Inception block, and the same strides."""
  return tuple(row for row in _ALL if row[1] != 'mixed' or row[0] == block)


def network(whole=False, block=_BLOCK):
  """A context in which new networks are shallow; with `whole`, they have all layers again."""
  return mock.patch.object(architecture, 'LAYERS', _ALL if whole else layers(block))


def _use_logical_devices(count):
  import tensorflow as tf  # Not at the top: the network alone also runs on JAX.

  (cpu,) = tf.config.list_physical_devices('CPU')
  tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)


def _main():
  _use_logical_devices(int(os.environ.get('I3D_TEST_CPUS', '1')))
  module = sys.argv.pop(1)
  with network(block=os.environ.get('I3D_TEST_BLOCK', _BLOCK)):
    runpy.run_module(module, run_name='__main__', alter_sys=True)


if __name__ == '__main__':
  _main()
