"""Full float32 on GPUs that would otherwise shorten it.

NVIDIA's GPUs from Ampere on multiply float32 as TensorFloat-32, with factors of 10 bits in place of
23, unless they are told not to. The logits of I3D are then 4e-4 of the largest away from the
original's (measured on an H200, in TensorFlow and in JAX); in full float32 it is 7e-7.
"""

import functools

import keras


@functools.cache
def turn_off() -> None:
  """Makes this process compute float32 in full, once: later calls leave the user's setting alone.

  For TensorFlow and JAX, whichever Keras computes with. Whoever prefers speed turns TensorFloat-32
  on again after the first network was built:
  `tf.config.experimental.enable_tensor_float_32_execution(True)`.
  """
  backend = keras.backend.backend()
  if backend == 'tensorflow':
    import tensorflow as tf  # which Keras has imported; other backends may run without

    tf.config.experimental.enable_tensor_float_32_execution(False)
  elif backend == 'jax':
    import jax

    if jax.config.jax_default_matmul_precision is None:  # not set by the user
      jax.config.update('jax_default_matmul_precision', 'highest')
