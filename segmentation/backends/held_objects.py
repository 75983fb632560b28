"""Objects that count as a person's: what is held, worn or ridden (`segment --also`).

An object counts in a frame in which its box overlaps or touches that of a person found there. Its
pixels then belong to the mask of this person. A racket on a bench counts for nobody; a car parked
behind a person counts, since boxes know nothing of depth: only name what people hold or ride.
"""

from collections.abc import Sequence
import dataclasses

import numpy as np

from segmentation.backends import segmenter

_Box = tuple[int, int, int, int]  # y0 x0 y1 x1 in pixels; the last row and column are outside


def add(
  people: Sequence[segmenter.DetectedPerson], objects: Sequence[np.ndarray]
) -> list[segmenter.DetectedPerson]:
  """Adds the objects of a frame to its people.

  Args:
    people: the people of the frame, whose masks are not empty.
    objects: masks of objects, bool [H, W], not empty.

  Returns:
    The people, in their order, with their scores. An object is added to the person whose box has
    most pixels in common with its own, the first of several; boxes that share no pixel but are next
    to each other touch, across a corner, too. It is left out where no box overlaps or touches it.
  """
  if not people or not objects:
    return list(people)
  boxes = [_box(person.mask) for person in people]
  masks = [person.mask for person in people]
  for thing in objects:
    y0, x0, y1, x1 = _box(thing)
    near = (y0 - 1, x0 - 1, y1 + 1, x1 + 1)
    touching = [index for index, box in enumerate(boxes) if _common(near, box)]
    if touching:
      owner = max(touching, key=lambda index: _common((y0, x0, y1, x1), boxes[index]))
      masks[owner] = masks[owner] | thing
  return [dataclasses.replace(person, mask=mask) for person, mask in zip(people, masks)]


def _box(mask: np.ndarray) -> _Box:
  """The box of a mask that is not empty."""
  rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
  return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _common(a: _Box, b: _Box) -> int:
  """The number of pixels that two boxes share."""
  height = min(a[2], b[2]) - max(a[0], b[0])
  width = min(a[3], b[3]) - max(a[1], b[1])
  return max(0, height) * max(0, width)
