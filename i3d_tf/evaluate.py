"""Tests a trained network, under one or several masks in one pass over the data.

    python -m i3d_tf.evaluate --run_dir=runs/1b --eval_masks=none,background,activity
"""

from i3d_tf import app  # first: it quiets TensorFlow's start

import dataclasses
import os

from absl import flags
import tensorflow as tf

from flags import data as data_flags
from flags import evaluation as evaluation_flags
from i3d_tf import errors
from i3d_tf import input_pipeline
from i3d_tf import masking
from i3d_tf import preprocess
from i3d_tf import records
from i3d_tf import results
from i3d_tf import runs
from i3d_tf import splits
from i3d_tf import summaries
from segmentation import verdicts as verdicts_lib


def evaluate(run_dir, regions, *, records_folder=None, subset='test', split=None, batch_size=None,
             model=None, verdicts=None):
  """Tests the network of a run on whole videos.

  Every frame is decoded once, whatever the number of regions. Stopped and called
  again, it goes on behind the last batch.

  Args:
    run_dir: a run directory with a checkpoint.
    regions: the regions to replace, some of `masking.REGIONS`, each a test of its own.
    records_folder: folder of records; None for the one that the run was trained on.
    subset: 'test', 'train' or 'validation'.
    split: 1, 2 or 3; None for the one that the run was trained on.
    batch_size: videos of one length that are computed together; None for that of training.
    model: the network if it is at hand, with the weights of the last checkpoint.
    verdicts: a dict from video to verdict on its masks (`segmentation.verdicts`);
      None for those that the run was trained with.

  Returns:
    A dict from region to summary (`results.summarise`), in the order of `regions`.

  Raises:
    UserError: run, records or lists cannot be used, or a region is unknown.
  """
  check_regions(regions)
  run = runs.load(run_dir)
  split = run.data.split if split is None else split
  source = records.open_folder(run.data.records if records_folder is None else records_folder)
  if source.label_names != run.label_names:
    raise errors.UserError(f'{source.folder}: expected the classes that {run_dir} was trained on; '
                           f'found {len(source.label_names)} others, or in another order')
  verdicts = runs.verdicts(run_dir, run) if verdicts is None else verdicts
  source, unknown = splits.obey(source, verdicts)
  entries, missing = splits.load(source, subset, split)
  splits.check(source, entries, run.clips.stream, regions)
  with_masks = any(region != 'none' for region in regions)
  clips = dataclasses.replace(
      run.clips, with_masks=with_masks,
      batch_size=run.clips.batch_size if batch_size is None else batch_size)

  if model is None:
    model, step = runs.restore_model(run_dir, run)
  else:
    step = runs.last_step(run_dir)
  name = f'{subset}{split}'
  about = {'step': step, 'records': source.folder, 'list': name, 'fill': run.data.fill,
           'trained_on': run.data.mask, 'missing': list(missing),
           'verdicts': None if verdicts is None else verdicts_lib.content_hash(verdicts),
           'unknown_verdicts': len(unknown)}
  journal = results.Journal(os.path.join(run_dir, 'results', f'.{name}.journal'), about)
  waiting = [entry for entry in entries
             if any((region, entry.path) not in journal.rows for region in regions)]

  predict = {region: _predictor(model, run, region) for region in regions}
  progress = app.progress(total=len(entries), initial=len(entries) - len(waiting),
                          desc=f'testing, replaced: {", ".join(regions)}', unit='video')
  with input_pipeline.naming_bad_records(source, waiting), progress as bar:
    events = tf.summary.create_file_writer(os.path.join(run_dir, 'tensorboard'))
    for number, batch in enumerate(
        input_pipeline.evaluation(source, waiting, clips) if waiting else ()):
      tested = [waiting[i] for i in batch['entry'].numpy()]
      for region in regions:
        inputs, logits = predict[region](batch['frames'], batch['masks'], batch['found'])
        if not tf.reduce_all(tf.math.is_finite(logits)):
          raise errors.UserError(f'{run_dir}: the network gives logits that are no numbers '
                                 f'(for {tested[0].path}); was its training stable?')
        journal.add(region, [
            results.Row(entry.path, entry.label, run.label_names[entry.label],
                        batch['frames'].shape[1], entry.mask_found, entry.coverage, row)
            for entry, row in zip(tested, logits.numpy())])
        if number == 0:
          with events.as_default(step=step):
            tf.summary.image(f'{name}/{region}', summaries.contact_sheet(inputs))
      bar.update(len(tested))
    events.close()

  outcome = {}
  for region in regions:
    rows = [journal.rows[region, entry.path] for entry in entries]
    outcome[region] = results.write(run_dir, name, region, rows, run.label_names,
                                    {**about, 'mask': region})
  journal.close(delete=True)
  return outcome


def check_regions(regions):
  """Raises a `UserError` unless all `regions` are known and there is one."""
  unknown = [region for region in regions if region not in masking.REGIONS]
  if unknown or not regions:
    raise errors.UserError(f'`eval_masks` must be some of {", ".join(masking.REGIONS)}; '
                           f'received {", ".join(unknown) if unknown else "none"}')


def _predictor(model, run, region):
  """A function from uint8 frames, masks and found to (network input, logits)."""
  size, channels = run.clips.frame_size, input_pipeline.CHANNELS[run.clips.stream]

  @tf.function(input_signature=[
      tf.TensorSpec([None, None, size, size, channels], tf.uint8),
      tf.TensorSpec([None, None, size, size], tf.uint8),
      tf.TensorSpec([None], tf.bool)])
  def predict(frames, masks, found):
    inputs = preprocess.network_input(
        frames, masks, found, region, run.data.fill, run.clips.stream)
    return inputs, model(inputs, training=False)

  return predict


def report(outcome, run_dir):
  """The summaries of `evaluate` as a few lines of text."""
  lines = [f'{"replaced at test":<18}{"accuracy":>9}{"top 5":>8}{"videos":>8}{"kept original":>15}']
  for region, summary in outcome.items():
    lines.append(f'{region:<18}{summary["accuracy"]:>9.4f}{summary["top_5_accuracy"]:>8.4f}'
                 f'{summary["videos"]:>8}{len(summary["kept_original"]):>15}')
    missing = summary['about']['missing']
  if missing:
    lines.append(f'not in the records, so not tested: {len(missing)} videos of the list, '
                 f'{", ".join(missing[:3])}{", ..." if len(missing) > 3 else ""}')
  name = next(iter(outcome.values()))['about']['list']
  lines.append(f'a row a video: {results.path(run_dir, name, "*")}')
  return '\n'.join(lines)


def main():
  run_dir = evaluation_flags.run_dir()
  outcome = evaluate(
      run_dir,
      flags.FLAGS.eval_masks,
      records_folder=flags.FLAGS.records,
      subset=flags.FLAGS.subset,
      split=flags.FLAGS.split,
      batch_size=flags.FLAGS.batch_size,
      verdicts=data_flags.verdicts())
  unknown = next(iter(outcome.values()))['about']['unknown_verdicts']
  if unknown:
    print(f'verdicts on videos that are not in the records: {unknown}')
  print(report(outcome, run_dir))
  return 1 if any(summary['about']['missing'] for summary in outcome.values()) else 0


if __name__ == '__main__':
  evaluation_flags.define()
  app.run(main)
