"""What a run shows while it trains."""

import contextlib
import csv
import errno

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.training import history as history_lib
from tests import small_disk

# === Contact sheet ===


def _clips(batch, time, height=3, width=4, channels=3):
  """Clips whose pixels encode their position: red the clip, green the frame, blue row, column."""
  clips = np.zeros((batch, time, height, width, channels), int)
  clips[..., 0] = 20 * np.arange(batch)[:, None, None, None]
  clips[..., 1] = 10 * np.arange(time)[:, None, None]
  if channels == 3:
    clips[..., 2] = 16 * np.arange(height)[:, None] + np.arange(width)
  return (clips / 127.5 - 1).astype(np.float32)


@pytest.mark.parametrize(
  'batch, time, rows, frames',
  [
    (2, 3, 2, [0, 1, 2]),
    (6, 8, 4, [0, 1, 2, 3, 4, 5, 6, 7]),
    (1, 15, 1, [0, 2, 4, 6, 8, 10, 12, 14]),
    (4, 10, 4, [0, 1, 2, 3, 5, 6, 7, 9]),
    (1, 1, 1, [0]),
  ],
)
@pytest.mark.parametrize('kind', [np.asarray, tf.constant])
def test_a_sheet_shows_a_clip_a_row_and_time_to_the_right(batch, time, rows, frames, kind):
  sheet = history_lib.contact_sheet(kind(_clips(batch, time)))
  assert sheet.dtype == np.uint8 and sheet.shape == (1, 3 * rows, 4 * len(frames), 3)
  for row in range(rows):
    for column, frame in enumerate(frames):
      tile = sheet[0, 3 * row : 3 * row + 3, 4 * column : 4 * column + 4]
      assert (tile[..., 0] == 20 * row).all()
      assert (tile[..., 1] == 10 * frame).all()
      np.testing.assert_array_equal(tile[..., 2], 16 * np.arange(3)[:, None] + np.arange(4))


def test_rows_and_columns_can_be_asked_for():
  assert history_lib.contact_sheet(_clips(5, 9), rows=3, columns=2).shape == (1, 9, 8, 3)


def test_flow_is_shown_as_red_and_green_on_grey():
  flow = np.zeros((1, 1, 1, 4, 2), np.float32)
  flow[0, 0, 0] = (0, 0), (1, 0), (0, -1), (-1, 1)
  np.testing.assert_array_equal(
    history_lib.contact_sheet(flow)[0, 0],
    [(128, 128, 128), (255, 128, 128), (128, 0, 128), (0, 255, 128)],
  )


def test_what_is_out_of_range_is_clipped():
  clips = np.array([-3, -1, 1, 1.5], np.float32).reshape(1, 1, 1, 4, 1).repeat(3, axis=-1)
  np.testing.assert_array_equal(history_lib.contact_sheet(clips)[0, 0, :, 0], [0, 0, 255, 255])


# === History ===

_COLUMNS = ['step', 'loss', 'accuracy', 'learning_rate', 'clips_per_second']


def _add(history, *steps):
  for step in steps:
    history.add(step, loss=step / 8, accuracy=0.0, learning_rate=1e-3, clips_per_second=12.25)


def _read(run_dir):
  with open(run_dir / 'history.csv', newline='') as f:
    rows = list(csv.DictReader(f))
  assert all(list(row) == _COLUMNS for row in rows)
  return rows


def _steps(run_dir):
  return [int(row['step']) for row in _read(run_dir)]


def test_every_row_is_on_disk_as_soon_as_it_was_added(tmp_path):
  history = history_lib.History(str(tmp_path), 0)
  assert (tmp_path / 'history.csv').read_text() == ','.join(_COLUMNS) + '\n'
  _add(history, 100, 200)
  assert _read(tmp_path) == [
    {
      'step': '100',
      'loss': '12.5',
      'accuracy': '0.0',
      'learning_rate': '0.001',
      'clips_per_second': '12.25',
    },
    {
      'step': '200',
      'loss': '25.0',
      'accuracy': '0.0',
      'learning_rate': '0.001',
      'clips_per_second': '12.25',
    },
  ]
  history.close()


