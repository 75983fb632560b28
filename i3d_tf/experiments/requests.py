"""What a user asks the trainers for: the flags as data. Needs no TensorFlow."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from i3d_tf.classifiers import discovery
from i3d_tf.experiments import conditions as conditions_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments
from i3d_tf.training import run_settings


@dataclasses.dataclass(frozen=True)
class TrainRequest:
  """One training and the test after it.

  Attributes:
    records: folder of records; None for the demo set in `demo_dir`.
    demo_dir: where the demo set is drawn, or already is.
    run_dir: the run directory; None for one named after the run.
    split: 1, 2 or 3.
    treatment: of the training.
    eval_treatments: names of the treatments of the test.
    clips, network, optimization: settings of the run. Where `network.weights` is given and
      `width_given` is False, the width is that of the weights.
    width_given: whether the user chose `network.width`.
    verdicts: from video to verdict on its masks, or None.
    strategy: one of `run_settings.STRATEGIES`.
    checkpoint_every, keep_checkpoints, log_every: as in `loop.Intervals`.
    flags: the flags as given, for the record.
    hold_out: groups of the training list that are tested on in place of the test list.
    validate_every: steps between tests on these while the network trains; None for none.
    patience: as in `held_out.Schedule`.
  """

  records: str | None
  demo_dir: str
  run_dir: str | None
  split: int
  treatment: treatments.Treatment
  eval_treatments: tuple[str, ...]
  clips: clip_settings.ClipSettings
  network: run_settings.Network
  optimization: run_settings.Optimization
  width_given: bool
  verdicts: Mapping[str, str] | None
  strategy: str
  checkpoint_every: int
  keep_checkpoints: int
  log_every: int
  flags: Mapping[str, Any]
  hold_out: tuple[str, ...] = ()
  validate_every: int | None = None
  patience: int | None = None


@dataclasses.dataclass(frozen=True)
class ReproduceRequest:
  """Rows of the paper's table and controls, for some splits and seeds.

  Attributes:
    records: folder of records; None for demo sets in `demo_dir` and next to it.
    demo_dir: where the demo set is drawn, or already is.
    run_dir: folder of runs, results and report.
    conditions: the rows.
    splits, seeds: numbers, each once.
    dry_run: whether to say what is to be done, and stop.
    clips, network, optimization: settings as in `run_settings.Run`; the conditions decide
      stream, resize, augmentation, masks and seed.
    width_given: as in `TrainRequest`.
    flow_weights: in place of `network.weights` for networks of stream flow.
    verdicts, checkpoint_every, log_every, flags, hold_out: as in `TrainRequest`.
    without_flow: names of rows that were asked for by group and left out, since they need flow
      and the records hold none.
  """

  records: str | None
  demo_dir: str
  run_dir: str
  conditions: tuple[conditions_lib.Condition, ...]
  splits: tuple[int, ...]
  seeds: tuple[int, ...]
  dry_run: bool
  clips: clip_settings.ClipSettings
  network: run_settings.Network
  optimization: run_settings.Optimization
  width_given: bool
  flow_weights: str | None
  verdicts: Mapping[str, str] | None
  checkpoint_every: int
  log_every: int
  flags: Mapping[str, Any]
  hold_out: tuple[str, ...] = ()
  without_flow: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class TrialRequest:
  """The rows that only test, asked of a network that is already trained.

  Attributes:
    classifier: the network.
    accepted_file: a class map (`class_map.read`), or None.
    records: folder of records; None for the demo set in `demo_dir`.
    demo_dir, run_dir, conditions, splits, dry_run, verdicts: as in `ReproduceRequest`.
    batch_size: videos of one length that are computed together.
    without_flow: as in `ReproduceRequest`.
  """

  classifier: discovery.ClassifierOptions
  accepted_file: str | None
  records: str | None
  demo_dir: str
  run_dir: str
  conditions: tuple[conditions_lib.Condition, ...]
  splits: tuple[int, ...]
  dry_run: bool
  verdicts: Mapping[str, str] | None
  batch_size: int | None
  without_flow: tuple[str, ...] = ()
