"""Names that a package re-exports from its modules, imported on first use.

`from i3d_tf.model import InceptionI3D` works, and yet `i3d_tf.model.architecture`, which needs
no Keras, can be imported without it.
"""

from collections.abc import Callable, Mapping
import importlib
from typing import Any


def of(package: str, exports: Mapping[str, str]) -> Callable[[str], Any]:
  """Makes the module-level `__getattr__` (PEP 562) of a package.

  Args:
    package: the name of the package.
    exports: a dict from each name to the module within the package that defines it.
  """

  def get(name: str) -> Any:
    if name not in exports:
      raise AttributeError(f'module {package!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{package}.{exports[name]}'), name)

  return get
