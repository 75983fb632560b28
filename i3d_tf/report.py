"""Makes the paper's tables and figures, and the statistics it lacks, from result files alone.

    python -m i3d_tf.report --run_dir=paper

Then open paper/report/index.html. Beside it lie, for a paper of one's own, tables as CSV
and LaTeX (booktabs), figures as SVG and PNG, and videos.csv, a row a video and condition,
from which every number can be recomputed.
"""

import sys

from absl import flags

from flags import report as report_flags
from i3d_tf.common import cli
from i3d_tf.reporting import report as report_lib
from i3d_tf.reporting import table


def show(path, report):
  """Prints what `report_lib.make` made; returns the number of results that it could not use."""
  for row in report.tables.rows.rows:
    accuracy = table.text(row.get('accuracy'), 'percent')
    bounds = table.text((row.get('accuracy_low'), row.get('accuracy_high')), 'percent_range')
    print(f'{row["row"]:<16}{accuracy:>7}   {bounds}')
  for sentence in report.sentences:
    print(sentence)
  print(f'open {path}')
  for problem in report.paper.problems:
    print(f'cannot be used: {problem}', file=sys.stderr)
  return len(report.paper.problems)


def main():
  values = flags.FLAGS
  unusable = show(
    *report_lib.make(
      values.run_dir,
      report_flags.output(),
      examples=values.examples,
      draws=values.draws,
      seed=values.seed,
    )
  )
  if unusable:
    return cli.fail(
      f'{unusable} result files cannot be used; the report is of the others', status=1
    )
  return 0


if __name__ == '__main__':
  report_flags.define()
  cli.run(main)
