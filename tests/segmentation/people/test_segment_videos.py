"""Masks for a folder of videos: written, resumed, refused, counted."""

import dataclasses
import struct
import warnings

import cv2
import numpy as np
import pytest
import tqdm

from flags import segment as segment_flags
from flags.shared import segmentation
from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.masks import coco_files
from i3d_tf.video import frame_folders
from segmentation.people import segment_folder
from segmentation.people import segment_videos
from segmentation.people import video_masks
from tests import commands
from tests import fakes
from tests import flag_values
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


def _existing(tmp_path, *names, frames=6):
  """Masks of somebody for videos of 6 frames, in the folder theirs."""
  for name in names:
    masks = np.ones((frames, test_segment_folder._HEIGHT, test_segment_folder._WIDTH), bool)
    coco_files.write(tmp_path / 'theirs' / f'{name}.json', masks, video=name)
  return '--output=masks', '--segmenter=coco', '--segmenter_model=theirs', '--processes=1'


def test_the_command_takes_the_videos_of_a_csv_file_and_bad_ones_do_not_stop_the_others(tmp_path):
  test_segment_folder._write_videos(tmp_path / 'videos', ['A'])
  (tmp_path / 'videos' / 'bad.avi').write_text('no video')
  (tmp_path / 'clips.csv').write_text(
    'path,label,start,end,split\n'
    'bad.avi,x,,,train\n'
    'A/v_A_g01_c01.avi,A,0,0.1,train\n'
    'A/v_A_g01_c01.avi,A,0.1,,test\n'  # another part of the same file
    'nowhere.avi,x,,,train\n'
    'A/v_A_g02_c01.avi,A,,,train\n'
  )
  flags = _existing(tmp_path, 'v_A_g01_c01', 'v_A_g02_c01', 'bad', 'nowhere')
  out, err = commands.run(
    'segmentation.segment', '--csv=clips.csv', '--videos=videos', *flags, cwd=tmp_path, status=1
  )
  assert 'masks: masks of 2 of 4 videos' in out
  named = [line.split(': error: ')[1] for line in err.splitlines() if ': error: ' in line]
  assert [line.split(':')[0] for line in named] == ['videos/bad.avi', 'videos/nowhere.avi']
  names = sorted(path.name for path in (tmp_path / 'masks').glob('*.json'))
  assert names == ['v_A_g01_c01.json', 'v_A_g02_c01.json']
  assert len(coco_files.read(tmp_path / 'masks' / names[0])) == 6  # all frames of the file


def test_the_command_takes_folders_of_frames(tmp_path):
  for name in ('A/one', 'B/two', 'B/bad'):
    (tmp_path / 'frames' / name).mkdir(parents=True)
    for index, frame in enumerate(test_segment_folder._frames(0)):
      cv2.imwrite(str(tmp_path / 'frames' / name / f'{index}.png'), frame)
  (tmp_path / 'frames' / 'B' / 'bad' / '3.png').write_text('x')
  flags = _existing(tmp_path, 'one', 'two', 'bad')
  out, err = commands.run('segmentation.segment', '--videos=frames', *flags, cwd=tmp_path, status=1)
  assert 'masks: masks of 2 of 3 videos' in out
  assert 'error: frames/B/bad/3.png: expected an image; it cannot be decoded' in err
  assert len(coco_files.read(tmp_path / 'masks' / 'one.json', tmp_path / 'frames/A/one')) == 6
  out, _ = commands.run(
    'segmentation.segment', '--videos=frames/A/one', *flags[1:], '--output=other', cwd=tmp_path
  )
  assert 'other: masks of 1 of 1 videos' in out
  # Images are exchanged: their masks are made again.
  (tmp_path / 'frames/A/one/0.png').rename(tmp_path / 'frames/A/one/6.png')
  before = (tmp_path / 'masks' / 'one.json').read_bytes()
  commands.run('segmentation.segment', '--videos=frames', *flags, cwd=tmp_path, status=1)
  assert (tmp_path / 'masks' / 'one.json').read_bytes() != before


