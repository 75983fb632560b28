"""Says what a video shows, as a published or a trained network sees it.

    python -m i3d_tf.predict --weights=rgb_imagenet/model.ckpt --video=clip.avi
    python -m i3d_tf.predict --run_dir=runs/1b --video=a.avi,b.mp4
"""

from i3d_tf import app  # first: it quiets TensorFlow's start

import functools
import json
import sys

from absl import flags
import numpy as np
import tensorflow as tf

from flags import prediction as prediction_flags
from i3d_tf import errors
from i3d_tf import files
from i3d_tf import input_pipeline
from i3d_tf import model as model_lib
from i3d_tf import preprocess
from i3d_tf import runs
from i3d_tf import video as video_lib
from i3d_tf import video_input
from i3d_tf import weights as weights_lib


def logits_of_clip(model, clip):
  """The logits of one clip that is network input already.

  Args:
    model: an `InceptionI3D`.
    clip: float32 [1, T, H, W, C] in [-1, 1].

  Returns:
    float32 [1, N].
  """
  return _function(model)(tf.constant(clip)).numpy()


def logits_of_video(model, path, stream, max_frames=250, progress=None):
  """The logits of a video of any length: the mean over its windows, weighted by new frames.

  Args:
    model: an `InceptionI3D`.
    path: a video file or a folder of frames.
    stream: 'rgb' or 'flow', what `model` sees.
    max_frames: frames of a window: what is in memory at a time.
    progress: called with the number of frames of each window that is done, or None.

  Returns:
    float32 [1, N].

  Raises:
    VideoError: the video cannot be used.
  """
  total, count = 0.0, 0
  for window, new in video_input.windows(path, stream, model.frame_size, max_frames):
    clip = preprocess.network_input(tf.constant(window[np.newaxis]), stream=stream)
    total = total + new * _function(model)(clip).numpy().astype(np.float64)
    count += new
    if progress is not None:
      progress(new)
  return (total / count).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _function(model):
  return tf.function(
      lambda clip: model(clip, training=False),
      input_signature=[tf.TensorSpec([None, None, None, None, model.channels], tf.float32)])


def read_clip(path, channels):
  """Reads network input from a .npy file: float32 [1, T, H, W, channels] in [-1, 1].

  Raises:
    UserError: the file holds something else.
  """
  try:
    clip = np.load(path, allow_pickle=False)
  except (OSError, ValueError, EOFError) as e:
    raise errors.UserError(f'{path}: expected an array in NumPy\'s format; {e}') from e
  if clip.ndim != 5 or clip.shape[0] != 1 or clip.shape[-1] != channels:
    raise errors.UserError(f'{path}: expected an array of shape [1, T, H, W, {channels}]; '
                           f'found {list(clip.shape)}')
  if clip.shape[1] < model_lib.MIN_FRAMES:
    raise errors.UserError(f'{path}: expected at least {model_lib.MIN_FRAMES} frames; '
                           f'found {clip.shape[1]}')
  clip = clip.astype(np.float32)
  if not np.abs(clip).max() <= 1.001:
    raise errors.UserError(f'{path}: expected values in [-1, 1]; '
                           f'found {clip.min()} to {clip.max()}')
  return clip


def top(logits, label_names, count):
  """The most probable classes: a list of dicts of 'class', 'probability' and 'logit'."""
  logits = logits[0].astype(np.float64)
  probabilities = np.exp(logits - logits.max())
  probabilities /= probabilities.sum()
  return [{'class': label_names[i], 'probability': float(probabilities[i]),
           'logit': float(logits[i])} for i in np.argsort(-logits, kind='stable')[:count]]


def read_labels(path, num_classes):
  """Class names from a file of one a line, or 'class 0' and so on for None.

  Raises:
    UserError: the file is missing, or has another number of names.
  """
  if path is None:
    return [f'class {i}' for i in range(num_classes)]
  try:
    with open(path) as f:
      names = [line.strip() for line in f if line.strip()]
  except (OSError, UnicodeDecodeError) as e:
    raise errors.UserError(f'{path}: expected a text file of class names; {e}') from e
  if len(names) != num_classes:
    raise errors.UserError(f'{path}: expected {num_classes} class names; found {len(names)}')
  return names


def _models():
  """What the flags name: ({stream: model}, class names)."""
  values = flags.FLAGS
  if values.run_dir is not None:
    run = runs.load(values.run_dir)
    return {run.clips.stream: runs.restore_model(values.run_dir, run)[0]}, list(run.label_names)
  models = {}
  for stream, path in (('rgb', values.weights), ('flow', values.flow_weights)):
    if path is not None:
      found = weights_lib.read(path)
      if found.num_classes is None:
        raise errors.UserError(f'{path}: expected weights with logits; it has none')
      models[stream] = model_lib.InceptionI3D(
          found.num_classes, input_pipeline.CHANNELS[stream], dropout=0.0)
      print(found.assign(models[stream]), file=sys.stderr)
  classes = {model.num_classes for model in models.values()}
  if len(classes) != 1:
    raise errors.UserError(f'--weights and --flow_weights must be of the same classes; '
                           f'found {sorted(classes)}')
  return models, read_labels(values.labels, classes.pop())


def main():
  values = flags.FLAGS
  prediction_flags.check()
  models, label_names = _models()
  failed = 0
  for path in values.video or [values.npy]:
    logits = 0.0
    try:
      for stream, model in models.items():
        if values.npy is not None:
          logits += logits_of_clip(model, read_clip(path, model.channels))
        else:
          with app.progress(desc=f'{path}, {stream}', unit='frame', leave=False) as bar:
            logits += logits_of_video(model, path, stream, values.max_frames, bar.update)
    except video_lib.VideoError as e:
      app.fail(e)
      failed += 1
      continue
    if values.logits_out is not None:
      with files.replacing(values.logits_out) as temporary, open(temporary, 'wb') as f:
        np.save(f, logits)
    _print(path, logits, label_names)
  return 1 if failed else 0


def _print(path, logits, label_names):
  rows = top(logits, label_names, flags.FLAGS.top_k)
  norm = float(np.linalg.norm(logits))
  if flags.FLAGS.json:
    print(json.dumps({'video': path, 'norm_of_logits': norm, 'classes': rows}))
    return
  print(f'\n{path}\nNorm of logits: {norm:.6f}\n\nTop classes and probabilities')
  for row in rows:
    print(f'{row["probability"]:.6g} {row["logit"]:.6f} {row["class"]}')


if __name__ == '__main__':
  prediction_flags.define()
  app.run(main)
