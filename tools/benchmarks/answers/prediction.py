"""What an answer under three treatments costs, over three forward passes and decoding.

    python -m tools.benchmark --only=prediction

The same I3D is asked as every kind of network that `predict` knows: as weights, and on trial
as weights, a SavedModel, a .keras file, a Python function and an ONNX file.
"""

from collections.abc import Callable
import dataclasses
import importlib.util
import os
import tempfile
from typing import Any

import av
import keras
import numpy as np
import tensorflow as tf

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import protocol
from i3d_tf.inference import options
from i3d_tf.inference import prediction
from i3d_tf.inference import serving
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.masks import coco_files
from i3d_tf.model import inception_i3d
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage
from tools.benchmarks.support import onnx_graph

BOUND = 1.2
_CLASSES = 400
_SIZE = 224  # of the frames, as published weights take them

Direct = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class _Kind:
  """A kind of network.

  Attributes:
    name: for the figures.
    network: as `predict` opens it.
    direct: the network called by means of its own, from clips to logits.
    layout: the order of the axes of these clips, one of `protocol.LAYOUTS`.
  """

  name: str
  network: trained_networks.TrainedNetwork
  direct: Direct
  layout: str = 'BTHWC'

  def shown(self, clip: np.ndarray) -> np.ndarray:
    """A clip [B, T, H, W, C] as `direct` takes it."""
    return np.ascontiguousarray(clip.transpose(protocol.LAYOUTS[self.layout]))


_ASKED: list[Direct] = []  # The last one is the network that `ask` asks.


def ask(clips: np.ndarray) -> np.ndarray:
  """The network as a Python function of a module."""
  return _ASKED[-1](clips)


def measure(quick: bool = False) -> list[figure.Figure]:
  """Asks each kind about a video of 64 frames, alternately with what it cannot do without."""
  frames, width, repeats = (16, 0.125, 2) if quick else (64, 1.0, 4)
  figures = []
  with tempfile.TemporaryDirectory() as folder:
    video, masks = _write_video(folder, frames)
    clips = [_clip(video, masks, region) for region in treatments.REGIONS]
    for kind in _kinds(folder, width):
      figures += _measure(kind, video, masks, clips, repeats)
  return figures


def _measure(
  kind: _Kind, video: str, masks: str, clips: list[np.ndarray], repeats: int
) -> list[figure.Figure]:
  """The figures of a kind."""

  shown = [kind.shown(clip) for clip in clips]

  def predict() -> None:
    prediction.of_video(kind.network, video, treatments.REGIONS, coco_files.read(masks, video))

  def parts() -> None:
    for _ in from_videos.at_rate(video):
      pass
    for clip in shown:
      kind.direct(clip)

  rates = figure.interleaved({'predict': _once(predict), 'parts': _once(parts)}, repeats)
  ratio = rates['parts'].over(rates['predict'])
  seconds = [1 / rate for rate in rates['predict'].wall]
  how = (
    f'I3D, a video of {clips[0].shape[1]} frames of {footage.content()} with its masks; after a '
    'first answer, in which the network is compiled'
  )
  return [
    figure.from_values(
      f'{kind.name}: predict / three passes and decoding',
      ratio.wall,
      bound=BOUND,
      higher_is_better=False,
      how=how,
    ),
    figure.from_values('  the same in CPU time', ratio.cpu, how=how),
    figure.from_values('  predict', seconds, unit='s', how=how),
  ]


def _once(function: Callable[[], Any]) -> figure.Measured:
  """A function for `figure.interleaved` that calls another one once."""

  def run(start: Callable[[], None]) -> float:
    start()
    function()
    return 1

  return run


