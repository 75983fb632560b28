"""Flags of evaluate."""

from absl import flags

from flags import data
from i3d_tf.common import errors


def define():
  flags.DEFINE_string('run_dir', None, 'Folder of a run that train made.')
  flags.DEFINE_list('eval_masks', ['none', 'background', 'activity'],
                    'What to replace: background leaves only the person, activity only the place, '
                    'both a white silhouette; behind it -mean, -blur, -noise or -other (class) in '
                    'place of black, -earlier or -elsewhere for a mask that misses the person: '
                    'activity-blur, activity-elsewhere. All are tested in one pass over the data.')
  data.define_records('Folder of records; by default the one that the run was trained on.')
  data.define_verdicts('By default those that the run was trained with.')
  flags.DEFINE_enum('subset', 'test', ['test', 'train', 'validation'],
                    'Which list of the split to test on.')
  flags.DEFINE_integer('split', None, 'Split; by default the one that the run was trained on.')
  flags.DEFINE_integer('batch_size', None,
                       'Videos of one length that are computed together; by default as in training.')


def run_dir():
  """The value of --run_dir.

  Raises:
    UserError: it was not given.
  """
  if not flags.FLAGS.run_dir:
    raise errors.UserError('expected --run_dir, a folder that train made; it was not given')
  return flags.FLAGS.run_dir
