"""Says what a video shows, as a published or a trained network sees it.

Examples:

    python -m i3d_tf.predict --video=clip.avi                  # DeepMind's rgb_scratch
    python -m i3d_tf.predict --weights=rgb_imagenet --video=clip.avi
    python -m i3d_tf.predict --run_dir=runs/1b --video=a.avi,b.mp4

Person or place? The same video is asked about with its background or its people
replaced, and a picture shows what the network saw and said. The people are found by
--segmenter, or are in a file that segmentation.segment made (--masks):

    python -m i3d_tf.predict --video=clip.avi \\
        --mask=none,background,activity --picture=clip.png

--weights and --flow_weights together, or two runs, add their logits (two-stream I3D). A flow
network sees the kind of flow that it was trained on, published weights TV-L1 by OpenCV.
"""

from flags import prediction as prediction_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = prediction_flags.options()
  light_imports.tensorflow()
  from i3d_tf.inference import predict_videos

  return predict_videos.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  prediction_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
