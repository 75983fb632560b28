"""What can be found out about a network from the shape and type of its input, and what was said.

Needs no TensorFlow.
"""

from collections.abc import Sequence
import dataclasses

import numpy as np

from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.weights.published import label_maps

Shape = Sequence[int | None]


@dataclasses.dataclass(frozen=True)
class ClassifierOptions:
  """A classifier, and what the user says of it; None for what is to be discovered.

  Attributes:
    source: a run, weights, a SavedModel, a .keras or .onnx file, or module:function.
    labels: file of class names, or one of `label_maps.BUILT_IN`.
    signature: of a SavedModel.
    frames, size, rate, layout: as in `protocol.ClipForm`.
    value_range: the values of black and of white.
    precision: in which I3D computes, one of `run_settings.PRECISIONS`; other networks have
      their own.
  """

  source: str
  labels: str | None = None
  signature: str | None = None
  frames: int | None = None
  size: int | None = None
  rate: float | None = None
  value_range: tuple[float, float] | None = None
  layout: str | None = None
  precision: str | None = None


def clip_form(
  options: ClassifierOptions, shape: Shape, dtype: np.dtype | str | None = None
) -> protocol.ClipForm:
  """The clips that a network takes.

  Args:
    options: what the user says of it.
    shape: of its input, with None for what is free.
    dtype: of its input; uint8 has the range from 0 to 255.

  Raises:
    UserError: something can neither be discovered nor was said, or contradicts the shape; the
      message names the flag.
  """
  source = options.source
  if len(shape) != 5:
    raise errors.UserError(
      f'{source}: expected an input of 5 axes, clips of a batch; found {_text(shape)}'
    )
  layout = _layout(options, shape)
  axes = dict(zip(layout, shape))
  size = _agreed(source, '--classifier_size', axes['H'], options.size)
  frames = _agreed(source, '--classifier_frames', axes['T'], options.frames)
  if size is None:
    raise _unknown(source, shape, 'the height and width of its frames', '--classifier_size=224')
  if axes['W'] not in (None, size):
    raise errors.UserError(f'{source}: expected square frames; found {_text(shape)}')
  value_range = options.value_range
  if value_range is None:
    if dtype is None or np.dtype(dtype) != np.uint8:
      raise _unknown(
        source, shape, 'the values of black and of white', '--classifier_range=-1,1 (or 0,1)'
      )
    value_range = (0, 255)
  return protocol.ClipForm(
    size,
    frames,
    rate=protocol.RATE if options.rate is None else options.rate,
    low=value_range[0],
    high=value_range[1],
    channels=3 if axes['C'] is None else axes['C'],
    layout=layout,
    batch=axes['B'],
  )


def class_names(options: ClassifierOptions, count: int | None) -> tuple[str, ...]:
  """The class names that the user gives.

  Args:
    options: what the user says.
    count: number of logits; None if it is not known, and the names say it.

  Raises:
    UserError: they cannot be read, or their number is not that of the logits.
  """
  if options.labels is None:
    if count is None:
      raise errors.UserError(
        f'{options.source}: does not say how many classes it has; expected --labels, a file of '
        'class names'
      )
    return tuple(f'class {i}' for i in range(count))
  return tuple(label_maps.read(options.labels, count))


def _layout(options: ClassifierOptions, shape: Shape) -> str:
  """The layout: the one that has 3 or 2 channels where the shape says so."""
  if options.layout is not None:
    return options.layout
  fitting = [layout for layout in protocol.LAYOUTS if dict(zip(layout, shape))['C'] in (2, 3)]
  if len(fitting) != 1:
    raise _unknown(
      options.source, shape, 'which of its axes are the channels', '--classifier_layout=BTHWC'
    )
  return fitting[0]


def _agreed(source: str, flag: str, found: int | None, said: int | None) -> int | None:
  if found is not None and said not in (None, found):
    raise errors.UserError(f'{source}: takes {found}; received {flag}={said}')
  return said if found is None else found


def _unknown(source: str, shape: Shape, what: str, flag: str) -> errors.UserError:
  return errors.UserError(
    f'{source}: its input, {_text(shape)}, does not say {what}; expected {flag}'
  )


def _text(shape: Shape) -> str:
  return f'[{", ".join("?" if n is None else str(n) for n in shape)}]'
