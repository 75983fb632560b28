"""One video file, and its mask file, to what is stored of it."""

import collections
import dataclasses

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.masks import coco_files
from i3d_tf.masks import png
from i3d_tf.records import schema
from i3d_tf.video import decoding


@dataclasses.dataclass(frozen=True)
class EncodingSettings:
  """How videos are stored.

  Attributes:
    short_side: pixels of the frames' shorter side.
    frame_rate: frames a second.
    jpeg_quality: 1 to 100.
    flow: one of `optical_flow.METHODS`, or None to store no flow.
    num_shards: number of files; None for one that fits the data set.
    seed: seed of the order of the videos.
    flow_format: 'png' (lossless) or 'jpeg'.
    flow_jpeg_quality: 1 to 100.
    flow_backend: one of `optical_flow.BACKENDS`: what computes the flow.
  """

  short_side: int = decoding.SHORT_SIDE
  frame_rate: float = decoding.FRAME_RATE
  jpeg_quality: int = 95
  flow: str | None = None
  num_shards: int | None = None
  seed: int = 0
  flow_format: str = 'png'
  flow_jpeg_quality: int = 95
  flow_backend: str = 'opencv'


@dataclasses.dataclass(frozen=True)
class VideoSource:
  """A video to store.

  Attributes:
    path: its name in the data set.
    file: the video file.
    label: 0-based class index.
    masks: its file of masks, one a frame of the video file, or None.
    keep_original: as in `schema.Video`.
    start, end: the part of the file to store, in seconds; None for all of it.
  """

  path: str
  file: str
  label: int
  masks: str | None = None
  keep_original: bool = False
  start: float | None = None
  end: float | None = None


def read_video(source, label_names, settings, flow=None):
  """Reads one video file as it is to be stored.

  Args:
    source: a `VideoSource`.
    label_names: class names, in the order of their labels.
    settings: a `EncodingSettings`.
    flow: what is known to be the `flow` of the result, to save the computation.

  Returns:
    A `schema.Video`.

  Raises:
    video.VideoError: the video cannot be used.
    masks.MaskError: the mask file cannot be used, or belongs to another video.
  """
  masks = None if source.masks is None else coco_files.read(source.masks, source.file)
  source_rate, decoded = decoding.decode(source.file, source.start, source.end)
  first = 0 if source.start is None else decoding.frame_at(source.start, source_rate)
  behind = first  # the frame of the file behind the last one decoded

  def counted():
    nonlocal behind
    for index, frame in enumerate(decoded, first):
      behind = index + 1
      yield index, frame

  places, encoded_frames = [], []
  source_size = size = None

  def resized():
    nonlocal source_size, size
    for index, frame in decoding.resample(counted(), source_rate, settings.frame_rate):
      source_size = frame.shape[:2]
      size = decoding.fit_short_side(*source_size, settings.short_side, source.file)
      frame = decoding.resize(frame, *size)
      places.append(index)
      encoded_frames.append(encode_frame(frame, settings))
      yield frame

  # Frames go through one by one: only what is encoded of them stays in memory.
  if settings.flow is None or flow is not None:
    flow = None if settings.flow is None else flow
    collections.deque(resized(), maxlen=0)
  else:
    flow = tuple(
      encode_flow(optical_flow.quantise(field), settings)
      for field in optical_flow.compute(resized(), settings.flow, settings.flow_backend)
    )
    if not flow:
      raise decoding.VideoError(
        f'{source.file}: expected at least 2 frames, between which there is flow; found 1'
      )

  encoded_masks, coverage = None, None
  if masks is not None:
    _check_masks(masks, source, behind, source_size)
    encoded_masks, shares = [], []
    for index in places:
      # INTER_NEAREST would put masks half a pixel further up and left than frames.
      mask = decoding.resize(masks.decode(index).astype(np.uint8), *size, cv2.INTER_NEAREST_EXACT)
      shares.append(coco_files.coverage(mask))
      encoded_masks.append(png.encode(mask))
    encoded_masks, coverage = tuple(encoded_masks), float(np.mean(shares))

  return schema.Video(
    path=source.path,
    label=source.label,
    label_text=label_names[source.label],
    frames=tuple(encoded_frames),
    height=size[0],
    width=size[1],
    frame_rate=settings.frame_rate,
    masks=encoded_masks,
    coverage=coverage,
    flow=flow,
    flow_method=(
      None if settings.flow is None else optical_flow.label(settings.flow, settings.flow_backend)
    ),
    keep_original=source.keep_original,
  )


def _check_masks(masks, source, behind, size):
  """Raises a `MaskError` unless the masks go with a video decoded up to frame `behind`."""
  whole = source.end is None
  if len(masks) != behind if whole else len(masks) < behind:
    raise coco_files.MaskError(
      f'{source.masks}: expected {"" if whole else "at least "}{behind} masks, as many as '
      f'{source.file} has frames{"" if whole else f" up to {source.end:g} s"}; '
      f'found {len(masks)}'
    )
  if (masks.height, masks.width) != size:
    raise coco_files.MaskError(
      f'{source.masks}: expected masks of {size[0]}x{size[1]}, the size of '
      f'{source.file}; found {masks.height}x{masks.width}'
    )


def encode_frame(frame, settings):
  """An RGB frame, uint8 [H, W, 3], as the JPEG that is stored: bytes."""
  return encode_image(
    '.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality
  )


def encode_flow(codes, settings):
  """A flow field's codes, uint8 [H, W, 2], as the image that is stored: bytes."""
  bgr = np.dstack([np.zeros_like(codes[..., 0]), codes[..., 1], codes[..., 0]])
  if settings.flow_format == 'png':
    return encode_image('.png', bgr, cv2.IMWRITE_PNG_COMPRESSION, 9)
  if settings.flow_format == 'jpeg':
    # 4:4:4: what JPEG takes for colour is motion here, not to be halved in resolution.
    return encode_image(
      '.jpg',
      bgr,
      cv2.IMWRITE_JPEG_QUALITY,
      settings.flow_jpeg_quality,
      cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
      cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    )
  raise ValueError(f"`flow_format` must be 'png' or 'jpeg'; received {settings.flow_format!r}")


def encode_image(extension, image, *parameters):
  """An image as OpenCV takes it, in a file format: bytes."""
  ok, data = cv2.imencode(extension, image, parameters)
  if not ok:
    raise RuntimeError(f'OpenCV could not encode a {extension} of shape {image.shape}')
  return data.tobytes()
