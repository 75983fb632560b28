"""What the rows of the tables start from: a tiny data set, a run, a few files of each kind."""

import os
import shutil

import numpy as np
import tensorflow as tf

from i3d_tf.masks import verdicts
from i3d_tf.training import checkpoints
from i3d_tf.training import network
from i3d_tf.training import runs
from i3d_tf.training import step as step_lib
from tests import networks
from tests import tiny


def make(folder):
  """Makes the stage.

  videos/ lists/ masks/ records/    30 videos of 10 classes, 10 frames of 48x64 each
  run/                              a run of a tiny network, with a checkpoint of step 2
  a.avi a.json                      a video of 12 frames of 60x80, and its masks
  b.avi                             another video
  clip.npy                          network input for the run
  verdicts.csv                      verdicts on two videos
  """
  records = tiny.make_records(folder)
  run = tiny.replace(tiny.run(records, steps=2), 'clips', with_masks=False)
  runs.start(str(folder / 'run'), run)
  step, model = tf.Variable(2, dtype=tf.int64), network.build_model(run)
  optimizer = step_lib.build_optimizer(run.optimization)
  optimizer.build(model.trainable_variables)
  checkpoints.create_manager(
    checkpoints.build_checkpoint(step, model, optimizer), str(folder / 'run'), step
  ).save(step)
  for name in ('a', 'b'):
    networks.video(folder / f'{name}.avi')
  networks.masks_file(folder / 'a.json')
  np.save(folder / 'clip.npy', np.zeros((1, 9, 32, 32, 3), np.float32))
  verdicts.write(
    folder / 'verdicts.csv',
    {'Waving/v_Waving_g01_c01.avi': 'original', 'Waving/v_Waving_g02_c01.avi': 'fine'},
  )


def copy(stage, folder):
  """A copy that a row may damage. The run in it is of the records in it."""
  shutil.copytree(stage, folder)
  path = folder / 'run' / 'run.json'
  path.write_text(path.read_text().replace(str(stage / 'records'), str(folder / 'records')))


# === How inputs are made bad ===


def cut(path, share=0.5):
  """Cuts a file off behind a share of its bytes."""
  return lambda folder: os.truncate(folder / path, int(os.path.getsize(folder / path) * share))


def write(path, text):
  """Writes text (or bytes) to a file in place of what is there."""

  def do(folder):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    (target.write_bytes if isinstance(text, bytes) else target.write_text)(text)

  return do


def replace(path, old, new):
  """Replaces a text that a file must hold, the first time that it stands there."""

  def do(folder):
    text = (folder / path).read_bytes()
    old_bytes, new_bytes = (t if isinstance(t, bytes) else t.encode() for t in (old, new))
    assert old_bytes in text, f'{path} lacks {old!r}'
    (folder / path).write_bytes(text.replace(old_bytes, new_bytes, 1))

  return do


def remove(path):
  """Removes a file or a folder."""
  return lambda folder: (
    shutil.rmtree(folder / path) if (folder / path).is_dir() else os.remove(folder / path)
  )


def make_folder(path):
  """Puts a folder in place of a file."""

  def do(folder):
    (folder / path).unlink(missing_ok=True)
    (folder / path).mkdir(parents=True)

  return do


def flip(path, place):
  """Flips a bit of the byte at `place`, a share of the file."""

  def do(folder):
    data = bytearray((folder / path).read_bytes())
    data[int(place * len(data))] ^= 1
    (folder / path).write_bytes(data)

  return do


def all_of(*makers):
  """Several of these, one after the other."""

  def do(folder):
    for maker in makers:
      maker(folder)

  return do
