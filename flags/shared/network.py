"""Flags that name a trained network: a run, or published weights."""

from absl import flags

from flags.shared import existing
from flags.shared import weights_folder
from i3d_tf.common import errors
from i3d_tf.inference import options as options_lib
from i3d_tf.weights.published import label_maps
from i3d_tf.weights.published import releases


def define() -> None:
  """Defines the flags; `check` and `options` read them."""
  flags.DEFINE_string(
    'weights',
    None,
    'Weights of the RGB network: a published checkpoint, a Keras file, '
    f'{weights_folder.NAMES_HELP}.',
  )
  weights_folder.define()
  flags.DEFINE_string('flow_weights', None, 'Weights of the flow network.')
  flags.DEFINE_list(
    'run_dir',
    [],
    'In place of weights: folder of a run that train made; an RGB '
    'and a flow run with a comma between them.',
  )
  flags.DEFINE_string(
    'labels',
    None,
    'File of class names for --weights, one per line in the order of the logits, '
    f'or {" or ".join(label_maps.BUILT_IN)}. By default the label map next to the weights, or the '
    'names of the release that they are.',
  )


def use_default() -> bool:
  """Makes --weights the default release if the flags name no network; returns whether it did."""
  values = flags.FLAGS
  if values.weights is not None or values.flow_weights is not None or values.run_dir:
    return False
  values.weights = releases.DEFAULT
  return True


def check(most: int = 2) -> None:
  """Raises a `UserError` unless the flags name one network, or at most `most`."""
  values = flags.FLAGS
  published = [path for path in (values.weights, values.flow_weights) if path is not None]
  if bool(published) == bool(values.run_dir):
    raise errors.UserError(
      'expected --weights (or --flow_weights) or --run_dir; received '
      + ('both' if published else 'neither')
    )
  if values.labels is not None and values.run_dir:
    raise errors.UserError(
      '--labels is for --weights: a run knows its classes; '
      f'received --run_dir={",".join(values.run_dir)}'
    )
  received = published or values.run_dir
  if len(received) > most:
    raise errors.UserError(
      f'expected {"one network" if most == 1 else f"at most {most} networks"}; '
      f'received {", ".join(received)}'
    )


def options(most: int = 2) -> options_lib.NetworkOptions:
  """The network that the flags name, or the two.

  Args:
    most: how many networks are accepted.

  Raises:
    UserError: the flags name none, too many, or a file that does not exist.
  """
  check(most)
  values = flags.FLAGS
  weights_folder.use()
  existing.check_weights('--weights', values.weights)
  existing.check_weights('--flow_weights', values.flow_weights)
  for run_dir in values.run_dir:
    existing.check_run('--run_dir', run_dir)
  if values.labels not in label_maps.BUILT_IN:
    existing.check_path('--labels', values.labels, 'a file of class names')
  return options_lib.NetworkOptions(
    tuple(values.run_dir), values.weights, values.flow_weights, values.labels
  )
