"""Measures FVD, the Fréchet Video Distance of two sets of videos.

Example:

    python -m tools.fvd --real=real --generated=generated --resize=google

A set is a folder of videos, a folder with a folder of frames for each video, or a .npy
or .npz file of videos (uint8 [N, T, H, W, 3]) or of features [N, D]. Each video gives
its first clip of --length frames, or several with --stride, at the rate of the file.
The network is rgb_scratch, which defines FVD; before it answers, it must give the
published number for black against white clips. Features are kept in --output: an
interrupted call resumes, and a set is computed once for several comparisons.
"""

from flags.tools import fvd as fvd_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Checks the flags and measures; returns the exit status."""
  options = fvd_flags.options()
  light_imports.tensorflow()
  from i3d_tf.fvd import measure

  return measure.run(options)


def run() -> None:
  """The command."""
  fvd_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
