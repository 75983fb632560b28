"""Imports that take no longer than they must."""

from collections.abc import Callable, Iterable, Iterator, Mapping
import contextlib
import importlib
import sys
from typing import Any

# TensorFlow's own tries; Keras needs JAX where it is its backend.
_OF_TENSORFLOW = ('jax', 'matplotlib', 'pandas', 'sklearn')
_OF_KERAS = ('matplotlib', 'pandas', 'sklearn')


def lazy_exports(package: str, exports: Mapping[str, str]) -> Callable[[str], Any]:
  """Makes the module-level `__getattr__` (PEP 562) of a package that re-exports names.

  They are imported on first use: `from i3d_tf.model import InceptionI3D` works, and yet
  `i3d_tf.model.architecture`, which needs no Keras, can be imported without it.

  Args:
    package: the name of the package.
    exports: a dict from each name to the module within the package that defines it.
  """

  def get(name: str) -> Any:
    if name not in exports:
      raise AttributeError(f'module {package!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{package}.{exports[name]}'), name)

  return get


def tensorflow() -> None:
  """Imports TensorFlow and Keras, without what they import only to see whether it is there.

  Where other packages are installed, `import keras` also imports scikit-learn (for wrappers of
  estimators) and with it pandas and SciPy, and TensorFlow imports JAX (for its TFLite converter).
  No command uses these through TensorFlow or Keras, and they are half of the time of the import.
  Afterwards everything can be imported as ever; only TensorFlow and Keras took it for absent.

  Commands call this before they import what imports TensorFlow.
  """
  for module, without in (('tensorflow', _OF_TENSORFLOW), ('keras', _OF_KERAS)):
    with _hidden(without):
      importlib.import_module(module)


@contextlib.contextmanager
def _hidden(names: Iterable[str]) -> Iterator[None]:
  """Lets imports of packages fail that are not imported yet, as if they were not installed."""
  hidden = [name for name in names if name not in sys.modules]
  modules: dict[str, Any] = dict.fromkeys(hidden)  # None stands for a module that is not there
  sys.modules.update(modules)
  try:
    yield
  finally:
    for name in hidden:
      sys.modules.pop(name, None)
