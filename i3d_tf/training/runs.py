"""A run directory: what was asked for, and the network as far as it has been trained.

  run.json        settings, class names, versions, git commit; written before anything else
  verdicts.csv    the verdicts on masks that hold for this run, if any
  checkpoints/    TensorFlow checkpoints, by step
  history.csv     loss, accuracy and learning rate over the steps
  tensorboard/    the same for TensorBoard, and what the network sees
  results/        evaluations, see `i3d_tf.inference.results`
"""

import dataclasses
import importlib.metadata
import json
import math
import os
import subprocess

import numpy as np
import tensorflow as tf

from i3d_tf.training import checkpoints
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.inputs import from_records
from i3d_tf.inputs import masking
from i3d_tf.model import inception_i3d
from i3d_tf.flow import optical_flow
from i3d_tf.records import ucf101
from i3d_tf.masks import verdicts as verdicts_lib

_RUN_FILE = 'run.json'
_VERDICTS = 'verdicts.csv'
_PACKAGES = ('tensorflow', 'keras', 'numpy', 'opencv-contrib-python-headless')


@dataclasses.dataclass(frozen=True)
class Data:
  """What a network is trained on.

  Attributes:
    records: folder of records, absolute path.
    split: 1, 2 or 3.
    mask: the region that is replaced in training, one of `masking.ALL_REGIONS`.
    fill: by what, one of `masking.FILLS`.
    mask_place: where the mask lies, one of `masking.PLACES`.
    verdicts: `i3d_tf.masks.verdicts.content_hash` of the verdicts on masks that
      hold, or None if there are none.
    flow: which flow it is, one of `optical_flow.LABELS`; None for stream rgb.
    content: `record_contents.content_hash` of the records; None if nobody asked.
  """

  records: str
  split: int = 1
  mask: str = 'none'
  fill: str = 'black'
  mask_place: str = 'person'
  verdicts: str | None = None
  flow: str | None = None
  content: str | None = None

  def __post_init__(self):
    for what, value, allowed in (('split', self.split, ucf101.SPLITS),
                                 ('mask', self.mask, masking.ALL_REGIONS),
                                 ('fill', self.fill, masking.FILLS),
                                 ('mask_place', self.mask_place, masking.PLACES),
                                 ('flow', self.flow, (None, *optical_flow.LABELS))):
      if value not in allowed:
        raise errors.UserError(
            f'`{what}` must be one of {", ".join(map(str, allowed))}; received {value!r}')
    self.treatment  # refuses what does not go together

  @property
  def treatment(self):
    """What the network is trained on: a `masking.Treatment`."""
    return masking.Treatment(self.mask, self.fill, self.mask_place)


@dataclasses.dataclass(frozen=True)
class Network:
  """The network: arguments of `model.InceptionI3D` that the data do not decide.

  Attributes:
    width, dropout, batch_norm_momentum: as there.
    precision: 'float32' or 'mixed_bfloat16'.
    weights: file of weights that training starts from, all but the logits
      (`i3d_tf.weights.readers`); None for random ones.
  """

  width: float = 1.0
  dropout: float = 0.5
  batch_norm_momentum: float = 0.999
  precision: str = 'float32'
  weights: str | None = None

  def __post_init__(self):
    if self.precision not in ('float32', 'mixed_bfloat16'):
      raise errors.UserError(f"`precision` must be 'float32' or 'mixed_bfloat16'; "
                             f'received {self.precision!r}')
    for what, value, expected, right in (
        ('width', self.width, 'above 0 and at most 16', 0 < self.width <= 16),
        ('dropout', self.dropout, 'at least 0 and below 1', 0 <= self.dropout < 1),
        ('batch_norm_momentum', self.batch_norm_momentum, 'at least 0 and below 1',
         0 <= self.batch_norm_momentum < 1),
    ):
      if not right:
        raise errors.UserError(f'`{what}` must be {expected}; received {value}')


@dataclasses.dataclass(frozen=True)
class Optimization:
  """How a network is trained.

  Attributes:
    steps: number of batches.
    optimizer: 'sgd' (with `momentum`) or 'adam'.
    learning_rate: at the start.
    schedule: 'drops' divides the rate by 10 at each of `learning_rate_drops`
      (steps); 'cosine' lets it fall to 0 over all steps.
    warmup_steps: with 'cosine', steps over which the rate first rises from 0.
    momentum: of SGD.
    weight_decay: factor of half the squared kernels in the loss.
    jit_compile: whether XLA compiles the step.
  """

  steps: int = 5000
  optimizer: str = 'sgd'
  learning_rate: float = 1e-3
  schedule: str = 'drops'
  learning_rate_drops: tuple = ()
  warmup_steps: int = 0
  momentum: float = 0.9
  weight_decay: float = 1e-7
  jit_compile: bool = False

  def __post_init__(self):
    object.__setattr__(self, 'learning_rate_drops', tuple(self.learning_rate_drops))
    drops = self.learning_rate_drops
    for what, value, expected, right in (
        ('steps', self.steps, 'at least 1', self.steps >= 1),
        ('optimizer', self.optimizer, 'sgd or adam', self.optimizer in ('sgd', 'adam')),
        ('learning_rate', self.learning_rate, 'above 0 and finite',
         0 < self.learning_rate < math.inf),
        ('schedule', self.schedule, 'drops or cosine', self.schedule in ('drops', 'cosine')),
        ('learning_rate_drops', drops, 'rising steps, with schedule drops',
         list(drops) == sorted(set(drops)) and not (drops and self.schedule != 'drops')),
        ('warmup_steps', self.warmup_steps, 'at least 0, fewer than steps, with schedule cosine',
         0 <= self.warmup_steps < self.steps
         and not (self.warmup_steps and self.schedule != 'cosine')),
        ('momentum', self.momentum, 'at least 0 and below 1', 0 <= self.momentum < 1),
        ('weight_decay', self.weight_decay, 'at least 0 and finite',
         0 <= self.weight_decay < math.inf),
    ):
      if not right:
        raise errors.UserError(f'`{what}` must be {expected}; received {value!r}')


