"""Masks for a folder of videos: written, resumed, refused, counted."""

import numpy as np
import pytest

from i3d_tf.masks import coco_files
from tests import commands
from tests import fakes
from tests.segmentation.people import test_segment_folder


def test_the_command_takes_existing_masks_and_reports_the_outcome(tmp_path):
  test_segment_folder._write_videos(tmp_path / 'videos', ['A'])
  fakes.write_video(tmp_path / 'videos' / 'B' / 'v_B_g01_c01.avi', test_segment_folder._frames(5))
  for index, name in enumerate(['v_A_g01_c01', 'v_A_g02_c01']):
    masks = np.zeros((6, test_segment_folder._HEIGHT, test_segment_folder._WIDTH), bool)
    masks[3, :, :10] = index
    coco_files.write(tmp_path / 'theirs' / f'{name}.json', masks, video=name)
  out, err = commands.run(
    'segmentation.segment',
    '--videos=videos',
    '--output=masks',
    '--segmenter=coco',
    '--segmenter_model=theirs',
    '--processes=1',
    cwd=tmp_path,
    status=1,
  )
  assert 'masks: masks of 2 of 3 videos' in out
  assert 'nobody was found in 1 videos' in out and 'masks/no_person.csv' in out
  assert 'theirs/v_B_g01_c01.json: no such mask file' in err
  masks = coco_files.read(tmp_path / 'masks' / 'v_A_g02_c01.json')
  assert masks.decode(3)[:, :10].all()  # they stay as they are, though seen but once


@pytest.mark.parametrize(
  'arguments, message',
  [
    ((), 'expected --videos, which was not given'),
    (('--videos=videos',), 'expected --output, which was not given'),
    (
      ('--videos=videos', '--output=m', '--segmenter=tflite'),
      '--segmenter=tflite (a LiteRT network that segments people) needs --segmenter_model: '
      'its .tflite file',
    ),
    (
      ('--videos=nowhere', '--output=m', '--segmenter=opencv'),
      'nowhere: expected a folder with videos, or a video (--videos); no such file or folder',
    ),
    (
      (
        '--videos=videos',
        '--output=m',
        '--segmenter=coco',
        '--segmenter_model=videos',
        '--detect_every=2',
      ),
      '--segmenter=coco has masks for every frame; expected --detect_every=1; received 2',
    ),
    (
      ('--videos=videos', '--output=m', '--segmenter=opencv', '--tflite_person=3'),
      'the --tflite_... flags are for --segmenter=tflite; received --segmenter=opencv',
    ),
    (
      (
        '--videos=videos',
        '--output=m',
        '--segmenter=tflite',
        '--segmenter_model=x',
        '--tflite_input_range=0',
      ),
      '--tflite_input_range must be two numbers, -1,1 for example; received 0',
    ),
    (
      ('--videos=videos', '--output=m', '--segmenter=rvm', '--also=racket'),
      '--also is for segmenters that know classes (tfhub, model_garden, tflite, coco); received '
      '--segmenter=rvm, which knows people alone',
    ),
    (
      ('--videos=videos', '--output=m', '--score_threshold=2'),
      'flag --score_threshold=2: 2.0 is not a number in the range [0, 1] (--help lists the flags)',
    ),
  ],
)
def test_flags_that_cannot_be_used_are_one_line(tmp_path, arguments, message):
  fakes.write_video(tmp_path / 'videos' / 'v.avi', test_segment_folder._frames(0))
  assert commands.error('segmentation.segment', *arguments, cwd=tmp_path) == message
