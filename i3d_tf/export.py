"""Exports a published or a trained network as a SavedModel, or to TFLite.

    python -m i3d_tf.export --run_dir=runs/3b --output=saved_model
    python -m i3d_tf.export --weights=rgb_imagenet/model.ckpt --output=models/i3d/1

Plain TensorFlow loads it, without this project, and TensorFlow Serving serves it. Its
default signature takes raw uint8 frames of any size and does the resizing, cropping
and scaling itself:

    served = tf.saved_model.load('saved_model').signatures
    served['serving_default'](frames=frames)          # 'logits', 'probabilities'
    served['background'](frames=frames, masks=masks)  # of the person alone
    served['classes']()['classes']                    # their names
"""

from i3d_tf.common import cli  # first: it quiets TensorFlow's start

import sys

from absl import flags

from flags import export as export_flags
from flags import network as network_flags
from i3d_tf.inference import serving


def main():
  values = flags.FLAGS
  export_flags.check()
  network, = network_flags.load()
  print('\n'.join(network.notes), file=sys.stderr)
  if values.format == 'tflite':
    serving.write_tflite(network, values.output, values.frames)
    print(f'{values.output}: takes clips of {values.frames} frames')
  else:
    serving.write_saved_model(network, values.output)
    print(f'{values.output}: signatures serving_default, background, activity, clip, classes')
  return 0


if __name__ == '__main__':
  export_flags.define()
  cli.run(main)
