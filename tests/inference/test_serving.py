"""Exported networks: equal to the Keras model, loaded by plain TensorFlow, served as by Serving."""

import dataclasses
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inference import serving
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.masks import dilation
from tests import fakes
from tests import networks
from tests import shallow

_HEIGHT, _WIDTH = 60, 83


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module', params=['crop', 'squash'])
def exported(request, tmp_path_factory):
  """(network, folder of its SavedModel)."""
  network = networks.network(resize=request.param, dilation=5)
  folder = str(tmp_path_factory.mktemp('served') / 'i3d' / '1')
  serving.write_saved_model(network, folder)
  return network, folder


@pytest.fixture(scope='module')
def loaded(exported):
  """The SavedModel of `exported`, which takes seconds to load."""
  return tf.saved_model.load(exported[1])


@pytest.fixture(scope='module')
def videos():
  """Two videos of 11 frames and their masks; in the second nobody is found."""
  frames = np.stack(
    [
      [np.roll(fakes.texture(_HEIGHT, _WIDTH, seed), 2 * t, axis=1) for t in range(11)]
      for seed in (1, 2)
    ]
  )
  masks = np.zeros(frames.shape[:4], np.uint8)
  masks[0, :, 15:45, 30:60] = 255
  return frames, masks


def stored(network, frames, masks):
  """Frames and masks as records store them, by OpenCV: (uint8 [T, H, W, 3], uint8 [T, H, W])."""
  width = round(_WIDTH * 37 / _HEIGHT)
  frames = np.stack([cv2.resize(frame, (width, 37)) for frame in frames])
  masks = np.stack(
    [
      cv2.resize((mask > 0).astype(np.uint8), (width, 37), interpolation=cv2.INTER_NEAREST_EXACT)
      for mask in masks
    ]
  )
  return frames, dilation.dilate(masks, network.mask_dilation)


def expected(network, frames, masks, region):
  """The logits of the Keras model on what the pipeline makes of stored frames."""
  clips, found = [], []
  for video, mask in zip(frames, masks):
    found.append(bool(mask.any()))
    video, mask = stored(network, video, mask)
    video = preprocess.center(video, 32, network.resize)
    mask = preprocess.center(mask[..., np.newaxis], 32, network.resize, 'nearest')[..., 0]
    clips.append((video.numpy(), mask.numpy()))
  frames, masks = map(np.stack, zip(*clips))
  clip = preprocess.network_input(
    {'frames': frames, 'masks': masks, 'has_person': found}, treatments.Treatment(region)
  )
  return network.model(clip, training=False).numpy()


