"""What decides a training run: data, network, optimization. Needs no TensorFlow."""

import dataclasses
import math

from i3d_tf.common import errors
from i3d_tf.common import validation
from i3d_tf.flow import optical_flow
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments
from i3d_tf.model import architecture
from i3d_tf.records import hold_out
from i3d_tf.records import ucf101

OPTIMIZERS = ('sgd', 'adam')
PRECISIONS = ('float32', 'mixed_bfloat16')
SCHEDULES = ('drops', 'cosine')
# How a training is spread over devices, see `strategies.create`.
STRATEGIES = ('none', 'mirrored', 'multi_worker')


@dataclasses.dataclass(frozen=True)
class Data:
  """What a network is trained on.

  Attributes:
    records: folder of records, absolute path.
    split: 1, 2 or 3.
    mask: the region that is replaced in training, one of `treatments.ALL_REGIONS`.
    fill: what replaces it, one of `treatments.FILLS`.
    mask_place: where the mask is put, one of `treatments.PLACES`.
    verdicts: `verdicts.content_hash` of the verdicts on masks that apply, or None
      if there are none.
    flow: the kind of flow, one of `optical_flow.LABELS`; None if neither stream nor fill takes it.
    content: `fingerprints.content_hash` of the records; None if unknown.
    mask_shape: the shape of the mask, one of `treatments.SHAPES`.
    time: the order of the frames, one of `treatments.TIMES`.
    hold_out: groups of the training list that are held out, see `hold_out.named`.
  """

  records: str
  split: int = 1
  mask: str = 'none'
  fill: str = 'black'
  mask_place: str = 'person'
  verdicts: str | None = None
  flow: str | None = None
  content: str | None = None
  mask_shape: str = 'outline'
  time: str = 'forward'
  hold_out: tuple[str, ...] = ()

  def __post_init__(self) -> None:
    validation.check_choice('split', self.split, ucf101.SPLITS)
    validation.check_choice('mask', self.mask, treatments.ALL_REGIONS)
    validation.check_choice('fill', self.fill, treatments.FILLS)
    validation.check_choice('mask_place', self.mask_place, treatments.PLACES)
    validation.check_choice('flow', self.flow, (None, *optical_flow.LABELS))
    hold_out.check(self.hold_out)
    _ = self.treatment  # checks that its parts go together

  @property
  def tested(self) -> str:
    """The subset to test on, see `hold_out.tested`."""
    return hold_out.tested(self.hold_out)

  @property
  def treatment(self) -> treatments.Treatment:
    """What is done to the clips of the training."""
    return treatments.Treatment(self.mask, self.fill, self.mask_place, self.mask_shape, self.time)


@dataclasses.dataclass(frozen=True)
class Network:
  """The network: arguments of `InceptionI3D` that do not follow from the data.

  Attributes:
    width, dropout, batch_norm_momentum: as in `InceptionI3D`.
    precision: 'float32' or 'mixed_bfloat16'.
    weights: file of weights that training starts from, all but the logits
      (`i3d_tf.weights`); None for random ones.
    freeze: endpoint up to which layers stay as the weights have them, their batch
      statistics too, one of `architecture.BELOW_LOGITS`; None to train all layers.
  """

  width: float = 1.0
  dropout: float = 0.5
  batch_norm_momentum: float = 0.999
  precision: str = 'float32'
  weights: str | None = None
  freeze: str | None = None

  def __post_init__(self) -> None:
    validation.check_choice('precision', self.precision, PRECISIONS)
    validation.check_choice('freeze', self.freeze, (None, *architecture.BELOW_LOGITS))
    if self.freeze is not None and self.weights is None:
      raise errors.UserError(
        f'`freeze` is for networks that start from `weights`; received {self.freeze} and none'
      )
    validation.check('width', self.width, 'above 0 and at most 16', 0 < self.width <= 16)
    for name in ('dropout', 'batch_norm_momentum'):
      value = getattr(self, name)
      validation.check(name, value, 'at least 0 and below 1', 0 <= value < 1)


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
  learning_rate_drops: tuple[int, ...] = ()
  warmup_steps: int = 0
  momentum: float = 0.9
  weight_decay: float = 1e-7
  jit_compile: bool = False

  def __post_init__(self) -> None:
    check, drops = validation.check, self.learning_rate_drops
    check('steps', self.steps, 'at least 1', self.steps >= 1)
    check('optimizer', self.optimizer, ' or '.join(OPTIMIZERS), self.optimizer in OPTIMIZERS)
    check(
      'learning_rate', self.learning_rate, 'above 0 and finite', 0 < self.learning_rate < math.inf
    )
    check('schedule', self.schedule, ' or '.join(SCHEDULES), self.schedule in SCHEDULES)
    check(
      'learning_rate_drops',
      drops,
      'rising steps, with schedule drops',
      list(drops) == sorted(set(drops)) and not (drops and self.schedule != 'drops'),
    )
    check(
      'warmup_steps',
      self.warmup_steps,
      'at least 0, fewer than steps, with schedule cosine',
      0 <= self.warmup_steps < self.steps and not (self.warmup_steps and self.schedule != 'cosine'),
    )
    check('momentum', self.momentum, 'at least 0 and below 1', 0 <= self.momentum < 1)
    check(
      'weight_decay', self.weight_decay, 'at least 0 and finite', 0 <= self.weight_decay < math.inf
    )


@dataclasses.dataclass(frozen=True)
class Run:
  """Everything that decides what a run computes, and its class names."""

  data: Data
  clips: clip_settings.ClipSettings
  network: Network
  optimization: Optimization
  label_names: tuple[str, ...]
