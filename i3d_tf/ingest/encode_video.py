"""One video, a file or a folder of frames, and its mask file to what a record stores of it."""

import collections
from collections.abc import Iterable, Iterator, Sequence
import dataclasses
from typing import Any

import cv2
import numpy as np

from i3d_tf.common import validation
from i3d_tf.flow import optical_flow
from i3d_tf.ingest import requests
from i3d_tf.masks import coco_files
from i3d_tf.masks import png
from i3d_tf.records import schema
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders


@dataclasses.dataclass(frozen=True)
class VideoSource:
  """A video to store.

  Attributes:
    path: its name in the data set.
    file: the video file, or the folder of its frames.
    label: 0-based class index.
    masks: file of its masks, one per frame of the video file, or None.
    keep_original: as in `schema.StoredVideo`.
    start: where the part to store begins, in seconds; None for the beginning of the file.
    end: where it ends, in seconds; None for the end of the file.
  """

  path: str
  file: str
  label: int
  masks: str | None = None
  keep_original: bool = False
  start: float | None = None
  end: float | None = None


def read_video(
  source: VideoSource,
  label_names: Sequence[str],
  settings: requests.EncodingSettings,
  flow: tuple[bytes, ...] | None = None,
) -> schema.StoredVideo:
  """Reads one video as it is to be stored.

  Args:
    source: the video.
    label_names: class names, in the order of their labels.
    settings: how to store it.
    flow: the `flow` of the result if it is known, which saves its computation.

  Raises:
    VideoError: the video cannot be used.
    MaskError: the mask file cannot be used, or belongs to another video.
  """
  masks = None if source.masks is None else coco_files.read(source.masks, source.file)
  tally = decoding.Tally()
  part = (source.file, source.start, source.end, settings.frame_rate)
  decoded = frame_folders.at_rate(*part, numbered=masks is not None, tally=tally)
  frame_indices: list[int] = []
  encoded_frames: list[bytes] = []
  source_size = size = (0, 0)

  def resized() -> Iterator[np.ndarray]:
    nonlocal source_size, size
    for index, frame in decoded:
      source_size = frame.shape[0], frame.shape[1]
      size = decoding.fit_short_side(*source_size, settings.short_side, source.file)
      frame = decoding.resize(frame, *size)
      frame_indices.append(index)
      encoded_frames.append(encode_frame(frame, settings))
      yield frame

  # Frames pass one by one: only their encoded images stay in memory.
  flow = _consume(resized(), settings, flow, source.file)
  encoded_masks, coverage = None, None
  if masks is not None:
    needed = tally.frames if source.end is None else frame_indices[-1] + 1
    _check_masks(masks, source, needed, source_size)
    encoded_masks, coverage = _encode_masks(masks, frame_indices, size)
  return schema.StoredVideo(
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
    seen_again=None if masks is None else masks.seen_again,
  )


def _consume(
  frames: Iterable[np.ndarray],
  settings: requests.EncodingSettings,
  known: tuple[bytes, ...] | None,
  file: str,
) -> tuple[bytes, ...] | None:
  """Consumes RGB frames, uint8 [H, W, 3]; returns their flow as the images that are stored.

  Args:
    frames: of a video.
    settings: say whether and how flow is stored.
    known: the flow if it need not be computed.
    file: the video, for messages.
  """
  if settings.flow is None or known is not None:
    collections.deque(frames, maxlen=0)
    return None if settings.flow is None else known
  flow = tuple(
    encode_flow(optical_flow.quantize(field), settings)
    for field in optical_flow.compute(frames, settings.flow, settings.flow_backend)
  )
  if not flow:
    raise decoding.VideoError(
      f'{file}: expected at least 2 frames, between which there is flow; found 1'
    )
  return flow


def _encode_masks(
  masks: coco_files.Masks, frame_indices: Iterable[int], size: tuple[int, int]
) -> tuple[tuple[bytes, ...], float]:
  """Masks of some frames as PNG files of a size (height, width), and their mean coverage."""
  encoded, shares = [], []
  for index in frame_indices:
    # INTER_NEAREST would put masks half a pixel further up and left than frames.
    mask = decoding.resize(masks.decode(index).astype(np.uint8), *size, cv2.INTER_NEAREST_EXACT)
    shares.append(coco_files.coverage(mask))
    encoded.append(png.encode(mask))
  return tuple(encoded), float(np.mean(shares))


def _check_masks(
  masks: coco_files.Masks, source: VideoSource, frames_decoded: int, size: tuple[int, int]
) -> None:
  """Raises a MaskError unless the masks match a video in number and size (height, width)."""
  to_the_end = source.end is None
  if len(masks) != frames_decoded if to_the_end else len(masks) < frames_decoded:
    raise coco_files.MaskError(
      f'{source.masks}: expected {"" if to_the_end else "at least "}{frames_decoded} masks, as '
      f'many as {source.file} has frames{"" if to_the_end else f" up to {source.end:g} s"}; '
      f'found {len(masks)}'
    )
  if (masks.height, masks.width) != size:
    raise coco_files.MaskError(
      f'{source.masks}: expected masks of {size[0]}x{size[1]}, the size of '
      f'{source.file}; found {masks.height}x{masks.width}'
    )


def encode_frame(frame: np.ndarray, settings: requests.EncodingSettings) -> bytes:
  """An RGB frame, uint8 [H, W, 3], as the JPEG that is stored."""
  return encode_image(
    '.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality
  )


def encode_flow(quantized: np.ndarray, settings: requests.EncodingSettings) -> bytes:
  """Quantized flow, uint8 [H, W, 2], as the image that is stored.

  Raises:
    UserError: the settings name an unknown format.
  """
  validation.check_choice('flow_format', settings.flow_format, requests.FLOW_FORMATS)
  bgr = np.dstack([np.zeros_like(quantized[..., 0]), quantized[..., 1], quantized[..., 0]])
  if settings.flow_format == 'png':
    return encode_image('.png', bgr, cv2.IMWRITE_PNG_COMPRESSION, 9)
  # 4:4:4: JPEG's color channels are motion here and keep their resolution.
  return encode_image(
    '.jpg',
    bgr,
    cv2.IMWRITE_JPEG_QUALITY,
    settings.flow_jpeg_quality,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
  )


def encode_image(extension: str, image: np.ndarray, *parameters: Any) -> bytes:
  """Encodes an image in OpenCV's channel order.

  Args:
    extension: of the file format, such as '.jpg'.
    image: uint8 [H, W] or BGR uint8 [H, W, 3].
    *parameters: as `cv2.imencode` takes them.

  Raises:
    RuntimeError: OpenCV could not encode it.
  """
  ok, data = cv2.imencode(extension, image, parameters)
  if not ok:
    raise RuntimeError(f'OpenCV could not encode a {extension} of shape {image.shape}')
  return data.tobytes()
