"""Tests a trained network, under one or several masks in one pass over the data.

Example:

    python -m i3d_tf.evaluate --run_dir=runs/1b --eval_masks=none,background,activity

A network that is trained already, of any kind, is tested on records of its classes:

    python -m i3d_tf.evaluate --classifier=rgb_scratch --records=records --output=results
"""

from flags import evaluation as evaluation_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  arguments = evaluation_flags.arguments()
  light_imports.tensorflow()
  if 'options' in arguments:
    from i3d_tf.inference import classifier_evaluation

    return classifier_evaluation.evaluate_and_print(**arguments)
  from i3d_tf.inference import evaluation

  return evaluation.evaluate_and_print(**arguments)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  evaluation_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
