"""Which clips belong together, where their names do not say so: of one file, or of one group."""

import collections
import os

from i3d_tf.records import folders
from i3d_tf.records import provenance
from i3d_tf.records import ucf101

_ALL_CLASSES = 'all'


def beyond_names(source: folders.Records) -> dict[str, str]:
  """The sources of clips whose file has clips under several names: of two labels, or of copies.

  Parts that were cut by hand are told by their names (`ucf101.sources`), others by their files.

  Args:
    source: the records. Those that make_tfrecords did not make say nothing of their files.

  Returns:
    Video -> name of its source, such as 'jog/a+run/a', which is the same for all of its clips.
    Videos whose own name tells their source (`ucf101.source`, `ucf101.group`) are left out; but
    where groups are shared by all classes (`make_tfrecords --shared_groups`), all that name a
    group have it as 'all/g01'.
  """
  of_file: dict[str, list[str]] = collections.defaultdict(list)
  for shard in sorted({entry.shard for entry in source.entries}):
    made_from = provenance.read(os.path.join(source.folder, shard))
    for path, row in ({} if made_from is None else made_from.sources).items():
      if row['video'] is not None and not ucf101.group(path):
        of_file[row['video']['sha256']].append(path)
  named = ucf101.sources(entry.path for entry in source.entries)
  found = {
    path: of for path, of in named.items() if of != ucf101.source(path) and not ucf101.group(path)
  }
  for paths in of_file.values():
    names = sorted({ucf101.source(path) for path in paths})
    if len(names) > 1:
      found.update(dict.fromkeys(paths, '+'.join(names)))
  if source.settings.get('shared_groups'):
    groups = {entry.path: ucf101.group(entry.path) for entry in source.entries}
    found.update({path: f'{_ALL_CLASSES}/{group}' for path, group in groups.items() if group})
  return found
