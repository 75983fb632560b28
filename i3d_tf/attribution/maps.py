"""An attribution map over the space and time of a clip, and its share inside the person.

The share is that of the energy-based pointing game (Wang et al., "Score-CAM", CVPR workshops 2020):
the sum of the map inside the mask over the sum of the map. A map that knows nothing has the share
of the area that the mask covers, so the two are read together. Needs no TensorFlow.
"""

from collections.abc import Sequence
import dataclasses

import numpy as np

AXES = ('time', 'height', 'width')


@dataclasses.dataclass(frozen=True)
class AttributionMap:
  """How much each cell of a clip's space-time contributes to an answer.

  Attributes:
    values: float32 [T', H', W'], at least 0: what each cell contributes per pixel of it. The mass
      of a cell is this times its volume, so that a constant map has the area's share.
    edges: for time, height and width, where cells begin and end in frames and pixels of the clip:
      float64 [T' + 1], [H' + 1] and [W' + 1], ascending from 0 to the clip's extents.

  Raises:
    ValueError: the values are negative, not finite or do not fit the edges, or the edges do not
      ascend from 0.
  """

  values: np.ndarray
  edges: tuple[np.ndarray, np.ndarray, np.ndarray]

  def __post_init__(self) -> None:
    expected = tuple(len(edges) - 1 for edges in self.edges)
    if self.values.shape != expected:
      raise ValueError(f'`values` must be {list(expected)}; received {list(self.values.shape)}')
    if not (np.isfinite(self.values).all() and (self.values >= 0).all()):
      raise ValueError('`values` must be finite and at least 0')
    for axis, edges in zip(AXES, self.edges):
      if edges[0] != 0 or not (np.diff(edges) > 0).all():
        raise ValueError(f'edges of {axis} must ascend from 0; received {edges.tolist()}')

  @property
  def clip_shape(self) -> tuple[int, int, int]:
    """Frames, height and width of the clip."""
    frames, height, width = (round(float(edges[-1])) for edges in self.edges)
    return frames, height, width

  @property
  def volumes(self) -> np.ndarray:
    """The pixels that each cell covers, float64 [T', H', W']."""
    t, h, w = (np.diff(edges) for edges in self.edges)
    return t[:, np.newaxis, np.newaxis] * h[:, np.newaxis] * w

  def at_pixels(self) -> np.ndarray:
    """The map at each pixel, float32 [T, H, W]: the mean over the parts of cells in it."""
    return spread(self.values, self.edges).astype(np.float32)

  @property
  def peak(self) -> tuple[tuple[float, float], ...]:
    """Where the highest cell begins and ends: ((time), (height), (width)), in pixels."""
    indices = np.unravel_index(int(self.values.argmax()), self.values.shape)
    return tuple((float(edges[i]), float(edges[i + 1])) for edges, i in zip(self.edges, indices))


def on_grid(values: np.ndarray, clip_shape: Sequence[int]) -> AttributionMap:
  """A map whose cells divide a clip evenly.

  Args:
    values: [T', H', W'], at least 0.
    clip_shape: frames, height and width of the clip.
  """
  t, h, w = (np.linspace(0, n, count + 1) for n, count in zip(clip_shape, values.shape))
  return AttributionMap(np.asarray(values, np.float32), (t, h, w))


@dataclasses.dataclass(frozen=True)
class Share:
  """How much of a map is on the person.

  Attributes:
    share: share of the map's mass inside the mask; NaN if the map is 0 everywhere.
    area: share of the clip's pixels that the mask covers.
  """

  share: float
  area: float

  @property
  def ratio(self) -> float:
    """`share` over `area`: 1 for a map that knows nothing; NaN without a person."""
    return self.share / self.area if self.area else float('nan')


def share_inside(attribution: AttributionMap, mask: np.ndarray) -> Share:
  """The share of a map's mass inside a mask, by the overlap of cells and pixels.

  A cell that the mask covers in part counts with that part: the map says nothing of where within
  a cell its mass is.

  Args:
    attribution: the map of a clip.
    mask: bool or uint8 [T, H, W], not 0 inside.

  Raises:
    ValueError: the mask is not of the map's clip.
  """
  if mask.shape != attribution.clip_shape:
    raise ValueError(
      f'`mask` must be {list(attribution.clip_shape)}, as the clip of the map; '
      f'received {list(mask.shape)}'
    )
  inside = _summed((np.asarray(mask) != 0).astype(np.float64), attribution.edges)
  values = attribution.values.astype(np.float64)
  total = float((values * attribution.volumes).sum())
  area = float(np.count_nonzero(mask) / mask.size)
  if total == 0:
    return Share(float('nan'), area)
  # Rounding alone can lead a hair beyond 1.
  return Share(min(1.0, float((values * inside).sum()) / total), area)


def overlap(edges: np.ndarray, length: int) -> np.ndarray:
  """How much of each pixel is in each cell along an axis.

  Args:
    edges: float [n + 1], where the cells begin and end.
    length: pixels of the axis; pixel p reaches from p to p + 1.

  Returns:
    float64 [n, length], from 0 to 1; the sum over cells is 1.
  """
  pixels = np.arange(length)
  starts = np.maximum(edges[:-1, np.newaxis], pixels)
  ends = np.minimum(edges[1:, np.newaxis], pixels + 1)
  return np.maximum(ends - starts, 0)


def _summed(pixels: np.ndarray, edges: Sequence[np.ndarray]) -> np.ndarray:
  """Sums of pixels [T, H, W] over cells, float64 [T', H', W']."""
  for axis, of_axis in enumerate(edges):
    pixels = np.tensordot(overlap(of_axis, pixels.shape[axis]), pixels, (1, axis))
    pixels = np.moveaxis(pixels, 0, axis)
  return pixels


def spread(values: np.ndarray, edges: Sequence[np.ndarray]) -> np.ndarray:
  """Values of cells [T', H', W'] at the pixels of the clip, float64 [T, H, W]."""
  values = np.asarray(values, np.float64)
  for axis, of_axis in enumerate(edges):
    values = np.tensordot(overlap(of_axis, round(float(of_axis[-1]))), values, (0, axis))
    values = np.moveaxis(values, 0, axis)
  return values


def resampled(attribution: AttributionMap, edges: Sequence[np.ndarray]) -> np.ndarray:
  """The mean of a map over other cells of the same clip: float64 [T', H', W'] of these cells."""
  sums = _summed(attribution.at_pixels().astype(np.float64), edges)
  for axis, of_axis in enumerate(edges):
    shape = [1, 1, 1]
    shape[axis] = -1
    sums = sums / np.diff(of_axis).reshape(shape)
  return sums
