"""Runs pytest the way Bazel's test runner expects."""

import os
import sys

import pytest


def main() -> int:
  """Runs pytest on the files named on the command line: its exit status."""
  args = ['-p', 'no:cacheprovider', '-ra', '--rootdir=.']
  if 'XML_OUTPUT_FILE' in os.environ:  # counts for --test_summary
    args.append('--junitxml=' + os.environ['XML_OUTPUT_FILE'])
  if 'TESTBRIDGE_TEST_ONLY' in os.environ:  # bazel test --test_filter=EXPR
    args += ['-k', os.environ['TESTBRIDGE_TEST_ONLY']]
  if 'TEST_TMPDIR' in os.environ:
    # Bazel unsets HOME, and its sandbox makes the real one read-only.
    os.environ['HOME'] = os.environ['TEST_TMPDIR']
    args.append('--basetemp=' + os.path.join(os.environ['TEST_TMPDIR'], 'pytest'))
  status = pytest.main(args + sys.argv[1:])
  if status == pytest.ExitCode.NO_TESTS_COLLECTED and 'TESTBRIDGE_TEST_ONLY' in os.environ:
    return 0  # the filter is for other files
  return int(status)


if __name__ == '__main__':
  sys.exit(main())
