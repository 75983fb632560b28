"""The command predict: published and own networks, several videos, masks, pictures, bad input."""

import json
import os

import cv2
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import file_content
from i3d_tf.inference import prediction
from i3d_tf.inference import trained_networks
from i3d_tf.masks import coco_files
from i3d_tf.model import inception_i3d
from i3d_tf.training import loop
from i3d_tf.training import runs
from i3d_tf.weights import assign
from tests import commands
from tests import networks
from tests import reference
from tests import shallow
from tests import tiny


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


# === Runs ===


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """A folder with a run that squashes frames, videos and masks."""
  folder = tmp_path_factory.mktemp('run')
  run = tiny.replace(
    tiny.run(tiny.make_records(folder), steps=2), 'clips', resize='squash', mask_dilation=3
  )
  runs.start(str(folder / 'run'), run)
  loop.train(str(folder / 'run'), run)
  for name in ('a', 'b'):
    networks.video(folder / f'{name}.avi')
    networks.masks_file(folder / 'masks' / f'{name}.json', empty=name == 'b')
  (folder / 'bad.avi').write_text('no video')
  return folder


def test_a_bad_video_does_not_stop_the_others(run):
  out, err = commands.run(
    'tests.shallow',
    'i3d_tf.predict',
    '--run_dir=run',
    '--video=bad.avi,a.avi',
    '--json',
    '--top_k=3',
    cwd=run,
    status=1,
  )
  assert 'error: bad.avi: expected a video file' in err and 'Traceback' not in err
  assert 'error: 1 of 2 videos could not be used' in err
  result = json.loads(out)
  network = trained_networks.of_run(str(run / 'run'))
  assert (network.resize, network.mask_dilation, network.stream) == ('squash', 3, 'rgb')
  logits = prediction.of_video(network, str(run / 'a.avi')).logits['none']
  assert (result['video'], result['replaced'], result['frames']) == ('a.avi', 'none', 12)
  assert result['content'] == file_content.describe(run / 'a.avi')
  np.testing.assert_allclose(result['norm_of_logits'], np.linalg.norm(logits), rtol=1e-4)
  assert [row['class'] for row in result['classes']] == [
    network.label_names[i] for i in np.argsort(-logits[0])[:3]
  ]


def test_person_or_place_is_answered_and_drawn(run, tmp_path):
  out, err = commands.run(
    'tests.shallow',
    'i3d_tf.predict',
    '--run_dir=run',
    '--video=a.avi,b.avi',
    '--masks=masks',
    '--json',
    '--mask=none,background,activity',
    f'--picture={tmp_path}/pictures',
    cwd=run,
  )
  rows = [json.loads(line) for line in out.splitlines()]
  assert [(row['video'], row['replaced']) for row in rows] == [
    (video, region) for video in ('a.avi', 'b.avi') for region in ('none', 'background', 'activity')
  ]
  network = trained_networks.of_run(str(run / 'run'))
  expected = prediction.of_video(
    network,
    str(run / 'a.avi'),
    ('none', 'background', 'activity'),
    coco_files.read(run / 'masks' / 'a.json'),
  ).logits
  for row in rows[:3]:
    np.testing.assert_allclose(
      row['norm_of_logits'], np.linalg.norm(expected[row['replaced']]), rtol=1e-4
    )
    assert row['mask_found'] and 0.1 < row['coverage'] < 0.5
  # In b nobody was found: it keeps its original frames.
  assert len({row['norm_of_logits'] for row in rows[3:]}) == 1 and not rows[3]['mask_found']
  assert 'b.avi: no person was found; nothing was replaced' in err
  for name in ('a', 'b'):
    picture = cv2.imread(str(tmp_path / 'pictures' / f'{name}.png'))
    assert picture.shape[0] > 3 * 160 and picture.shape[1] > 6 * 160


def test_one_mask_is_what_evaluate_would_replace(run, tmp_path):
  commands.run(
    'tests.shallow',
    'i3d_tf.predict',
    '--run_dir=run',
    '--video=a.avi',
    '--masks=masks/a.json',
    '--mask=background',
    '--mask_dilation=0',
    f'--logits_out={tmp_path}/l.npy',
    cwd=run,
  )
  network = networks.replace(trained_networks.of_run(str(run / 'run')), mask_dilation=0)
  expected = prediction.of_video(
    network, str(run / 'a.avi'), ('background',), coco_files.read(run / 'masks' / 'a.json')
  ).logits['background']
  np.testing.assert_allclose(np.load(tmp_path / 'l.npy'), expected, atol=1e-5)


