"""The flag --beam_options: of commands whose work Apache Beam may spread over a cluster."""

import shlex

from absl import flags

from i3d_tf.common import errors


def define() -> None:
  """Defines the flag; `options` reads it."""
  flags.DEFINE_string(
    'beam_options',
    None,
    'Let workers of Apache Beam do the work, with these flags in one string, for example on a '
    'cluster: --beam_options="--runner=FlinkRunner --flink_master=host:8081".',
  )


def options() -> tuple[str, ...]:
  """The flags for Beam, none by default.

  Raises:
    UserError: a quotation does not end.
  """
  text = flags.FLAGS.beam_options
  try:
    return tuple(shlex.split('' if text is None else text))
  except ValueError as e:
    raise errors.UserError(
      f'expected --beam_options as a shell takes them; received {text} ({e})'
    ) from e
