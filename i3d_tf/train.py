"""Trains I3D under a masking condition, then tests it.

Examples:

    python -m i3d_tf.train --mask=background            # on a demo set that it draws
    python -m i3d_tf.train --records=records --split=1 --mask=activity --run_dir=runs/3b
    python -m i3d_tf.train --records=records --run_dir=runs/1b --strategy=mirrored
"""

from flags import training as training_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  request = training_flags.request()
  light_imports.tensorflow()
  from i3d_tf.experiments import train_and_test

  return train_and_test.run(request)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  training_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
