"""TV-L1 optical flow of many pairs of frames at once, as array code.

Zach, Pock and Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", 2007, with
the steps, parameters and stopping rule of OpenCV's cv2.optflow.DualTVL1OpticalFlow. Results
differ from OpenCV's by hundredths of a pixel on average: sums in another order may end the
iterations of a pair one earlier or later.

One definition serves TensorFlow and JAX, on CPUs and accelerators: it is written with
`keras.ops` and compiled by XLA, once per frame size, which takes seconds. Every pair stops
when it has converged, independently of the rest of its batch.
"""

from collections.abc import Callable
import contextlib
import functools
from typing import Any

import keras
from keras import ops
import numpy as np

from i3d_tf.flow import image_ops

# OpenCV's defaults.
_TAU = 0.25  # step of the dual variables
_LAMBDA = 0.15  # weight of the data term
_THETA = 0.3  # tightness of its coupling to the smoothness term
_SCALES, _SCALE_STEP, _LEAST_SIDE = 5, 0.8, 16
_WARPS, _MEDIANS, _ITERATIONS = 5, 10, 30  # per scale, per warp, per median
_EPSILON = 0.01  # root mean square change, in pixels, below which a pair has converged
_FLAT = np.finfo(np.float32).eps  # lower bound of the squared gradient, which is divided by
# Pairs at once. A CPU's caches hold few pairs, and a single one waits for no other to converge.
_BATCH_ON_CPU, _BATCH_ON_ACCELERATOR = 1, 32


