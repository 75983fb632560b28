"""The paper in one command: trains and tests its conditions and the controls, makes the report.

Examples:

    python -m i3d_tf.reproduce                                    # on a demo set that it draws
    python -m i3d_tf.reproduce --records=records --flagfile=flags/ucf101.flags --splits=1,2,3
    python -m i3d_tf.reproduce --conditions=all --dry_run

A network that is already trained, of any kind, is asked the rows that only test:

    python -m i3d_tf.reproduce --classifier=rgb_scratch --class_map=map.csv --records=records
"""

from flags import reproduction as reproduction_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  trial_request = reproduction_flags.trial_request()
  if trial_request is not None:
    light_imports.tensorflow()
    from i3d_tf.experiments import trial

    return trial.run(trial_request)
  request = reproduction_flags.request()
  if not request.dry_run:
    light_imports.tensorflow()
  from i3d_tf.experiments import reproduce_paper

  return reproduce_paper.run(request)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  reproduction_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
