"""Names that a package re-exports: imported on first use, and only those."""

import sys
import textwrap

import pytest


@pytest.fixture
def package(tmp_path, monkeypatch):
  """A package that re-exports `answer` from one of its two modules."""
  folder = tmp_path / 'lazily'
  folder.mkdir()
  (folder / '__init__.py').write_text(
    textwrap.dedent("""
      from i3d_tf.common import lazy_exports
      __getattr__ = lazy_exports.of(__name__, {'answer': 'heavy'})
    """)
  )
  (folder / 'heavy.py').write_text('answer = 42\n')
  (folder / 'light.py').write_text('')
  monkeypatch.syspath_prepend(tmp_path)
  yield
  for name in [name for name in sys.modules if name.split('.')[0] == 'lazily']:
    del sys.modules[name]


def test_a_name_is_imported_when_it_is_used(package):
  from lazily import light  # noqa: F401

  assert 'lazily.heavy' not in sys.modules
  from lazily import answer

  assert answer == 42 and 'lazily.heavy' in sys.modules


def test_other_names_are_attribute_errors(package):
  import lazily

  with pytest.raises(AttributeError, match="module 'lazily' has no attribute 'question'"):
    _ = lazily.question
  assert 'lazily.heavy' not in sys.modules
