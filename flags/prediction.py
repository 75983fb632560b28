"""Flags of predict."""

from absl import flags

from i3d_tf import errors
from i3d_tf import input_pipeline


def define():
  flags.DEFINE_string('weights', None,
                      'Weights of the RGB network: a published checkpoint or a Keras file.')
  flags.DEFINE_string('flow_weights', None,
                      'Weights of the flow network; with --weights, the logits are added.')
  flags.DEFINE_string('run_dir', None, 'Folder of a run that train made, in place of weights.')
  flags.DEFINE_list('video', [],
                    'Video files, or folders of frames at 25 a second; several with commas.')
  flags.DEFINE_string('npy', None,
                      'In place of --video: network input, float32 [1, T, 224, 224, C] in [-1, 1].')
  flags.DEFINE_string('labels', None,
                      'File of class names, one a line, in the order of the logits.')
  flags.DEFINE_integer('top_k', 20, 'Classes to print.', lower_bound=1)
  flags.DEFINE_integer('max_frames', input_pipeline.Settings().max_frames,
                       'Frames that the network sees at a time; longer videos are averaged.',
                       lower_bound=9)
  flags.DEFINE_string('logits_out', None, 'File for the logits, float32 [1, N] (.npy).')
  flags.DEFINE_bool('json', False, 'Print one JSON object a video in place of text.')


def check():
  """Raises a `UserError` unless the flags say what to use, and on what."""
  values = flags.FLAGS
  published = values.weights is not None or values.flow_weights is not None
  if published == (values.run_dir is not None):
    raise errors.UserError('expected --weights (or --flow_weights) or --run_dir; received '
                           + ('both' if published else 'neither'))
  if bool(values.video) == (values.npy is not None):
    raise errors.UserError('expected --video or --npy; received '
                           + ('both' if values.video else 'neither'))
  if values.npy is not None and values.weights and values.flow_weights:
    raise errors.UserError('expected one network for --npy; received --weights and --flow_weights')
  if values.logits_out is not None and len(values.video) > 1:
    raise errors.UserError(f'expected one video for --logits_out; received {len(values.video)}')
