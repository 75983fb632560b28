"""Extracts features of videos with a published or a trained network.

Example:

    python -m i3d_tf.extract_features --weights=rgb_imagenet --videos=UCF-101 \\
        --output=features

Each video gets a file of its name: UCF-101/Archery/v_Archery_g01_c01.avi becomes
features/Archery/v_Archery_g01_c01.npz with `features` [windows, 1024] (the last
Inception block, averaged over the window) and `start`, the first frame of each
window at 25 frames a second. --endpoint and --pool choose other features,
--window and --stride other windows; --preset chooses all of these as a network that
reads features expects them. With --weights and --flow_weights, the features of both
networks are joined: [windows, 2048]. With --csv=clips.csv, each row of a list, perhaps
a part of a video, gets a file: features/label/name_start-end.npz. Stopped and called
again, it resumes with the videos that have no file yet.
"""

from flags import features as features_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = features_flags.options()
  light_imports.tensorflow()
  from i3d_tf.inference import extract

  return extract.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  features_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
