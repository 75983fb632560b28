"""A trained network as TensorFlow functions that need none of this project.

The SavedModel's signatures; B (videos), T (frames, at least 9), H and W are free:

  serving_default  frames uint8 [B, T, H, W, 3]: RGB at 25 frames a second, any size.
                   (A flow network takes flow codes uint8 [B, T, H, W, 2] as records
                   store them, computed on frames of the stored size.)
  background       frames, and masks uint8 [B, T, H, W], not 0 where a person is: only
                   the person is left
  activity         the same: only the place is left
  clip             clip float32 [B, T, S, S, C] in [-1, 1]: network input
  classes          nothing; gives `classes`, string [N]: their names

All but the last give `logits` and `probabilities`, float32 [B, N]. Resize, crop, masking
and scaling are `i3d_tf.inputs.preprocess`, the functions that training and test call.
"""

from collections.abc import Callable
import os
import shutil
import sys
import tempfile
from typing import Any

import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.inference import options
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.model import architecture

_MASKED = ('background', 'activity')
_DEFAULT = 'serving_default'


class ServedNetwork(tf.Module):
  """The functions of a network, and all that they need.

  Args:
    network: a `trained_networks.TrainedNetwork`.
    labels_file: text file of the class names, which becomes an asset.
  """

  def __init__(self, network: trained_networks.TrainedNetwork, labels_file: str) -> None:
    super().__init__()
    # TensorFlow does not find what Keras layers keep in lists: the variables one by one.
    self.weights = [variable.value for variable in network.model.variables]
    self.labels = tf.saved_model.Asset(labels_file)
    channels, size = network.model.channels, network.model.frame_size
    frames = tf.TensorSpec([None, None, None, None, channels], tf.uint8, name='frames')
    masks = tf.TensorSpec([None, None, None, None], tf.uint8, name='masks')
    clip = tf.TensorSpec([None, None, size, size, channels], tf.float32, name='clip')

    def answer(clips: tf.Tensor) -> dict[str, tf.Tensor]:
      tf.debugging.assert_greater_equal(
        tf.shape(clips)[1],
        architecture.MIN_FRAMES,
        f'videos must have at least {architecture.MIN_FRAMES} frames',
      )
      logits = network.model(clips, training=False)
      return {'logits': logits, 'probabilities': tf.nn.softmax(logits)}

    def masked(region: str) -> Callable[..., Any]:
      treatment = network.treatment(region)  # here, where an error is one line
      return tf.function(
        lambda frames, masks: answer(_clips(network, frames, treatment, masks)),
        input_signature=[frames, masks],
      )

    self.functions = {
      _DEFAULT: tf.function(
        lambda frames: answer(_clips(network, frames, network.treatment('none'))),
        input_signature=[frames],
      ),
      **{region: masked(region) for region in _MASKED},
      'clip': tf.function(answer, input_signature=[clip]),
      'classes': tf.function(
        lambda: {'classes': tf.constant(network.label_names)}, input_signature=[]
      ),
    }


def _clips(
  network: trained_networks.TrainedNetwork,
  frames: tf.Tensor,
  treatment: treatments.Treatment,
  masks: tf.Tensor | None = None,
) -> tf.Tensor:
  """Raw frames to network input: float32 [B, T, S, S, C]."""
  size = network.model.frame_size
  shape = tf.shape(frames)

  def seen(images: tf.Tensor, method: str = 'bilinear', dilation: int = 0) -> tf.Tensor:
    images = tf.reshape(images, tf.concat([[shape[0] * shape[1]], tf.shape(images)[2:]], axis=0))
    if network.stream == 'rgb':  # flow is computed on frames of the stored size
      images = preprocess.to_short_side(images, preprocess.resize_side(size), method)
    images = preprocess.center(preprocess.dilate(images, dilation), size, network.resize, method)
    return tf.reshape(images, [shape[0], shape[1], size, size, images.shape[-1]])

  batch = {'frames': seen(frames)}
  if masks is not None:
    checks = tf.debugging.assert_equal(
      tf.shape(masks), shape[:4], 'masks must have the videos, frames, height and width of frames'
    )
    with tf.control_dependencies([checks]):
      masks = tf.cast(masks > 0, tf.uint8)
    batch['has_person'] = tf.reduce_any(masks > 0, axis=[1, 2, 3])
    batch['masks'] = seen(masks[..., tf.newaxis], 'nearest', network.mask_dilation)[..., 0]
  return preprocess.network_input(batch, treatment, network.stream)


