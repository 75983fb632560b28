"""What COCO datasets leave to their writers: the number of a category, the order of images."""

from collections.abc import Mapping, Sequence
import os
import re
from typing import Any

from i3d_tf.common import errors

PERSON_NAME = 'person'


class MaskError(errors.UserError):
  """A mask file that cannot be used; the message names the file and the reason."""


def person_id(
  path: str | os.PathLike, dataset: Mapping[str, Any], person: str = PERSON_NAME
) -> Any:
  """The id of the category of people: files number their categories as they like.

  Args:
    path: the file, for messages.
    dataset: its content.
    person: the name of the category; upper and lower case are the same.

  Raises:
    MaskError: no category, or more than one, has the name; the message lists all of them.
  """
  categories = dataset.get('categories', [])
  if not isinstance(categories, list) or not all(
    isinstance(category, dict) and 'name' in category and 'id' in category
    for category in categories
  ):
    raise MaskError(f'{path}: expected categories with an id and a name; found {categories!r:.99}')
  names = [str(category['name']).strip() for category in categories]
  wanted = person.strip().lower()
  ids = [c['id'] for c, name in zip(categories, names) if name.lower() == wanted]
  if len(ids) != 1:
    raise MaskError(
      f'{path}: expected one category called {person}; found {", ".join(names) or "no categories"} '
      '(segment --segmenter=coco --coco_person=NAME takes another)'
    )
  return ids[0]


def frame_name(image: Mapping[str, Any]) -> str:
  """The part of an image's file name that names the frame: of 'a/clip#17' it is '17'."""
  _, _, frame = os.path.basename(str(image.get('file_name', ''))).rpartition('#')
  return frame


def in_order(path: str | os.PathLike, images: Sequence[Any]) -> list[Any]:
  """The images of a video as its frames follow each other.

  A frame's number is the first number in the file name that differs between the images, if the
  names are the same up to there: later ones may be a hash (000001_jpg.rf.1a79a4d6.jpg). Where
  the names do not tell, the ids do.

  Args:
    path: the file, for messages.
    images: the `images` of a dataset that are of the video.

  Raises:
    MaskError: neither names nor ids tell an order.
  """
  names = [re.split(r'(\d+)', frame_name(image)) for image in images]
  for position in range(1, min(map(len, names), default=0), 2):
    if len({tuple(name[:position]) for name in names}) > 1:
      break
    numbers = [int(name[position]) for name in names]
    if len(set(numbers)) == len(images):
      return [image for _, image in sorted(zip(numbers, images), key=lambda item: item[0])]
  if not all(isinstance(image['id'], int) for image in images):
    raise MaskError(
      f'{path}: expected file names or ids that number the frames; found '
      f'{frame_name(images[0])!r} with id {images[0]["id"]!r}'
    )
  return sorted(images, key=lambda image: image['id'])


def run_lengths(counts: Sequence[int]) -> list[int]:
  """Decodes COCO's compressed counts to run lengths.

  Only used to check them: for counts that are too short, pycocotools returns uninitialized
  memory.

  Args:
    counts: bytes. Each holds five bits of a number, the lowest first, and a sixth bit that
      says whether more follow; from the fourth run on, a number is the difference from the
      run before the previous one (pycocotools, maskApi.c, rleFrString).

  Returns:
    The run lengths in pixels.

  Raises:
    ValueError: there is an invalid character, or the last number is incomplete.
  """
  runs, value, shift = [], 0, 0
  for character in counts:
    bits = character - 48
    if not 0 <= bits < 64:
      raise ValueError(f'no character of RLE counts: {chr(character)!r}')
    value |= (bits & 31) << shift
    shift += 5
    if bits & 32:
      continue
    if bits & 16:  # the sign
      value -= 1 << shift
    runs.append(value + runs[-2] if len(runs) > 2 else value)
    value, shift = 0, 0
  if shift:
    raise ValueError('RLE counts end within a number')
  return runs
