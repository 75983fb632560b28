"""Existing masks from COCO files: compressed or plain RLE, or polygons.

Either a folder with one file per video, named after it (v_Class_g01_c01.json), whose images
are the frames of the video; or one file for all videos, whose images name video and frame:
'v_Class_g01_c01/000017.jpg' or 'v_Class_g01_c01#17'. Frames are in the order of the numbers in
their file names or, where the names do not tell, of their ids.
"""

from collections.abc import Mapping, Sequence
import json
import os
import re
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import errors
from i3d_tf.common import text_files
from i3d_tf.masks import coco_datasets
from i3d_tf.masks import coco_files
from i3d_tf.video import video_files
from segmentation.backends import class_names
from segmentation.backends import held_objects
from segmentation.backends import segmenter

_IS_OBJECT = 'is_object'  # whether an annotation is of what a person holds, not of a person


class CocoFiles(segmenter.Segmenter):
  """Reads people from COCO files; `for_video` gives the segmenter of a video.

  Args:
    path: a folder of files, or one file for all videos.
    min_score: people with a lower score are left out; a missing score counts as 1.
    person: the name of the category of people; upper and lower case are the same.
    also: names of the categories whose objects count as a person's, or their last words
      (`class_names.resolve`).

  Raises:
    SegmenterError: there is nothing at `path`.
    MaskError: the file is not a COCO dataset, or has not exactly one such category.
    UserError: it has no category of `also`.
  """

  def __init__(
    self, path: str, min_score: float = 0.0, person: str = 'person', also: Sequence[str] = ()
  ) -> None:
    self.name = f'coco {os.path.basename(os.path.normpath(path))}'
    self._path = path
    self._min_score = min_score
    self._person = person
    self.also = tuple(
      sorted({name.strip().lower() for name in also})
    )  # each file says which they are
    self._videos = None
    if os.path.isfile(path):
      self._videos = _by_video(path, _load(path, person, also))
    elif not os.path.isdir(path):
      raise segmenter.SegmenterError(
        f'{path}: no such file; expected a folder of COCO files, one per video, or one for all'
      )

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """Not supported: masks belong to the frames of a video."""
    raise NotImplementedError('masks are stored by video: call `for_video` first')

  def for_video(self, path: str) -> segmenter.Segmenter:
    """The segmenter of one video; raises a `MaskError` if it has no masks."""
    stem = video_files.stem(path)
    if self._videos is not None:
      if stem not in self._videos:
        raise coco_files.MaskError(
          f'{self._path}: has no image of {stem}; expected file names such as {stem}/000001.jpg'
        )
      return VideoPeople(self._path, self.name, *self._videos[stem], self._min_score)
    file = os.path.join(self._path, f'{stem}.json')
    if not os.path.exists(file):
      raise coco_files.MaskError(f'{file}: no such mask file')
    dataset = _load(file, self._person, self.also)
    images = coco_datasets.in_order(file, dataset['images'])
    return VideoPeople(file, self.name, images, dataset['annotations'], self._min_score)


class VideoPeople(segmenter.Segmenter):
  """The people of one video, frame by frame.

  Args:
    path: the mask file, for messages.
    name: the name of the segmenter.
    images: COCO's image dicts, one per frame, in order.
    annotations: COCO's annotation dicts as `_load` gives them, of people and of what counts as
      theirs; those of other images are ignored.
    min_score: people with a lower score are left out.
  """

  def __init__(
    self,
    path: str,
    name: str,
    images: Sequence[Mapping[str, Any]],
    annotations: Sequence[Mapping[str, Any]],
    min_score: float,
  ) -> None:
    self.name = name
    self._path = path
    self._images = images
    self._min_score = min_score
    self._next = 0
    self._people = {image['id']: [] for image in images}
    for annotation in annotations:
      self._people.get(annotation.get('image_id'), []).append(annotation)

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """The people of the next frames; raises a `MaskError` if there are too few images."""
    found = []
    for frame in frames:
      if self._next == len(self._images):
        raise coco_files.MaskError(
          f'{self._path}: expected an image for every frame of the video; '
          f'received only {len(self._images)} images'
        )
      found.append(self._of(self._images[self._next], *frame.shape[:2]))
      self._next += 1
    return found

  def finish(self) -> None:
    """Raises a `MaskError` if there are more images than the video has frames."""
    if self._next != len(self._images):
      raise coco_files.MaskError(
        f'{self._path}: expected {self._next} images, one per frame of the video; '
        f'received {len(self._images)}'
      )

  def _of(
    self, image: Mapping[str, Any], height: int, width: int
  ) -> list[segmenter.DetectedPerson]:
    """The people of an image, which must have the size of the frame."""
    if (image.get('height'), image.get('width')) != (height, width):
      raise coco_files.MaskError(
        f'{self._path}: expected images of {height}x{width}, the size of the frames; image '
        f'{image["id"]} is {image.get("height")}x{image.get("width")}'
      )
    people, objects = [], []
    for annotation in self._people[image['id']]:
      score = float(annotation.get('score', 1.0))
      if score >= self._min_score:
        mask = self._decode(annotation, height, width)
        if mask.any() and annotation[_IS_OBJECT]:
          objects.append(mask)
        elif mask.any():
          people.append(segmenter.DetectedPerson(mask, score))
    return held_objects.add(people, objects)

  def _decode(self, annotation: Mapping[str, Any], height: int, width: int) -> np.ndarray:
    """The mask of an annotation: bool [height, width]."""
    number, shape = annotation.get('id'), annotation.get('segmentation')
    try:
      if isinstance(shape, dict) and list(shape['size']) != [height, width]:
        raise ValueError(f'a mask of {"x".join(map(str, shape["size"]))}')
      if isinstance(shape, dict) and isinstance(shape['counts'], str):
        rles = [{'size': [height, width], 'counts': shape['counts'].encode('ascii')}]
        runs = coco_datasets.run_lengths(rles[0]['counts'])
      elif isinstance(shape, dict):
        runs = shape['counts']
        rles = [coco_mask.frPyObjects(shape, height, width)]
      else:
        runs = [height * width]
        rles = coco_mask.frPyObjects(shape, height, width)  # one per polygon
      if sum(runs) != height * width or min(runs) < 0:
        raise ValueError(f'run lengths of {sum(runs)} pixels')
      return coco_mask.decode(coco_mask.merge(rles)).astype(bool)
    # pycocotools raises a bare Exception for unknown formats.
    except Exception as e:
      raise coco_files.MaskError(
        f'{self._path}: expected RLE or polygons within {height}x{width} pixels; found '
        f'annotation {number} with {e}'
      ) from e