@pytest.mark.parametrize(
  'step, kept',
  [
    (0, []),
    (99, []),
    (100, [100]),
    (250, [100, 200]),
    (300, [100, 200, 300]),
    (1000, [100, 200, 300]),
  ],
)
def test_rows_after_the_step_are_dropped_and_the_others_kept(tmp_path, step, kept):
  history = history_lib.History(str(tmp_path), 0)
  _add(history, 100, 200, 300)
  history.close()
  before = _read(tmp_path)
  history = history_lib.History(str(tmp_path), step)
  assert _read(tmp_path) == before[: len(kept)]
  assert _steps(tmp_path) == kept
  _add(history, 1100)
  history.close()
  assert _steps(tmp_path) == [*kept, 1100]


def test_wherever_a_kill_cuts_the_last_row_off_it_is_dropped(tmp_path):
  history = history_lib.History(str(tmp_path), 0)
  _add(history, 100, 200)
  history.close()
  path = tmp_path / 'history.csv'
  content = path.read_bytes()
  first = content[: content.index(b'200')]
  for end in range(len(first), len(content)):
    path.write_bytes(content[:end])
    history = history_lib.History(str(tmp_path), 1000)
    _add(history, 300)
    history.close()
    assert _steps(tmp_path) == [100, 300], content[:end]


@pytest.mark.parametrize(
  'content',
  [
    b'\xff\xfe',
    b'step,loss,accuracy,learning_rate,clips_per_second\nmany,1,1,1,1\n',
    b'step,loss,accuracy,learning_rate,clips_per_second\n100,1,1\n',
    b'step,loss,accuracy,learning_rate,clips_per_second\n100,1,1,1,1,1\n',
    b'epoch,loss,accuracy,val_loss,val_accuracy\n1,1,1,1,1\n',
  ],
  ids=['no text', 'no number', 'a cell too few', 'a cell too many', 'other columns'],
)
def test_what_train_did_not_write_is_refused_by_name_and_left_alone(tmp_path, content):
  (tmp_path / 'history.csv').write_bytes(content)
  with pytest.raises(errors.UserError) as error:
    history_lib.History(str(tmp_path), 0)
  assert str(error.value).startswith(f'{tmp_path / "history.csv"}: expected what train writes; ')
  assert (tmp_path / 'history.csv').read_bytes() == content


def test_tensorboard_gets_the_scalars_and_the_pictures(tmp_path):
  history = history_lib.History(str(tmp_path), 0)
  history.add(100, loss=2.5, accuracy=0.25, learning_rate=1e-3, clips_per_second=12.0)
  history.add_picture(100, 'training', _clips(2, 3))
  history.close()
  (path,) = (tmp_path / 'tensorboard').iterdir()
  scalars, pictures = {}, []
  for event in tf.compat.v1.train.summary_iterator(str(path)):
    for value in event.summary.value:
      tensor = tf.make_ndarray(value.tensor)
      assert event.step == 100
      if tensor.ndim:
        pictures.append((value.tag, tf.io.decode_png(tensor[2]).numpy()))
      else:
        scalars[value.tag] = float(tensor)
  assert scalars == {
    'loss': 2.5,
    'accuracy': 0.25,
    'learning_rate': pytest.approx(1e-3),
    'clips_per_second': 12.0,
  }
  ((tag, picture),) = pictures
  assert tag == 'training'
  np.testing.assert_array_equal(picture, history_lib.contact_sheet(_clips(2, 3))[0])


def test_a_full_disk_error_names_the_file_or_folder(tmp_path):
  disk = tmp_path / 'disk'
  with small_disk.mounted(disk, '64k'):
    history = history_lib.History(str(disk), 0)
    with open(disk / 'large', 'wb', buffering=0) as f:
      with contextlib.suppress(OSError):
        while f.write(bytes(4096)):
          pass
    with pytest.raises(OSError) as error:
      _add(history, *range(1, 1000))
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename in (str(disk / 'history.csv'), str(disk / 'tensorboard'))
