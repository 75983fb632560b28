"""Imports: names that wait for their use, and TensorFlow without what nobody asks it for."""

import subprocess
import sys
import textwrap

import pytest

_PACKAGES = ('jax', 'matplotlib', 'pandas', 'sklearn')


@pytest.fixture
def package(tmp_path, monkeypatch):
  """A package that re-exports `answer` from one of its two modules."""
  folder = tmp_path / 'lazily'
  folder.mkdir()
  (folder / '__init__.py').write_text(
    textwrap.dedent("""
      from i3d_tf.common import light_imports
      __getattr__ = light_imports.lazy_exports(__name__, {'answer': 'heavy'})
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


def _run(code):
  answer = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
  return answer.stdout.split()


def test_packages_that_are_only_looked_for_are_not_imported():
  code = f"""
import sys
from i3d_tf.common import light_imports
light_imports.tensorflow()
import keras, tensorflow as tf
from i3d_tf.training import loop
from i3d_tf.inference import prediction, serving
from i3d_tf.classifiers import kinds
print(*(name for name in {_PACKAGES!r} if name in sys.modules), 'tensorflow' in sys.modules)
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
print(*model(tf.ones([4, 3])).shape)
import pandas, sklearn, matplotlib
print(pandas.DataFrame({{'a': [1]}}).shape[0], sklearn.__name__, matplotlib.__name__)
"""
  assert _run(code) == ['True', '4', '2', '1', 'sklearn', 'matplotlib']


def test_what_is_imported_before_stays():
  code = """
import sys, pandas
from i3d_tf.common import light_imports
light_imports.tensorflow()
light_imports.tensorflow()
print(sys.modules['pandas'] is pandas, 'sklearn' in sys.modules)
"""
  assert _run(code) == ['True', 'False']