def _write_video(folder: str, count: int) -> tuple[str, str]:
  """Writes a video and its masks: paths."""
  frames = footage.clips(count)[0]
  video, masks = os.path.join(folder, 'video.mp4'), os.path.join(folder, 'video.json')
  with av.open(video, 'w') as container:
    stream = container.add_stream('libx264', rate=round(footage.FRAME_RATE))
    stream.height, stream.width = frames.shape[1:3]
    stream.pix_fmt = 'yuv420p'
    for frame in frames:
      container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, 'rgb24')))
    container.mux(stream.encode(None))
  coco_files.write(masks, footage.person(frames).astype(bool), video='video')
  return video, masks


def _clip(video: str, masks: str, region: str) -> np.ndarray:
  """What a network sees of a video: float32 [1, T, S, S, 3] in [-1, 1]."""
  found = coco_files.read(masks, video)
  dilation = clip_settings.ClipSettings().mask_dilation
  (window,) = from_videos.windows(video, 'rgb', _SIZE, 10**6, found, dilation)
  assert window.masks is not None
  frames = preprocess.center(window.frames, _SIZE, 'crop')
  people = preprocess.center(window.masks[..., np.newaxis], _SIZE, 'crop', 'nearest')[..., 0]
  batch = {
    'frames': frames[tf.newaxis],
    'masks': people[tf.newaxis],
    'has_person': tf.constant([True]),
  }
  return preprocess.network_input(batch, treatments.Treatment(region)).numpy()


def _kinds(folder: str, width: float) -> list[_Kind]:
  """One I3D as every kind of network."""
  model = inception_i3d.InceptionI3D(_CLASSES, dropout=0.0, width=width, seed=0)
  path = lambda name: os.path.join(folder, name)
  compiled = _compiled(model)
  model.save(path('i3d.keras'))
  (weights,) = trained_networks.load(options.NetworkOptions(weights=path('i3d.keras')))
  kinds = [
    _Kind('weights', weights, compiled),
    _Kind('weights on trial', _on_trial(path('i3d.keras')), compiled),
  ]

  serving.write_saved_model(weights, path('saved_model'))
  signature = tf.saved_model.load(path('saved_model')).signatures['clip']
  kinds.append(
    _Kind(
      'SavedModel',
      _on_trial(path('saved_model')),
      lambda clip: signature(clip=tf.constant(clip))['logits'].numpy(),
    )
  )

  # Not as I3D, but as a model of whatever layers.
  clips = keras.Input((None, _SIZE, _SIZE, 3))
  keras.Model(clips, model(clips)).save(path('theirs.keras'))
  kinds.append(_Kind('.keras', _on_trial(path('theirs.keras'), value_range=(-1, 1)), compiled))

  _ASKED.append(compiled)
  function = _on_trial(
    f'{__name__}:{ask.__name__}', size=_SIZE, value_range=(-1, 1), labels='kinetics400'
  )
  kinds.append(_Kind('function', function, compiled))

  if importlib.util.find_spec('onnxruntime') is not None:
    onnx_graph.save_i3d(model, path('i3d.onnx'))
    trial = _on_trial(path('i3d.onnx'), value_range=(-1, 1))
    kinds.append(_Kind('ONNX', trial, _onnx(path('i3d.onnx')), 'BCTHW'))
  return kinds


def _on_trial(source: str, **said: Any) -> trained_networks.TrainedNetwork:
  return trained_networks.of_classifier(discovery.ClassifierOptions(source, **said))


def _compiled(model: keras.Model) -> Direct:
  """A Keras model as a function of clips of any length."""
  spec = tf.TensorSpec([None, None, _SIZE, _SIZE, 3], tf.float32)
  function = tf.function(lambda clips: model(clips, training=False), input_signature=[spec])
  return lambda clips: function(tf.constant(clips)).numpy()


def _onnx(path: str) -> Direct:
  """An ONNX file, by onnxruntime with all cores."""
  import onnxruntime

  settings = onnxruntime.SessionOptions()
  settings.intra_op_num_threads = len(os.sched_getaffinity(0))
  session = onnxruntime.InferenceSession(path, settings, providers=['CPUExecutionProvider'])
  return lambda clips: session.run(None, {'clips': clips})[0]
