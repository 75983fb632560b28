"""Person masks of videos in COCO files.

The masks of a video are one COCO dataset: a JSON file with `images`, `categories` and
`annotations`, run-length encoded (RLE), which any COCO tool reads. There is one image per
frame of the video file, of the same size and at the same frame rate.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import itertools
import json
import os
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import file_content
from i3d_tf.common import files
from i3d_tf.common import text_files
from i3d_tf.masks import coco_datasets
from i3d_tf.masks import second_looks
from i3d_tf.video import video_files

PERSON = 1  # the number that `write` gives people, as COCO does
MaskError = coco_datasets.MaskError


@dataclasses.dataclass(frozen=True)
class Masks:
  """The person masks of one video, run-length encoded.

  Attributes:
    height, width: the size of each mask in pixels.
    frames: for each frame of the video, the RLEs of its people; may be empty.
    second_look: what the segmenter still found once these people were replaced; None if it did
      not look again.
  """

  height: int
  width: int
  frames: tuple[tuple[dict[str, Any], ...], ...]
  second_look: second_looks.SecondLook | None = dataclasses.field(default=None, compare=False)

  def __len__(self) -> int:
    return len(self.frames)

  @property
  def has_person(self) -> bool:
    """Whether any frame shows a person."""
    return any(coco_mask.area(rle) for rles in self.frames for rle in rles)

  @property
  def seen_again(self) -> float | None:
    """The part of the people that these masks missed; None without a second look."""
    return None if self.second_look is None else self.second_look.seen_again

  def decode(self, index: int) -> np.ndarray:
    """The union of the people in frame `index`: bool [height, width]."""
    rles = self.frames[index]
    if not rles:
      return np.zeros((self.height, self.width), bool)
    return coco_mask.decode(coco_mask.merge(rles)).astype(bool)


@dataclasses.dataclass(frozen=True)
class PersonMask:
  """The mask of one person in a frame of a video.

  Attributes:
    rle: the mask in COCO's run-length encoding: {'size': [H, W], 'counts': bytes}.
    score: the segmenter's confidence, or None if it is unknown.
    track: the number of the person within the video, from 0; None without tracking.
    carried: whether the mask was propagated from another frame instead of detected here.
  """

  rle: dict[str, Any]
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
    masks: one mask per frame of the video, bool or 0/1 uint8 [H, W].
    video: the name of the video, stored in the file.
    settings: how the masks were made, stored in the file.
    scores: the confidence for each frame; None if it is unknown.

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
  source: Mapping[str, Any] | None = None,
  second_look: Callable[[], second_looks.SecondLook] | None = None,
) -> tuple[int, int]:
  """Writes the people of one video as a COCO dataset, atomically and frame by frame.

  Args:
    path: the JSON file to write.
    people: the `PersonMask`s of each frame of the video.
    height, width: the size of the frames in pixels.
    video, settings: as in `write`.
    source: what identifies the video's content, see `Info`, or None.
    second_look: called after the last frame; returns what `Masks` has of that name. Or None.

  Returns:
    (number of frames, number of frames with people).
  """
  num_frames = num_with_person = num_people = 0
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    f.write('{"annotations": [')
    for num_frames, frame in enumerate(people, 1):
      num_with_person += bool(frame)
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
    info: dict[str, Any] = {'video': str(video), 'settings': {} if settings is None else settings}
    if source is not None:
      info['source'] = source
    if second_look is not None:
      info['second_look'] = dataclasses.asdict(second_look())
    json.dump(info, f)
    f.write('}')
  return num_frames, num_with_person


def _annotation(person: PersonMask, number: int, image: int) -> dict[str, Any]:
  """COCO's annotation of a person, with its own id and that of its image."""
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
  """Encodes a mask, bool or 0/1 uint8 [H, W], in COCO's run-length encoding."""
  return coco_mask.encode(np.asfortranarray(mask, np.uint8))


