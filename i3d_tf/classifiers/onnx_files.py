"""An ONNX file as a classifier, by onnxruntime, which is an optional dependency."""

import os

import numpy as np

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors

_TYPES = {'tensor(float)': np.float32, 'tensor(uint8)': np.uint8, 'tensor(double)': np.float64}


def open_onnx_file(options: discovery.ClassifierOptions) -> protocol.Classifier:
  """Opens an ONNX file.

  Raises:
    UserError: onnxruntime is not installed, or the file cannot be loaded or does not say what
      clips it takes.
  """
  try:
    import onnxruntime
  except ImportError as e:
    raise errors.UserError(
      f'{options.source}: expected onnxruntime, which runs ONNX files; it is not installed '
      '(pip install onnxruntime)'
    ) from e
  settings = onnxruntime.SessionOptions()
  settings.intra_op_num_threads = len(os.sched_getaffinity(0))
  try:
    session = onnxruntime.InferenceSession(
      options.source, settings, providers=['CPUExecutionProvider']
    )
  except Exception as e:  # onnxruntime's exceptions have no common class.
    reason = (str(e).splitlines() or [type(e).__name__])[0]
    raise errors.UserError(f'{options.source}: expected an ONNX file; {reason}') from e
  inputs, outputs = session.get_inputs(), session.get_outputs()
  if len(inputs) != 1:
    raise errors.UserError(
      f'{options.source}: expected one input, clips; found {", ".join(i.name for i in inputs)}'
    )
  output = next((o for o in outputs if o.name in ('logits', 'probabilities')), outputs[0])
  if len(output.shape) != 2:
    raise errors.UserError(
      f'{options.source}: expected an output [B, N] of logits; {output.name} is {output.shape}'
    )
  dtype = _TYPES.get(inputs[0].type)
  if dtype is None:
    raise errors.UserError(
      f'{options.source}: expected an input of {" or ".join(_TYPES)}; found {inputs[0].type}'
    )
  # Free extents are None or have a name.
  shape = [n if isinstance(n, int) else None for n in inputs[0].shape]
  form = discovery.clip_form(options, shape, np.dtype(dtype))
  count = output.shape[1] if isinstance(output.shape[1], int) else None
  names = discovery.class_names(options, count)

  def ask(clips: np.ndarray) -> np.ndarray:
    if dtype == np.uint8:
      clips = np.rint(clips)
    return session.run([output.name], {inputs[0].name: clips.astype(dtype)})[0]

  note = f'{options.source}: ONNX, {len(names)} classes'
  content = fingerprints.of_files([options.source, *_external(options.source)])
  return protocol.Classifier(options.source, names, form, ask, (note,), content)


def _external(path: str) -> list[str]:
  """Files that usually hold the weights of an ONNX file, where they are not in it."""
  return sorted(
    found for suffix in ('.data', '_data') if os.path.isfile(found := f'{path}{suffix}')
  )
