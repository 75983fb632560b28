"""Flags that name a trained network: a run, or published weights."""

from absl import flags

from flags.shared import existing
from flags.shared import weights_folder
from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import kinds
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.inference import options as options_lib
from i3d_tf.training import run_settings
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


def define_classifier(*, precision: bool = True) -> None:
  """Defines --classifier, and what says of a classifier what cannot be discovered.

  Args:
    precision: whether to define --precision; otherwise the command has it.
  """
  flags.DEFINE_string(
    'classifier',
    None,
    'In place of weights or run, a network of any kind: a SavedModel, a .keras or .onnx file, a '
    'Python function as module:function, a run, or weights of I3D. --labels names its classes.',
  )
  flags.DEFINE_string('classifier_signature', None, 'Signature of the SavedModel.')
  flags.DEFINE_integer('classifier_frames', None, 'Frames of the clips that it takes.')
  flags.DEFINE_integer('classifier_size', None, 'Height and width of their frames in pixels.')
  flags.DEFINE_float('classifier_rate', None, 'Frames a second that it takes; by default 25.')
  flags.DEFINE_list(
    'classifier_range', None, 'Values of black and of white, such as 0,1 or -1,1 or 0,255.'
  )
  flags.DEFINE_enum(
    'classifier_layout',
    None,
    list(protocol.LAYOUTS),
    'Order of batch, time, height, width and channels.',
  )
  if precision:
    flags.DEFINE_enum(
      'precision',
      None,
      list(run_settings.PRECISIONS),
      'In which I3D computes: float32 by default; mixed_bfloat16 is faster on some accelerators.',
    )


def define_class_names() -> None:
  """Defines what says which classes --classifier has, and which of them are right."""
  flags.DEFINE_string(
    'labels',
    None,
    'Class names of --classifier: a file, one per line, or a data set (see predict).',
  )
  flags.DEFINE_string(
    'class_map',
    None,
    'Where the classes of --classifier and of the records have other names: a CSV file with the '
    'columns class (of the records) and accepted (of the network), one row for each class that '
    'counts as right.',
  )


def classifier(weights: str | None = None) -> discovery.ClassifierOptions | None:
  """What the flags of `define_classifier` say; None without --classifier.

  Args:
    weights: what stands for --classifier where it was not given.

  Raises:
    UserError: a flag is wrong or has no --classifier, or there is no such file.
  """
  values = flags.FLAGS
  source = _classifier_source()
  source = weights if source is None else source
  if source is None:
    said = [name for name in values if name.startswith('classifier_') and values[name].present]
    if said:
      raise errors.UserError(f'--{said[0]} is for --classifier; it was not given')
    return None
  bounds = None
  if values.classifier_range is not None:
    try:
      low, high = (float(value) for value in values.classifier_range)
    except ValueError as e:
      raise errors.UserError(
        'expected two numbers such as --classifier_range=0,1; received '
        f'{",".join(values.classifier_range)}'
      ) from e
    bounds = (low, high)
  if not kinds.is_function(source):
    existing.check_weights('--classifier', source)
  asked = discovery.ClassifierOptions(
    source,
    values.labels,
    values.classifier_signature,
    values.classifier_frames,
    values.classifier_size,
    values.classifier_rate,
    bounds,
    values.classifier_layout,
    # `reproduce` has it with a default, for what it trains.
    values.precision if values['precision'].present else None,
  )
  kinds.check(asked)
  return asked


def _classifier_source() -> str | None:
  """The value of --classifier; None if it was not given, or is not a flag of the command."""
  return flags.FLAGS.classifier if 'classifier' in flags.FLAGS else None


def use_default() -> bool:
  """Makes --weights the default release if the flags name no network; returns whether it did."""
  values = flags.FLAGS
  named = (values.weights, values.flow_weights, *values.run_dir, _classifier_source())
  if any(name is not None for name in named):
    return False
  values.weights = releases.DEFAULT
  return True


def check(most: int = 2) -> None:
  """Raises a `UserError` unless the flags name one network, or at most `most`."""
  values = flags.FLAGS
  published = [path for path in (values.weights, values.flow_weights) if path is not None]
  if _classifier_source() is not None:
    if published or values.run_dir:
      raise errors.UserError('expected --classifier, or --weights or --run_dir; received both')
    return
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
  asked = classifier()
  if asked is not None:
    return options_lib.NetworkOptions(classifier=asked)
  return options_lib.NetworkOptions(
    tuple(values.run_dir),
    values.weights,
    values.flow_weights,
    values.labels,
    precision=values.precision if 'precision' in values else None,
  )
