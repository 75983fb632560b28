"""Features of videos: what an endpoint of a trained network shows, window by window."""

from collections.abc import Callable, Sequence
import dataclasses
import functools
import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import validation
from i3d_tf.inference import options
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.video import decoding
from i3d_tf.video import read_ahead


def of_video(
  network: trained_networks.TrainedNetwork,
  path: str,
  settings: options.FeatureSettings,
  batch_size: int = 4,
  progress: Callable[[int], None] | None = None,
  part: from_videos.Part = from_videos.WHOLE,
) -> tuple[np.ndarray, np.ndarray, int]:
  """The features of a video: of each window that `from_videos.sliding` gives.

  Args:
    network: a `trained_networks.TrainedNetwork`.
    path: a video file, or a folder of frames (`frame_folders.every_frame`).
    settings: a `options.FeatureSettings`.
    batch_size: windows that are computed together.
    progress: called with the number of new frames that are done, or None.
    part: which part of the video.

  Returns:
    (features float32 [windows, ...], starts int64 [windows]: the index of each
    window's first frame at the rate of the settings, from the start of the part; below 0 if it
    begins before that; frames: of a window).

  Raises:
    VideoError: the video cannot be used, or is too short.
    UserError: the features are not finite.
  """
  compute = _function(network, settings.endpoint, settings.pool)
  windows = from_videos.sliding(
    path,
    network.stream,
    network.model.frame_size,
    settings.window,
    settings.stride,
    network.flow,
    native=settings.rate == 'native',
    ends=settings.ends,
    part=part,
  )
  # The next windows are decoded, and their flow computed, while the network computes these.
  windows = read_ahead.read_ahead(windows, batch_size)
  features, starts, length = [], [], 0
  while batch := list(itertools.islice(windows, batch_size)):
    frames = np.stack([window.frames for window in batch])
    features.append(compute(frames, np.array([window.missing for window in batch])).numpy())
    if not np.isfinite(features[-1]).all():
      raise errors.UserError(
        f'{path}: expected finite features; the network gives others. Was its training stable?'
      )
    starts += [window.start for window in batch]
    length = batch[0].frames.shape[0]
    if progress is not None:
      progress(sum(window.new for window in batch))
  return np.concatenate(features), np.array(starts, np.int64), length


def joined(
  networks: Sequence[trained_networks.TrainedNetwork],
  path: str,
  settings: options.FeatureSettings,
  batch_size: int = 4,
  progress: Callable[[int], None] | None = None,
  part: from_videos.Part = from_videos.WHOLE,
) -> tuple[np.ndarray, np.ndarray, int]:
  """The features of a video by one network, or by an RGB and a flow network: [windows, 2048].

  Each network sees the video by itself. A flow field lies between two frames, so flow may have a
  window fewer: the others are joined, in order. They start with the same frame, except that
  with ends 'last' the last two may be a frame apart.

  Args:
    networks: one or two, whose features are in this order.
    path, settings, batch_size, progress, part: as in `of_video`; `progress` hears of the first
      network.

  Returns:
    As `of_video` does; starts and frames are those of the first network.

  Raises:
    VideoError, UserError: as `of_video` does; two networks need features of one axis per window
      (pool 'all').
  """
  if len(networks) > 1:
    is_ok = settings.pool == 'all' or settings.endpoint == 'Logits'
    validation.check('pool', settings.pool, 'all to join the features of two networks', is_ok)
  found = [
    of_video(network, path, settings, batch_size, None if index else progress, part)
    for index, network in enumerate(networks)
  ]
  rows = min(len(features) for features, _, _ in found)
  _, starts, length = found[0]
  parts = [features[:rows] for features, _, _ in found]
  return np.concatenate(parts, axis=-1), starts[:rows], length


@functools.lru_cache(maxsize=2)
def _function(
  network: trained_networks.TrainedNetwork, endpoint: str, pool: str
) -> Callable[[np.ndarray, np.ndarray], tf.Tensor]:
  """A function from stored frames and what is missing of them to features.

  Its arguments are uint8 [N, T, H, W, C], and int [N, 2], how many frames at the beginning and at
  the end are 0 for the network.
  """
  size, channels = network.model.frame_size, network.model.channels
  layers = keras.Model(network.model.input, network.model.get_layer(endpoint).output)

  @tf.function(
    input_signature=[
      tf.TensorSpec([None, None, None, None, channels], tf.uint8),
      tf.TensorSpec([None, 2], tf.int64),
    ]
  )
  def compute(frames: tf.Tensor, missing: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(frames)
    flat = tf.reshape(frames, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))
    flat = preprocess.center(flat, size, network.resize)
    frames = tf.reshape(flat, [shape[0], shape[1], size, size, channels])
    clips = preprocess.network_input({'frames': frames}, stream=network.stream)
    time = tf.range(tf.shape(clips, tf.int64)[1])
    is_there = (time >= missing[:, :1]) & (time < time[-1] + 1 - missing[:, 1:])
    clips = tf.where(is_there[:, :, tf.newaxis, tf.newaxis, tf.newaxis], clips, 0.0)
    values = layers(clips, training=False)
    if len(values.shape) == 5 and options.POOLS[pool]:
      values = tf.reduce_mean(values, axis=options.POOLS[pool])
    return tf.cast(values, tf.float32)

  return compute


def describe(
  networks: Sequence[trained_networks.TrainedNetwork], settings: options.FeatureSettings
) -> dict[str, Any]:
  """What decides features, a JSON-able dict: equal for equal networks and settings.

  What two networks differ in is joined by '+', such as 'rgb+flow'.
  """
  chosen = dataclasses.asdict(settings)
  rate = chosen.pop('rate')
  found = [
    {
      'stream': network.stream,
      'resize': network.resize,
      'frame_size': network.model.frame_size,
      'weights_sha256': network.weights_sha256(),
      'precision': network.model.get_config()['dtype'],
    }
    for network in networks
  ]
  same = {
    key: value if all(o[key] == value for o in found) else '+'.join(str(o[key]) for o in found)
    for key, value in found[0].items()
  }
  return {**chosen, **same, 'frame_rate': decoding.FRAME_RATE if rate == '25' else rate}
