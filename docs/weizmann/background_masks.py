"""Masks of Weizmann's people by background subtraction: nearly the truth, as the wall is static.

    python docs/weizmann/background_masks.py weizmann background_masks
    python -m segmentation.compare --masks=background_masks,masks_to_judge

Somebody who crosses the picture hides each pixel for less than half of the time: the median of such
a clip is the empty place. Who stays in place stands before the empty place of another clip of the
same person, moved onto this one. Clips for which no place fits are left out and named.

A pixel is taken apart into brightness, as a multiple of the place's, and what is left as another
colour (Horprasert, Harwood, Davis, "A statistical approach for real-time robust background
subtraction and shadow detection", 1999). A shadow is the place a little darker, a person is darker
or brighter than that or has another colour. The largest part that hangs together is the mask, with
the small holes in it. Cloth of the wall's colour and brightness is missed, the darkest shadow under
the feet, a pixel or two high, stays in. The constants were set by eye on clips of three people,
before any segmenter was compared.
"""

import glob
import os
import sys

import cv2
import numpy as np

from i3d_tf.masks import coco_files
from i3d_tf.video import decoding

_CROSSING = ('GallopSideways', 'JumpForward', 'Run', 'Skip', 'Walk')
_SHADOW = 0.72, 1.12  # brightness of shadows and noise, in multiples of the place's
_COLOUR = 7.0  # distance in RGB, each in [0, 255], that is another colour
_FITS = 8.0  # the median distance of an empty place of another clip, at the most
_HOLE = 40  # pixels of an enclosed hole that is filled, at the most
_PERSON = 120  # pixels of a person, at least; people have some 700


def place_of(frames: np.ndarray, others: list[np.ndarray]) -> np.ndarray | None:
  """The empty place of a clip from those of others, float32 [H, W, 3]; None if none fits."""
  middle = np.median(frames, axis=0).astype(np.float32)
  best, least = None, _FITS
  for other in others:
    moved = _moved(other, middle)
    if moved is not None:
      moved *= np.median(middle / np.maximum(moved, 1), axis=(0, 1))  # another exposure
      distance = float(np.median(np.linalg.norm(middle - moved, axis=-1)))
      if distance < least:
        best, least = moved, distance
  return best


def _moved(place: np.ndarray, onto: np.ndarray) -> np.ndarray | None:
  """A place moved onto that of another clip of the same camera; None if it cannot be."""
  grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (onto, place)]
  stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)
  try:
    _, warp = cv2.findTransformECC(
      *grey, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, stop, None, 5
    )
  except cv2.error:  # it does not converge: another place
    return None
  how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
  return cv2.warpAffine(place, warp, onto.shape[1::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)


def person(frame: np.ndarray, place: np.ndarray) -> np.ndarray:
  """Who stands before a place: bool [H, W]; nobody if less than `_PERSON` pixels differ.

  Args:
    frame: uint8 RGB [H, W, 3].
    place: the empty place, float32 RGB [H, W, 3].
  """
  pixels = frame.astype(np.float32)
  pixels /= np.median(pixels / np.maximum(place, 1), axis=(0, 1))  # exposure drifts
  pixels, place = (cv2.GaussianBlur(image, (0, 0), 0.7) for image in (pixels, place))
  brightness = (pixels * place).sum(-1) / np.maximum((place * place).sum(-1), 1)
  colour = np.linalg.norm(pixels - brightness[..., np.newaxis] * place, axis=-1)
  differs = (brightness < _SHADOW[0]) | (brightness > _SHADOW[1]) | (colour > _COLOUR)
  disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
  joined = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, disk)
  _, parts, stats, _ = cv2.connectedComponentsWithStats(joined)
  if len(stats) < 2:
    return np.zeros(differs.shape, bool)
  mask = parts == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])
  _, holes, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
  mask |= np.isin(holes, [n for n, s in enumerate(stats) if n and s[cv2.CC_STAT_AREA] <= _HOLE])
  return mask if np.count_nonzero(mask) >= _PERSON else np.zeros(differs.shape, bool)


def main(videos: str, output: str) -> None:
  """Writes the masks of the clips Action/v_Action_g01_c01.avi below a folder."""
  clips, places = {}, {}
  for path in sorted(glob.glob(os.path.join(videos, '*', '*.avi'))):
    name = os.path.splitext(os.path.basename(path))[0]
    _, action, group, _ = name.split('_')
    clips[name] = action, group, path
    if action in _CROSSING:
      frames = np.stack(list(decoding.decode(path)))
      places.setdefault(group, {})[name] = np.median(frames, axis=0).astype(np.float32)
  for name, (_, group, path) in clips.items():
    frames = np.stack(list(decoding.decode(path)))
    empty = places.get(group, {})
    place = empty[name] if name in empty else place_of(frames, list(empty.values()))
    if place is None:
      print(f'left out, no empty place of {group} fits: {name}', file=sys.stderr)
      continue
    masks = [person(frame, place) for frame in frames]
    coco_files.write(os.path.join(output, f'{name}.json'), masks, video=os.path.basename(path))


if __name__ == '__main__':
  if len(sys.argv) != 3:
    sys.exit(f'expected a folder of videos and one for their masks; received {len(sys.argv) - 1}')
  main(*sys.argv[1:])
