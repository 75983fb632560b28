"""Flags of train, and those that say how a network is built and trained."""

from typing import Any

from absl import flags

from flags.shared import data
from flags.shared import existing
from flags.shared import protocols
from flags.shared import weights_folder
from i3d_tf.common import errors
from i3d_tf.experiments import requests
from i3d_tf.inputs import treatments
from i3d_tf.model import architecture
from i3d_tf.records import hold_out as hold_out_lib
from i3d_tf.training import checkpoint_files
from i3d_tf.training import run_settings

_NETWORK = run_settings.Network()
_OPTIMIZATION = run_settings.Optimization()


def define() -> None:
  """Defines the flags; `options` reads them."""
  data.define_records(
    'Folder that make_tfrecords made. If not given, a small demo set is drawn (in --demo_dir) '
    'and flags not given are those of flags/demo.flags.'
  )
  data.define_verdicts('By default the masks of all videos are used.')
  flags.DEFINE_string('demo_dir', 'demo', 'Where the demo set is made, or already is.')
  flags.DEFINE_string(
    'run_dir',
    None,
    'Folder of this run: checkpoints, history, results. A run that was stopped resumes there. '
    'Default: runs/ and what distinguishes the run.',
  )
  flags.DEFINE_integer('split', 1, 'Split of the data set, 1, 2 or 3.')
  define_hold_out()
  _define_tests_on_the_way()
  data.define_clips()
  flags.DEFINE_list(
    'eval_masks',
    None,
    'What to replace in the test at the end, such as none,background,activity-blur '
    '(see evaluate); the default is what training replaces.',
  )
  flags.DEFINE_enum(
    'strategy',
    'none',
    run_settings.STRATEGIES,
    'none: one device. mirrored: every GPU of this machine. multi_worker: every GPU of the '
    'machines that the environment variable TF_CONFIG lists; the same command is started on each. '
    '--batch_size is the total, and the losses are those of one device.',
  )
  flags.DEFINE_integer(
    'keep_checkpoints',
    checkpoint_files.KEPT,
    'Number of checkpoints, the last ones, that are kept.',
    lower_bound=1,
  )
  define_settings()


_WEIGHTS_HELP = (
  'Weights to start from, all but the logits: a published checkpoint, a file of '
  f'convert_weights, {weights_folder.NAMES_HELP}. By default they are random.'
)


def define_settings() -> None:
  """How a network is built and trained, whatever it is trained on."""
  _define_network()
  _define_optimization()


def define_hold_out() -> None:
  """Defines --hold_out; `hold_out` reads it."""
  flags.DEFINE_list(
    'hold_out',
    [],
    'Groups of the training list (g08,g09; sources where names have no group) that are held out '
    'and tested on in place of the test list, to choose settings by; or how many, or which share, '
    'to draw. The records stay as they are.',
  )


def _define_tests_on_the_way() -> None:
  flags.DEFINE_integer(
    'validate_every',
    None,
    'With --hold_out: steps between tests on the held-out videos while the network trains, to '
    'choose --steps by (validation.csv, and a table at the end).',
    lower_bound=1,
  )
  flags.DEFINE_integer(
    'patience',
    None,
    'With --validate_every: stop when so many tests in a row have brought nothing above the best. '
    'By default all steps are trained.',
    lower_bound=1,
  )


def _check_tests_on_the_way() -> None:
  values = flags.FLAGS
  if values.validate_every is not None and not values.hold_out:
    raise errors.UserError(
      '--validate_every chooses steps on held-out videos, never on the test list: '
      'expected --hold_out=GROUPS as well'
    )
  if values.validate_every is not None and values.strategy != 'none':
    raise errors.UserError(
      f'--validate_every is for one device; received --strategy={values.strategy}, too'
    )
  if values.patience is not None and values.validate_every is None:
    raise errors.UserError('--patience counts tests of --validate_every; it was not given')


def hold_out() -> tuple[str, ...]:
  """The groups of --hold_out.

  Raises:
    UserError: it cannot be of any list.
  """
  chosen = tuple(flags.FLAGS.hold_out)
  hold_out_lib.check(chosen)
  return chosen


def _define_network() -> None:
  flags.DEFINE_string('weights', None, _WEIGHTS_HELP)
  weights_folder.define()
  flags.DEFINE_enum(
    'freeze',
    None,
    architecture.BELOW_LOGITS,
    'With --weights, the last layer that stays as the weights have it, with all layers below it '
    'and their batch statistics: for data sets that are too small to train all of them, and for '
    'half the time of a step (Mixed_3c). By default nothing is frozen.',
  )
  flags.DEFINE_float(
    'width',
    _NETWORK.width,
    'Factor on the number of channels of every layer; 1 is I3D. With '
    '--weights that of the weights.',
  )
  flags.DEFINE_float(
    'dropout', _NETWORK.dropout, 'Share of features set to zero before the logits.'
  )
  flags.DEFINE_float(
    'batch_norm_momentum',
    _NETWORK.batch_norm_momentum,
    'Decay of the moving statistics; short trainings need less than 0.999.',
  )
  flags.DEFINE_enum(
    'precision',
    _NETWORK.precision,
    run_settings.PRECISIONS,
    'Number format of the computation; weights are float32 in any case.',
  )


