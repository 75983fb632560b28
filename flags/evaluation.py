"""Flags of evaluate."""

from collections.abc import Sequence
from typing import Any

from absl import flags

from flags.shared import data
from flags.shared import existing
from flags.shared import listed
from flags.shared import network
from flags.shared import weights_folder
from i3d_tf.common import errors
from i3d_tf.inputs import treatments
from i3d_tf.training import runs


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_string('run_dir', None, 'Folder of a run that train made.')
  network.define_classifier()
  weights_folder.define()
  flags.DEFINE_string(
    'weights',
    None,
    f'The same as --classifier for weights of I3D: a file, {weights_folder.NAMES_HELP}.',
  )
  network.define_class_names()
  flags.DEFINE_string('output', None, 'Folder for the results of --classifier.')
  flags.DEFINE_string(
    'csv',
    None,
    'In place of --records: CSV file of the videos to test on, with the columns path and label '
    '(or video and accepted, such as "push up|sit up"), as for make_tfrecords. Their records are '
    'made and kept in --output.',
  )
  flags.DEFINE_string('videos', None, 'Folder that the paths of --csv are relative to.')
  flags.DEFINE_string('masks', None, 'Folder of the person masks of the videos of --csv.')
  flags.DEFINE_list(
    'eval_masks',
    ['none', 'background', 'activity'],
    'What to replace: background leaves only the person, activity only the place, both a white '
    f'silhouette; followed by {_choices(treatments.FILLS)} (see train --fill) in place of black, '
    f'{_choices(treatments.PLACES)} for a mask that misses the person, '
    f'{_choices(treatments.SHAPES)} for its shape (see train --mask_shape), '
    f'{_choices(treatments.TIMES)} for the frames (see train --time), and '
    f'{_choices(tuple(treatments.GROWTHS))} for masks grown by so many pixels in place of '
    '--mask_dilation: activity-blur, activity-elsewhere, background-box-still, activity-grown17. '
    'All are tested in one pass over the data.',
  )
  data.define_records('Folder of records; by default the one that the run was trained on.')
  data.define_verdicts('By default those that the run was trained with.')
  flags.DEFINE_enum(
    'subset', 'test', ['test', 'train', 'validation'], 'Which list of the split to test on.'
  )
  flags.DEFINE_integer('split', None, 'Split; by default the one that the run was trained on.')
  flags.DEFINE_integer(
    'batch_size',
    None,
    'Videos of one length that are computed together; by default as in training.',
  )


def _choices(values: Sequence[str]) -> str:
  """What may follow in the name of a treatment: all but the first, which is the default."""
  return ', '.join(f'-{value}' for value in values[1:])


def arguments() -> dict[str, Any]:
  """The flags as arguments of `evaluation.evaluate`, or of `classifier_evaluation`'s.

  Raises:
    UserError: a flag is missing or wrong, or names a file that does not exist.
  """
  values = flags.FLAGS
  if values.weights is not None and values.classifier is not None:
    raise errors.UserError('expected --classifier or --weights; received both')
  if values.classifier is not None or values.weights is not None:
    return _of_classifier(values)
  for name in ('labels', 'output', 'class_map', 'csv', 'videos', 'masks', 'precision'):
    if values[name].value is not None:
      raise errors.UserError(f'--{name} is for --classifier or --weights; neither was given')
  network.classifier()  # Refuses what is said of no classifier.
  if not values.run_dir:
    raise errors.UserError(
      'expected --run_dir, a folder that train made, or --classifier or --weights; none was given'
    )
  treatments.parse_all(values.eval_masks)
  test_set = listed.test_set()
  existing.check_run('--run_dir', values.run_dir)
  existing.check_records('--records', values.records)
  run = runs.load(values.run_dir)
  treatments.parse_all(values.eval_masks, run.clips.stream)
  return {
    'run_dir': values.run_dir,
    'treatments': values.eval_masks,
    'test_set': test_set,
    'batch_size': values.batch_size,
  }


def _of_classifier(values: flags.FlagValues) -> dict[str, Any]:
  if values.run_dir:
    raise errors.UserError('expected --classifier (or --weights) or --run_dir; received both')
  if values.output is None:
    raise errors.UserError('expected --output with --classifier or --weights; it was not given')
  if (values.records is None) == (values.csv is None):
    raise errors.UserError(
      'expected --records or --csv with --classifier or --weights; received '
      + ('neither' if values.csv is None else 'both')
    )
  treatments.parse_all(values.eval_masks)
  test_set = listed.test_set()
  listed.check_videos_of_csv()
  weights_folder.use()
  return {
    'options': network.classifier(values.weights),
    'output': values.output,
    'treatments': values.eval_masks,
    'test_set': test_set,
    'batch_size': values.batch_size,
    'accepted_file': values.class_map,
    'listed': listed.videos(),
  }
