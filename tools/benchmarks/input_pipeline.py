"""The speed of reading training clips, relative to only decoding their frames."""

from collections.abc import Callable
import os
import tempfile

import numpy as np
import tensorflow as tf

from i3d_tf.common import processes
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_records
from i3d_tf.masks import png
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage

BOUND = 0.85
_BATCHES = 16
_READ_AHEAD = 2  # batches before the measured ones, after which all threads are busy


def measure(quick: bool = False) -> list[figure.Figure]:
  """Frames per second of `from_records.training` over those of bare `tf.io.decode_jpeg`."""
  settings = clip_settings.ClipSettings()
  unmasked = clip_settings.ClipSettings(with_masks=False)
  batches = 2 if quick else _BATCHES
  with tempfile.TemporaryDirectory() as folder:
    # In videos of the length of a clip, every frame that is read is also decoded.
    source = write_records(os.path.join(folder, 'short'), settings.clip_frames)
    functions = {
      'pipeline': _pipeline(source, settings, batches),
      'without masks': _pipeline(source, unmasked, batches),
      'bare': _bare(source, settings, batches),
    }
    if not quick:
      long = write_records(os.path.join(folder, 'long'), 250)
      functions['long videos'] = _pipeline(long, settings, batches)
    rates = figure.interleaved(functions, 2 if quick else 5)
  return _figures(rates)


def _figures(rates: dict[str, figure.Rates]) -> list[figure.Figure]:
  """The figures of the rates of 'pipeline', 'without masks', 'bare' and maybe 'long videos'."""
  threads = processes.num_cores()
  how = (
    f'training clips of 64 frames, 340x256 JPEG of {footage.content()}, cropped to 224, mirrored, '
    f'with masks grown by 9 pixels; {threads} threads'
  )
  ratio = {name: rates[name].over(rates['bare']) for name in rates}
  figures = [
    figure.from_values(
      'input pipeline / bare decode_jpeg', ratio['pipeline'].wall, bound=BOUND, how=how
    ),
    figure.from_values(
      '  the same in CPU time',
      ratio['pipeline'].cpu,
      how=how,
      note='the ratio above for an otherwise idle machine whose threads are always busy',
    ),
    figure.from_values('  without masks, in CPU time', ratio['without masks'].cpu, how=how),
    figure.from_values(
      'bare decode_jpeg',
      rates['bare'].wall,
      unit='frames/s',
      how=f'tf.data map of tf.io.decode_jpeg, {threads} threads',
    ),
    figure.from_values('input pipeline', rates['pipeline'].wall, unit='frames/s', how=how),
  ]
  if 'long videos' in ratio:
    figures.insert(
      3,
      figure.from_values(
        '  of long videos, in CPU time',
        ratio['long videos'].cpu,
        how=how,
        note='videos of up to 250 frames are read and verified, of which 64 frames are used',
      ),
    )
  return figures


def write_records(folder: str, length: int) -> folders.Records:
  """Writes records of the footage as make_tfrecords does.

  Args:
    folder: made here.
    length: the most frames per video.
  """
  os.makedirs(folder)
  videos = []
  for number, frames in enumerate(footage.clips(length)):
    masks = footage.person(frames)
    videos.append(
      schema.StoredVideo(
        path=f'A/v_A_g{number:02d}_c01.avi',
        label=0,
        label_text='A',
        frames=tuple(map(encode_frame, frames)),
        height=frames.shape[1],
        width=frames.shape[2],
        frame_rate=footage.FRAME_RATE,
        masks=tuple(map(png.encode, masks)),
        coverage=float(np.mean(masks)),
      )
    )
  shard = shards.shard_name(0, 1)
  shards.write_shard(os.path.join(folder, shard), videos)
  folders.write_manifest(
    folder, {'shards': [shard], 'label_names': ['A'], 'settings': {}, 'complete': True}
  )
  return folders.open_folder(folder)


def encode_frame(frame: np.ndarray) -> bytes:
  """Encodes an RGB frame as make_tfrecords does."""
  return encode_video.encode_image(
    '.jpg', frame[..., ::-1], 1, requests.EncodingSettings().jpeg_quality
  )


def _threads(dataset: tf.data.Dataset) -> tf.data.Dataset:
  """The dataset with its own threads, one per core."""
  options = tf.data.Options()
  options.threading.private_threadpool_size = processes.num_cores()
  return dataset.with_options(options)


def _pipeline(
  source: folders.Records, settings: clip_settings.ClipSettings, batches: int
) -> figure.Measured:
  """Reading of training clips, counted in frames."""
  # Endless, because at the end of a finite dataset no further batches are read ahead.
  dataset = _threads(from_records.training(source, source.entries, settings))

  def run(start: Callable[[], None]) -> int:
    iterator = iter(dataset)
    for _ in range(_READ_AHEAD):
      next(iterator)
    start()
    for _ in range(batches):
      next(iterator)
    return batches * settings.batch_size * settings.clip_frames

  return run


def _bare(
  source: folders.Records, settings: clip_settings.ClipSettings, batches: int
) -> figure.Measured:
  """Decoding of as many frames of the same videos from memory."""
  encoded = []
  for entry in source.entries:
    dataset = tf.data.Dataset.from_tensors(entry.offset).flat_map(
      lambda offset, shard=entry.shard: shards.read_at(
        os.path.join(source.folder, shard), tf.cast(offset, tf.int64)
      )
    )
    encoded.extend(schema.parse(next(iter(dataset)))['frames'].numpy())
  count = batches * settings.batch_size * settings.clip_frames
  dataset = _threads(
    tf.data.Dataset.from_tensor_slices(encoded)
    .repeat()
    .take(count)
    .map(
      lambda image: tf.io.decode_jpeg(image, channels=3), num_parallel_calls=processes.num_cores()
    )
  )

  def run(start: Callable[[], None]) -> int:
    start()
    dataset.reduce(np.int64(0), lambda number, _: number + 1).numpy()
    return count

  return run
