"""Which videos a data set has: from UCF101's lists, from a CSV file, from class folders.

Whatever they come from, the lists that go beside the records have UCF101's form
(classInd.txt, trainlist01.txt, testlist01.txt, validationlist01.txt), so that
`splits` finds a split's videos in them.
"""

import collections
import csv
import dataclasses
import math
import os

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.ingest import encode_video
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.records import hold_out
from i3d_tf.records import splits
from i3d_tf.records import ucf101
from i3d_tf.video import video_files

_SUBSETS = {
  'train': 'train',
  'training': 'train',
  'test': 'test',
  'testing': 'test',
  'val': 'validation',
  'valid': 'validation',
  'validate': 'validation',
  'validation': 'validation',
}
TEST_SHARE = 0.2  # of the groups, where the input names no test videos


class SourceError(errors.UserError):
  """An input that cannot be used; the message names it, and the line."""


@dataclasses.dataclass(frozen=True)
class DataSet:
  """Videos to store, and how they are split.

  Attributes:
    sources: `encode_video.VideoSource`s, in the order of their paths.
    label_names: class names, in the order of their labels.
    lists: a dict from file name to content, bytes.
    without_masks: paths of the videos that have no mask file although masks were given.
    with_verdicts: whether verdicts were given.
    notes: lines that the user should read.
  """

  sources: tuple
  label_names: tuple
  lists: dict
  without_masks: tuple = ()
  with_verdicts: bool = False
  notes: tuple = ()


@dataclasses.dataclass(frozen=True)
class _Item:
  path: str
  file: str
  name: str  # of the file, in its data set: by it, masks and verdicts are found
  label: int
  start: float | None = None
  end: float | None = None


def from_ucf101(videos, lists, masks=None, verdicts=None, validation=None, seed=0):
  """A data set that has UCF101's layout and its official lists.

  Args:
    videos: folder of 'Class/v_Class_g01_c01.avi'.
    lists: folder of classInd.txt, trainlist01.txt and so on; every video that
      some list names is stored once.
    masks: folder of 'v_Class_g01_c01.json' (or 'Class/v_Class_g01_c01.json'), or
      None to store no masks. A video whose file is missing is stored without.
    verdicts: a CSV file of verdicts on masks (`i3d_tf.masks.verdicts`), or None.
    validation: how many groups of each training list to hold out: a number, or a
      share below 1; None for none.
    seed: of the choice of groups.

  Returns:
    A `DataSet`.

  Raises:
    UserError: a folder or file cannot be used.
  """
  _check_folders(videos=videos, lists=lists, masks=masks)
  label_names, labels = ucf101.read_all_lists(lists)
  contents = {}
  for name in sorted(os.listdir(lists)):
    if name.endswith('.txt'):
      with open(os.path.join(lists, name), 'rb') as f:
        contents[name] = f.read()
  if validation is not None:
    for split in ucf101.SPLITS:
      train = ucf101.list_name('train', split)
      if train not in contents:
        continue
      if ucf101.list_name('validation', split) in contents:
        raise SourceError(
          f'{lists}: expected no validation list for validation videos to be held '
          f'out; found {ucf101.list_name("validation", split)}'
        )
      listed = ucf101.read_list(os.path.join(lists, train), label_names)
      kept, held = hold_out.split(listed, {v: v for v in listed}, validation, seed)
      contents[train] = ucf101.format_list(kept)
      contents[ucf101.list_name('validation', split)] = ucf101.format_list(held)
  items = [_Item(path, os.path.join(videos, path), path, label) for path, label in labels.items()]
  return _data_set(items, label_names, contents, masks, verdicts)


def from_csv(
  path, videos=None, masks=None, verdicts=None, validation=None, test=None, seed=0, labels=None
):
  """A data set that a CSV file describes, as Kinetics is described.

      path,label,start,end,split
      air_drumming/4Ar-7XQ.mp4,air drumming,12,22,train

  Args:
    path: the CSV file. `start` and `end` (seconds) and `split` (train, validation
      or test) may be left out. A file may stand in several rows, as several clips.
      Without test videos, those of `validation` are the test list, as Kinetics is
      used; without either, a share of the training videos is.
    videos: folder that paths start from; None for the folder of the CSV file.
    masks: folder of a file 'name.json' for every 'name.mp4', in folders as the
      videos or all in one; None to store no masks.
    verdicts, validation, seed: as in `from_ucf101`.
    test: how many groups to hold out for the test list, as `validation`; None for
      `TEST_SHARE` where the file names no other, 0 for no test list.
    labels: file of class names, a line each; None for the sorted ones of the CSV.

  Returns:
    A `DataSet`; a clip is called 'label/name.mp4', 'label/name_start-end.mp4' if cut.

  Raises:
    UserError: a folder or file cannot be used; the message names the line.
  """
  videos = os.path.dirname(path) if videos is None else videos
  _check_folders(videos=videos or '.', masks=masks)
  rows = list(_read_csv(path))
  label_names = _label_names({row['label'] for _, row in rows}, labels, path)
  items, subsets, lines = [], {}, {}
  for number, row in rows:
    start, end = _part(row, f'{path}:{number}')
    name = _clip_name(row['path'], row['label'], start, end)
    if name in lines:
      raise SourceError(
        f'{path}:{number}: {row["path"]} stands in the file twice, as {name}; '
        f'the other is line {lines[name]}'
      )
    lines[name] = number
    items.append(
      _Item(
        name,
        os.path.join(videos, row['path']),
        row['path'],
        label_names.index(row['label']),
        start,
        end,
      )
    )
    subsets[name] = _subset(row, f'{path}:{number}')
  return _split(items, subsets, label_names, masks, verdicts, validation, test, seed)


