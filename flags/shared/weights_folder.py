"""--weights_dir: where weights that are given by name are kept."""

import os

from absl import flags

from i3d_tf.weights.published import fetch

NAMES_HELP = 'or the name of a release, which is fetched once (i3d_tf/README.md lists them)'


def define() -> None:
  """Defines the flag; `use` reads it."""
  flags.DEFINE_string(
    'weights_dir',
    None,
    "Folder of weights that are given by name; by default i3d_tf/weights in the user's cache "
    f'(${fetch.VARIABLE} does the same).',
  )


def use() -> None:
  """Makes --weights_dir the folder of this process and of those that it starts."""
  if flags.FLAGS.weights_dir is not None:
    os.environ[fetch.VARIABLE] = os.path.abspath(flags.FLAGS.weights_dir)


def source(value: str | None) -> str | None:
  """A value of --weights that holds in every directory: a name, or an absolute path; or None."""
  return value if value is None or fetch.is_name(value) else os.path.abspath(value)
