"""A classifier of any kind, and the maps that can be made of its answers."""

from collections.abc import Callable, Sequence
import time

import numpy as np
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.attribution import options
from i3d_tf.attribution.methods import gradients
from i3d_tf.attribution.methods import occlusion
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import fills
from i3d_tf.model import inception_i3d

_TINY = 1e-12


def operations(classifier: protocol.Classifier) -> gradients.Classify:
  """`Classifier.logits` as operations of TensorFlow, of clips whose number of frames is known.

  Args:
    classifier: with a `network`.
  """
  form, network = classifier.form, classifier.network
  if _is_plain(form):
    return lambda clips: _as_logits(tf.cast(network(clips, training=False), tf.float32))

  def classify(clips: tf.Tensor) -> tf.Tensor:
    windows = protocol.frame_windows(clips.shape[1], form)
    answers = []
    for indices in windows:
      shown = tf.gather(clips, indices, axis=1)
      if (form.low, form.high) != (-1, 1):
        shown = shown * ((form.high - form.low) / 2) + (form.high + form.low) / 2
      shown = tf.transpose(shown, protocol.LAYOUTS[form.layout])
      if form.batch is not None:
        shown = tf.repeat(shown, form.batch, axis=0)
      answers.append(_as_logits(tf.cast(network(shown, training=False), tf.float32)))
    return tf.reduce_mean(tf.stack(answers), axis=0)[: clips.shape[0]]

  return classify


def _is_plain(form: protocol.ClipForm) -> bool:
  """Whether a network takes clips as they are, of any number of frames."""
  return form == protocol.ClipForm(form.size, min_frames=form.min_frames, channels=form.channels)


def _as_logits(output: tf.Tensor) -> tf.Tensor:
  """The logarithm of probabilities, as `protocol.Classifier` takes it."""
  if output.shape[1] == 1:
    return output
  sums = tf.reduce_sum(output, axis=1)
  are_probabilities = tf.reduce_all(output >= 0) & tf.reduce_all(tf.abs(sums - 1) < 1e-3)
  return tf.where(are_probabilities, tf.math.log(tf.maximum(output, _TINY)), output)


class Explainer:
  """Makes maps of a classifier's answers.

  Args:
    classifier: any.
    settings: how maps are made.

  Attributes:
    classifier, settings: as given.
    stream: 'rgb' or 'flow'.
    available: the methods that the classifier allows, the most informative first.
  """

  def __init__(self, classifier: protocol.Classifier, settings: options.MethodSettings) -> None:
    self.classifier, self.settings = classifier, settings
    streams = {count: stream for stream, count in clip_settings.CHANNELS.items()}
    self.stream = streams[classifier.form.channels]
    self.available: tuple[str, ...] = ('occlusion',)
    self._by_pixels = self._grad_cam = None
    if classifier.network is not None:
      any_length = _is_plain(classifier.form)
      self._by_pixels = gradients.InputGradients(operations(classifier), any_length)
      self.available = ('smoothgrad', 'ig', *self.available)
    if isinstance(classifier.network, inception_i3d.InceptionI3D):
      self._grad_cam = gradients.GradCam(classifier.network, settings.endpoint)
      self.available = ('gradcam', *self.available)

  def chosen(self, methods: Sequence[str]) -> tuple[str, ...]:
    """The methods to use: those given or, without any, what suits the classifier.

    Raises:
      UserError: the classifier does not allow one of them.
    """
    missing = [method for method in methods if method not in self.available]
    if missing:
      needs = 'I3D' if missing[0] == 'gradcam' else 'a network of Keras, which gives gradients'
      raise errors.UserError(
        f'{self.classifier.source}: --methods={missing[0]} needs {needs}; this network allows '
        f'{", ".join(self.available)}'
      )
    if methods:
      return tuple(dict.fromkeys(methods))
    return tuple(m for m in self.available if m in ('gradcam', 'smoothgrad')) or ('occlusion',)

  def logits(self, clips: np.ndarray) -> np.ndarray:
    """The answers about clips [B, T, S, S, C] in [-1, 1]: float32 [B, N]."""
    return self.classifier.logits(clips)

  def explain(
    self,
    method: str,
    clip: np.ndarray,
    targets: Sequence[int],
    progress: Callable[[int], None] | None = None,
  ) -> list[maps.AttributionMap]:
    """A map of each class.

    Args:
      method: one of `available`.
      clip: float32 [T, S, S, C] in [-1, 1].
      targets: indices of classes.
      progress: of occlusion, see `occlusion.occlude`.
    """
    s = self.settings
    if method == 'occlusion':
      return occlusion.occlude(
        self.logits,
        clip,
        targets,
        s.boxes,
        fill=s.fill,
        stream=self.stream,
        batch_size=s.batch_size,
        seed=s.seed,
        progress=progress,
      )
    if method == 'gradcam':
      assert self._grad_cam is not None
      return [self._grad_cam(clip, target) for target in targets]
    by_pixels = self._by_pixels
    assert by_pixels is not None
    if method == 'ig':
      black = fills.BLACK[self.stream]
      signed = [by_pixels.integrated(clip, target, black, s.samples) for target in targets]
    else:
      signed = [by_pixels.smoothed(clip, target, s.samples, s.noise, s.seed) for target in targets]
    return [gradients.pixel_map(values) for values in signed]

  def cost(self, clip: np.ndarray, videos: int) -> str:
    """What occlusion will cost, in words; asks the network twice to measure it.

    Args:
      clip: one of the clips.
      videos: how many there are.
    """
    self.logits(clip[np.newaxis])  # The first call compiles.
    start = time.perf_counter()
    self.logits(clip[np.newaxis])
    seconds = time.perf_counter() - start
    count = occlusion.passes(self.settings.boxes, clip.shape[:3])
    total = count * seconds
    of_all = '' if videos == 1 else f', about {_duration(total * videos)} for {videos} videos'
    return (
      f'occlusion: {count} forward passes of {seconds:.2g} s a video, about '
      f'{_duration(total)}{of_all}'
    )


def _duration(seconds: float) -> str:
  if seconds < 120:
    return f'{seconds:.0f} s'
  return f'{seconds / 60:.0f} min' if seconds < 7200 else f'{seconds / 3600:.1f} h'
