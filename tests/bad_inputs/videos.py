"""Video files. A bad one does not keep the others of its folder from being stored."""

import cv2
import numpy as np

from tests import fakes
from tests.bad_inputs import Row
from tests.bad_inputs import stage

_CSV = 'path,label\na.avi,x\nb.avi,x\n'
_MAKE = 'tools.make_tfrecords --csv=a.csv --test=0 --output=new --short_side=37 --workers=1'
_PREDICT = 'i3d_tf.predict --run_dir=run --video='


def _noise(count, height=48, width=64):
  return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


def _video(path, count):
  return lambda folder: fakes.write_video(folder / path, _noise(count))


def _images(path, count, height, width):
  """A folder of frames as images."""

  def do(folder):
    (folder / path).mkdir()
    for number, image in enumerate(_noise(count, height, width)):
      cv2.imwrite(str(folder / path / f'{number:03d}.png'), image)

  return do


def _sound(folder):
  """A WAV file of a tenth of a second under the name of a video."""
  samples = bytes(1600)
  header = (
    b'RIFF'
    + (36 + len(samples)).to_bytes(4, 'little')
    + b'WAVEfmt '
    + b'\x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0'
    + b'data'
    + len(samples).to_bytes(4, 'little')
  )
  (folder / 'a.avi').write_bytes(header + samples)


def _left_out(name, message, spoil, more=''):
  """A video that make_tfrecords leaves out, next to one that it stores."""
  return Row(
    name,
    f'{_MAKE} {more}'.strip(),
    (
      f'left out: x/a.avi: a.avi: {message}',
      '1 video could not be used (new/failures.csv lists them); the others are in new',
    ),
    stage.all_of(stage.write('a.csv', _CSV), spoil),
    status=1,
  )


ROWS = (
  _left_out('a video of no bytes', 'the file is empty', stage.write('a.avi', '')),
  _left_out(
    'a video of text',
    'expected a video file; FFmpeg finds no video stream in it',
    stage.write('a.avi', 'no video'),
  ),
  _left_out(
    'a video that is an empty folder', 'expected image files (', stage.make_folder('a.avi')
  ),
  _left_out('a video that is not there', 'no such video file', stage.remove('a.avi')),
  _left_out('a video that is sound', 'expected a video file; FFmpeg finds no video', _sound),
  *(
    _left_out(f'a video cut off at {share:.0%}', message, stage.cut('a.avi', share))
    for share, message in (
      (0.001, 'expected a video file; FFmpeg finds no video stream in it'),
      (0.05, 'expected frames to the end; a frame cannot be decoded ('),
      (0.3, 'expected frames to the end; a frame cannot be decoded ('),
      (0.9, 'expected frames to the end; a frame cannot be decoded ('),
    )
  ),
  _left_out(
    'a video of one frame where flow is wanted',
    'expected at least 2 frames, between',
    stage.all_of(_video('a.avi', 1), stage.write('a.csv', 'path,label\na.avi,x\n')),
    '--flow',
  ),
  Row(
    'a video of one frame for a network',
    f'{_PREDICT}c.avi',
    'c.avi: expected at least 9 frames at 25 a second; found 1',
    _video('c.avi', 1),
    status=1,
  ),
  Row(
    'videos of which one is not there',
    f'{_PREDICT}none.avi,a.avi',
    ('none.avi: no such video file', '1 of 2 videos could not be used', 'Norm of logits: '),
    status=1,
  ),
  Row(
    'a folder without images or videos',
    f'{_PREDICT}masks',
    'masks: expected image files (.bmp, .jpeg, .jpg, .png, .tif, .tiff, .webp); found none',
    status=1,
  ),
  Row(
    'a folder of images of which one is none',
    f'{_PREDICT}c',
    'c/007.png: expected an image;',
    stage.all_of(_images('c', 12, 48, 64), stage.write('c/007.png', 'x')),
    status=1,
  ),
  Row(
    'images of two sizes',
    f'{_PREDICT}c',
    'c/zz.png: expected 48x64 pixels, as the images bef',
    stage.all_of(
      _images('c', 9, 48, 64),
      lambda folder: cv2.imwrite(str(folder / 'c/zz.png'), np.zeros((5, 5, 3), np.uint8)) and None,
    ),
    status=1,
  ),
  Row(
    'a video as thin as a thread',
    f'{_PREDICT}c',
    'c: expected frames less long and narrow th',
    _images('c', 9, 2, 20000),
    status=1,
  ),
  Row(
    'videos of one pixel, which are fine',
    f'{_PREDICT}c',
    'Norm of logits: ',
    _images('c', 9, 1, 1),
    status=0,
  ),
  Row(
    'names with spaces, umlauts, colons and percents, which are fine',
    f"{_PREDICT}'ein Ördner/a: %02d.avi'",
    'Norm of logits: ',
    _video('ein Ördner/a: %02d.avi', 9),
    status=0,
  ),
  Row(
    'features of videos of which one is cut off',
    'i3d_tf.extract_features --run_dir=run --video=a.avi,b.avi --output=new --endpoint=Mixed_3b',
    (
      'b.avi: expected frames to the end; ',
      'new: features of 1 videos',
      '1 of 2 videos could not be used',
    ),
    stage.cut('b.avi'),
    status=1,
  ),
  Row(
    'people of videos of which one is cut off',
    'segmentation.segment --videos=videos/Waving --output=new --segmenter=coco '
    '--segmenter_model=masks --processes=1',
    ('videos/Waving/v_Waving_g01_c01.avi: expected', 'new: masks of 2 of 3 videos'),
    stage.cut('videos/Waving/v_Waving_g01_c01.avi'),
    status=1,
  ),
)
