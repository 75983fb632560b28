"""Files and folders of data sets, for the tests of their readers."""

import os
import tempfile

from i3d_tf.records import ucf101


def touch(folder, *paths):
  """Makes empty files, and their folders."""
  for path in paths:
    os.makedirs(os.path.dirname(folder / path), exist_ok=True)
    (folder / path).touch()


def write(path, text):
  """Writes a text file; returns its path as a string."""
  path.write_text(text)
  return str(path)


def read_list(data, name):
  """A list of a data set, as the reader of records sees it: a dict from path to class."""
  names = list(data.label_names)
  with tempfile.NamedTemporaryFile() as f:
    f.write(data.lists[name])
    f.flush()
    return {path: names[label] for path, label in ucf101.read_list(f.name, names).items()}