def compute(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """The flow from each first frame to its second frame.

  Args:
    first, second: grey frames [B, H, W]: uint8, or float in [0, 1], as OpenCV takes them.

  Returns:
    float32 [B, H, W, 2], in pixels: horizontal (right is positive), vertical (down).

  Raises:
    ValueError: the frames have another shape or type.
  """
  first, second = np.asarray(first), np.asarray(second)
  _check(first, second)
  batch = batch_size()
  calculate = compiled()
  fields = []
  for start in range(0, len(first), batch):
    pair = [frames[start : start + batch] for frames in (first, second)]
    count = len(pair[0])
    if count < batch:  # only this batch size is compiled; identical frames converge at once
      still = np.repeat(pair[0][:1], batch - count, axis=0)
      pair = [np.concatenate([frames, still]) for frames in pair]
    fields.append(keras.ops.convert_to_numpy(calculate(*pair))[:count])
  return np.concatenate(fields) if fields else np.zeros((*first.shape, 2), np.float32)


def batch_size() -> int:
  """How many pairs `compute` works on at once."""
  return _BATCH_ON_CPU if device() == 'cpu' else _BATCH_ON_ACCELERATOR


def use_threads(number: int) -> None:
  """Sets the number of TensorFlow's CPU threads; has no effect once TensorFlow is running."""
  if keras.backend.backend() == 'tensorflow':
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
      tf.config.threading.set_intra_op_parallelism_threads(number)
      for gpu in tf.config.list_physical_devices('GPU'):
        tf.config.experimental.set_memory_growth(gpu, True)  # several processes may share it


def device() -> str:
  """The device of Keras's backend: 'cpu', 'gpu' or 'tpu'."""
  if keras.backend.backend() == 'jax':
    import jax

    return jax.default_backend()
  import tensorflow as tf

  kinds = {found.device_type for found in tf.config.list_logical_devices()}
  return next((kind.lower() for kind in ('GPU', 'TPU') if kind in kinds), 'cpu')


@functools.cache
def compiled() -> Callable[[Any, Any], Any]:
  """`flow` as one compiled function of Keras's backend.

  Raises:
    ValueError: the backend is neither TensorFlow nor JAX.
  """
  backend = keras.backend.backend()
  if backend == 'jax':
    import jax

    return jax.jit(flow)
  if backend == 'tensorflow':
    import tensorflow as tf

    return tf.function(flow, jit_compile=True, autograph=False)
  raise ValueError(f"Keras's backend must be tensorflow or jax for this TV-L1; received {backend}")


def _check(first: np.ndarray, second: np.ndarray) -> None:
  """Raises a `ValueError` unless frames are as `compute` takes them."""
  if first.ndim != 3 or first.shape != second.shape or min(first.shape[1:], default=0) < 3:
    raise ValueError(
      'frames must be two stacks [B, H, W] of one shape, 3 pixels high and wide at '
      f'least; received {list(first.shape)} and {list(second.shape)}'
    )
  if first.dtype != second.dtype or not (
    first.dtype == np.uint8 or np.issubdtype(first.dtype, np.floating)
  ):
    raise ValueError(
      f'frames must both be uint8, or both float; received {first.dtype} and {second.dtype}'
    )


# === The algorithm, on arrays of Keras's backend ===


def sizes(height: int, width: int) -> list[tuple[int, int]]:
  """The sizes (height, width) of the scales, the finest first."""
  found = [(height, width)]
  while len(found) < _SCALES:
    height, width = (round(side * _SCALE_STEP) for side in found[-1])
    if min(height, width) < _LEAST_SIDE:
      break
    found.append((height, width))
  return found


def flow(first: Any, second: Any) -> Any:
  """Like `compute`, but on arrays of Keras's backend and on all pairs at once."""
  unit = 1 if keras.backend.standardize_dtype(first.dtype) == 'uint8' else 255
  pyramid = [[ops.cast(frames, 'float32') * unit for frames in (first, second)]]
  scales = sizes(*first.shape[1:])
  for size in scales[1:]:
    pyramid.append(
      [image_ops.resize(frames, *size, step=1 / _SCALE_STEP) for frames in pyramid[-1]]
    )
  u = v = ops.zeros_like(pyramid[-1][0])
  for finer, frames in reversed(list(zip([None, *scales], pyramid))):
    u, v = _one_scale(frames[0], frames[1], u, v)
    if finer is not None:
      u, v = (image_ops.resize(part, *finer) * (1 / _SCALE_STEP) for part in (u, v))
  return ops.stack([u, v], axis=-1)


def _one_scale(first: Any, second: Any, u: Any, v: Any) -> tuple[Any, Any]:
  """Refines the flow u, v at one scale, from dual variables of 0; arrays are float32 [B, H, W]."""
  padded = image_ops.pad_for_warp([second, *image_ops.centered_gradient(second)])

  def body(n: Any, *state: Any) -> tuple[Any, ...]:
    return n + 1, *_one_warp(first, padded, *state)

  return ops.while_loop(lambda n, *_: n < _WARPS, body, (0, u, v, *(ops.zeros_like(u),) * 4))[1:3]


def _one_warp(first: Any, padded: Any, u: Any, v: Any, *dual: Any) -> tuple[Any, ...]:
  """Linearizes the brightness around u, v and iterates until each pair has converged."""
  batch, height, width = first.shape
  warped, gradient_x, gradient_y = image_ops.warp(padded, u, v)
  squared = gradient_x * gradient_x + gradient_y * gradient_y
  problem = (
    gradient_x,
    gradient_y,
    warped - gradient_x * u - gradient_y * v - first,
    -1 / ops.maximum(squared, _FLAT),
  )
  limit = _EPSILON**2 * height * width
  some_moves = lambda error: ops.any(error > limit)

  def moving(error: Any, new: Any, old: Any) -> Any:
    """The new values of pairs that have not converged, the old values of the others."""
    if batch == 1:
      return new  # the loop runs only while the pair has not converged
    moves = (error > limit)[:, None, None]
    return [ops.where(moves, a, b) for a, b in zip(new, old)]

  def iteration(n: Any, error: Any, *state: Any) -> tuple[Any, ...]:
    new_error, new = _iteration(problem, *state)
    return (n + 1, ops.where(error > limit, new_error, error), *moving(error, new, state))

  def with_median(n: Any, error: Any, u: Any, v: Any, *dual: Any) -> tuple[Any, ...]:
    smooth = ops.split(image_ops.median(ops.concatenate([u, v])), 2)
    u, v = moving(error, smooth, (u, v))
    return (
      n + 1,
      *ops.while_loop(
        lambda n, error, *_: ops.logical_and(n < _ITERATIONS, some_moves(error)),
        iteration,
        (0, error, u, v, *dual),
      )[1:],
    )

  error = ops.full((batch,), np.finfo(np.float32).max, dtype='float32')
  return ops.while_loop(
    lambda n, error, *_: ops.logical_and(n < _MEDIANS, some_moves(error)),
    with_median,
    (0, error, u, v, *dual),
  )[2:]


def _iteration(
  problem: tuple[Any, ...], u: Any, v: Any, ux: Any, uy: Any, vx: Any, vy: Any
) -> tuple[Any, tuple[Any, ...]]:
  """One step of the primal and dual variables.

  Args:
    problem: the gradient along x and along y, the residual at zero flow, and minus the inverse
      of the squared gradient.
    u, v: flow.
    ux, uy, vx, vy: the dual variables of u and v; zero in their last column (x) or row (y).

  Returns:
    (squared change of the flow summed over each pair, float32 [B]; the new state).
  """
  gradient_x, gradient_y, residual, scale = problem
  bound = _LAMBDA * _THETA
  step = ops.clip((residual + gradient_x * u + gradient_y * v) * scale, -bound, bound)
  new_u = u + step * gradient_x + _THETA * _divergence(ux, uy)
  new_v = v + step * gradient_y + _THETA * _divergence(vx, vy)
  error = ops.sum(ops.square(new_u - u) + ops.square(new_v - v), axis=(1, 2))
  return error, (new_u, new_v, *_dual(new_u, ux, uy), *_dual(new_v, vx, vy))


def _divergence(x: Any, y: Any) -> Any:
  """The divergence of a dual variable, by backward differences."""
  return (
    x
    - ops.pad(x[:, :, :-1], ((0, 0), (0, 0), (1, 0)))
    + y
    - ops.pad(y[:, :-1], ((0, 0), (1, 0), (0, 0)))
  )


def _dual(part: Any, x: Any, y: Any) -> tuple[Any, Any]:
  """One step of the dual variable x, y of u or v (`part`), by forward differences."""
  step = _TAU / _THETA
  forward_x = step * ops.pad(part[:, :, 1:] - part[:, :, :-1], ((0, 0), (0, 0), (0, 1)))
  forward_y = step * ops.pad(part[:, 1:] - part[:, :-1], ((0, 0), (0, 1), (0, 0)))
  inverse = 1 / (1 + ops.sqrt(forward_x * forward_x + forward_y * forward_y))
  return (x + forward_x) * inverse, (y + forward_y) * inverse
