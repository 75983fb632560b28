"""tools.lint: what it runs finds what is wrong, and the project itself is clean."""

import subprocess
import sys

import pytest

from tests import commands
from tools import lint

_SETTINGS = '[tool.ruff.lint]\nselect = ["F"]\n[tool.mypy]\nfiles = ["module.py"]\n'
_SOURCES = {
  'clean': ('x = 1\n', []),
  'unused import': ('import os\n', ['ruff check .']),
  'format': ('x = 1;\n', ['ruff format --check .']),
  'types': ('def f(x: int) -> str:\n    return x\n', ['mypy']),
}


@pytest.mark.parametrize('source, wrong', _SOURCES.values(), ids=_SOURCES)
def test_each_check_finds_what_it_is_for(tmp_path, source, wrong):
  (tmp_path / 'pyproject.toml').write_text(_SETTINGS)
  (tmp_path / 'module.py').write_text(source)
  assert lint.check(tmp_path) == wrong


def test_help():
  done = subprocess.run(
    [sys.executable, '-m', 'tools.lint', '--help'], capture_output=True, text=True, check=False
  )
  assert 'Checks the form of the code' in done.stdout and '--[no]fix' in done.stdout


def test_leftover_arguments_are_refused(tmp_path):
  assert 'expected flags only' in commands.error('tools.lint', 'fix', cwd=tmp_path)
