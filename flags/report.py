"""Flags of report."""

import os

from absl import flags

from flags.shared import existing
from i3d_tf.reporting import options as options_lib
from i3d_tf.statistics import resampling


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_string('run_dir', 'paper', 'Folder that reproduce made.')
  flags.DEFINE_string('output', None, 'Folder of the report; by default report in --run_dir.')
  flags.DEFINE_list(
    'examples',
    [],
    'Videos of Figure 3, such as v_Waving_g01_c01; by default one where the person '
    'decides and one where the place does.',
  )
  flags.DEFINE_list(
    'explanations',
    [],
    'For the section "Where it looks": folders that explain wrote (its --output) or CSV files of '
    'lists in them, several with commas; by default the folder "explained" in --run_dir.',
  )
  flags.DEFINE_integer(
    'draws', resampling.DRAWS, 'Draws of bootstrap and permutation tests.', lower_bound=100
  )
  flags.DEFINE_integer('seed', 0, 'Seed of these draws.', lower_bound=0)


def options() -> options_lib.ReportOptions:
  """The flags as options.

  Raises:
    UserError: --run_dir does not exist, or something of --explanations.
  """
  values = flags.FLAGS
  existing.check_path('--run_dir', values.run_dir, 'a folder made by reproduce')
  for path in values.explanations:
    existing.check_path('--explanations', path, 'a folder that explain wrote, or a CSV file in it')
  output = os.path.join(values.run_dir, 'report') if values.output is None else values.output
  return options_lib.ReportOptions(
    values.run_dir,
    output,
    tuple(values.examples),
    values.draws,
    values.seed,
    tuple(values.explanations),
  )