def export(network: options.NetworkOptions, output: str, file_format: str, frames: int) -> int:
  """Exports a network and says what was written: what the command `export` does.

  Args:
    network: which network.
    output: folder or file to make.
    file_format: 'saved_model' or 'tflite'.
    frames: of a clip, for 'tflite'.

  Returns:
    The exit status, 0.

  Raises:
    UserError: the network cannot be used, or `output` exists.
  """
  (trained,) = trained_networks.load(network)
  print('\n'.join(trained.notes), file=sys.stderr)
  if file_format == 'tflite':
    write_tflite(trained, output, frames)
    print(f'{output}: takes clips of {frames} frames')
  else:
    write_saved_model(trained, output)
    print(f'{output}: signatures serving_default, background, activity, clip, classes')
  return 0


def write_saved_model(network: trained_networks.TrainedNetwork, output: str) -> None:
  """Writes a network as a SavedModel.

  Args:
    network: a `trained_networks.TrainedNetwork`.
    output: folder to make; for TensorFlow Serving a number in a folder of the
      model's name, such as models/i3d/1.

  Raises:
    UserError: the folder exists.
  """
  if os.path.exists(output):
    raise errors.UserError(f'{output}: expected a folder that does not exist yet')
  with tempfile.TemporaryDirectory() as scratch:
    labels = _write_labels(os.path.join(scratch, 'labels.txt'), network)
    served = ServedNetwork(network, labels)
    parent, name = os.path.split(os.path.abspath(output))
    os.makedirs(parent, exist_ok=True)
    partial = os.path.join(parent, f'.partial_{name}')
    shutil.rmtree(partial, ignore_errors=True)  # of an export that was killed
    try:
      tf.saved_model.save(
        served,
        partial,
        signatures={
          name: function.get_concrete_function() for name, function in served.functions.items()
        },
      )
      extra = os.path.join(partial, 'assets.extra')
      os.makedirs(extra)
      files.write_json(os.path.join(extra, 'i3d_tf.json'), _metadata(network))
      os.rename(partial, output)
    except BaseException:
      shutil.rmtree(partial, ignore_errors=True)
      raise


def write_tflite(network: trained_networks.TrainedNetwork, output: str, frames: int) -> None:
  """Writes a network as a TFLite (LiteRT) file, and its class names next to it.

  It takes network input of one length, float32 [1, frames, S, S, C] in [-1, 1], and
  gives `logits` and `probabilities`, float32 [1, N]; built-in operators only.

  Args:
    network: a `trained_networks.TrainedNetwork`.
    output: file to write.
    frames: length of the clips, at least 9.

  Raises:
    UserError: TensorFlow cannot convert the network.
  """
  model = network.model
  shape = [1, frames, model.frame_size, model.frame_size, model.channels]

  def answer(clip: tf.Tensor) -> dict[str, tf.Tensor]:
    logits = model(clip, training=False)
    return {'logits': logits, 'probabilities': tf.nn.softmax(logits)}

  function = tf.function(answer, input_signature=[tf.TensorSpec(shape, tf.float32, name='clip')])
  holder = tf.Module()
  holder.weights = [variable.value for variable in model.variables]
  converter = tf.lite.TFLiteConverter.from_concrete_functions(
    [function.get_concrete_function()], holder
  )
  try:
    converted = converter.convert()
  except Exception as e:  # pylint: disable=broad-except; the converter raises its own and others
    raise errors.UserError(
      f'{output}: TensorFlow cannot convert this network to TFLite; '
      f'{str(e).strip().splitlines()[0]}'
    ) from e
  with files.replacing(output) as temporary, open(temporary, 'wb') as f:
    f.write(converted)
  _write_labels(f'{os.path.splitext(output)[0]}.labels.txt', network)


def _write_labels(path: str, network: trained_networks.TrainedNetwork) -> str:
  files.write_text(path, ''.join(f'{name}\n' for name in network.label_names))
  return path


def _metadata(network: trained_networks.TrainedNetwork) -> dict[str, Any]:
  """What was exported: a JSON-able dict."""
  return {
    'stream': network.stream,
    'frame_size': network.model.frame_size,
    'resize': network.resize,
    'mask_dilation': network.mask_dilation,
    'fill': network.fill,
    'mask_shape': network.mask_shape,
    'mask_place': network.mask_place,
    'time': network.time,
    'weights_sha256': network.weights_sha256(),
  }
