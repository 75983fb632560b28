"""Tests a trained network, under one or several masks in one pass over the data.

    python -m i3d_tf.evaluate --run_dir=runs/1b --eval_masks=none,background,activity
"""

from i3d_tf.common import cli  # first: it quiets TensorFlow's start

import dataclasses
import os

from absl import flags
import tensorflow as tf

from flags import data as data_flags
from flags import evaluation as evaluation_flags
from i3d_tf.training import checkpoints
from i3d_tf.common import errors
from i3d_tf.inputs import from_records
from i3d_tf.inputs import masking
from i3d_tf.flow import optical_flow
from i3d_tf.inputs import preprocess
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.inference import results
from i3d_tf.training import runs
from i3d_tf.records import splits
from i3d_tf.training import history
from i3d_tf.masks import verdicts as verdicts_lib


def evaluate(run_dir, masks, *, records_folder=None, subset='test', split=None, batch_size=None,
             model=None, verdicts=None):
  """Tests the network of a run on whole videos.

  Every frame is decoded once, whatever the number of treatments. Stopped and called
  again, it goes on behind the last batch.

  Args:
    run_dir: a run directory with a checkpoint.
    masks: names of treatments (`masking.Treatment`), such as 'none', 'background' and
      'activity-blur', each a test of its own.
    records_folder: folder of records; None for the one that the run was trained on.
    subset: 'test', 'train' or 'validation'.
    split: 1, 2 or 3; None for the one that the run was trained on.
    batch_size: videos of one length that are computed together; None for that of training.
    model: the network if it is at hand, with the weights of the last checkpoint.
    verdicts: a dict from video to verdict on its masks (`i3d_tf.masks.verdicts`);
      None for those that the run was trained with.

  Returns:
    A dict from treatment name to summary (`results.summarise`), in the order of `masks`.

  Raises:
    UserError: run, records or lists cannot be used, or a treatment is unknown.
  """
  parse_treatments(masks)
  run = runs.load(run_dir)
  treatments = parse_treatments(masks, run.clips.stream)
  regions = [treatment.region for treatment in treatments.values()]
  split = run.data.split if split is None else split
  source = folders.open_folder(
      run.data.records if records_folder is None else records_folder)
  if source.label_names != run.label_names:
    raise errors.UserError(f'{source.folder}: expected the classes that {run_dir} was trained on; '
                           f'found {len(source.label_names)} others, or in another order')
  optical_flow.check_same(run.data.flow, source.settings, run_dir)
  content = fingerprints.content_hash(source, run.clips.stream)
  verdicts = runs.verdicts(run_dir, run) if verdicts is None else verdicts
  source, unknown = splits.obey(source, verdicts)
  entries, missing = splits.load(source, subset, split)
  splits.check(source, entries, run.clips.stream, regions)
  with_masks = any(region != 'none' for region in regions)
  clips = dataclasses.replace(
      run.clips, with_masks=with_masks,
      with_partners=any(treatment.fill == 'other' for treatment in treatments.values()),
      batch_size=run.clips.batch_size if batch_size is None else batch_size)

  if model is None:
    model, step = runs.restore_model(run_dir, run)
  else:
    step = checkpoints.last_step(run_dir)
  name = f'{subset}{split}'
  about = {'step': step, 'records': source.folder, 'list': name,
           'content': content,
           'trained_on': run.data.treatment.name, 'missing': list(missing),
           'verdicts': None if verdicts is None else verdicts_lib.content_hash(verdicts),
           'unknown_verdicts': len(unknown)}
  journal = results.Journal(os.path.join(run_dir, 'results', f'.{name}.journal'), about)
  waiting = [entry for entry in entries
             if any((mask, entry.path) not in journal.rows for mask in treatments)]

  # The network is traced once, whatever the number of treatments.
  treat = {mask: _treatment(run, treatment, clips.with_partners)
           for mask, treatment in treatments.items()}
  predict = _predictor(model, run)
  progress = cli.progress(total=len(entries), initial=len(entries) - len(waiting),
                          desc=f'testing, replaced: {", ".join(treatments)}', unit='video')
  with from_records.naming_bad_records(source, entries), progress as bar:
    events = tf.summary.create_file_writer(os.path.join(run_dir, 'tensorboard'))
    for number, batch in enumerate(
        from_records.evaluation(source, waiting, clips, entries) if waiting else ()):
      tested = [waiting[i] for i in batch['entry'].numpy()]
      seeds = tf.constant([folders.path_number(entry.path) for entry in tested], tf.int64)
      for mask in treatments:
        inputs = treat[mask](
            {key: value for key, value in batch.items() if key not in ('label', 'entry')}, seeds)
        logits = predict(inputs)
        if not tf.reduce_all(tf.math.is_finite(logits)):
          raise errors.UserError(f'{run_dir}: the network gives logits that are no numbers '
                                 f'(for {tested[0].path}); was its training stable?')
        journal.add(mask, [
            results.Row(entry.path, entry.label, run.label_names[entry.label],
                        batch['frames'].shape[1], entry.mask_found, entry.coverage, row)
            for entry, row in zip(tested, logits.numpy())])
        if number == 0:
          with events.as_default(step=step):
            tf.summary.image(f'{name}/{mask}', history.contact_sheet(inputs))
      bar.update(len(tested))
    events.close()

  outcome = {}
  for mask in treatments:
    rows = [journal.rows[mask, entry.path] for entry in entries]
    outcome[mask] = results.write(run_dir, name, mask, rows, run.label_names,
                                  {**about, 'mask': mask})
  journal.close(delete=True)
  return outcome


