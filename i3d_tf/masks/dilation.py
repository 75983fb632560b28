"""Grows masks by an ellipse."""

import cv2
import numpy as np

DEFAULT = 9  # pixels of frames whose shorter side is STORED_SIDE
STORED_SIDE = 256  # pixels, of the frames that records hold
MAX_DILATION = 1023  # pixels: larger than any stored frame; more would cost too much memory


def element(size: int) -> np.ndarray:
  """The elliptical structuring element of a size in pixels: uint8 [size, size] of 0 and 1.

  Raises:
    ValueError: `size` is negative, or even and not 0.
  """
  if size < 0 or (size and size % 2 == 0):
    raise ValueError(f'`size` of a dilation must be 0 or odd and positive; received {size}')
  return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(size, 1), max(size, 1)))


def dilate(masks: np.ndarray, size: int) -> np.ndarray:
  """Grows masks by an elliptical structuring element.

  Args:
    masks: uint8 [..., H, W], 0 outside of people.
    size: the diameter of the ellipse in pixels, odd; 0 and 1 change nothing.

  Returns:
    uint8 of the same shape.

  Raises:
    ValueError: `size` is negative, or even and not 0.
  """
  kernel = element(size)
  if size < 2:
    return masks
  flat = np.ascontiguousarray(masks).reshape(-1, *masks.shape[-2:])  # pycocotools' are column-major
  dilated = np.zeros_like(flat)
  for source, target in zip(flat, dilated):
    part, grown = dilate_people(source, kernel)
    target[part] = grown
  return dilated.reshape(masks.shape)


def dilate_people(mask: np.ndarray, kernel: np.ndarray) -> tuple[tuple[slice, slice], np.ndarray]:
  """Grows a mask, computing only the part around the people, which saves time.

  Args:
    mask: uint8 [H, W], 0 outside of people.
    kernel: a structuring element, as `element` returns it.

  Returns:
    (part, grown): slices of the rows and columns outside of which the grown mask is 0, and
    the grown mask within them.
  """
  margin = kernel.shape[0] // 2
  left, top, width, height = cv2.boundingRect(mask)
  if not width:
    return np.s_[:0, :0], mask[:0, :0]
  part = np.s_[
    max(top - margin, 0) : top + height + margin, max(left - margin, 0) : left + width + margin
  ]
  return part, cv2.dilate(mask[part], kernel)
