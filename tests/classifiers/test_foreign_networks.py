"""Networks that others built, tested by `evaluate --classifier`: their answers are their own.

What a network says in a trial is compared with what it says when it is called directly, by means
of its own, on the same clips.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.inference import results
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_records
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.records import folders
from i3d_tf.records import splits
from tests import commands
from tests import fakes
from tests import networks
from tools.benchmarks.support import onnx_graph

_REGIONS = ('none', 'background', 'activity')
_CLASSES = networks.CLASSES
_SIZE = 32


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """A folder with records of five videos of 12 and 13 frames, and the class names of networks."""
  folder = tmp_path_factory.mktemp('trial')
  videos = []
  for label, name in enumerate(_CLASSES):
    count = 12 + label % 2
    videos.append(
      fakes.video(
        f'{name}/v_{name}_g01_c01.avi',
        label=label,
        frames=fakes.moving(count, 37, 48, seed=label),
        masks=fakes.moving_masks(count, 37, 48),
      )
    )
  fakes.write_records(folder / 'records', videos, label_names=_CLASSES)
  (folder / 'records' / 'lists').mkdir()
  lines = [f'{video.path} {video.label + 1}\n' for video in videos]
  (folder / 'records' / 'lists' / 'testlist01.txt').write_text(''.join(lines))
  (folder / 'labels.txt').write_text('\n'.join(_CLASSES) + '\n')
  return folder


def _clips(folder, region):
  """{video: what any network on trial must see of it, float32 [1, T, S, S, 3] from -1 to 1}."""
  source = folders.open_folder(folder / 'records')
  entries, _ = splits.load(source, 'test', 1)
  found = {}
  settings = clip_settings.ClipSettings(frame_size=_SIZE, batch_size=1)
  for batch in from_records.evaluation(source, entries, settings):
    clip = preprocess.network_input(batch, treatments.Treatment(region))
    found[entries[batch['entry'].numpy()[0]].path] = clip.numpy()
  return found


def _check_trial(folder, network, direct, *said):
  """Puts a network on trial and compares it with `direct`, a function from clips to logits."""
  commands.run(
    'i3d_tf.evaluate',
    f'--classifier={network}',
    '--records=records',
    f'--output={network}.results',
    f'--eval_masks={",".join(_REGIONS)}',
    '--labels=labels.txt',
    *said,
    cwd=folder,
  )
  trial = {}
  for region in _REGIONS:
    rows = results.read(results.path(folder / f'{network}.results', 'test1', region))
    clips = _clips(folder, region)
    assert [row.video for row in rows] == list(clips)
    trial[region] = np.array([row.logits for row in rows])
    expected = np.concatenate([direct(clip) for clip in clips.values()])
    np.testing.assert_allclose(trial[region], expected, rtol=0, atol=1e-5)
  # Or the comparison would say nothing: the network must see what it is shown.
  assert np.ptp(trial['none'], axis=0).max() > 1e-3
  for region in _REGIONS[1:]:
    assert np.abs(trial[region] - trial['none']).max() > 1e-3


def test_movinet_of_the_model_garden_as_a_saved_model(folder, monkeypatch):
  garden = lambda name: pytest.importorskip(
    f'official.projects.movinet.modeling.{name}',
    reason='needs tf-models-official',
    exc_type=ImportError,  # It may be there and not go with the rest.
  )
  movinet, models = garden('movinet'), garden('movinet_model')
  # Of its smallest network two of five blocks, which have every kind of its layers.
  stem, *blocks, head = movinet.BLOCK_SPECS['a0']
  monkeypatch.setitem(movinet.BLOCK_SPECS, 'a0', (stem, *blocks[:2], head))
  model = models.MovinetClassifier(movinet.Movinet('a0'), num_classes=len(_CLASSES))
  model.build([1, 12, _SIZE, _SIZE, 3])

  class Module(tf.Module):
    """The model for inference alone: saved with its training, it takes a minute."""

    def __init__(self):
      super().__init__()
      self.kept = model.variables

    @tf.function(
      input_signature=[tf.TensorSpec([None, None, None, None, 3], tf.float32, name='image')]
    )
    def classify(self, image):
      return {'classifier_head': model(image, training=False)}

  module = Module()
  tf.saved_model.save(module, str(folder / 'movinet'), signatures=module.classify)
  _check_trial(
    folder,
    'movinet',
    # Compiled, as without it every layer is traced for every length.
    lambda clips: module.classify((clips + 1) / 2)['classifier_head'].numpy(),
    '--classifier_range=0,1',
    f'--classifier_size={_SIZE}',
  )


def test_keras_model_with_channels_first_and_windows(folder):
  frames = 8
  clips = keras.Input((3, frames, _SIZE, _SIZE))
  x = keras.layers.Permute((2, 3, 4, 1))(clips)  # Not every processor convolves channels first.
  x = keras.layers.Conv3D(8, 3, strides=2, activation='relu')(x)
  x = keras.layers.BatchNormalization()(x)
  x = keras.layers.Conv3D(16, 3, activation='relu')(x)
  x = keras.layers.GlobalMaxPooling3D()(x)
  model = keras.Model(clips, keras.layers.Dense(len(_CLASSES))(x))
  model.save(folder / 'theirs.keras')

  def direct(clips):
    values = (clips.transpose(0, 4, 1, 2, 3) + 1) / 2
    windows = [values[:, :, :frames], values[:, :, -frames:]]
    return np.mean([model(window).numpy() for window in windows], axis=0)

  _check_trial(folder, 'theirs.keras', direct, '--classifier_range=0,1')


def _by_layers(model, path):
  """Writes I3D as ONNX, layer by layer, channels first: returns its axes."""
  onnx_graph.save_i3d(model, path)
  return (0, 4, 1, 2, 3)


def _by_keras(model, path):
  """Has Keras write I3D as ONNX, which needs tf2onnx: returns its axes."""
  pytest.importorskip('tf2onnx', reason='needs tf2onnx')
  shape = [None, None, _SIZE, _SIZE, 3]
  model.export(
    path, format='onnx', verbose=False, input_signature=[keras.InputSpec('float32', shape)]
  )
  return (0, 1, 2, 3, 4)


@pytest.mark.parametrize('export', [_by_layers, _by_keras])
def test_i3d_as_onnx(folder, export):
  onnxruntime = pytest.importorskip('onnxruntime', reason='needs onnxruntime')
  model = networks.network().model
  name = f'i3d{export.__name__}.onnx'
  axes = export(model, str(folder / name))
  session = onnxruntime.InferenceSession(str(folder / name), providers=['CPUExecutionProvider'])

  def direct(clips):
    (logits,) = session.run(None, {session.get_inputs()[0].name: clips.transpose(axes)})
    np.testing.assert_allclose(logits, model(clips).numpy(), rtol=0, atol=1e-5)
    return logits

  _check_trial(folder, name, direct, '--classifier_range=-1,1')