def _load(path: str, person: str, also: Sequence[str]) -> dict[str, Any]:
  """Reads a COCO dataset and checks ids and scores.

  Its annotations are those of people and of the categories `also`, each with the key `_IS_OBJECT`.
  """
  try:
    with open(path, encoding=text_files.ENCODING) as f:
      dataset = json.load(f)
    if not all(isinstance(dataset[key], list) for key in ('images', 'annotations')):
      raise ValueError('`images` and `annotations` must be lists')
    ids = sorted(image['id'] for image in dataset['images'])
    if len(set(ids)) != len(ids):
      raise ValueError(
        f'expected a unique id for every image; found {len(set(ids))} ids of {len(ids)} images'
      )
    for annotation in dataset['annotations']:
      hash(annotation.get('image_id'))  # raises a TypeError for a list or a dict
      if not 0 <= annotation.get('score', 1) <= 1:
        raise ValueError(f'expected scores from 0 to 1; found {annotation["score"]}')
    number = coco_datasets.person_id(path, dataset, person)
    objects = _object_ids(path, dataset, number, also)
    kept = [
      {**a, _IS_OBJECT: a.get('category_id') != number}
      for a in dataset['annotations']
      if a.get('category_id') == number or a.get('category_id') in objects
    ]
    return {**dataset, 'annotations': kept}
  except errors.UserError:
    raise
  except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
    raise coco_files.MaskError(
      f'{path}: expected a COCO dataset with images and annotations; {type(e).__name__}: {e}'
    ) from e


def _object_ids(
  path: str, dataset: Mapping[str, Any], person: Any, also: Sequence[str]
) -> frozenset[Any]:
  """The ids of the categories `also`, of a dataset whose categories are known to be sound."""
  others = [c for c in dataset['categories'] if c['id'] != person]
  names = class_names.resolve(also, [str(c['name']).strip() for c in others], path)
  return frozenset(c['id'] for c in others if str(c['name']).strip() in names)


def _by_video(path: str, dataset: Mapping[str, Any]) -> dict[str, tuple[list[Any], list[Any]]]:
  """Groups a dataset by video: {stem: (images in order, annotations)}."""
  videos, stem_of = {}, {}
  for image in dataset['images']:
    name = str(image.get('file_name', ''))
    head, mark, frame = name.rpartition('#')
    if not mark:
      head, frame = os.path.split(name)
    stem = video_files.stem(head) if head else ''
    if not stem or not re.search(r'\d', frame):
      raise coco_files.MaskError(
        f'{path}: expected file names of video and frame, such as v_Class_g01_c01/000001.jpg; '
        f'found {name!r}'
      )
    videos.setdefault(stem, ([], []))[0].append(image)
    stem_of[image['id']] = stem
  for annotation in dataset['annotations']:
    owner = stem_of.get(annotation.get('image_id'))
    if owner is not None:
      videos[owner][1].append(annotation)
  return {
    stem: (coco_datasets.in_order(path, images), annotations)
    for stem, (images, annotations) in videos.items()
  }
