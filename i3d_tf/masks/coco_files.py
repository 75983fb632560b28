"""A person mask as data: COCO files, dilation, coverage.

On disk a video's masks are one COCO dataset (a JSON with `images`,
`categories` and `annotations`, run-length encoded), which any COCO tool reads.
Masks belong to the frames of the video file: its own size, its own frame rate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import itertools
import json
import os
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.video import video_files

PERSON = 1  # COCO's category id


class MaskError(errors.UserError):
  """A mask file that cannot be used; the message names it and says why."""


@dataclasses.dataclass(frozen=True)
class Masks:
  """The person masks of one video, run-length encoded.

  Attributes:
    height, width: size of each mask in pixels.
    frames: for each frame of the video, the RLEs of its persons (perhaps none).
  """

  height: int
  width: int
  frames: tuple

  def __len__(self) -> int:
    return len(self.frames)

  @property
  def has_person(self) -> bool:
    """Whether there is a person in any frame."""
    return any(coco_mask.area(rle) for rles in self.frames for rle in rles)

  def decode(self, index: int) -> np.ndarray:
    """The union of the persons in frame `index`: bool [height, width]."""
    rles = self.frames[index]
    if not rles:
      return np.zeros((self.height, self.width), bool)
    return coco_mask.decode(coco_mask.merge(rles)).astype(bool)


@dataclasses.dataclass(frozen=True)
class PersonMask:
  """A person in a frame of a video.

  Attributes:
    rle: the mask as COCO run-length encoding: {'size': [H, W], 'counts': bytes}.
    score: of the segmenter, or None where there is nothing to say.
    track: number of the person within the video, from 0; None if nobody was followed.
    carried: whether the mask was not found in this frame but brought by the flow.
  """

  rle: dict
  score: float | None = None
  track: int | None = None
  carried: bool = False


def write(
  path: str | os.PathLike,
  masks: Iterable[np.ndarray],
  *,
  video: str,
  settings: Mapping[str, Any] | None = None,
  scores: Sequence[float | None] | None = None,
) -> None:
  """Writes the masks of one video as a COCO dataset, atomically.

  Args:
    path: the JSON file to write.
    masks: an iterable of bool or 0/1 uint8 [H, W], one a frame of the video.
    video: name of the video, which goes into the file.
    settings: a dict of how the masks were made, which goes into the file.
    scores: one float a frame, or None where there is nothing to say.

  Raises:
    ValueError: there is no mask, or their sizes differ.
  """
  masks = iter(masks)
  first = next(masks, None)
  if first is None:
    raise ValueError(f'`masks` must hold at least one mask; received none for {video}')
  height, width = np.shape(first)

  def people() -> Iterator[list[PersonMask]]:
    for index, mask in enumerate(itertools.chain([first], masks)):
      if np.shape(mask) != (height, width):
        raise ValueError(
          f'masks must be of one size; received {"x".join(map(str, np.shape(mask)))}'
          f' after {height}x{width}'
        )
      score = None if scores is None else scores[index]
      yield [PersonMask(encode(mask), score)] if np.any(mask) else []

  write_people(path, people(), height, width, video=video, settings=settings)


def write_people(
  path: str | os.PathLike,
  people: Iterable[Sequence[PersonMask]],
  height: int,
  width: int,
  *,
  video: str,
  settings: Mapping[str, Any] | None = None,
) -> tuple[int, int]:
  """Writes the people of one video as a COCO dataset, atomically, a frame at a time.

  Args:
    path: the JSON file to write.
    people: an iterable of lists of `PersonMask`, one a frame of the video.
    height, width: of the frames in pixels.
    video, settings: as in `write`.

  Returns:
    (number of frames, number of those with people).
  """
  num_frames = num_found = num_people = 0
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    f.write('{"annotations": [')
    for num_frames, frame in enumerate(people, 1):
      num_found += bool(frame)
      for person in frame:
        f.write(', ' if num_people else '')
        num_people += 1
        json.dump(_annotation(person, num_people, num_frames - 1), f)
    f.write('], "images": [')
    for index in range(num_frames):
      f.write(', ' if index else '')
      json.dump({'id': index, 'file_name': f'{video}#{index}', 'height': height, 'width': width}, f)
    f.write('], "categories": ')
    json.dump([{'id': PERSON, 'name': 'person'}], f)
    f.write(', "info": ')
    json.dump({'video': str(video), 'settings': {} if settings is None else settings}, f)
    f.write('}')
  return num_frames, num_found


def _annotation(person: PersonMask, number: int, image: int) -> dict[str, Any]:
  annotation = {
    'id': number,
    'image_id': image,
    'category_id': PERSON,
    'segmentation': {
      'size': [int(n) for n in person.rle['size']],
      'counts': person.rle['counts'].decode('ascii'),
    },
    'area': int(coco_mask.area(person.rle)),
    'bbox': [float(v) for v in coco_mask.toBbox(person.rle)],
    'iscrowd': 0,
  }
  if person.score is not None:
    annotation['score'] = float(person.score)
  if person.track is not None:
    annotation['track_id'] = person.track
  if person.carried:
    annotation['carried'] = True
  return annotation


def encode(mask: np.ndarray) -> dict[str, Any]:
  """A mask, bool or 0/1 uint8 [H, W], as COCO run-length encoding."""
  return coco_mask.encode(np.asfortranarray(mask, np.uint8))


def read(path: str | os.PathLike, video: str | None = None) -> Masks:
  """Reads the masks of one video.

  Args:
    path: a COCO dataset as `write` makes it: the images are the video's frames,
      in the order of their ids. Annotations of other categories are left out.
    video: path of the video whose masks they must be, unless the file names none.

  Returns:
    A `Masks`.

  Raises:
    MaskError: the file is missing, is no such dataset, or of another video.
  """
  try:
    with open(path) as f:
      dataset = json.load(f)
    info = dataset.get('info')
    named = info.get('video') if isinstance(info, dict) else None
    if video is not None and named and video_files.stem(named) != video_files.stem(video):
      raise MaskError(f'{path}: expected masks of {video_files.stem(video)}; they are of {named}')
    return _masks(path, dataset)
  except FileNotFoundError as e:
    raise MaskError(f'{path}: no such mask file') from e
  except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
    if isinstance(e, MaskError):
      raise
    raise MaskError(
      f'{path}: expected a COCO dataset of person masks with compressed RLE; '
      f'{type(e).__name__}: {e}'
    ) from e


def _masks(path: str | os.PathLike, dataset: dict[str, Any]) -> Masks:
  """The masks of a dataset; raises whatever a damaged one causes."""
  images = sorted(dataset['images'], key=lambda image: image['id'])
  index_of = {image['id']: index for index, image in enumerate(images)}
  if len(index_of) != len(images):
    raise MaskError(
      f'{path}: expected an id of its own for every image; found {len(index_of)} ids of '
      f'{len(images)} images'
    )
  sizes = {(image['height'], image['width']) for image in images}
  if len(sizes) != 1:
    raise MaskError(f'{path}: expected images of one size; found {sorted(sizes)}')
  ((height, width),) = sizes
  if not all(isinstance(side, int) and side > 0 for side in (height, width)):
    raise MaskError(
      f'{path}: expected a height and a width in pixels; found {height!r} and {width!r}'
    )
  frames: list[list[Any]] = [[] for _ in images]
  for annotation in dataset['annotations']:
    if annotation['category_id'] == PERSON:
      rle = _run_lengths_of(path, annotation, height, width)
      frames[index_of[annotation['image_id']]].append(rle)
  return Masks(height, width, tuple(tuple(rles) for rles in frames))


def _run_lengths_of(
  path: str | os.PathLike, annotation: dict[str, Any], height: int, width: int
) -> dict[str, Any]:
  """The run-length encoding of an annotation, checked: pycocotools crashes on damaged ones."""
  rle = annotation['segmentation']
  if list(rle['size']) != [height, width]:
    raise MaskError(f'{path}: expected masks of {height}x{width}; found {rle["size"]}')
  counts = rle['counts'].encode('ascii')
  runs = run_lengths(counts)
  if sum(runs) != height * width or any(run < 0 for run in runs):
    raise MaskError(
      f'{path}: expected masks of {height * width} pixels; annotation {annotation.get("id")} '
      f'has {sum(runs)}'
    )
  return {'size': [height, width], 'counts': counts}


@dataclasses.dataclass(frozen=True)
class Info:
  """What a file of masks says about itself.

  Attributes:
    video: name of the video.
    settings: a dict of how the masks were made.
    num_frames: number of frames of the video.
    num_found: number of frames with people.
  """

  video: str
  settings: dict
  num_frames: int
  num_found: int


def read_info(path: str | os.PathLike) -> Info:
  """Reads the `Info` of a file that `write` made, without decoding its masks.

  Raises:
    MaskError: the file is missing, or is no such file.
  """
  try:
    with open(path) as f:
      dataset = json.load(f)
    return Info(
      video=dataset['info']['video'],
      settings=dict(dataset['info']['settings']),
      num_frames=len(dataset['images']),
      num_found=len({annotation['image_id'] for annotation in dataset['annotations']}),
    )
  except (OSError, ValueError, LookupError, TypeError, RecursionError) as e:
    raise MaskError(
      f'{path}: expected a file of masks as segment makes it; {type(e).__name__}: {e}'
    ) from e


def run_lengths(counts: Sequence[int]) -> list[int]:
  """The run lengths that COCO's compressed counts spell out.

  Only for checking: pycocotools decodes counts that are too short to whatever
  the memory holds.

  Args:
    counts: bytes. Five bits a character, low ones first, the sixth saying that
      more follow; from the fourth run on, the difference to the last but one.

  Returns:
    A list of ints.

  Raises:
    ValueError: the counts are no such characters, or end within a number.
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


def coverage(masks: np.ndarray) -> float:
  """The share of the pixels that masks cover: float in [0, 1]; 0 for no mask."""
  masks = np.asarray(masks)
  return float(np.count_nonzero(masks) / masks.size) if masks.size else 0.0
