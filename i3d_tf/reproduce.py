"""The paper in one command: trains and tests its conditions, and the controls.

    python -m i3d_tf.reproduce                                    # on a demo set that it draws
    python -m i3d_tf.reproduce --records=records --flagfile=flags/ucf101.flags --splits=1,2,3
    python -m i3d_tf.reproduce --conditions=all --dry_run
"""

from i3d_tf import app  # first: it quiets TensorFlow's start

from absl import flags

from flags import data as data_flags
from flags import protocols
from flags import reproduction as reproduction_flags
from flags import training as training_flags
from i3d_tf import conditions as conditions_lib
from i3d_tf import records
from i3d_tf import reproduction as reproduction_lib
from i3d_tf import splits
from i3d_tf.demo import actions
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records


def _demo_folders(chosen, demo_dir, prepare):
  """Draws the demo sets that conditions need: a dict from diversity to folder of records."""
  folders = {}
  for diversity in dict.fromkeys(condition.diversity for condition in chosen):
    of_set = [condition for condition in chosen if condition.diversity == diversity]
    flow = any('flow' in condition.streams for condition in of_set)
    settings = demo_plan.DemoSettings()
    folder = demo_dir
    if diversity is not None:
      settings = demo_plan.DemoSettings(scenes_per_class=diversity)
      folder = f'{demo_dir}_diversity{diversity}'
    if prepare:
      demo_records.prepare(settings, folder, app.progress, flow=flow)
    folders[diversity] = demo_records.folder(folder, flow)
  return folders


def main():
  values = flags.FLAGS
  on_demo_set = values.records is None
  if on_demo_set:
    protocols.use_as_defaults('demo.flags')
  reproduction_flags.check()
  chosen = conditions_lib.select(values.conditions, on_demo_set)
  chosen_splits, seeds = reproduction_flags.splits(), reproduction_flags.seeds()
  clips, network = data_flags.clip_settings(), training_flags.network_settings()
  optimization, verdicts = training_flags.optimization_settings(), data_flags.verdicts()
  if on_demo_set:
    folders = _demo_folders(chosen, values.demo_dir, prepare=not values.dry_run)
    settings = demo_plan.DemoSettings()
    frames_tested = min(settings.num_frames, clips.max_frames)
    num_classes = len(actions.ACTIONS)
    num_tested = num_classes * settings.num_groups * settings.clips_per_group // 3
  else:
    source = records.open_folder(values.records)
    folders = {None: values.records}
    num_classes = len(source.label_names)
    tested, _ = splits.load(source, 'test', chosen_splits[0])
    num_tested = len(tested)
    frames_tested = round(sum(min(e.frames, clips.max_frames) for e in tested) / num_tested)
  reproduction = reproduction_lib.Reproduction(
      values.run_dir, chosen, chosen_splits, seeds, folders, clips, network, optimization, verdicts,
      reproduction_flags.flow_weights())
  if values.dry_run:
    print('\n'.join(reproduction_lib.plan(
        reproduction, num_classes, num_tested, frames_tested)))
    return 0
  failures = reproduction_lib.run(
      reproduction, checkpoint_every=values.checkpoint_every, log_every=values.log_every,
      flags=training_flags.given())
  print('\n' + '\n'.join(reproduction_lib.table(reproduction)))
  print(f'results: {values.run_dir}/results, a row a video')
  for name, reason in failures:
    print(f'failed: {name}: {reason}')
  return 1 if failures else 0


if __name__ == '__main__':
  reproduction_flags.define()
  app.run(main)
