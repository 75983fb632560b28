"""Clips to what FVD compares: the logits of I3D, averaged over time, before the softmax.

Source: google-research/frechet_video_distance, `preprocess` and `create_id3_embedding`.
"""

import collections
from collections.abc import Callable, Iterable, Iterator
import dataclasses
import functools

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import i3d
from i3d_tf.common import errors
from i3d_tf.common import validation
from i3d_tf.fvd import options
from i3d_tf.model import tensor_float


class Embedder:
  """A network as a function of clips, compiled once.

  Args:
    model: an `InceptionI3D` of 3 channels, or a model like it.
    resize: one of `options.RESIZES`.
    notes: lines for the user on what was loaded.

  Attributes:
    frame_size: height and width of the network's frames, in pixels.
    dimension: number of logits.
    notes: as given.
  """

  def __init__(self, model: keras.Model, resize: str, notes: tuple[str, ...] = ()) -> None:
    validation.check_choice('resize', resize, tuple(options.RESIZES))
    self.frame_size: int = model.frame_size
    self.dimension = int(model.output.shape[-1])
    self.notes = notes
    self._model = model
    tensor_float.turn_off()  # or features move by a thousandth; a Keras file may do without it

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, None, 3], tf.uint8)])
    def compute(clips: tf.Tensor) -> tf.Tensor:
      shape = tf.shape(clips)
      frames = tf.reshape(clips, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))
      frames = network_frames(frames, self.frame_size, resize)
      size = [shape[0], shape[1], self.frame_size, self.frame_size, 3]
      return tf.cast(model(tf.reshape(frames, size), training=False), tf.float32)

    self._compute = compute

  def __call__(self, clips: np.ndarray) -> np.ndarray:
    """Embeds clips, uint8 [N, T, H, W, 3]: float32 [N, D].

    Raises:
      UserError: the features are not finite.
    """
    found = self._compute(clips).numpy()
    if not np.isfinite(found).all():
      raise errors.UserError('expected finite features; the network gives others')
    return found

  @functools.cached_property
  def fingerprint(self) -> str:
    """A hash of the weights, hexadecimal."""
    return fingerprints.of_variables(self._model.variables)


def load(weights: str, resize: str) -> Embedder:
  """The network of weights, in float32.

  Args:
    weights: a file that `readers.read` takes, or the name of a release; of RGB, with logits.
    resize: one of `options.RESIZES`.

  Raises:
    UserError: the weights cannot be used.
  """
  model, _, notes = i3d.build(weights, 'rgb')
  return Embedder(model, resize, notes)


def network_frames(frames: tf.Tensor, size: int, resize: str) -> tf.Tensor:
  """Resizes frames as FVDs do, without rounding in between.

  Sources: `preprocess` of google-research/frechet_video_distance; `preprocess_i3d` of
  content-debiased-fvd; `preprocess` of VideoGPT's `data.py`, whose longer side is rounded up.

  Args:
    frames: uint8 [N, H, W, 3].
    size: height and width of the network's frames.
    resize: one of `options.RESIZES`.

  Returns:
    float32 [N, size, size, 3] in [-1, 1].
  """
  if resize == 'google':
    images = tf.compat.v1.image.resize_bilinear(
      frames, [size, size], align_corners=False, half_pixel_centers=False
    )
  elif resize == 'cdfvd':
    images = tf.image.resize(frames, [size, size])
  else:
    height, width = tf.shape(frames)[1], tf.shape(frames)[2]
    short = tf.minimum(height, width)
    # Integers: in floating point, 224 * 3 / 3 may be just above 224, and be rounded up.
    scaled = [(side * size + short - 1) // short for side in (height, width)]
    images = tf.image.resize(frames, scaled)
    top, left = (scaled[0] - size) // 2, (scaled[1] - size) // 2
    images = images[:, top : top + size, left : left + size]
  return tf.ensure_shape(2 * tf.cast(images, tf.float32) / 255 - 1, [None, size, size, 3])


@dataclasses.dataclass(eq=False)
class _Video:
  """A video of which clips are under way."""

  name: str
  rows: list[np.ndarray] = dataclasses.field(default_factory=list)
  waiting: int = 0
  is_read: bool = False


def embed(
  compute: Callable[[np.ndarray], np.ndarray],
  videos: Iterable[tuple[str, Iterator[np.ndarray]]],
  batch_size: int,
  failed: Callable[[str, errors.UserError], None],
) -> Iterator[tuple[str, np.ndarray]]:
  """Embeds the clips of videos, several at a time, also of several videos.

  Args:
    compute: from clips uint8 [N, T, H, W, 3] to float [N, D].
    videos: names and clips, uint8 [T, H, W, 3]. Each video's clips are of one size.
    batch_size: clips that are computed together, if they have one size.
    failed: called with a video that cannot be used, and why; it is left out.

  Yields:
    (name, float [clips, D]), in order.
  """
  order: collections.deque[_Video] = collections.deque()
  batch: list[tuple[_Video, np.ndarray]] = []

  def flush() -> None:
    if batch:
      for (video, _), row in zip(batch, compute(np.stack([clip for _, clip in batch]))):
        video.rows.append(row)
        video.waiting -= 1
      batch.clear()

  for name, clips in videos:
    video = _Video(name)
    order.append(video)
    while True:
      try:
        clip = next(clips, None)
      except errors.UserError as e:
        batch[:] = [entry for entry in batch if entry[0] is not video]
        order.remove(video)
        failed(name, e)
        break
      if clip is None:
        video.is_read = True
        break
      if batch and batch[0][1].shape != clip.shape:
        flush()
      batch.append((video, clip))
      video.waiting += 1
      if len(batch) == batch_size:
        flush()
    while order and order[0].is_read and not order[0].waiting:
      done = order.popleft()
      yield done.name, np.stack(done.rows)
  flush()
  for done in order:
    yield done.name, np.stack(done.rows)