def test_people_are_found_where_no_masks_are_given(run, tmp_path):
  """Existing masks in uncompressed form are a segmenter like any other."""
  drawn = coco_files.read(run / 'masks' / 'a.json')
  people = {
    'images': [{'id': i, 'height': 60, 'width': 80} for i in range(12)],
    'categories': [{'id': 1, 'name': 'person'}],
    'annotations': [],
  }
  for i in range(12):
    columns = drawn.decode(i).T.reshape(-1)
    edges = np.flatnonzero(np.diff(columns.astype(int), prepend=0, append=0))
    runs_ = np.diff(np.concatenate([[0], edges, [columns.size]])).tolist()
    people['annotations'].append(
      {
        'id': i + 1,
        'image_id': i,
        'category_id': 1,
        'iscrowd': 1,
        'score': 0.9,
        'segmentation': {'size': [60, 80], 'counts': runs_},
      }
    )
  os.makedirs(tmp_path / 'people')
  (tmp_path / 'people' / 'a.json').write_text(json.dumps(people))
  call = ('tests.shallow', 'i3d_tf.predict', '--run_dir=run', '--video=a.avi', '--mask=activity')
  commands.run(*call, '--masks=masks', f'--logits_out={tmp_path}/read.npy', cwd=run)
  _, err = commands.run(
    *call,
    '--segmenter=coco',
    f'--segmenter_model={tmp_path}/people',
    f'--logits_out={tmp_path}/found.npy',
    cwd=run,
  )
  assert 'finds the people' in err
  np.testing.assert_array_equal(np.load(tmp_path / 'found.npy'), np.load(tmp_path / 'read.npy'))
  message = commands.error(*call, f'--segmenter_model={tmp_path}/nowhere', cwd=run, status=1)
  assert 'nowhere' in message


# === Published weights ===


def published_checkpoint(prefix, stream):
  """A checkpoint of the reference weights as DeepMind's are, written by TensorFlow 1's Saver.

  Kinetics-400: names under a scope, batch norm of rank 1. Kinetics-600: no scope, batch norm
  of rank 5, momentum slots.
  """
  channels, classes, scope = reference.STREAMS[stream]
  network = inception_i3d.InceptionI3D(classes, channels)
  reference.set_weights(network, stream)
  values = {
    name: variable.numpy() for name, variable in assign.variables_by_original_name(network).items()
  }
  if stream == 'rgb600':
    scope = ''
    values = {
      name: v.reshape(1, 1, 1, 1, -1) if '/batch_norm/' in name else v for name, v in values.items()
    }
    values.update(
      {
        f'{name}/Momentum': np.ones_like(value)
        for name, value in values.items()
        if not name.endswith(('mean', 'variance'))
      }
    )
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    variables = [
      tf.compat.v1.get_variable(scope + name, initializer=value) for name, value in values.items()
    ]
    session.run(tf.compat.v1.global_variables_initializer())
    tf.compat.v1.train.Saver(variables).save(session, str(prefix), write_meta_graph=False)
  return len(values)


@pytest.mark.parametrize(
  'stream, flag, frames, variables',
  [('rgb', 'weights', 16, 230), ('flow', 'flow_weights', 9, 230), ('rgb600', 'weights', 17, 346)],
)
def test_a_published_checkpoint_gives_the_originals_logits(
  tmp_path, stream, flag, frames, variables
):
  channels, classes, _ = reference.STREAMS[stream]
  folder = tmp_path / 'checkpoints' / 'published'
  os.makedirs(folder)
  with shallow.network(whole=True):
    assert published_checkpoint(folder / 'model.ckpt', stream) == variables
  (tmp_path / 'label_map.txt').write_text(''.join(f'name {i}\n' for i in range(classes)))
  np.save(tmp_path / 'clip.npy', reference.clip(7, frames, channels))
  out, err = commands.run(
    'i3d_tf.predict',
    f'--{flag}=checkpoints/published/model.ckpt',
    '--npy=clip.npy',
    '--logits_out=logits.npy',
    '--top_k=3',
    cwd=tmp_path,
  )
  expected = reference.golden(f'inference_{stream}')[f'T{frames}.logits']
  actual = np.load(tmp_path / 'logits.npy')
  assert actual.shape == (1, classes) and actual.dtype == np.float32
  assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-4
  lines = out.splitlines()
  (norm,) = (line.split(': ')[1] for line in lines if line.startswith('Norm of logits'))
  np.testing.assert_allclose(float(norm), np.linalg.norm(expected), rtol=1e-4)
  probability, logit, *name = lines[-3].split()
  assert name == ['name', str(expected.argmax())]
  np.testing.assert_allclose(float(logit), expected.max(), rtol=1e-4)
  assert 0 < float(probability) <= 1
  assert "230 of the network's 230 variables set" in err and 'label_map.txt: class names' in err


# === Bad input ===


def test_a_bad_flag_is_one_line(tmp_path):
  assert commands.error('i3d_tf.predict', '--weights=a', cwd=tmp_path) == (
    'expected --video or --npy; received neither'
  )


def test_bad_videos_and_masks_are_one_line_each(run):
  networks.video(run / 'short.avi', 8)
  networks.masks_file(run / 'masks' / 'short.json', 8)
  networks.video(run / 'other.avi', 14)
  networks.masks_file(run / 'masks' / 'other.json', 12)
  _, err = commands.run(
    'tests.shallow',
    'i3d_tf.predict',
    '--run_dir=run',
    '--mask=background',
    '--masks=masks',
    '--video=short.avi,other.avi,missing.avi,masks',
    cwd=run,
    status=1,
  )
  for line in (
    'short.avi: expected at least 9 frames at 25 a second; found 8',
    'other.avi: expected as many masks as it has frames; found 12 masks',
    'masks/missing.json: no such mask file',
    '4 of 4 videos could not be used',
  ):
    assert line in err
  assert 'Traceback' not in err