def read(path: str | os.PathLike, video: str | None = None) -> Masks:
  """Reads the masks of one video.

  Args:
    path: a COCO dataset as `write` makes it: the images are the frames of the video, in
      the order of `coco_datasets.in_order`. Annotations of other categories than the one called
      person are ignored.
    video: path of the video that the masks must belong to; not checked if the file names
      no video, or if None.

  Returns:
    The masks of all frames.

  Raises:
    MaskError: the file is missing, is not such a dataset, or belongs to another video.
  """
  try:
    with open(path, encoding=text_files.ENCODING) as f:
      dataset = json.load(f)
    info = dataset.get('info')
    named = info.get('video') if isinstance(info, dict) else None
    if video is not None and named and video_files.stem(named) != video_files.stem(video):
      raise MaskError(f'{path}: expected masks of {video_files.stem(video)}; they are of {named}')
    made_from = info.get('source') if isinstance(info, dict) else None
    if video is not None and made_from and os.path.exists(video):
      _check_made_from(path, video, made_from)
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


def _check_made_from(
  path: str | os.PathLike, video: str | os.PathLike, content: Mapping[str, Any]
) -> None:
  """Raises a MaskError unless a video is the one whose content the masks were made from."""
  if not file_content.is_same(video, content):
    raise MaskError(
      f'{path}: expected masks of {video}; they were made from a file of other content '
      '(segment makes them again)'
    )


def _masks(path: str | os.PathLike, dataset: dict[str, Any]) -> Masks:
  """The masks of a dataset; raises a `MaskError` or whatever a damaged dataset causes."""
  images = coco_datasets.in_order(path, dataset['images'])
  person = coco_datasets.person_id(path, dataset)
  index_of = {image['id']: index for index, image in enumerate(images)}
  if len(index_of) != len(images):
    raise MaskError(
      f'{path}: expected a unique id for every image; found {len(index_of)} ids of '
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
    if annotation['category_id'] == person:
      rle = _run_lengths_of(path, annotation, height, width)
      frames[index_of[annotation['image_id']]].append(rle)
  info = dataset.get('info')
  look = info.get('second_look') if isinstance(info, dict) else None
  return Masks(
    height,
    width,
    tuple(tuple(rles) for rles in frames),
    None if look is None else second_looks.SecondLook(float(look['mask']), float(look['again'])),
  )


def _run_lengths_of(
  path: str | os.PathLike, annotation: dict[str, Any], height: int, width: int
) -> dict[str, Any]:
  """The RLE of an annotation, checked, because pycocotools crashes on damaged ones."""
  rle = annotation['segmentation']
  if list(rle['size']) != [height, width]:
    raise MaskError(f'{path}: expected masks of {height}x{width}; found {rle["size"]}')
  counts = rle['counts'].encode('ascii')
  runs = coco_datasets.run_lengths(counts)
  if sum(runs) != height * width or any(run < 0 for run in runs):
    raise MaskError(
      f'{path}: expected masks of {height * width} pixels; annotation {annotation.get("id")} '
      f'has {sum(runs)}'
    )
  return {'size': [height, width], 'counts': counts}


@dataclasses.dataclass(frozen=True)
class Info:
  """The metadata of a mask file.

  Attributes:
    video: the name of the video.
    settings: how the masks were made.
    num_frames: the number of frames of the video.
    num_with_person: the number of frames with people.
    source: the video that the masks are of: 'bytes', 'mtime_ns' and 'sha256' of its file; None in
      files of older versions.
  """

  video: str
  settings: dict[str, Any]
  num_frames: int
  num_with_person: int
  source: dict[str, Any] | None = None


def read_info(path: str | os.PathLike) -> Info:
  """Reads the `Info` of a file that `write` made, without decoding its masks.

  Raises:
    MaskError: the file is missing, or was not made by `write`.
  """
  try:
    with open(path, encoding=text_files.ENCODING) as f:
      dataset = json.load(f)
    return Info(
      video=dataset['info']['video'],
      settings=dict(dataset['info']['settings']),
      num_frames=len(dataset['images']),
      num_with_person=len({annotation['image_id'] for annotation in dataset['annotations']}),
      source=dict(dataset['info']['source']) if 'source' in dataset['info'] else None,
    )
  except (OSError, ValueError, LookupError, TypeError, RecursionError) as e:
    raise MaskError(
      f'{path}: expected a file of masks as segment makes it; {type(e).__name__}: {e}'
    ) from e


def coverage(masks: np.ndarray) -> float:
  """The fraction of pixels that masks cover, in [0, 1]; 0 if there is no mask."""
  masks = np.asarray(masks)
  return float(np.count_nonzero(masks) / masks.size) if masks.size else 0.0
