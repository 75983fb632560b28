"""Flags of reproduce."""

import os

from absl import flags

from flags import data
from flags import training
from i3d_tf.common import errors
from i3d_tf.records import ucf101

# Flags of train that the conditions decide.
_DECIDED = ('stream', 'mask', 'fill', 'mask_place', 'resize', 'augment', 'seed')


def define():
  data.define_records(
      'Folder that make_tfrecords made, with --flow for the conditions that need it. If not given, '
      'a demo set is drawn (in --demo_dir) and flags not given are those of flags/demo.flags.')
  data.define_verdicts('By default the masks of all videos are used.')
  flags.DEFINE_string('demo_dir', 'demo', 'Where the demo set is made, or lies already.')
  flags.DEFINE_string('run_dir', 'paper',
                      'Folder of runs and results; the same command goes on there.')
  flags.DEFINE_list('conditions', ['paper'],
                    'What to run: paper, controls, all, or names of rows such as 1b-rgb,2a,2b.')
  flags.DEFINE_list('splits', ['1'], 'Splits of the data set, some of 1,2,3.')
  flags.DEFINE_list('seeds', ['0'], 'Seeds: every model is trained once with each.')
  flags.DEFINE_bool('dry_run', False, 'Print what is to be done, with estimated times, and stop.')
  data.define_clips()
  training.define_settings()
  flags.DEFINE_string('flow_weights', None,
                      'As --weights, for the networks of stream flow; --weights is for RGB alone.')


def check():
  """Raises a `UserError` if a flag asks for what --conditions decide."""
  for name in _DECIDED:
    flag = flags.FLAGS[name]
    if flag.value != flag.default:
      raise errors.UserError(f'--{name} is decided by --conditions and --seeds; '
                             f'received --{name}={flag.value}')


def numbers(name, allowed=None):
  """The whole numbers of a list flag, each once."""
  values = flags.FLAGS[name].value
  try:
    found = tuple(dict.fromkeys(int(value) for value in values))
  except ValueError:
    found = ()
  if not found or min(found) < 0 or allowed is not None and not set(found) <= set(allowed):
    raise errors.UserError(
        f'--{name} must be {"some of " + ", ".join(map(str, allowed)) if allowed else "numbers"}; '
        f'received {",".join(values) if values else "none"}')
  return found


def flow_weights():
  """The file of --flow_weights as an absolute path, or None."""
  path = flags.FLAGS.flow_weights
  return None if path is None else os.path.abspath(path)


def splits():
  return numbers('splits', ucf101.SPLITS)


def seeds():
  return numbers('seeds')