def relative(actual, wanted):
  return np.abs(actual - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize(
  'signature, region',
  [('serving_default', 'none'), ('background', 'background'), ('activity', 'activity')],
)
def test_raw_frames_give_the_logits_of_the_pipeline(exported, loaded, videos, signature, region):
  network, _ = exported
  frames, masks = videos
  inputs = {'frames': tf.constant(frames)}
  if region != 'none':
    inputs['masks'] = tf.constant(masks)
  served = loaded.signatures[signature](**inputs)
  wanted = expected(network, frames, masks, region)
  # OpenCV, which makes the records, rounds a resized pixel otherwise now and then: by 1 of 255.
  assert relative(served['logits'].numpy(), wanted) < 5e-3
  np.testing.assert_allclose(served['probabilities'], tf.nn.softmax(served['logits']), atol=1e-6)
  whole = expected(network, frames, masks, 'none')
  assert (relative(wanted[0], whole[0]) > 0.02) == (region != 'none')
  np.testing.assert_array_equal(wanted[1], whole[1])  # nobody found: nothing replaced


def test_time_and_place_of_the_training_are_exported(videos, tmp_path):
  plain = networks.network(dilation=5)
  trained = dataclasses.replace(plain, mask_place='earlier', time='reversed')
  served = serving.ServedNetwork(trained, serving._write_labels(str(tmp_path / 'labels'), trained))
  frames, masks = map(tf.constant, videos)
  backwards = serving.ServedNetwork(
    dataclasses.replace(plain, mask_place='earlier'), str(tmp_path / 'labels')
  )
  for name, inputs in (('serving_default', (frames,)), ('activity', (frames, masks))):
    wanted = backwards.functions[name](*(part[:, ::-1] for part in inputs))['logits']
    np.testing.assert_allclose(served.functions[name](*inputs)['logits'], wanted, atol=1e-4)
  about = serving._metadata(trained)
  assert (about['mask_place'], about['time']) == ('earlier', 'reversed')


def test_what_takes_from_other_videos_is_not_exported(tmp_path):
  trained = dataclasses.replace(networks.network(), mask_shape='united')
  with pytest.raises(errors.UserError, match='take from other videos') as e:
    serving.write_saved_model(trained, str(tmp_path / 'served'))
  assert '\n' not in str(e.value) and not os.path.exists(tmp_path / 'served')


def test_frames_of_the_stored_size_give_the_keras_models_logits(exported, loaded, videos):
  network, _ = exported
  frames, _ = (np.stack(part) for part in zip(*(stored(network, *video) for video in zip(*videos))))
  served = loaded.signatures
  small = [preprocess.center(video, 32, network.resize) for video in frames]
  wanted = network.model(preprocess.network_input({'frames': tf.stack(small)}), training=False)
  assert relative(served['serving_default'](frames=tf.constant(frames))['logits'], wanted) < 1e-5


def test_clips_give_the_keras_models_logits_for_any_batch_and_length(exported, loaded):
  network, _ = exported
  served = loaded.signatures['clip']
  for batch, frames in ((1, 9), (3, 17)):
    clip = np.random.default_rng(frames).uniform(-1, 1, (batch, frames, 32, 32, 3)).astype('f')
    wanted = network.model(clip, training=False)
    assert relative(served(clip=tf.constant(clip))['logits'], wanted) < 1e-5


def test_class_names_are_inside(exported, loaded):
  network, folder = exported
  names = loaded.signatures['classes']()['classes'].numpy()
  assert tuple(name.decode() for name in names) == network.label_names
  with open(os.path.join(folder, 'assets', 'labels.txt')) as f:
    assert tuple(f.read().split()) == network.label_names
  with open(os.path.join(folder, 'assets.extra', 'i3d_tf.json')) as f:
    assert json.load(f)['resize'] == network.resize


@pytest.mark.parametrize('exported', ['squash'], indirect=True)  # either is served alike
def test_a_fresh_process_with_plain_tensorflow_gives_the_same(exported, loaded, videos, tmp_path):
  _, folder = exported
  np.save(tmp_path / 'frames.npy', videos[0])
  program = """
import sys
import numpy as np
import tensorflow as tf
served = tf.saved_model.load(sys.argv[1]).signatures['serving_default']
np.save('logits.npy', served(frames=tf.constant(np.load('frames.npy')))['logits'])
mine = [name for name in sys.modules if name.split('.')[0] in ('i3d_tf', 'segmentation')]
assert not mine, mine
"""
  environment = {**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3', 'PYTHONPATH': ''}
  subprocess.run([sys.executable, '-c', program, folder], cwd=tmp_path, env=environment, check=True)
  here = loaded.signatures['serving_default'](frames=tf.constant(videos[0]))
  np.testing.assert_array_equal(np.load(tmp_path / 'logits.npy'), here['logits'])


def test_it_is_served_as_tensorflow_serving_does(exported, loaded, videos):
  """By tag, signature and tensor names alone, the request being JSON, as in its REST interface."""
  _, folder = exported
  request = json.loads(
    json.dumps(
      {
        'signature_name': 'background',
        'inputs': {'frames': videos[0].tolist(), 'masks': videos[1].tolist()},
      }
    )
  )
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    meta = tf.compat.v1.saved_model.load(session, ['serve'], folder)
    signature = meta.signature_def[request['signature_name']]
    assert signature.method_name == 'tensorflow/serving/predict'
    shapes = {
      name: [d.size for d in tensor.tensor_shape.dim] for name, tensor in signature.inputs.items()
    }
    assert shapes == {'frames': [-1, -1, -1, -1, 3], 'masks': [-1] * 4}
    outputs = session.run(
      {name: tensor.name for name, tensor in signature.outputs.items()},
      {
        tensor.name: np.array(request['inputs'][name], tf.DType(tensor.dtype).as_numpy_dtype)
        for name, tensor in signature.inputs.items()
      },
    )
  here = loaded.signatures['background'](
    frames=tf.constant(videos[0]), masks=tf.constant(videos[1])
  )
  assert set(outputs) == {'logits', 'probabilities'}
  assert relative(outputs['logits'], here['logits'].numpy()) < 1e-5


def test_unsuitable_videos_are_reported(loaded, videos):
  served = loaded.signatures
  with pytest.raises(tf.errors.InvalidArgumentError, match='must have at least 9 frames'):
    served['serving_default'](frames=tf.constant(videos[0][:, :8]))
  with pytest.raises(tf.errors.InvalidArgumentError, match='masks must have the videos, frames'):
    served['activity'](frames=tf.constant(videos[0]), masks=tf.constant(videos[1][:, :8]))


def test_a_flow_network_takes_stored_flow(tmp_path):
  network = networks.network('flow')
  serving.write_saved_model(network, str(tmp_path / 'flow'))
  codes = np.random.default_rng(0).integers(0, 256, (1, 10, 37, 51, 2), np.uint8)
  served = tf.saved_model.load(str(tmp_path / 'flow')).signatures
  wanted = network.model(
    preprocess.network_input(
      {'frames': preprocess.center(codes[0], 32, 'crop')[np.newaxis]}, stream='flow'
    ),
    training=False,
  )
  logits = served['serving_default'](frames=tf.constant(codes))['logits']
  assert relative(logits.numpy(), wanted.numpy()) < 1e-5


def test_what_exists_is_not_overwritten(exported):
  with pytest.raises(errors.UserError, match='expected a folder that does not exist yet'):
    serving.write_saved_model(*exported)


def test_tflite_gives_the_keras_models_logits(tmp_path):
  network = networks.network()
  path = str(tmp_path / 'i3d.tflite')
  serving.write_tflite(network, path, frames=16)
  interpreter = tf.lite.Interpreter(path)
  clip = np.random.default_rng(0).uniform(-1, 1, (1, 16, 32, 32, 3)).astype(np.float32)
  outputs = interpreter.get_signature_runner()(clip=clip)
  wanted = network.model(clip, training=False).numpy()
  assert relative(outputs['logits'], wanted) < 1e-5
  np.testing.assert_allclose(outputs['probabilities'], tf.nn.softmax(wanted), atol=1e-6)
  assert (tmp_path / 'i3d.labels.txt').read_text().split() == list(network.label_names)
