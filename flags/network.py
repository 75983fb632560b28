"""Flags that name a trained network: a run, or published weights."""

from absl import flags

from i3d_tf.common import errors
from i3d_tf.inference import trained_networks


def define():
  flags.DEFINE_string('weights', None,
                      'Weights of the RGB network: a published checkpoint or a Keras file.')
  flags.DEFINE_string('flow_weights', None, 'Weights of the flow network.')
  flags.DEFINE_list('run_dir', [], 'In place of weights: folder of a run that train made; an RGB '
                                   'and a flow run with a comma between them.')
  flags.DEFINE_string('labels', None,
                      'File of class names for --weights, one a line in the order of the logits, '
                      'or ucf101. By default the label map that lies with the weights.')


def check(most=2):
  """Raises a `UserError` unless the flags name one network, or at most `most`."""
  values = flags.FLAGS
  published = [path for path in (values.weights, values.flow_weights) if path is not None]
  if bool(published) == bool(values.run_dir):
    raise errors.UserError('expected --weights (or --flow_weights) or --run_dir; received '
                           + ('both' if published else 'neither'))
  if values.labels is not None and values.run_dir:
    raise errors.UserError('--labels is for --weights: a run knows its classes; '
                           f'received --run_dir={",".join(values.run_dir)}')
  received = published or values.run_dir
  if len(received) > most:
    raise errors.UserError(f'expected {"one network" if most == 1 else f"at most {most} networks"}; '
                           f'received {", ".join(received)}')


def load():
  """The `trained_networks.TrainedNetwork`s that the flags name; see there."""
  values = flags.FLAGS
  return trained_networks.load(
      values.run_dir, values.weights, values.flow_weights, values.labels)