def _define_optimization() -> None:
  flags.DEFINE_integer('steps', _OPTIMIZATION.steps, 'Batches to train on.')
  flags.DEFINE_enum(
    'optimizer', _OPTIMIZATION.optimizer, run_settings.OPTIMIZERS, 'SGD with momentum, or Adam.'
  )
  flags.DEFINE_float('learning_rate', _OPTIMIZATION.learning_rate, 'Learning rate at the start.')
  flags.DEFINE_enum(
    'schedule',
    _OPTIMIZATION.schedule,
    run_settings.SCHEDULES,
    'Learning rate: divided by 10 at each of --learning_rate_drops, or falling to '
    '0 over all steps.',
  )
  flags.DEFINE_list('learning_rate_drops', [], 'Steps at which the learning rate drops.')
  flags.DEFINE_integer(
    'warmup_steps',
    _OPTIMIZATION.warmup_steps,
    'Steps over which the learning rate first rises from 0, with --schedule=cosine.',
  )
  flags.DEFINE_float('momentum', _OPTIMIZATION.momentum, 'Momentum of SGD.')
  flags.DEFINE_float(
    'weight_decay', _OPTIMIZATION.weight_decay, 'Factor of half the squared kernels in the loss.'
  )
  flags.DEFINE_bool(
    'jit_compile',
    _OPTIMIZATION.jit_compile,
    'Compile the training step with XLA. On a CPU that is slower.',
  )
  flags.DEFINE_integer(
    'checkpoint_every', 100, 'Steps between checkpoints: what a kill can cost.', lower_bound=1
  )
  flags.DEFINE_integer('log_every', 10, 'Steps between rows of history.csv.', lower_bound=1)


def request() -> requests.TrainRequest:
  """The flags of train as a request.

  Raises:
    UserError: a flag is wrong, contradicts another, or names a file that does not exist.
  """
  values = flags.FLAGS
  if values.records is None:
    protocols.use_as_defaults('demo.flags')
  _check_tests_on_the_way()
  clips = data.clips()
  treatment = data.treatment()
  treatments.check_stream(treatment, clips.stream)
  evaluated = [treatment.name] if values.eval_masks is None else values.eval_masks
  names = tuple(treatments.parse_all(evaluated, clips.stream))
  run_settings.Data('', values.split)  # checks the split
  optimization = optimization_settings()
  existing.check_records('--records', values.records)
  network = network_settings()
  return requests.TrainRequest(
    values.records,
    values.demo_dir,
    values.run_dir,
    values.split,
    treatment,
    names,
    clips,
    network,
    optimization,
    flags.FLAGS['width'].present > 0,
    data.verdicts(),
    values.strategy,
    values.checkpoint_every,
    values.keep_checkpoints,
    values.log_every,
    given(),
    hold_out(),
    values.validate_every,
    values.patience,
  )


def network_settings() -> run_settings.Network:
  """The flags of `define_settings` that say how the network is built.

  Raises:
    UserError: a flag is out of its range, or there are no such weights.
  """
  values = flags.FLAGS
  weights_folder.use()
  existing.check_weights('--weights', values.weights)
  return run_settings.Network(
    width=values.width,
    dropout=values.dropout,
    batch_norm_momentum=values.batch_norm_momentum,
    precision=values.precision,
    weights=weights_folder.source(values.weights),
    freeze=values.freeze,
  )


def optimization_settings() -> run_settings.Optimization:
  """The flags of `define_settings` that say how the network is trained.

  Raises:
    UserError: a flag is out of its range, or flags contradict each other.
  """
  values = flags.FLAGS
  try:
    drops = tuple(int(step) for step in values.learning_rate_drops)
  except ValueError as e:
    raise errors.UserError(
      'expected steps such as --learning_rate_drops=3000,4000; '
      f'received {",".join(values.learning_rate_drops)}'
    ) from e
  return run_settings.Optimization(
    steps=values.steps,
    optimizer=values.optimizer,
    learning_rate=values.learning_rate,
    schedule=values.schedule,
    learning_rate_drops=drops,
    warmup_steps=values.warmup_steps,
    momentum=values.momentum,
    weight_decay=values.weight_decay,
    jit_compile=values.jit_compile,
  )


def given() -> dict[str, Any]:
  """Flags and values as the user gave them, for the record."""
  return {name: flags.FLAGS[name].value for name in flags.FLAGS if flags.FLAGS[name].present}
