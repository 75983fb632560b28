"""Grows masks by an ellipse."""

import cv2
import numpy as np

MAX_DILATION = 1023  # pixels: beyond any stored frame, and what memory and time still allow


def element(size: int) -> np.ndarray:
  """The ellipse by which masks are grown: uint8 [size, size] of 0 and 1.

  Raises:
    ValueError: `size` is negative, or even and not 0.
  """
  if size < 0 or (size and size % 2 == 0):
    raise ValueError(f'`size` of a dilation must be 0 or odd; received {size}')
  return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(size, 1), max(size, 1)))


def dilate(masks: np.ndarray, size: int) -> np.ndarray:
  """Grows masks by an elliptical structuring element.

  Args:
    masks: uint8 [..., H, W], 0 outside.
    size: extent of the ellipse in pixels, odd; 1 or 0 changes nothing.

  Returns:
    uint8 of the same shape.

  Raises:
    ValueError: `size` is negative, or even and not 0.
  """
  kernel = element(size)
  if size < 2:
    return masks
  flat = np.ascontiguousarray(masks).reshape(-1, *masks.shape[-2:])  # COCO's are column by column
  dilated = np.zeros_like(flat)
  for source, target in zip(flat, dilated):
    part, grown = dilate_people(source, kernel)
    target[part] = grown
  return dilated.reshape(masks.shape)


def dilate_people(mask: np.ndarray, kernel: np.ndarray) -> tuple[tuple[slice, slice], np.ndarray]:
  """Grows a mask where the people are: OpenCV takes as long for empty ground.

  Args:
    mask: uint8 [H, W], 0 outside.
    kernel: as `element` gives it.

  Returns:
    (part, grown): slices of rows and columns outside of which the grown mask is 0,
    and what it is there.
  """
  margin = kernel.shape[0] // 2
  left, top, width, height = cv2.boundingRect(mask)
  if not width:
    return np.s_[:0, :0], mask[:0, :0]
  part = np.s_[
    max(top - margin, 0) : top + height + margin, max(left - margin, 0) : left + width + margin
  ]
  return part, cv2.dilate(mask[part], kernel)
