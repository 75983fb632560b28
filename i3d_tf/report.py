"""Makes the paper's tables and figures, and the statistics it lacks, from result files alone.

    python -m i3d_tf.report --run_dir=paper

Then open paper/report/index.html. Next to it are, for a paper of your own, tables as CSV
and LaTeX (booktabs), figures as SVG and PNG, and videos.csv: one row per video and
condition, from which every number can be recomputed.
"""

from flags import report as report_flags
from i3d_tf.common import cli


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = report_flags.options()
  from i3d_tf.reporting import report

  return report.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  report_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
