"""Flags that name the videos of a list: records, or a CSV file from which records are made."""

from absl import flags

from flags.shared import data
from flags.shared import existing
from i3d_tf.common import errors
from i3d_tf.inference import test_sets


def check_videos_of_csv(*, beside: str = '') -> None:
  """Refuses --videos and --masks without --csv, and files that do not exist.

  Args:
    beside: a flag with which --masks has a meaning, too, in words for messages.

  Raises:
    UserError: see above.
  """
  values = flags.FLAGS
  for name in ('videos', 'masks'):
    if values[name].value is not None and values.csv is None:
      words = f' or {beside}' if beside and name == 'masks' else ''
      raise errors.UserError(f'--{name} is for --csv{words}; it was not given')
  existing.check_records('--records', values.records)
  existing.check_path('--csv', values.csv, 'a CSV file of videos')
  existing.check_path('--videos', values.videos, 'a folder of videos')
  existing.check_path('--masks', values.masks, 'a folder of person masks')
  existing.check_path('--class_map', values.class_map, 'a CSV file of classes')
  existing.check_no_file('--output', values.output)


def test_set() -> test_sets.TestSet:
  """The videos that --records, --subset, --split and --verdicts name."""
  values = flags.FLAGS
  return test_sets.TestSet(values.records, values.subset, values.split, data.verdicts())


def videos() -> test_sets.ListedVideos | None:
  """The videos that --csv, --videos and --masks name; None without --csv."""
  values = flags.FLAGS
  if values.csv is None:
    return None
  return test_sets.ListedVideos(values.csv, values.videos, values.masks)
