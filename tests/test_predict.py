"""Predictions: the logits of the network, averaged over windows, as text, JSON and .npy."""

import json

import cv2
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf import errors
from i3d_tf import model as model_lib
from i3d_tf import predict
from i3d_tf import runs
from i3d_tf import train
from i3d_tf import video_input
from i3d_tf import weights
from tests import commands
from tests import reference
from tests import tiny


def write_video(path, count):
  rng = np.random.default_rng(count)
  writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), 25, (80, 60))
  for _ in range(count):
    writer.write(rng.integers(0, 256, (60, 80, 3), np.uint8))
  writer.release()


@pytest.fixture(scope='module')
def network():
  return model_lib.InceptionI3D(5, frame_size=32, width=0.125, seed=0)


def test_a_video_of_one_window_gives_the_networks_logits(tmp_path, network):
  write_video(tmp_path / 'a.avi', 12)
  (window, _), = video_input.windows(str(tmp_path / 'a.avi'), 'rgb', 32, 250)
  expected = network(window[np.newaxis].astype(np.float32) / 127.5 - 1)
  np.testing.assert_allclose(
      predict.logits_of_video(network, str(tmp_path / 'a.avi'), 'rgb'), expected, atol=1e-6)


def test_longer_videos_are_averaged_by_new_frames(tmp_path, network):
  write_video(tmp_path / 'a.avi', 25)
  logits = [
      (new, network(window[np.newaxis].astype(np.float32) / 127.5 - 1).numpy())
      for window, new in video_input.windows(str(tmp_path / 'a.avi'), 'rgb', 32, 10)]
  assert [new for new, _ in logits] == [10, 10, 5]
  expected = sum(new * value for new, value in logits) / 25
  np.testing.assert_allclose(
      predict.logits_of_video(network, str(tmp_path / 'a.avi'), 'rgb', max_frames=10), expected,
      atol=1e-6)


def test_top_sorts_by_logit():
  rows = predict.top(np.array([[0.0, 2.0, 1.0]], np.float32), ['a', 'b', 'c'], 2)
  assert [row['class'] for row in rows] == ['b', 'c']
  np.testing.assert_allclose(rows[0]['probability'], np.exp(2) / (1 + np.exp(1) + np.exp(2)))


@pytest.mark.parametrize('array, message', [
    (np.zeros((1, 9, 224, 224, 2), np.float32), r'expected an array of shape \[1, T, H, W, 3\]'),
    (np.zeros((9, 224, 224, 3), np.float32), r'found \[9, 224, 224, 3\]'),
    (np.zeros((1, 8, 32, 32, 3), np.float32), 'expected at least 9 frames; found 8'),
    (np.full((1, 9, 32, 32, 3), 255, np.float32), r'expected values in \[-1, 1\]; found 255.0'),
    (np.full((1, 9, 32, 32, 3), np.nan, np.float32), r'expected values in \[-1, 1\]; found nan'),
])
def test_arrays_that_are_no_input_are_refused(tmp_path, array, message):
  np.save(tmp_path / 'clip.npy', array)
  with pytest.raises(errors.UserError, match='clip.npy: .*' + message):
    predict.read_clip(str(tmp_path / 'clip.npy'), 3)


def test_labels_must_be_as_many_as_logits(tmp_path):
  (tmp_path / 'labels.txt').write_text('a\nb\n')
  assert predict.read_labels(str(tmp_path / 'labels.txt'), 2) == ['a', 'b']
  assert predict.read_labels(None, 2) == ['class 0', 'class 1']
  with pytest.raises(errors.UserError, match='labels.txt: expected 3 class names; found 2'):
    predict.read_labels(str(tmp_path / 'labels.txt'), 3)


def test_a_run_predicts_videos_and_goes_on_behind_a_bad_one(tmp_path):
  run = tiny.run(tiny.make_records(tmp_path), steps=2)
  runs.start(str(tmp_path / 'run'), run)
  model = train.train(str(tmp_path / 'run'), run)
  write_video(tmp_path / 'a.avi', 12)
  (tmp_path / 'bad.avi').write_text('no video')
  out, err = commands.run('i3d_tf.predict', '--run_dir=run', '--video=bad.avi,a.avi', '--json',
                          '--top_k=3', cwd=tmp_path, status=1)
  assert 'error: bad.avi: expected a video file' in err and 'Traceback' not in err
  result = json.loads(out)
  logits = predict.logits_of_video(model, str(tmp_path / 'a.avi'), 'rgb')
  assert result['video'] == 'a.avi'
  np.testing.assert_allclose(result['norm_of_logits'], np.linalg.norm(logits), rtol=1e-4)
  assert [row['class'] for row in result['classes']] == [
      run.label_names[i] for i in np.argsort(-logits[0])[:3]]


def published_checkpoint(prefix, stream):
  """A checkpoint of the reference weights as DeepMind's are: names, ranks, scope."""
  channels, classes, scope = reference.STREAMS[stream]
  network = model_lib.InceptionI3D(classes, channels)
  reference.set_weights(network, stream)
  variables = {scope + name: variable.numpy()
               for name, variable in weights.variables_by_original_name(network).items()}
  tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=list(variables),
                    tensors=list(variables.values()), shape_and_slices=[''] * len(variables))


@pytest.mark.parametrize('stream, flag, frames', [
    ('rgb', 'weights', 16), ('flow', 'flow_weights', 9)])
def test_a_published_checkpoint_gives_the_originals_logits(tmp_path, stream, flag, frames):
  published_checkpoint(tmp_path / 'model.ckpt', stream)
  np.save(tmp_path / 'clip.npy', reference.clip(7, frames, reference.STREAMS[stream][0]))
  out, err = commands.run('i3d_tf.predict', f'--{flag}=model.ckpt', '--npy=clip.npy',
                          '--logits_out=logits.npy', '--top_k=3', cwd=tmp_path)
  expected = reference.golden(f'inference_{stream}')[f'T{frames}.logits']
  actual = np.load(tmp_path / 'logits.npy')
  assert actual.shape == (1, 400) and actual.dtype == np.float32
  assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-4
  lines = out.splitlines()
  norm, = (line.split(': ')[1] for line in lines if line.startswith('Norm of logits'))
  np.testing.assert_allclose(float(norm), np.linalg.norm(expected), rtol=1e-4)
  assert lines[-3].split()[2:] == ['class', str(expected.argmax())]
  assert "230 of the network's 230 variables set" in err


@pytest.mark.parametrize('arguments, message', [
    (('--weights=nowhere', '--video=a'), 'nowhere: '),
    ((), 'expected --weights (or --flow_weights) or --run_dir; received neither'),
    (('--weights=a', '--run_dir=b'), 'received both'),
    (('--weights=a',), 'expected --video or --npy; received neither'),
    (('--weights=a', '--video=a,b', '--logits_out=c'), 'expected one video for --logits_out'),
])
def test_bad_flags_are_one_line(tmp_path, arguments, message):
  assert message in commands.error('i3d_tf.predict', *arguments, cwd=tmp_path)
