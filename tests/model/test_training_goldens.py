"""A training step against the original's loss, statistics and gradients, in every mode."""

import os
import subprocess
import sys

import pytest

from tests import training_reference


@pytest.mark.parametrize('mode', list(training_reference.MODES))
def test_a_training_step_is_the_originals(mode):
  training_reference.check(mode)


def test_a_training_step_is_the_originals_without_onednn():
  done = subprocess.run(
    [sys.executable, '-m', 'tests.training_reference', 'eager', 'graph'],
    capture_output=True,
    text=True,
    env={**os.environ, 'TF_ENABLE_ONEDNN_OPTS': '0'},
    check=False,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.split() == ['eager:', 'right', 'graph:', 'right']
