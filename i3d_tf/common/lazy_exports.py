"""Names that a package hands on from its modules, imported when they are first asked for.

`from i3d_tf.model import InceptionI3D` works, and yet a module beside it that needs no Keras
(`i3d_tf.model.architecture`) is imported without it.
"""

from collections.abc import Callable, Mapping
import importlib
from typing import Any


def of(package: str, exports: Mapping[str, str]) -> Callable[[str], Any]:
  """A module-level `__getattr__` (PEP 562) for a package.

  Args:
    package: its name.
    exports: a dict from name to the module of the package that defines it.
  """

  def get(name: str) -> Any:
    if name not in exports:
      raise AttributeError(f'module {package!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{package}.{exports[name]}'), name)

  return get