def parse_treatments(names, stream='rgb'):
  """A dict from name to `masking.Treatment`, in the order of `names`, each once.

  Raises:
    UserError: there is no such treatment for the stream, or no name at all.
  """
  treatments, unknown = [], []
  for name in names:
    try:
      treatments.append(masking.Treatment.parse(name))
    except errors.UserError:
      unknown.append(name)
  if unknown or not names:
    raise errors.UserError(
        f'`eval_masks` must be some of {", ".join(masking.ALL_REGIONS)}, some with a fill or place '
        f'such as activity-blur; received {", ".join(unknown) if unknown else "none"}')
  for treatment in treatments:
    masking.check_stream(treatment, stream)
  return {treatment.name: treatment for treatment in treatments}


def _treatment(run, treatment, with_partners):
  """A function from a batch of uint8 clips and seeds to what the network sees of it."""
  size, channels = run.clips.frame_size, from_records.CHANNELS[run.clips.stream]
  one = {'frames': tf.TensorSpec([None, None, size, size, channels], tf.uint8),
         'masks': tf.TensorSpec([None, None, size, size], tf.uint8),
         'found': tf.TensorSpec([None], tf.bool)}
  partners = {f'partner_{key}': spec for key, spec in one.items()} if with_partners else {}

  @tf.function(input_signature=[{**one, **partners}, tf.TensorSpec([None], tf.int64)])
  def treat(batch, seeds):
    return preprocess.treated_input(batch, treatment, run.clips.stream, seeds)

  return treat


def _predictor(model, run):
  """A function from what the network sees to its logits."""
  size, channels = run.clips.frame_size, from_records.CHANNELS[run.clips.stream]

  @tf.function(input_signature=[tf.TensorSpec([None, None, size, size, channels], tf.float32)])
  def predict(inputs):
    return model(inputs, training=False)

  return predict


def report(outcome, run_dir):
  """The summaries of `evaluate` as a few lines of text."""
  wide = max(18, *(len(mask) + 2 for mask in outcome))
  lines = [f'{"replaced at test":<{wide}}{"accuracy":>9}{"top 5":>8}{"videos":>8}'
           f'{"kept original":>15}']
  for mask, summary in outcome.items():
    lines.append(f'{mask:<{wide}}{summary["accuracy"]:>9.4f}{summary["top_5_accuracy"]:>8.4f}'
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
  cli.run(main)
