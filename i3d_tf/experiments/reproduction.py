"""Runs conditions: trains what is missing, tests, fuses, writes results.

  paper/conditions.json                     the rows of the table, see `conditions`
  paper/runs/{model}/                       run directories of train
  paper/results/{condition}.split1.seed0.csv   one row per video, see `results`

Everything is found again on disk, so that the same call resumes wherever it was
stopped.
"""

from collections.abc import Hashable, Mapping, Sequence
import dataclasses
import functools
import json
import os

from i3d_tf.common import errors
from i3d_tf.experiments import conditions as conditions_lib
from i3d_tf.inference import results
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments as treatments_lib
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.records import fingerprints
from i3d_tf.records import flow_kind
from i3d_tf.records import folders
from i3d_tf.records import hold_out
from i3d_tf.storage import stores
from i3d_tf.training import checkpoint_files
from i3d_tf.training import run_settings
from i3d_tf.training import runs


def of_flow(network: run_settings.Network, weights: str | None) -> run_settings.Network:
  """The settings of networks of stream flow, beside those of RGB.

  Args:
    network: of RGB.
    weights: file that networks of flow start from; None for random ones, of which no layer
      is frozen.
  """
  freeze = None if weights is None else network.freeze
  return dataclasses.replace(network, weights=weights, freeze=freeze)


@dataclasses.dataclass(frozen=True)
class Reproduction:
  """What is to be run.

  Attributes:
    run_dir: folder of everything that is made.
    conditions: `conditions.Condition`s.
    splits, seeds: numbers.
    records: a dict from diversity (None for the rows without) to folder of records.
    clips, network, optimization: settings as in `run_settings.Run`; the conditions
      decide over stream, resize, augmentation, masks and seed.
    verdicts: a dict of verdicts on masks, or None.
    flow_network: in place of `network` for models of stream flow; None for the same
      without weights.
    hold_out: groups of the training lists, which are tested on in place of the test lists.
  """

  run_dir: str
  conditions: tuple
  splits: tuple
  seeds: tuple
  records: dict
  clips: clip_settings.ClipSettings
  network: run_settings.Network
  optimization: run_settings.Optimization
  verdicts: Mapping[str, str] | None = None
  flow_network: run_settings.Network | None = None
  hold_out: tuple[str, ...] = ()

  @property
  def cells(self) -> tuple[tuple[conditions_lib.Condition, int, int], ...]:
    """(condition, split, seed) of every result.

    All splits of a seed come before the next seed, so that a mean over splits comes early.
    """
    return tuple(
      (condition, split, seed)
      for seed in self.seeds
      for split in self.splits
      for condition in self.conditions
    )

  def tests(self) -> dict[conditions_lib.Model, list[str]]:
    """A dict from `conditions.Model` to the names of the treatments it is tested on."""
    wanted = {}
    for condition, split, seed in self.cells:
      for model in conditions_lib.models(condition, split, seed):
        tested = wanted.setdefault(model, [])
        if condition.tested_on not in tested:
          tested.append(condition.tested_on)
    return wanted

  def tested(self, split: int) -> str:
    """The name of the list that models of a split are tested on, such as 'test1'."""
    return f'{hold_out.tested(self.hold_out)}{split}'

  def model_dir(self, model: conditions_lib.Model) -> str:
    """The run directory of a model."""
    return os.path.join(self.run_dir, 'runs', model.name)

  def run(self, model: conditions_lib.Model, source: folders.Records) -> run_settings.Run:
    """The `run_settings.Run` of a model on its `folders.Records`."""
    treatment = treatments_lib.Treatment.parse(model.trained_on)
    clips = dataclasses.replace(
      self.clips,
      stream=model.stream,
      resize=model.resize,
      augment=model.augment,
      seed=model.seed,
      with_masks=treatment.region != 'none',
      with_partners=treatment.needs_partner,
      with_twins=treatment.needs_twin,
      with_flow=treatment.needs_flow,
    )
    data = run_settings.Data(
      stores.absolute(self.records[model.diversity]),
      model.split,
      treatment.region,
      treatment.fill,
      treatment.place,
      self._verdicts_hash(),
      flow_kind.for_stream(model.stream, source, treatment.needs_flow),
      self.content(model.diversity, model.stream),
      treatment.shape,
      treatment.time,
      self.hold_out,
    )
    network = self.network
    if model.stream == 'flow':
      network = of_flow(network, None) if self.flow_network is None else self.flow_network
    return run_settings.Run(data, clips, network, self.optimization, tuple(source.label_names))

  def has_other_settings(self, model: conditions_lib.Model) -> bool:
    """Whether the directory of a model holds a run with other settings."""
    if self.content(model.diversity, model.stream) is None:
      return False  # nothing can have been trained without records
    source = folders.open_folder(self.records[model.diversity])
    try:
      runs.check_same(self.model_dir(model), self.run(model, source))
    except errors.UserError:
      return True
    return False

  def content(self, diversity: int | None, stream: str) -> str | None:
    """The `fingerprints.content_hash` of records, or None if they are not there yet."""
    folder = self.records[diversity]
    manifest = folders.read_full_manifest(folder)
    if manifest is None or not manifest['complete']:
      return None
    if stores.is_url(folder):
      return _content(folder, stream, json.dumps(manifest))
    state = os.stat(os.path.join(folder, folders.MANIFEST))
    return _content(folder, stream, (state.st_mtime_ns, state.st_size))

  def _verdicts_hash(self) -> str | None:
    return None if self.verdicts is None else verdicts_lib.content_hash(self.verdicts)

  def steps_done(self, model: conditions_lib.Model) -> int:
    """Training steps of a model that a checkpoint holds."""
    step = checkpoint_files.last_step(self.model_dir(model))
    return 0 if step is None else step

  def untested(self, model: conditions_lib.Model, treatments: Sequence[str]) -> list[str]:
    """Those of the treatments without a result of the last step on these records and verdicts."""
    wanted = {
      'step': self.optimization.steps,
      'verdicts': self._verdicts_hash(),
      'content': self.content(model.diversity, model.stream),
    }

    def is_tested(treatment: str) -> bool:
      summary = results.read_summary(self.model_dir(model), self.tested(model.split), treatment)
      return summary is not None and wanted == {key: summary['about'].get(key) for key in wanted}

    return [treatment for treatment in treatments if not is_tested(treatment)]


@functools.lru_cache(maxsize=16)
def _content(folder: str, stream: str, version: Hashable) -> str:
  del version  # part of the key: of the manifest, which is written when records change
  return fingerprints.content_hash(folders.open_folder(folder), stream)
