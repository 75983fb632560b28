"""Exports a published or a trained network as a SavedModel, or to TFLite.

Examples:

    python -m i3d_tf.export --run_dir=runs/3b --output=saved_model
    python -m i3d_tf.export --weights=rgb_imagenet --output=models/i3d/1

Plain TensorFlow loads it, without this project, and TensorFlow Serving serves it. Its
default signature takes raw uint8 frames of any size and does the resizing, cropping
and scaling itself:

    served = tf.saved_model.load('saved_model').signatures
    served['serving_default'](frames=frames)          # 'logits', 'probabilities'
    served['background'](frames=frames, masks=masks)  # of the person alone
    served['classes']()['classes']                    # their names
"""

from flags import export as export_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  arguments = export_flags.arguments()
  light_imports.tensorflow()
  from i3d_tf.inference import serving

  return serving.export(**arguments)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  export_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
