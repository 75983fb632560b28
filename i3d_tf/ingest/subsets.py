"""Training, validation and test lists of data sets that do not come with UCF101's lists."""

from collections.abc import Iterator, Mapping, Sequence

from i3d_tf.common import text
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.records import hold_out
from i3d_tf.records import shared_sources
from i3d_tf.records import ucf101

# What data sets call their subsets -> one of `ucf101.SUBSETS`.
NAMES = {
  'train': 'train',
  'training': 'train',
  'test': 'test',
  'testing': 'test',
  'val': 'validation',
  'valid': 'validation',
  'validate': 'validation',
  'validation': 'validation',
}


def split(
  videos: Sequence[data_sets.ListedVideo],
  subset_of: Mapping[str, str],
  label_names: Sequence[str],
  options: requests.DataSetOptions,
) -> data_sets.DataSet:
  """Makes a data set of videos, holding out a test and a validation list where it has none.

  Args:
    videos: the videos.
    subset_of: path -> one of `ucf101.SUBSETS`.
    label_names: class names, in the order of their labels.
    options: says what to hold out.

  Raises:
    UserError: videos are to be held out for a list that is there, or too many of them.
  """
  listed = {
    subset: {video.path: video.label for video in videos if subset_of[video.path] == subset}
    for subset in ucf101.SUBSETS
  }
  _check_absent('test', options.test, listed['test'])
  _check_absent('validation', options.validation, listed['validation'])
  names = {video.path: video.name for video in videos}
  notes: list[str] = []
  if not listed['test'] and options.test is None and listed['validation']:
    # As Kinetics is used.
    listed['test'], listed['validation'] = listed['validation'], {}
    notes.append(
      f'the data set names no test videos: its {len(listed["test"])} validation videos '
      'are the test list'
    )
  elif not listed['test'] and options.test != 0:
    share = requests.TEST_SHARE if options.test is None else options.test
    listed['train'], listed['test'] = hold_out.split(listed['train'], names, share, options.seed)
    if options.test is None:
      notes.append(
        f'the data set names no test videos: {len(listed["test"])} of '
        f'{len(videos)} were drawn for the test list (--test, --split_seed)'
      )
  if options.validation is not None:
    listed['train'], listed['validation'] = hold_out.split(
      listed['train'], names, options.validation, options.seed
    )
  files = {video.path: (video.name, video.file) for video in videos}
  notes += shared_sources.check(files, listed, allowed=options.allow_shared_sources)
  notes += _without_videos(label_names, listed)
  lists = {
    ucf101.list_name(subset, 1): ucf101.format_list(paths)
    for subset, paths in listed.items()
    if paths
  }
  lists[ucf101.CLASSES] = ucf101.format_classes(label_names)
  return data_sets.assemble(videos, label_names, lists, options, notes)


def _without_videos(
  label_names: Sequence[str], listed: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
  """Notes on the classes that have no videos, or none to train on."""
  labels = {subset: set(videos.values()) for subset, videos in listed.items()}
  anywhere = set().union(*labels.values())
  empty = [name for label, name in enumerate(label_names) if label not in anywhere]
  if empty:
    yield f'{text.count(len(empty), "class", "classes")} without videos: {", ".join(empty)}'
  untrained = [label_names[label] for label in sorted(anywhere - labels['train'])]
  if untrained and labels['train']:
    yield (
      f'{text.count(len(untrained), "class", "classes")} without training videos: '
      f'{", ".join(untrained)}'
    )


def _check_absent(subset: str, amount: float | None, listed: Mapping[str, int]) -> None:
  """Raises a SourceError if videos are to be held out for a subset that the data set names."""
  if amount is not None and listed:
    raise data_sets.SourceError(
      f'expected no {subset} videos in the data set with --{subset}={amount:g}, which holds '
      f'some out; found {len(listed)}'
    )
