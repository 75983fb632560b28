"""A SavedModel of TensorFlow 2 as a classifier: one that `export` made, or anybody's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.model import architecture
from i3d_tf.model import tensor_float

# The signatures that are tried: the network input of `export`, then TensorFlow's usual one.
_SIGNATURES = ('clip', 'serving_default')
_OUTPUTS = ('logits', 'probabilities')


def open_saved_model(options: discovery.ClassifierOptions) -> protocol.Classifier:
  """Opens the folder of a SavedModel.

  Raises:
    UserError: it cannot be loaded, has no signature that takes clips and gives logits, or does
      not say what clips it takes.
  """
  tensor_float.turn_off()  # An exported network answers as the one that it was made of.
  try:
    model = tf.saved_model.load(options.source)
  except Exception as e:  # Damaged files and unknown operations raise many things.
    reason = (str(e).splitlines() or [type(e).__name__])[0]
    raise errors.UserError(f'{options.source}: expected a SavedModel; {reason}') from e
  name, signature = _signature(options, model.signatures)
  argument, spec = _input(options, name, signature)
  output, count = _output(options, name, signature)
  shape = [spec.shape[i] for i in range(spec.shape.rank)] if spec.shape.rank is not None else []
  ours = name == 'clip' and 'classes' in model.signatures
  if ours:  # Its documentation says the rest: `inference.serving`.
    form = protocol.ClipForm(
      shape[2], min_frames=architecture.MIN_FRAMES, channels=shape[4], batch=shape[0]
    )
  else:
    form = discovery.clip_form(options, shape, np.dtype(spec.dtype.as_numpy_dtype))
  if ours and options.labels is None:
    found = model.signatures['classes']()['classes'].numpy()
    names = tuple(label.decode() for label in found)
  else:
    names = discovery.class_names(options, count)

  def ask(clips: np.ndarray) -> np.ndarray:
    clips = np.rint(clips) if spec.dtype.is_integer else clips
    return signature(**{argument: tf.cast(clips, spec.dtype)})[output].numpy()

  # Keeps the model: its variables go when it does.
  ask.model = model  # type: ignore[attr-defined]
  note = f'{options.source}: SavedModel, signature {name}, {len(names)} classes'
  content = f'{name} {output} {fingerprints.of_files([options.source])}'
  return protocol.Classifier(options.source, names, form, ask, (note,), content)


def _signature(
  options: discovery.ClassifierOptions, signatures: Any
) -> tuple[str, Callable[..., Any]]:
  found = ', '.join(sorted(signatures)) or 'none'
  wanted = _SIGNATURES if options.signature is None else (options.signature,)
  name = next((name for name in wanted if name in signatures), None)
  if name is None:
    raise errors.UserError(
      f'{options.source}: expected the signature {" or ".join(wanted)}; found {found}. '
      '--classifier_signature names another'
    )
  return name, signatures[name]


def _input(
  options: discovery.ClassifierOptions, name: str, signature: Any
) -> tuple[str, tf.TensorSpec]:
  """(name of the argument, what it is)."""
  arguments = signature.structured_input_signature[1]
  if len(arguments) != 1:
    raise errors.UserError(
      f'{options.source}: expected a signature with one input, clips; {name} has '
      f'{", ".join(sorted(arguments)) or "none"}'
    )
  return next(iter(arguments.items()))


def _output(
  options: discovery.ClassifierOptions, name: str, signature: Any
) -> tuple[str, int | None]:
  """(name of the output with the logits, number of classes or None)."""
  outputs = signature.structured_outputs
  chosen = [key for key in _OUTPUTS if key in outputs] or list(outputs)
  if len(chosen) > 1 and chosen[0] not in _OUTPUTS:
    raise errors.UserError(
      f'{options.source}: expected one output, or one called logits; {name} gives '
      f'{", ".join(sorted(outputs))}'
    )
  shape = outputs[chosen[0]].shape
  if shape.rank not in (None, 2):
    raise errors.UserError(
      f'{options.source}: expected an output [B, N] of logits; {chosen[0]} is {shape}'
    )
  return chosen[0], None if shape.rank is None else shape[1]
