"""Shows where an answer comes from: over the actor, or in the background.

Examples:

    python -m i3d_tf.explain --video=clip.avi --output=clip.mp4
    python -m i3d_tf.explain --weights=rgb_scratch --video=clip.avi --masks=clip.json \\
        --target=predicted,abseiling --picture=clip.png

For each method and class, a map over the clip's space and time: which part of it is inside the
person mask, next to the part of the area that the mask covers. A whole test list gives one row per
video, intervals, and checks that the maps mean something; without videos, that of the demo set:

    python -m i3d_tf.explain --run_dir=runs/1b --output=explained
    python -m i3d_tf.explain --classifier=rgb_scratch --csv=clips.csv --videos=videos \\
        --masks=masks --output=explained
"""

from flags import explanation as explanation_flags
from i3d_tf.common import cli
from i3d_tf.common import light_imports


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = explanation_flags.options()
  light_imports.tensorflow()
  from i3d_tf.attribution import explain

  return explain.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  explanation_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
