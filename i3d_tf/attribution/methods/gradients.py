"""Maps by gradients: 3-D Grad-CAM, integrated gradients, SmoothGrad.

y is the logit of the class that is explained, before the softmax.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.attribution.methods import cells
from i3d_tf.model import inception_i3d

Classify = Callable[[tf.Tensor], tf.Tensor]


class GradCam:
  """Grad-CAM in space and time, at an endpoint of I3D.

  Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
  Localization", ICCV 2017. With the activations A_k of the endpoint's channels k,

      map = ReLU(sum over k of a_k A_k),  a_k = mean over time, height and width of dy/dA_k.

  At Mixed_5c, of clips of the size that the head's pool covers, all gradients at a time step are
  equal, and the map says which cells the logit is added up from (Zhou et al., "Learning Deep
  Features for Discriminative Localization", CVPR 2016). It costs a forward pass and the layers
  above the endpoint back.

  Args:
    model: the network. Its weights are those at the time of a call.
    endpoint: one of `architecture.BELOW_LOGITS`.
  """

  def __init__(self, model: inception_i3d.InceptionI3D, endpoint: str = 'Mixed_5c') -> None:
    self.endpoint = endpoint
    output = model.get_layer(endpoint).output
    below, above = keras.Model(model.input, output), keras.Model(output, model.output)

    def compute(clips: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
      activations = below(clips, training=False)
      with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(activations)
        logit = above(activations, training=False)[:, target]
      slopes = tf.cast(tape.gradient(logit, activations), tf.float32)
      weights = tf.reduce_mean(slopes, axis=(1, 2, 3), keepdims=True)
      return tf.nn.relu(tf.reduce_sum(weights * tf.cast(activations, tf.float32), axis=-1))

    self._compute = tf.function(compute, reduce_retracing=True)

  def __call__(self, clip: np.ndarray, target: int) -> maps.AttributionMap:
    """The map of a class.

    Args:
      clip: float32 [T, S, S, C] in [-1, 1].
      target: index of the class.
    """
    values = self._compute(tf.constant(clip[np.newaxis]), tf.constant(target))[0].numpy()
    return maps.AttributionMap(values, cells.edges_at(self.endpoint, clip.shape[:3]))


class InputGradients:
  """Methods that differentiate a logit by the pixels of the clip.

  Args:
    classify: clips float32 [B, T, S, S, C] in [-1, 1] to logits [B, N], as operations of
      TensorFlow.
    any_length: whether `classify` takes clips of an unknown number of frames, so that it is
      compiled once for all.
  """

  def __init__(self, classify: Classify, any_length: bool = False) -> None:
    def compute(clips: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
      with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(clips)
        logit = classify(clips)[:, target]
      # Of a class that nothing in the clip speaks for, there is no gradient.
      return tape.gradient(logit, clips, unconnected_gradients='zero')

    self._compute = tf.function(compute, reduce_retracing=any_length)

  def at(self, clip: np.ndarray, target: int) -> np.ndarray:
    """dy/dx at a clip [T, S, S, C]: float32 [T, S, S, C]."""
    return self._compute(tf.constant(clip[np.newaxis]), tf.constant(target))[0].numpy()

  def integrated(self, clip: np.ndarray, target: int, baseline: float, steps: int) -> np.ndarray:
    """Integrated gradients with their signs.

    Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017. With a
    baseline x' of one value,

        (x - x') * (1/m) sum over i = 1..m of dy/dx at x' + (i - 1/2)/m (x - x'),

    the midpoint rule of their integral. Its sum over all pixels approaches y(x) - y(x') as m grows
    (completeness). Pixels that equal the baseline get 0, whatever they mean.

    Args:
      clip: float32 [T, S, S, C] in [-1, 1].
      target: index of the class.
      baseline: value of all pixels of x', such as black.
      steps: m.

    Returns:
      float32 [T, S, S, C].
    """
    rest = clip - np.float32(baseline)
    total = np.zeros(clip.shape, np.float64)
    for i in range(steps):
      total += self.at(np.float32(baseline) + np.float32((i + 0.5) / steps) * rest, target)
    return (rest * (total / steps)).astype(np.float32)

  def smoothed(
    self, clip: np.ndarray, target: int, samples: int, noise: float, seed: int
  ) -> np.ndarray:
    """SmoothGrad with its signs.

    Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017:

        (1/n) sum over i = 1..n of dy/dx at x + N(0, s^2).

    Args:
      clip: float32 [T, S, S, C] in [-1, 1].
      target: index of the class.
      samples: n.
      noise: s as a fraction of the range of pixels, which is 2; the paper recommends 0.1 to 0.2.
      seed: seeds the noise.

    Returns:
      float32 [T, S, S, C].
    """
    total = np.zeros(clip.shape, np.float64)
    for i in range(samples):
      rng = np.random.default_rng([seed, i])
      added = rng.standard_normal(clip.shape, np.float32) * np.float32(2 * noise)
      total += self.at(clip + added, target)
    return (total / samples).astype(np.float32)


def pixel_map(signed: np.ndarray) -> maps.AttributionMap:
  """The map of what each pixel contributes, for or against: |v| summed over the channels.

  Args:
    signed: float [T, S, S, C].
  """
  values = np.abs(signed).sum(axis=-1)
  edges = tuple(np.arange(n + 1, dtype=np.float64) for n in values.shape)
  return maps.AttributionMap(values.astype(np.float32), (edges[0], edges[1], edges[2]))