def from_folders(
  videos, masks=None, verdicts=None, validation=None, test=None, seed=0, labels=None
):
  """A data set of class folders, 'videos/Class/name.mp4'.

  They may lie in folders train, validation and test: 'videos/train/Class/name.mp4'.

  Args:
    videos: the folder.
    masks, verdicts, validation, test, seed, labels: as in `from_csv`.

  Returns:
    A `DataSet`; a video is called 'Class/name.mp4'.

  Raises:
    UserError: a folder or file cannot be used.
  """
  _check_folders(videos=videos, masks=masks)
  tops = _folders(videos)
  if tops and all(name in _SUBSETS for name in tops):
    found = [
      (_SUBSETS[top], os.path.join(top, name))
      for top in tops
      for name in _folders(os.path.join(videos, top))
    ]
  else:
    found = [('train', name) for name in tops]
  label_names = _label_names({os.path.basename(folder) for _, folder in found}, labels, videos)
  items, subsets = [], {}
  for subset, folder in found:
    label = os.path.basename(folder)
    for name in sorted(os.listdir(os.path.join(videos, folder))):
      if os.path.splitext(name)[1].lower() not in video_files.SUFFIXES or name.startswith('.'):
        continue
      path = f'{label}/{name}'
      if path in subsets:
        raise SourceError(
          f'{videos}: expected videos of different names; {path} lies both in '
          f'{subsets[path]} and in {subset}'
        )
      items.append(_Item(path, os.path.join(videos, folder, name), path, label_names.index(label)))
      subsets[path] = subset
  if not items:
    raise SourceError(
      f'{videos}: expected class folders of video files '
      f'({", ".join(video_files.SUFFIXES)}); found none'
    )
  return _split(items, subsets, label_names, masks, verdicts, validation, test, seed)


def write_lists(data, output):
  """Writes the lists of a `DataSet` beside its records, in place of those that lie there."""
  folder = os.path.join(output, splits.LISTS)
  os.makedirs(folder, exist_ok=True)
  for name, content in data.lists.items():
    with files.replacing(os.path.join(folder, name)) as temporary, open(temporary, 'wb') as f:
      f.write(content)
  for name in os.listdir(folder):
    if name.endswith('.txt') and name not in data.lists:
      os.remove(os.path.join(folder, name))


# === What the three have in common ===


def _check_folders(**folders):
  for what, folder in folders.items():
    if folder is not None and not os.path.isdir(folder):
      raise SourceError(f'`{what}` must be a folder; received {folder}')


def _folders(folder):
  return sorted(
    entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith('.')
  )


def _label_names(found, labels, where):
  """The classes in order: sorted, or those of the file `labels`, which must hold all."""
  bad = [
    name
    for name in found
    if not name
    or '/' in name
    or name.split('\n')[0] != name
    or '\t' in name
    or '\0' in name
    or name != name.strip()
  ]
  if bad:
    raise SourceError(f'{where}: expected class names that can name a folder; found {bad[0]!r}')
  if labels is None:
    return tuple(sorted(found))
  try:
    with open(labels) as f:
      names = tuple(line.strip() for line in f if line.strip())
  except (OSError, UnicodeDecodeError) as e:
    raise SourceError(f'{labels}: expected a text file of class names; {e}') from e
  if len(set(names)) != len(names):
    raise SourceError(f'{labels}: expected every class once')
  unknown = sorted(found - set(names))
  if unknown:
    raise SourceError(f'{where}: expected classes of {labels}; found {", ".join(unknown[:5])}')
  return names


