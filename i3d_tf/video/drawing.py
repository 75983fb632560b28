"""Pictures for people to look at: outlined masks, flow as colours, sheets of frames.

Images are uint8 RGB [H, W, 3].
"""

from collections.abc import Iterable, Sequence
import os

import cv2
import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from i3d_tf.common import files

OUTLINE = (255, 0, 255)  # magenta: a colour that videos seldom have
_TEXT = 14  # pixels
_PAPER, _INK = (255, 255, 255), (20, 20, 20)

# Baker et al., "A Database and Evaluation Methodology for Optical Flow", IJCV 2011:
# the number of colours between each two of red, yellow, green, cyan, blue, magenta, red.
_WHEEL = (15, 6, 4, 11, 13, 6)


def outline(
  image: np.ndarray,
  mask: np.ndarray,
  color: tuple[int, int, int] = OUTLINE,
  thickness: int | None = None,
) -> np.ndarray:
  """Draws the border of a mask, on a dark line that keeps it visible on any ground.

  Args:
    image: uint8 [H, W, 3].
    mask: bool or uint8 [H, W], not 0 inside.
    color: RGB.
    thickness: pixels; None for one in 150 of the shorter side, at least 1.

  Returns:
    A new image.
  """
  if thickness is None:
    thickness = max(1, round(min(image.shape[:2]) / 150))
  found, _ = cv2.findContours(
    (np.asarray(mask) > 0).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
  )
  drawn = np.ascontiguousarray(image).copy()
  cv2.drawContours(drawn, found, -1, (0, 0, 0), thickness + 2)
  return cv2.drawContours(drawn, found, -1, color, thickness)


def _color_wheel() -> np.ndarray:
  """The hues of the flow wheel: float [55, 3] in [0, 1]."""
  corners = np.array([(1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0, 0)])
  return np.concatenate(
    [
      start + (end - start) * np.arange(count)[:, np.newaxis] / count
      for start, end, count in zip(corners, corners[1:], _WHEEL)
    ]
  )


def flow_colors(flow: np.ndarray, bound: float | None = None) -> np.ndarray:
  """Optical flow in the usual colour wheel: hue is direction, saturation is speed.

  As Baker et al. (IJCV 2011) draw it: no motion is white, motion to the right is
  red, to the left cyan, down yellow to green, up blue to violet.

  Args:
    flow: float [H, W, 2], horizontal and vertical motion in pixels.
    bound: speed in pixels of a full colour; faster motion is darker. None for the
      fastest of this field.

  Returns:
    uint8 [H, W, 3].
  """
  speed = np.linalg.norm(flow, axis=-1)
  if bound is None:
    bound = max(float(speed.max(initial=0)), 1e-6)
  speed = (speed / bound)[..., np.newaxis]
  wheel = _color_wheel()
  turn = (np.arctan2(flow[..., 1], flow[..., 0]) / (2 * np.pi)) % 1
  position = turn * (len(wheel) - 1)  # not len(wheel): as the paper's code has it
  first = np.floor(position).astype(int)
  rest = (position % 1)[..., np.newaxis]
  hue = (1 - rest) * wheel[first] + rest * wheel[(first + 1) % len(wheel)]
  color = np.where(speed <= 1, 1 - speed * (1 - hue), 0.75 * hue)
  return np.floor(255 * color).astype(np.uint8)


def fit_height(image: np.ndarray, height: int) -> np.ndarray:
  """Resizes an image to a height in pixels, its aspect ratio kept."""
  width = max(1, round(image.shape[1] * height / image.shape[0]))
  smaller = height < image.shape[0]
  return cv2.resize(
    image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
  )


def sheet(
  rows: Iterable[Iterable[np.ndarray]],
  captions: Sequence[str] | None = None,
  title: str | None = None,
  gap: int = 4,
) -> np.ndarray:
  """Lays images out in rows.

  Args:
    rows: lists of images, of any sizes; rows may differ in length.
    captions: one text per row, written above it; None for no captions.
    title: a text above all, or None. May have several lines.
    gap: pixels between images.

  Returns:
    uint8 [H, W, 3].

  Raises:
    ValueError: there is no image, or not one caption per row.
  """
  rows = [list(row) for row in rows]
  if not any(rows):
    raise ValueError('`rows` must hold an image; received none')
  if captions is not None and len(captions) != len(rows):
    raise ValueError(f'`captions` must be {len(rows)}, one per row; received {len(captions)}')
  font = ImageFont.load_default(_TEXT)
  texts = ['' if title is None else title] + (
    list(captions) if captions is not None else [''] * len(rows)
  )
  heights = [_text_height(text) for text in texts]
  row_heights = [max((image.shape[0] for image in row), default=0) for row in rows]
  width = max(
    *(sum(image.shape[1] + gap for image in row) - gap for row in rows),
    *(round(font.getlength(line)) + gap for text in texts for line in text.split('\n')),
  )
  height = sum(heights) + sum(h + gap for h in row_heights) + gap
  page = Image.new('RGB', (width + 2 * gap, height), _PAPER)
  draw = ImageDraw.Draw(page)
  y = 0

  def write_text(text: str, text_height: int) -> int:
    if text:
      draw.multiline_text((gap, y + 2), text, fill=_INK, font=font, spacing=2)
    return y + text_height

  y = write_text(texts[0], heights[0])
  for row, row_height, text, text_height in zip(rows, row_heights, texts[1:], heights[1:]):
    y = write_text(text, text_height) + gap
    x = gap
    for image in row:
      page.paste(Image.fromarray(np.ascontiguousarray(image)), (x, y))
      x += image.shape[1] + gap
    y += row_height
  return np.asarray(page)


def _text_height(text: str) -> int:
  return (text.count('\n') + 1) * (_TEXT + 5) if text else 0


def encode(image: np.ndarray, extension: str = '.png', quality: int = 90) -> bytes:
  """An image file in memory: bytes.

  Args:
    image: uint8 [H, W, 3], RGB, or [H, W].
    extension: '.png' or '.jpg'.
    quality: of a JPEG, 1 to 100.
  """
  parameters = [cv2.IMWRITE_JPEG_QUALITY, quality] if extension in ('.jpg', '.jpeg') else []
  ok, data = cv2.imencode(extension, image if image.ndim == 2 else image[..., ::-1], parameters)
  if not ok:
    raise RuntimeError(f'OpenCV could not encode a {extension} of shape {image.shape}')
  return data.tobytes()


def write(path: str | os.PathLike, image: np.ndarray) -> None:
  """Writes an image as PNG or JPEG, by the suffix of `path`, atomically."""
  extension = os.path.splitext(os.fspath(path))[1].lower()
  with files.replacing(path) as temporary, open(temporary, 'wb') as f:
    f.write(encode(image, extension))