def test_existing_masks_are_read_without_any_optical_flow(tmp_path, monkeypatch):
  test_segment_folder._write_videos(tmp_path / 'videos', ['A'])
  names = 'v_A_g01_c01', 'v_A_g02_c01'
  _existing(tmp_path, *names)
  monkeypatch.chdir(tmp_path)

  def refuse(*args, **kwargs):
    raise AssertionError('optical flow was asked for')

  monkeypatch.setattr(cv2.DISOpticalFlow, 'create', refuse)
  monkeypatch.setattr(cv2, 'calcOpticalFlowFarneback', refuse)
  monkeypatch.setattr(optical_flow, 'compute', refuse)
  flag_values.parse(
    monkeypatch,
    segment_flags.define,
    (segment_flags, segmentation),
    ('--videos=videos', '--output=masks', '--segmenter=coco', '--segmenter_model=theirs')
    + ('--processes=1',),
  )
  options = segment_flags.options()
  assert segment_videos.run(options) == 0
  for name in names:
    assert coco_files.read(tmp_path / 'masks' / f'{name}.json').decode(0).all()
  tracked = dataclasses.replace(options.settings, track=True)
  with pytest.raises(AssertionError, match='optical flow was asked for'):  # there it costs
    segment_videos.run(dataclasses.replace(options, output='tracked', settings=tracked))


def test_a_video_of_more_frames_than_its_header_says_is_one_video_of_the_bar(tmp_path):
  path = fakes.write_video(tmp_path / 'videos' / 'v.avi', test_segment_folder._frames(0, 60))
  with open(path, 'rb') as f:
    content = bytearray(f.read())
  for chunk, offset in ((b'avih', 24), (b'strh', 40)):
    (number,) = struct.unpack_from('<I', content, content.index(chunk) + offset)
    assert number == 60
    struct.pack_into('<I', content, content.index(chunk) + offset, 49)
  with open(path, 'wb') as f:
    f.write(content)
  assert frame_folders.declared_frames(path) == 49
  shown = []

  class Bar(tqdm.tqdm):
    def update(self, n=1):
      super().update(n)
      shown.append(self.n)
      self.refresh()  # warns if it is beyond its total

  with warnings.catch_warnings():
    warnings.simplefilter('error', tqdm.TqdmWarning)
    segment_folder.segment_folder(
      str(tmp_path / 'videos'),
      str(tmp_path / 'masks'),
      test_segment_folder.Bright,
      video_masks.MaskSettings(),
      1,
      Bar,
      second_look=True,
    )
  assert len(coco_files.read(tmp_path / 'masks' / 'v.json')) == 60
  assert shown[-1] == 1 and len(shown) > 90 and sorted(shown) == shown


class _WithBall(test_segment_folder.Bright):
  also = ('sports ball',)


def test_masks_with_other_objects_are_not_taken_for_the_same(tmp_path):
  test_segment_folder._write_videos(tmp_path / 'videos', ['A'], 1)
  test_segment_folder._segment(tmp_path, _WithBall)
  info = coco_files.read_info(tmp_path / 'masks' / 'v_A_g01_c01.json')
  assert info.settings['also'] == ['sports ball']
  before = fakes.contents(tmp_path / 'masks')
  test_segment_folder._segment(tmp_path, _WithBall)
  assert fakes.contents(tmp_path / 'masks') == before
  with pytest.raises(
    errors.UserError, match=r"\(also: expected None; received \['sports ball'\]\)"
  ):
    test_segment_folder._segment(tmp_path)
  (tmp_path / 'masks' / 'v_A_g01_c01.json').unlink()
  test_segment_folder._segment(tmp_path)
  with pytest.raises(
    errors.UserError, match=r"\(also: expected \['sports ball'\]; received None\)"
  ):
    test_segment_folder._segment(tmp_path, _WithBall)


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
      ('--csv=nowhere.csv', '--output=m'),
      'nowhere.csv: expected a CSV file of videos (--csv); no such file or folder',
    ),
    (
      ('--videos=nowhere', '--output=m', '--segmenter=rvm'),
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
      ('--videos=videos', '--output=m', '--segmenter=rvm', '--tflite_person=3'),
      'the --tflite_... flags are for --segmenter=tflite; received --segmenter=rvm',
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
