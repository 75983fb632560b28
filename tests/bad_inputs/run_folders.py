"""Run directories: settings, checkpoints, histories, results."""

import json

import numpy as np
import tensorflow as tf

from i3d_tf.training import checkpoints
from i3d_tf.training import network
from i3d_tf.training import runs
from tests import shallow
from tests import tiny
from tests.bad_inputs import Row
from tests.bad_inputs import masks
from tests.bad_inputs import stage

_EVALUATE = 'i3d_tf.evaluate --run_dir=run'
_CLIP = 'i3d_tf.predict --run_dir=run --npy=clip.npy'
_TRAIN = f'i3d_tf.train --records=records --run_dir=run --steps=3 {" ".join(tiny.FLAGS)}'
_RUN, _CHECKPOINT = 'run/run.json', 'run/checkpoints/ckpt-2'
_INDEX, _DATA = f'{_CHECKPOINT}.index', f'{_CHECKPOINT}.data-00000-of-00001'


def _nan(folder):
  """Makes a bias NaN, in a checkpoint of a later step."""
  run_dir = str(folder / 'run')
  with shallow.network():
    model, _ = network.restore_model(run_dir, runs.load(run_dir))
  model.get_layer('Logits').conv.bias.assign(np.full(10, np.nan))
  step = tf.Variable(3, dtype=tf.int64)
  checkpoints.create_manager(checkpoints.build_checkpoint(step, model), run_dir, step).save(step)


def _three_steps(*spoils):
  return stage.all_of(masks.edit(_RUN, lambda run: run['optimization'].update(steps=3)), *spoils)


def _rename(path, name):
  def do(folder):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).rename(folder / name)

  return do


def _claimed(content):
  return stage.write('new/features.json', content)


_FEATURES = 'i3d_tf.extract_features --run_dir=run --video=a.avi --output=new'
_REPRODUCE = 'i3d_tf.reproduce --records=records --run_dir=new --conditions=1b-rgb --steps=1 ' + (
  ' '.join(tiny.FLAGS)
)

ROWS = (
  Row(
    'a run of which the settings are cut off',
    _EVALUATE,
    f'{_RUN}: expected what train writes; JSONDecodeError',
    stage.cut(_RUN),
  ),
  Row(
    'a run of which the settings are a list',
    _EVALUATE,
    f'{_RUN}: expected what train writes; TypeError',
    stage.write(_RUN, '[]'),
  ),
  Row(
    'a run of an unknown setting',
    _EVALUATE,
    f'{_RUN}: expected what train writes; TypeError',
    masks.edit(_RUN, lambda run: run['clips'].update(colour='red')),
  ),
  Row(
    'a run of a setting out of range',
    _EVALUATE,
    f'{_RUN}: expected what train writes; UserError: `batch_size` must be at least 1; received',
    masks.edit(_RUN, lambda run: run['clips'].update(batch_size=0)),
  ),
  Row(
    'a run of other settings',
    _TRAIN.replace('--steps=3', '--steps=4'),
    'run holds a run with other settings: optimization.steps is 2 there, 4 here',
  ),
  Row(
    'a run without checkpoints',
    _CLIP,
    'run: expected a checkpoint; train has not written one yet',
    stage.remove('run/checkpoints'),
  ),
  Row(
    'a checkpoint whose index is gone',
    _CLIP,
    f'{_INDEX}: expected the last checkpoint of the run; there is no such file',
    stage.remove(_INDEX),
  ),
  Row(
    'a checkpoint whose index is gone, to be trained on',
    _TRAIN,
    f'{_INDEX}: expected the last checkpoint of the run; there is no such file',
    _three_steps(stage.remove(_INDEX)),
  ),
  Row(
    'a checkpoint whose index is cut off',
    _CLIP,
    f'{_CHECKPOINT}: expected a complete checkpoint',
    stage.cut(_INDEX),
  ),
  Row(
    'a checkpoint whose data are cut off',
    _CLIP,
    f'{_CHECKPOINT}: expected a complete checkpoint',
    stage.cut(_DATA),
  ),
  Row(
    'a checkpoint whose data are gone',
    _CLIP,
    f'{_CHECKPOINT}: expected a complete checkpoint',
    stage.remove(_DATA),
  ),
  Row(
    'a checkpoint of another network',
    _CLIP,
    f'{_CHECKPOINT}: expected a complete checkpoint of',
    masks.edit(_RUN, lambda run: run['network'].update(width=0.25)),
  ),
  Row(
    'a checkpoint of other classes',
    _CLIP,
    f'{_CHECKPOINT}: expected a complete checkpoint of th',
    masks.edit(_RUN, lambda run: run.update(label_names=run['label_names'][:9])),
  ),
  Row('a checkpoint of NaN', _CLIP, 'ckpt-3: expected finite weights; Logits/', _nan),
  Row('a checkpoint of NaN, tested', _EVALUATE, 'ckpt-3: expected finite weights', _nan),
  Row(
    'a list of checkpoints that is damaged, which can be done without',
    _CLIP,
    ('run: trained for 2 steps', 'Norm of logits: '),
    stage.write('run/checkpoints/checkpoint', b'\xff\0nonsense'),
    status=0,
  ),
  Row(
    'a run in a folder of spaces and umlauts, which are fine',
    "i3d_tf.predict --run_dir='Läufe 1/a b' --npy=clip.npy",
    ('trained for 2 steps', 'Norm of logits: '),
    _rename('run', 'Läufe 1/a b'),
    status=0,
  ),
  Row(
    'a run in a folder whose name is a pattern',
    "i3d_tf.predict --run_dir='a[1]*' --npy=clip.npy",
    '--run_dir: expected a path without * ? [ ] ',
    _rename('run', 'a[1]*'),
  ),
  Row(
    'a history of other columns',
    _TRAIN,
    'run/history.csv: expected what train writes; ',
    _three_steps(stage.write('run/history.csv', 'a,b\n1,2\n')),
  ),
  Row(
    'a test that the records do not allow, said before the training',
    f'{_TRAIN.replace("--run_dir=run", "--run_dir=new")} --eval_masks=none,both-carried',
    '--eval_masks=both-carried: records: expected flow for fill carried; ',
  ),
  Row(
    'a network that sees RGB and another that does, too',
    'i3d_tf.predict --run_dir=run,run --video=a.avi',
    'expected one network of each stream; received run (rgb), run (rgb)',
  ),
  Row(
    'a run that is not there',
    'i3d_tf.export --run_dir=nowhere --output=new',
    'nowhere: expected a directory made by train (--run_dir); it has no run.json',
  ),
  Row(
    'features of other settings',
    _FEATURES,
    'new holds other features: endpoint is None there',
    _claimed('{}'),
  ),
  Row(
    'features that do not say of which settings',
    _FEATURES,
    'new/features.json: expected what extract_features writes; ',
    _claimed('[1]'),
  ),
  Row(
    'conditions that are none',
    _REPRODUCE,
    'new/conditions.json: expected what reproduce writes; ',
    stage.write('new/conditions.json', json.dumps([])),
  ),
  Row(
    'a reproduction in a file',
    _REPRODUCE.replace('--run_dir=new', '--run_dir=a.avi'),
    'a.avi: File exists',
  ),
)
