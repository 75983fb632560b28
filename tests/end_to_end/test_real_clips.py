"""Real videos become records, and a network trains and is tested on them, masked and not."""

import os

import cv2
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.inference import results
from i3d_tf.masks import coco_files
from i3d_tf.records import folders
from i3d_tf.video import decoding
from tests import commands
from tests import fakes

# file: (class, name as a UCF101 video)
_CLIPS = {
  'v_ApplyEyeMakeup_g01_c01.avi': ('ApplyEyeMakeup', 'v_ApplyEyeMakeup_g01_c01.avi'),
  'mmaction2_demo.mp4': ('ArmWrestling', 'v_ArmWrestling_g01_c01.mp4'),
  'v_BaseballPitch_g01_c01.avi': ('BaseballPitch', 'v_BaseballPitch_g01_c01.avi'),
  'mmaction2_test.mp4': ('CleaningPool', 'v_CleaningPool_g01_c01.mp4'),
}


def person_masks(network, path):
  """Person masks by a small segmentation network on the whole frame."""
  interpreter = tf.lite.Interpreter(network)
  interpreter.allocate_tensors()
  (source,) = interpreter.get_input_details()
  (target,) = interpreter.get_output_details()
  frames = decoding.decode(path)
  for frame in frames:
    height, width, _ = frame.shape
    resized = cv2.resize(frame, source['shape'][1:3]).astype(np.float32) / 255
    interpreter.set_tensor(source['index'], resized[np.newaxis])
    interpreter.invoke()
    person = interpreter.get_tensor(target['index'])[0, ..., 0]
    yield cv2.resize(person, (width, height)) > 0.5


@pytest.fixture(scope='module')
def data_set(tmp_path_factory):
  clips, network = (
    fakes.shared('clips'),
    fakes.shared('models', 'mediapipe_selfie_segmentation.tflite'),
  )
  folder = tmp_path_factory.mktemp('real')
  lines = []
  for file, (label, name) in _CLIPS.items():
    path = folder / 'videos' / label / name
    os.makedirs(path.parent)
    os.symlink(os.path.join(clips, file), path)
    coco_files.write(
      folder / 'masks' / f'{path.stem}.json', person_masks(network, str(path)), video=name
    )
    lines.append(f'{label}/{name}\n')
  os.makedirs(folder / 'lists')
  (folder / 'lists' / 'classInd.txt').write_text(
    ''.join(f'{i} {label}\n' for i, (label, _) in enumerate(_CLIPS.values(), 1))
  )
  for name, part in (('trainlist01.txt', lines[:2]), ('testlist01.txt', lines[2:])):
    (folder / 'lists' / name).write_text(''.join(part))
  return folder


def test_real_clips_are_stored_trained_and_tested_on(data_set):
  commands.run(
    'tools.make_tfrecords',
    '--videos=videos',
    '--lists=lists',
    '--masks=masks',
    '--output=records',
    '--shards=1',
    cwd=data_set,
  )
  entries = {
    os.path.basename(entry.path): entry
    for entry in folders.open_folder(data_set / 'records').entries
  }
  # 25 fps: 164 frames at 25, 107 at 29.97, 280 at 28, 300 at 30; shorter side 256. The last two
  # have 340x256 pixels that are not square.
  expected = {
    'v_ApplyEyeMakeup_g01_c01.avi': (164, 256, 341),
    'v_BaseballPitch_g01_c01.avi': (89, 256, 341),
    'v_ArmWrestling_g01_c01.mp4': (250, 256, 427),
    'v_CleaningPool_g01_c01.mp4': (250, 256, 455),
  }
  assert {name: (e.frames, e.height, e.width) for name, e in entries.items()} == expected
  # A close-up: the person fills about half of the picture.
  assert 0.35 < entries['v_ApplyEyeMakeup_g01_c01.avi'].coverage < 0.75

  small = (
    '--records=records',
    '--frame_size=64',
    '--clip_frames=16',
    '--batch_size=2',
    '--width=0.125',
    '--batch_norm_momentum=0.5',
    '--steps=3',
    '--max_frames=32',
  )
  for mask in ('none', 'background'):
    out, _ = commands.run(
      'tests.shallow',
      'i3d_tf.train',
      *small,
      f'--mask={mask}',
      f'--run_dir={mask}',
      '--eval_masks=none,background,activity',
      cwd=data_set,
    )
    assert f'{mask}: trained for 3 steps' in out
    logits = {}
    for region in ('none', 'background', 'activity'):
      rows = results.read(results.path(str(data_set / mask), 'test1', region))
      assert len(rows) == 2 and all(row.frames == 32 for row in rows)
      logits[region] = np.array([row.logits for row in rows])
    least = 0.05 * np.abs(logits['none']).max()
    assert np.abs(logits['none'] - logits['background']).max() > least
    assert np.abs(logits['activity'] - logits['background']).max() > least


def test_real_clips_without_masks_are_stored_and_refused_where_masks_are_needed(data_set):
  commands.run(
    'tools.make_tfrecords',
    '--videos=videos',
    '--lists=lists',
    '--output=unmasked',
    '--shards=1',
    '--short_side=73',
    cwd=data_set,
  )
  small = (
    '--records=unmasked',
    '--frame_size=64',
    '--clip_frames=16',
    '--batch_size=2',
    '--width=0.125',
    '--steps=1',
    '--max_frames=16',
  )
  commands.run('tests.shallow', 'i3d_tf.train', *small, '--run_dir=unmasked_run', cwd=data_set)
  message = commands.error(
    'i3d_tf.train', *small, '--mask=activity', '--run_dir=refused', cwd=data_set
  )
  assert 'expected person masks for masks other than none; none of the 2 videos has any' in message
