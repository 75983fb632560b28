"""Features of videos: what an endpoint of a trained network shows, window by window."""

from collections.abc import Callable, Mapping
import dataclasses
import functools
import io
import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.inference import options
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.video import decoding


def of_video(
  network: trained_networks.TrainedNetwork,
  path: str,
  settings: options.FeatureSettings,
  batch_size: int = 4,
  progress: Callable[[int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray, int]:
  """The features of a video.

  The windows start at multiples of the stride; where that leaves frames at the end
  unseen, one more window ends with the last frame. A video that is shorter than a
  window is one window of all it has.

  Args:
    network: a `trained_networks.TrainedNetwork`.
    path: a video file, or a folder of frames (`from_videos.every_frame`).
    settings: a `options.FeatureSettings`.
    batch_size: windows that are computed together.
    progress: called with the number of new frames that are done, or None.

  Returns:
    (features float32 [windows, ...], starts int64 [windows]: the index of each
    window's first frame at 25 frames a second, frames: of a window).

  Raises:
    VideoError: the video cannot be used, or has fewer than 9 frames (10 for flow).
    UserError: the features are not finite.
  """
  compute = _function(network, settings.endpoint, settings.pool)
  windows = from_videos.sliding(
    path, network.stream, network.model.frame_size, settings.window, settings.stride, network.flow
  )
  features, starts, length = [], [], 0
  while batch := list(itertools.islice(windows, batch_size)):
    features.append(compute(np.stack([window.frames for window in batch])).numpy())
    if not np.isfinite(features[-1]).all():
      raise errors.UserError(
        f'{path}: expected finite features; the network gives others. Was its training stable?'
      )
    starts += [window.start for window in batch]
    length = batch[0].frames.shape[0]
    if progress is not None:
      progress(sum(window.new for window in batch))
  return np.concatenate(features), np.array(starts, np.int64), length


@functools.lru_cache(maxsize=2)
def _function(
  network: trained_networks.TrainedNetwork, endpoint: str, pool: str
) -> Callable[[np.ndarray], tf.Tensor]:
  """A function from stored frames, uint8 [N, T, H, W, C], to features."""
  size, channels = network.model.frame_size, network.model.channels
  layers = keras.Model(network.model.input, network.model.get_layer(endpoint).output)

  @tf.function(input_signature=[tf.TensorSpec([None, None, None, None, channels], tf.uint8)])
  def compute(frames: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(frames)
    flat = tf.reshape(frames, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))
    flat = preprocess.center(flat, size, network.resize)
    frames = tf.reshape(flat, [shape[0], shape[1], size, size, channels])
    clips = preprocess.network_input({'frames': frames}, stream=network.stream)
    values = layers(clips, training=False)
    if len(values.shape) == 5 and options.POOLS[pool]:
      values = tf.reduce_mean(values, axis=options.POOLS[pool])
    return tf.cast(values, tf.float32)

  return compute


def describe(
  network: trained_networks.TrainedNetwork, settings: options.FeatureSettings
) -> dict[str, Any]:
  """What decides features, a JSON-able dict: equal for equal networks and settings."""
  return {
    **dataclasses.asdict(settings),
    'stream': network.stream,
    'resize': network.resize,
    'frame_size': network.model.frame_size,
    'frame_rate': decoding.FRAME_RATE,
    'weights_sha256': network.weights_sha256(),
  }


def write(
  path: str, features: np.ndarray, starts: np.ndarray, length: int, about: Mapping[str, Any]
) -> None:
  """Writes the features of a video, atomically.

  Args:
    path: a .npz file, which also holds `start` (frame index), `frames` (of a window),
      `frame_rate`, `endpoint` and `pool`; or a .npy file of the features alone.
    features, starts, length: as `of_video` gives them.
    about: as `describe` gives it.
  """
  data = io.BytesIO()
  if path.endswith('.npz'):
    np.savez(
      data,
      features=features,
      start=starts,
      frames=length,
      **{key: about[key] for key in ('frame_rate', 'endpoint', 'pool', 'stream')},
    )
  else:
    np.save(data, features)
  with files.replacing(path) as temporary, open(temporary, 'wb') as f:
    f.write(data.getbuffer())