@dataclasses.dataclass(frozen=True)
class Run:
  """Everything that decides what a run computes, and its class names."""

  data: Data
  clips: from_records.Settings
  network: Network
  optimization: Optimization
  label_names: tuple

  def build_model(self):
    """An `InceptionI3D` for this run, with the initial weights of its seed."""
    return inception_i3d.InceptionI3D(
        num_classes=len(self.label_names),
        channels=from_records.CHANNELS[self.clips.stream],
        dropout=self.network.dropout,
        frame_size=self.clips.frame_size,
        width=self.network.width,
        batch_norm_momentum=self.network.batch_norm_momentum,
        seed=self.clips.seed,
        dtype=self.network.precision)


def start(run_dir, run, flags=None, verdicts=None):
  """Declares what a run directory is for, or makes sure that it is for that already.

  Args:
    run_dir: the directory; made if missing.
    run: a `Run`.
    flags: a dict of the command's flags, for the record.
    verdicts: those that `run.data.verdicts` is the hash of: a dict, or None. They
      are kept in the directory.

  Raises:
    UserError: the directory belongs to another run, or can be none.
    ValueError: `verdicts` are others than the run's.
  """
  if run.data.verdicts != _hash(verdicts):
    raise ValueError(f'`verdicts` must be those of the run, {run.data.verdicts}; '
                     f'received {_hash(verdicts)}')
  checkpoints.check_path(run_dir)
  path = os.path.join(run_dir, _RUN_FILE)
  if os.path.exists(path):
    before, now = _flat(load(run_dir)), _flat(run)
    # Records may have moved.
    different = [key for key in now if before[key] != now[key] and key != 'data.records'
                 and not (key == 'data.content' and before[key] is None)]
    if different:
      raise errors.UserError(
          f'{run_dir} holds a run with other settings: ' + '; '.join(
              f'{key} is {before[key]!r} there, {now[key]!r} here' for key in different)
          + '. Give another --run_dir')
    return
  versions = {}
  for package in _PACKAGES:
    try:
      versions[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      versions[package] = None
  content = {
      **dataclasses.asdict(run),
      'flags': {} if flags is None else flags,
      'versions': versions,
      'git_commit': _git_commit(),
  }
  if verdicts is not None:
    verdicts_lib.write(os.path.join(run_dir, _VERDICTS), verdicts)
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    json.dump(content, f, indent=2, default=str)


def verdicts(run_dir, run):
  """The verdicts on masks that hold for a run: a dict from video to verdict, or None.

  Raises:
    UserError: the file in the run directory is missing, or was changed.
  """
  if run.data.verdicts is None:
    return None
  path = os.path.join(run_dir, _VERDICTS)
  found = verdicts_lib.read(path)
  if _hash(found) != run.data.verdicts:
    raise errors.UserError(f'{path}: expected the verdicts that the run was started with; the file '
                           'was changed since')
  return found


def _hash(verdicts):
  return None if verdicts is None else verdicts_lib.content_hash(verdicts)


def load(run_dir):
  """Reads what a run directory is for: a `Run`.

  Raises:
    UserError: there is no run.
  """
  path = os.path.join(run_dir, _RUN_FILE)
  try:
    with open(path) as f:
      content = json.load(f)
    return Run(Data(**content['data']), from_records.Settings(**content['clips']),
               Network(**content['network']), Optimization(**content['optimization']),
               tuple(content['label_names']))
  except FileNotFoundError as e:
    raise errors.UserError(f'{run_dir}: expected a directory made by train; '
                           f'it has no {_RUN_FILE}') from e
  except (OSError, ValueError, KeyError, TypeError) as e:
    raise errors.UserError(f'{path}: expected what train writes; {type(e).__name__}: {e}') from e


def restore_model(run_dir, run):
  """The network of a run as its last checkpoint has it.

  Returns:
    (model, step).

  Raises:
    UserError: there is no checkpoint, or it is damaged.
  """
  model, step = run.build_model(), tf.Variable(0, dtype=tf.int64)
  path = checkpoints.restore(checkpoints.of(step, model), run_dir)
  if path is None:
    raise errors.UserError(f'{run_dir}: expected a checkpoint; train has not written one yet')
  for variable in model.variables:
    if not np.isfinite(variable.numpy()).all():
      raise errors.UserError(f'{path}: expected weights that are finite numbers; '
                             f'{variable.path} holds others. Was its training stable?')
  return model, int(step)


def _flat(run):
  """A `Run` as a dict from 'section.setting' to value."""
  flat = {}
  for section, value in dataclasses.asdict(run).items():
    if isinstance(value, dict):
      flat.update({f'{section}.{key}': v for key, v in value.items()})
    else:
      flat[section] = value
  return flat


def _git_commit():
  """The commit of this code, with '+' behind it if files differ from it; None outside git."""
  def git(*arguments):
    # Bazel runs a copy of links; the real file knows its repository.
    folder = os.path.dirname(os.path.realpath(__file__))
    return subprocess.run(['git', '-C', folder, *arguments], capture_output=True, text=True,
                          check=True).stdout.strip()

  try:
    return git('rev-parse', 'HEAD') + ('+' if git('status', '--porcelain', '-uno') else '')
  except (OSError, subprocess.CalledProcessError):
    return None
