"""Converts published I3D weights to a Keras file.

Example:

    python -m tools.convert_weights --weights=rgb_imagenet --output=rgb.weights.h5

Reads DeepMind's checkpoints (Kinetics-400 and Kinetics-600), TF-Slim's Inception-v1
(ImageNet, 2-D, which becomes 3-D by repeating it over time), the state dicts of the
PyTorch ports (.pt, .pth) and this project's Keras files; it recognizes them by their
content. Prints what was taken and what was not. For another number of classes, use
--num_classes=101 --new_head.
"""

from flags.tools import conversion
from i3d_tf.common import cli


def main() -> int:
  """Checks the flags and converts the weights; returns the exit status."""
  arguments = conversion.arguments()
  from i3d_tf.weights import convert

  print(convert.convert(**arguments))
  print(f'{arguments["output"]}: written')
  return 0


def run() -> None:
  """The command."""
  conversion.define()
  cli.run(main)


if __name__ == '__main__':
  run()
