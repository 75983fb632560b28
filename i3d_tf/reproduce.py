"""The paper in one command: trains and tests its conditions and the controls, makes the report.

    python -m i3d_tf.reproduce                                    # on a demo set that it draws
    python -m i3d_tf.reproduce --records=records --flagfile=flags/ucf101.flags --splits=1,2,3
    python -m i3d_tf.reproduce --conditions=all --dry_run
"""

from i3d_tf.common import cli  # first: it quiets TensorFlow's start

import dataclasses
import os

from absl import flags

from flags import data as data_flags
from flags import protocols
from flags import reproduction as reproduction_flags
from flags import training as training_flags
from i3d_tf.experiments import conditions
from i3d_tf.reporting import report as report_lib
from i3d_tf.records import folders as folders_lib
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments import plan as plan_lib
from i3d_tf.records import splits
from i3d_tf.demo import actions
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records


@dataclasses.dataclass(frozen=True)
class _DemoSet:
  """A demo set that conditions need: where it lies, how it is drawn, and whether with flow."""

  folder: str
  settings: demo_plan.DemoSettings
  flow: bool

  def prepare(self):
    demo_records.prepare(self.settings, self.folder, cli.progress, flow=self.flow)

  @property
  def records(self):
    return demo_records.folder(self.folder, self.flow)

  def plan(self):
    """A line of text: what is to be done before networks are trained."""
    if demo_records.is_made(self.folder, self.flow):
      return f'demo set in {self.folder}: there'
    if not self.flow:
      return f'demo set in {self.folder}: to be drawn, under a minute'
    seconds = demo_records.flow_seconds(self.settings)
    return (f'demo set in {self.folder}: to be drawn, under a minute, and its TV-L1 flow, about '
            f'{plan_lib.duration(seconds)}')


def _demo_sets(chosen, demo_dir):
  """The demo sets that conditions need: a dict from diversity to `_DemoSet`."""
  sets = {}
  for diversity in dict.fromkeys(condition.diversity for condition in chosen):
    flow = any('flow' in c.streams for c in chosen if c.diversity == diversity)
    sets[diversity] = _DemoSet(demo_dir, demo_plan.DemoSettings(), flow) if diversity is None else (
        _DemoSet(f'{demo_dir}_diversity{diversity}',
                 demo_plan.DemoSettings(scenes_per_class=diversity), flow))
  return sets


def _demo_test_size(max_frames):
  """What a test list of the demo set holds, before it is drawn."""
  settings = demo_plan.DemoSettings()
  videos = len(demo_plan.plan(settings)) // demo_plan.NUM_SPLITS
  return plan_lib.TestSize(videos, min(settings.num_frames, max_frames))


def main():
  values = flags.FLAGS
  on_demo_set = values.records is None
  if on_demo_set:
    protocols.use_as_defaults('demo.flags')
  reproduction_flags.check()
  chosen = conditions.select(values.conditions, on_demo_set)
  chosen_splits, seeds = reproduction_flags.splits(), reproduction_flags.seeds()
  clips, network = data_flags.clip_settings(), training_flags.network_settings()
  optimization, verdicts = training_flags.optimization_settings(), data_flags.verdicts()
  demo_sets = _demo_sets(chosen, values.demo_dir) if on_demo_set else {}
  if not values.dry_run:
    for demo_set in demo_sets.values():
      demo_set.prepare()
  folders = {key: demo_set.records for key, demo_set in demo_sets.items()} or {None: values.records}
  if on_demo_set and values.dry_run:
    num_classes, size = len(actions.ACTIONS), _demo_test_size(clips.max_frames)
  else:
    source = folders_lib.open_folder(folders[chosen[0].diversity])
    tested, _ = splits.load(source, 'test', chosen_splits[0])
    num_classes = len(source.label_names)
    size = plan_lib.test_size(tested, clips.max_frames)
  reproduction = reproduction_lib.Reproduction(
      values.run_dir, chosen, chosen_splits, seeds, folders, clips, network, optimization, verdicts,
      reproduction_flags.flow_weights())
  if values.dry_run:
    print('\n'.join([*(demo_set.plan() for demo_set in demo_sets.values()),
                     *plan_lib.plan(reproduction, num_classes, size)]))
    return 0
  failures = reproduction_lib.run(
      reproduction, checkpoint_every=values.checkpoint_every, log_every=values.log_every,
      flags=training_flags.given(),
      time_left=lambda: plan_lib.time_left(reproduction, size))
  print('\n' + '\n'.join(reproduction_lib.table(reproduction)))
  print(f'results: {values.run_dir}/results, a row a video')
  for name, reason in failures:
    print(f'failed: {name}: {reason}')
  page, report = report_lib.make(values.run_dir, os.path.join(values.run_dir, 'report'))
  for problem in report.paper.problems:
    print(f'cannot be used: {problem}')
  for split, videos in report.paper.missing.items():
    print(f'not in the records: {len(videos)} videos of the test list of split {split}, such as '
          f'{videos[0]}; the accuracies are of the others')
  print(f'report: open {page}')
  return 1 if failures or report.paper.problems or report.paper.missing else 0


if __name__ == '__main__':
  reproduction_flags.define()
  cli.run(main)
