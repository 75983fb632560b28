"""Tests a trained network, under one or several masks in one pass over the data.

Example:

    python -m i3d_tf.evaluate --run_dir=runs/1b --eval_masks=none,background,activity
"""

from flags import evaluation as evaluation_flags
from i3d_tf.common import cli


def main() -> int:
  arguments = evaluation_flags.arguments()
  from i3d_tf.inference import evaluation

  return evaluation.evaluate_and_print(**arguments)


if __name__ == '__main__':
  evaluation_flags.define()
  cli.run(main)
