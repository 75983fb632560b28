"""A Python function as a classifier, named 'module:function'.

The function takes float32 clips and returns logits or probabilities [B, N]. What it takes and what
its classes are it may say itself, as attributes:

    def classify(clips):  # [B, T, 112, 112, 3] from 0 to 1
      ...

    classify.class_names = ['archery', 'bowling']
    classify.size = 112
    classify.value_range = (0, 1)

The attributes `frames`, `rate` and `layout` are as in `protocol.ClipForm`.
"""

import dataclasses
import importlib
import os
import sys
from typing import Any

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors

_ATTRIBUTES = ('frames', 'size', 'rate', 'value_range', 'layout')


def open_function(options: discovery.ClassifierOptions) -> protocol.Classifier:
  """Imports a function from a module, also one in the current folder.

  Raises:
    UserError: there is no such function, or it does not say what clips it takes.
  """
  function = _imported(options.source)
  said: dict[str, Any] = {
    name: getattr(function, name, None) for name in _ATTRIBUTES if getattr(options, name) is None
  }
  options = dataclasses.replace(options, **said)
  size = None if options.size is None else int(options.size)
  layout = 'BTHWC' if options.layout is None else options.layout
  extents: dict[str, Any] = {'B': None, 'T': options.frames, 'H': size, 'W': size, 'C': 3}
  options = dataclasses.replace(options, layout=layout)
  form = discovery.clip_form(options, [extents[axis] for axis in layout])
  names = getattr(function, 'class_names', None)
  if options.labels is not None or names is None:
    names = discovery.class_names(options, None)
  file = getattr(sys.modules[options.source.partition(':')[0]], '__file__', None)
  content = f'{options.source} {"" if file is None else fingerprints.of_files([file])}'
  note = f'{options.source}: Python function, {len(names)} classes'
  return protocol.Classifier(options.source, tuple(names), form, function, (note,), content)


def _imported(source: str) -> Any:
  module_name, _, name = source.partition(':')
  if os.getcwd() not in sys.path:
    sys.path.insert(0, os.getcwd())
  try:
    function = getattr(importlib.import_module(module_name), name, None)
  except Exception as e:  # Whatever the module raises.
    reason = (str(e).splitlines() or [''])[0]
    raise errors.UserError(
      f'{source}: {module_name} cannot be imported: {type(e).__name__}: {reason}'
    ) from e
  if not callable(function):
    raise errors.UserError(f'{source}: expected a function {name} in {module_name}; found none')
  return function
