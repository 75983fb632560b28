"""Flags of reproduce."""

from collections.abc import Sequence

from absl import flags

from flags import training
from flags.shared import data
from flags.shared import existing
from flags.shared import network
from flags.shared import protocols
from flags.shared import weights_folder
from i3d_tf.common import errors
from i3d_tf.experiments import conditions
from i3d_tf.experiments import requests
from i3d_tf.records import folders
from i3d_tf.records import ucf101

# Flags of reproduce that have a meaning where nothing is trained, beside those of a classifier.
_OF_TRIALS = (
  'records',
  'verdicts',
  'demo_dir',
  'run_dir',
  'conditions',
  'splits',
  'dry_run',
  'weights',
  'weights_dir',
  'steps',
  'batch_size',
  'precision',
  'labels',
  'class_map',
)
# Flags of train that the conditions decide.
_DECIDED = (
  'stream',
  'mask',
  'fill',
  'mask_place',
  'mask_shape',
  'time',
  'resize',
  'augment',
  'seed',
)


def define() -> None:
  """Defines the flags; `options` reads them."""
  data.define_records(
    'Folder that make_tfrecords made, with --flow for the conditions that need it. If not given, '
    'a demo set is drawn (in --demo_dir) and flags not given are those of flags/demo.flags.'
  )
  data.define_verdicts('By default the masks of all videos are used.')
  flags.DEFINE_string('demo_dir', 'demo', 'Where the demo set is made, or already is.')
  flags.DEFINE_string(
    'run_dir', 'paper', 'Folder of runs and results; the same command resumes there.'
  )
  flags.DEFINE_list(
    'conditions',
    ['paper'],
    'What to run: paper, controls, loopholes (what the outline, its motion and time tell), all, or '
    'names of rows such as 1b-rgb,2a,2b. On --records without flow, the first four leave out what '
    'needs it.',
  )
  flags.DEFINE_list('splits', ['1'], 'Splits of the data set, some of 1,2,3.')
  training.define_hold_out()
  flags.DEFINE_list('seeds', ['0'], 'Seeds: every model is trained once with each.')
  flags.DEFINE_bool('dry_run', False, 'Print what is to be done, with estimated times, and stop.')
  data.define_clips()
  training.define_settings()
  flags.DEFINE_string(
    'flow_weights',
    None,
    'As --weights, for the networks of stream flow; --weights is for RGB alone.',
  )
  network.define_classifier(precision=False)
  network.define_class_names()


def request() -> requests.ReproduceRequest:
  """The flags as a request.

  Raises:
    UserError: a flag is wrong, contradicts another, or names a file that does not exist.
  """
  values = flags.FLAGS
  on_demo_set = values.records is None
  if on_demo_set:
    protocols.use_as_defaults('demo.flags')
  _check_decided()
  splits, seeds = _numbers('splits', ucf101.SPLITS), _numbers('seeds')
  existing.check_records('--records', values.records)
  chosen, without_flow = _rows(values, on_demo_set)
  existing.check_weights('--flow_weights', values.flow_weights)
  flow_weights = weights_folder.source(values.flow_weights)
  return requests.ReproduceRequest(
    values.records,
    values.demo_dir,
    values.run_dir,
    chosen,
    splits,
    seeds,
    values.dry_run,
    data.clips(),
    training.network_settings(),
    training.optimization_settings(),
    values['width'].present > 0,
    flow_weights,
    data.verdicts(),
    values.checkpoint_every,
    values.log_every,
    training.given(),
    training.hold_out(),
    without_flow,
  )


def trial_request() -> requests.TrialRequest | None:
  """The flags as a request to ask a network that is already trained; None if they ask for none.

  --weights with --steps=0 stand for --classifier: nothing is trained from them.

  Raises:
    UserError: as `request`, or a flag says how to train.
  """
  values = flags.FLAGS
  untrained = values.weights is not None and values['steps'].present and values.steps == 0
  if values.classifier is None and not untrained:
    network.classifier()  # refuses what is said of no classifier
    for name in ('labels', 'class_map'):
      if values[name].value is not None:
        raise errors.UserError(f'--{name} is for --classifier; it was not given')
    return None
  if values.classifier is not None and values.weights is not None:
    raise errors.UserError('expected --classifier or --weights; received both')
  _check_only(values, _OF_TRIALS)
  existing.check_records('--records', values.records)
  existing.check_path('--class_map', values.class_map, 'a CSV file of classes')
  existing.check_no_file('--run_dir', values.run_dir)
  weights_folder.use()
  asked = network.classifier(values.weights)
  assert asked is not None
  chosen, without_flow = _rows(values, False)
  return requests.TrialRequest(
    asked,
    values.class_map,
    values.records,
    values.demo_dir,
    values.run_dir,
    chosen,
    _numbers('splits', ucf101.SPLITS),
    values.dry_run,
    data.verdicts(),
    values.batch_size if values['batch_size'].present else None,
    without_flow,
  )


def _rows(
  values: flags.FlagValues, on_demo_set: bool
) -> tuple[tuple[conditions.Condition, ...], tuple[str, ...]]:
  """(rows of --conditions, names of those that were left out as the records hold no flow)."""
  asked = conditions.select(values.conditions, on_demo_set)
  chosen = conditions.select(values.conditions, on_demo_set, _hold_flow(values.records))
  return chosen, tuple(condition.name for condition in asked if condition not in chosen)


def _hold_flow(records: str | None) -> bool:
  """Whether records hold flow; of none, or of a folder that lacks its manifest, it is assumed."""
  manifest = None if records is None else folders.read_manifest(records)
  return manifest is None or manifest.get('settings', {}).get('flow') is not None


def _check_only(values: flags.FlagValues, known: Sequence[str]) -> None:
  """Raises a `UserError` if a flag of this command was given that says how to train."""
  of_modules = values.flags_by_module_dict()
  own = [
    flag for module in of_modules if module.startswith('flags.') for flag in of_modules[module]
  ]
  for name in sorted(flag.name for flag in own if flag.present):
    if name not in known and not name.startswith('classifier'):
      raise errors.UserError(
        f'--{name} is for networks that are trained; --classifier is tested as it is'
      )


def _check_decided() -> None:
  """Raises a `UserError` if a flag asks for what --conditions decide."""
  for name in _DECIDED:
    flag = flags.FLAGS[name]
    if flag.value != flag.default:
      raise errors.UserError(
        f'--{name} is decided by --conditions and --seeds; received --{name}={flag.value}'
      )


def _numbers(name: str, allowed: Sequence[int] | None = None) -> tuple[int, ...]:
  """The integers of a list flag, each once."""
  values = flags.FLAGS[name].value
  try:
    found = tuple(dict.fromkeys(int(value) for value in values))
  except ValueError:
    found = ()
  if not found or min(found) < 0 or (allowed is not None and not set(found) <= set(allowed)):
    raise errors.UserError(
      f'--{name} must be {"some of " + ", ".join(map(str, allowed)) if allowed else "numbers"}; '
      f'received {",".join(values) if values else "none"}'
    )
  return found