def _split(items, subsets, label_names, masks, verdicts, validation, test, seed):
  """A `DataSet` of items whose subsets are known, after holding out what has none."""
  lists = {
    subset: {item.path: item.label for item in items if subsets[item.path] == subset}
    for subset in ucf101.SUBSETS
  }
  groups = {item.path: item.name for item in items}
  notes = []
  if test is not None and lists['test']:
    raise SourceError(
      f'expected no test videos in the data set, since --test={test:g} is to hold '
      f'some out; found {len(lists["test"])}'
    )
  if validation is not None and lists['validation']:
    raise SourceError(
      f'expected no validation videos in the data set, since --validation='
      f'{validation:g} is to hold some out; found {len(lists["validation"])}'
    )
  if not lists['test'] and test is None and lists['validation']:
    lists['test'], lists['validation'] = lists['validation'], {}
    notes.append(
      f'the data set names no test videos: its {len(lists["test"])} validation videos '
      'are the test list'
    )
  elif not lists['test'] and test != 0:
    lists['train'], lists['test'] = hold_out.split(
      lists['train'], groups, TEST_SHARE if test is None else test, seed
    )
    if test is None:
      notes.append(
        f'the data set names no test videos: {len(lists["test"])} of '
        f'{len(items)} were drawn for the test list (--test, --split_seed)'
      )
  if validation is not None:
    lists['train'], lists['validation'] = hold_out.split(lists['train'], groups, validation, seed)
  contents = {
    ucf101.list_name(subset, 1): ucf101.format_list(listed)
    for subset, listed in lists.items()
    if listed
  }
  contents['classInd.txt'] = ucf101.format_classes(label_names)
  return _data_set(items, label_names, contents, masks, verdicts, notes)


def _data_set(items, label_names, contents, masks, verdicts, notes=()):
  """Finds the masks and verdicts of items."""
  judged = {} if verdicts is None else verdicts_lib.read(verdicts)
  originals = verdicts_lib.originals(judged)
  stems = collections.Counter(video_files.stem(name) for name in {item.name for item in items})
  sources = []
  for item in sorted(items, key=lambda item: item.path):
    sources.append(
      encode_video.VideoSource(
        item.path,
        item.file,
        item.label,
        None if masks is None else _mask_file(masks, item, stems[video_files.stem(item.name)] == 1),
        not originals.isdisjoint((item.path, item.name)),
        item.start,
        item.end,
      )
    )
  unknown = sorted(judged.keys() - {item.path for item in items} - {item.name for item in items})
  if unknown:
    notes = (
      *notes,
      f'{verdicts}: {len(unknown)} verdicts are on videos that are not in the data '
      f'set, such as {unknown[0]}',
    )
  without = () if masks is None else tuple(s.path for s in sources if s.masks is None)
  return DataSet(
    tuple(sources), tuple(label_names), contents, without, verdicts is not None, tuple(notes)
  )


def _mask_file(masks, item, unique):
  names = [os.path.splitext(item.name)[0]]
  if unique:  # else it could be another video's
    names.append(video_files.stem(item.name))
  for name in names:
    path = os.path.join(masks, f'{name}.json')
    if os.path.exists(path):
      return path
  return None


# === CSV ===


def _read_csv(path):
  """Yields (line number, row) of a CSV file that has paths and labels."""
  try:
    with open(path, newline='', encoding='utf-8-sig') as f:
      rows = csv.DictReader(f)
      missing = [name for name in ('path', 'label') if name not in (rows.fieldnames or ())]
      if missing:
        raise SourceError(
          f'{path}: expected a CSV file with the columns path, label and perhaps '
          f'start, end, split; {" and ".join(missing)} is missing'
        )
      empty = True
      for row in rows:
        empty = False
        if not row['path'] or not row['label'] or None in row:
          raise SourceError(
            f'{path}:{rows.line_num}: expected a path and a label; '
            f'found {row["path"]!r}, {row["label"]!r}'
            + (' and more fields than columns' if None in row else '')
          )
        yield rows.line_num, {key: (value or '').strip() for key, value in row.items()}
      if empty:
        raise SourceError(f'{path}: expected a row a video; found none')
  except (OSError, UnicodeDecodeError, csv.Error) as e:
    raise SourceError(f'{path}: expected a CSV file of videos; {e}') from e


def _part(row, where):
  times = []
  for name in ('start', 'end'):
    text = row.get(name, '')
    try:
      times.append(float(text) if text else None)
    except ValueError as e:
      raise SourceError(f'{where}: expected seconds as {name}; found {text!r}') from e
  start, end = times
  begin = 0.0 if start is None else start
  if not (0 <= begin < (math.inf if end is None else end)) or end == math.inf:
    raise SourceError(
      f'{where}: expected 0 <= start < end; found {row.get("start", "")!r} and '
      f'{row.get("end", "")!r}'
    )
  return start, end


def _subset(row, where):
  text = row.get('split', '')
  if not text:
    return 'train'
  if text.lower() not in _SUBSETS:
    raise SourceError(f'{where}: expected train, validation or test as split; found {text!r}')
  return _SUBSETS[text.lower()]


def _clip_name(path, label, start, end):
  """'label/name.mp4', with folders other than the label's as part of the name."""
  name = os.path.normpath(path).removeprefix(f'{label}/').lstrip('./').replace('/', '__')
  if start is not None or end is not None:
    stem, extension = os.path.splitext(name)
    name = (
      f'{stem}_{0 if start is None else start:g}-{"end" if end is None else f"{end:g}"}{extension}'
    )
  return f'{label}/{name}'
