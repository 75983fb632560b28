"""Tiny stand-ins for videos and records, and paths of the files in `shared`."""

import os

import cv2
import numpy as np
import pytest

from i3d_tf.ingest import encode_video
from i3d_tf.masks import coco_files
from i3d_tf.masks import png as png_lib
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards


def shared(*parts):
  """The path of a file or folder in `shared`, next to the repository; skips the test without it.

  I3D_SHARED names the folder if it is elsewhere.
  """
  # realpath: Bazel runs tests in a tree of symbolic links.
  root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
  folder = os.environ.get('I3D_SHARED') or os.path.join(os.path.dirname(root), 'shared')
  path = os.path.join(folder, *parts)
  if not os.path.exists(path):
    pytest.skip(f'needs {os.path.join("shared", *parts)} next to the repository (or I3D_SHARED)')
  return path


# === Images ===


def ramp(height, width, step=3):
  """An image whose pixels encode their position: uint8 [H, W, 3].

  Red is step * row, green step * column, blue 0.
  """
  image = np.zeros((height, width, 3), int)
  image[..., 0] = step * np.arange(height)[:, np.newaxis]
  image[..., 1] = step * np.arange(width)
  assert image.max() <= 255, 'a ramp must fit into a byte'
  return image.astype(np.uint8)


def texture(height, width, seed=0):
  """A smooth random image, textured everywhere, so that flow can follow it: uint8 [H, W, 3]."""
  noise = np.random.default_rng(seed).random((height, width)).astype(np.float32)
  smooth = cv2.GaussianBlur(noise, (0, 0), 2)
  scaled = (smooth - smooth.min()) / (smooth.max() - smooth.min())
  return np.repeat(np.round(255 * scaled).astype(np.uint8)[..., np.newaxis], 3, axis=-1)


def jpeg(image):
  """RGB as JPEG, changed as little as possible: 4:4:4, quality 100."""
  return _encode(
    '.jpg',
    image[..., ::-1],
    cv2.IMWRITE_JPEG_QUALITY,
    100,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
  )


def png(image):
  """A gray or RGB image as PNG."""
  return _encode('.png', image if image.ndim == 2 else image[..., ::-1])


def flow_png(quantized):
  """Quantized flow, uint8 [H, W, 2], as records store it."""
  return png(np.dstack([quantized, np.zeros_like(quantized[..., 0])]))


def _encode(extension, image, *parameters):
  ok, data = cv2.imencode(extension, np.ascontiguousarray(image), parameters)
  assert ok
  return data.tobytes()


# === Video files ===


def write_video(path, frames, frame_rate=25.0):
  """Writes RGB frames, [T, H, W, 3], as a lossless .avi; returns its path as a string."""
  os.makedirs(os.path.dirname(path), exist_ok=True)
  height, width = frames[0].shape[:2]
  writer = cv2.VideoWriter(
    str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), frame_rate, (width, height)
  )
  assert writer.isOpened()
  for frame in frames:
    writer.write(np.ascontiguousarray(frame[..., ::-1]))
  writer.release()
  return str(path)


def write_frames(folder, frames):
  """Writes RGB frames, [T, H, W, 3], as a folder of PNG images; returns its path as a string."""
  os.makedirs(folder, exist_ok=True)
  for number, frame in enumerate(frames):
    assert cv2.imwrite(os.path.join(folder, f'{number}.png'), frame[..., ::-1])
  return str(folder)


# === Sources of records ===


def moving(count=10, height=24, width=32, seed=0):
  """A texture that moves to the right by one pixel per frame: uint8 [T, H, W, 3]."""
  image = texture(height, width + count, seed)
  return np.stack([image[:, count - t : count - t + width] for t in range(count)])


def moving_masks(count=10, height=24, width=32):
  """Masks that encode their frame: in frame t, columns t and t + 1 of the upper half."""
  masks = np.zeros((count, height, width), bool)
  for t in range(count):
    masks[t, : height // 2, t : t + 2] = True
  return masks


def source(folder, path='A/v_A_g01_c01.avi', *, label=0, frames=None, masks=None, rate=25.0):
  """Writes a video, and its masks if given: an `encode_video.VideoSource`."""
  frames = moving() if frames is None else frames
  file = write_video(os.path.join(folder, 'videos', path), frames, rate)
  mask_file = None
  if masks is not None:
    stem = os.path.splitext(os.path.basename(path))[0]
    mask_file = os.path.join(folder, 'masks', f'{stem}.json')
    coco_files.write(mask_file, masks, video=stem)
  return encode_video.VideoSource(path, file, label, mask_file)


# === Records ===


def video(path='A/v_A_g01_c01.avi', *, label=0, frames=None, masks=None, flow=None, encoded=None):
  """Makes a `schema.StoredVideo` of arrays.

  Args:
    path: its name in the data set.
    label: 0-based class index.
    frames: uint8 [T, H, W, 3].
    masks: 0/1 uint8 [T, H, W] or None.
    flow: quantized, uint8 [T - 1, H, W, 2], or None.
    encoded: JPEG files, instead of those that `frames` would make.
  """
  frames = np.zeros((9, 36, 48, 3), np.uint8) if frames is None else np.asarray(frames)
  return schema.StoredVideo(
    path=path,
    label=label,
    label_text=path.split('/')[0],
    frames=tuple(map(jpeg, frames)) if encoded is None else tuple(encoded),
    height=frames.shape[1],
    width=frames.shape[2],
    frame_rate=25.0,
    masks=None if masks is None else tuple(map(png_lib.encode, masks)),
    coverage=None if masks is None else float(np.mean(np.asarray(masks) > 0)),
    flow=None if flow is None else tuple(map(flow_png, flow)),
    flow_method=None if flow is None else 'tvl1',
  )


def write_records(folder, videos, *, num_shards=1, label_names=('A', 'B', 'C'), complete=True):
  """Writes a folder of records, and returns its path as a string."""
  os.makedirs(folder, exist_ok=True)
  names = [shards.shard_name(i, num_shards) for i in range(num_shards)]
  for number, shard in enumerate(names):
    shards.write_shard(os.path.join(folder, shard), videos[number::num_shards])
  folders.write_manifest(
    folder,
    {'shards': names, 'label_names': list(label_names), 'settings': {}, 'complete': complete},
  )
  return str(folder)


def open_records(folder, videos, **kwargs):
  """Writes a folder of records and opens it: a `folders.Records`."""
  return folders.open_folder(write_records(folder, videos, **kwargs))


def contents(folder):
  """The content of a folder: a dict from relative path to bytes."""
  content = {}
  for parent, _, names in os.walk(folder):
    for name in names:
      path = os.path.join(parent, name)
      with open(path, 'rb') as f:
        content[os.path.relpath(path, folder)] = f.read()
  return content
