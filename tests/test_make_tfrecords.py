"""The command that makes records: what it stores, lists, refuses, and how it goes on."""

import pytest

from i3d_tf import records
from i3d_tf import splits
from i3d_tf.demo import plan
from i3d_tf.demo import writing
from tests import commands


@pytest.fixture
def data_set(tmp_path):
  writing.write_videos(
      plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=48, width=64),
      tmp_path)
  return tmp_path


def make(cwd, *arguments, **kwargs):
  return commands.run('tools.make_tfrecords', '--videos=videos', '--lists=lists',
                      '--output=records', '--short_side=48', '--shards=2', '--workers=1', *arguments, cwd=cwd,
                      **kwargs)


def test_stores_frames_masks_and_flow_of_every_video_of_the_lists(data_set):
  out, _ = make(data_set, '--masks=masks', '--flow')
  assert 'records: whole' in out
  source = records.open_folder(data_set / 'records')
  assert len(source.entries) == 30
  assert all(entry.mask_found and entry.frames == 10 and entry.flow == 9
             and (entry.height, entry.width) == (48, 64) for entry in source.entries)
  entries, missing = splits.load(source, 'test', 3)
  assert len(entries) == 10 and not missing


def test_leaves_out_bad_videos_names_them_and_does_the_rest(data_set):
  cut, text, without = sorted(data_set.glob('videos/Waving/*.avi'))
  cut.write_bytes(cut.read_bytes()[:len(cut.read_bytes()) // 2])
  text.write_text('no video')
  (data_set / 'masks' / f'{without.stem}.json').unlink()
  out, err = make(data_set, '--masks=masks', status=1)
  assert f'without masks: Waving/{without.name}' in out
  assert f'left out: Waving/{cut.name}: videos/Waving/{cut.name}: ' in err
  assert f'left out: Waving/{text.name}: videos/Waving/{text.name}: expected a video file' in err
  assert 'error: 2 videos could not be used; the others are in records' in err
  assert len(records.open_folder(data_set / 'records').entries) == 28
  # Asked again, it says so again.
  _, err = make(data_set, '--masks=masks', status=1)
  assert 'error: 2 videos could not be used' in err


def test_goes_on_after_a_kill_with_the_same_records(data_set):
  make(data_set, '--masks=masks')
  shards = {path.name: path.read_bytes() for path in (data_set / 'records').glob('*.tfrecord')}
  process = commands.start(
      'tools.make_tfrecords', '--videos=videos', '--lists=lists', '--masks=masks',
      '--output=again', '--short_side=48', '--shards=2', cwd=data_set)
  first = data_set / 'again' / records.shard_name(0, 2)
  commands.kill_when(process, lambda: first.exists())
  if not (records.read_manifest(data_set / 'again')['complete']):
    with pytest.raises(records.RecordError, match='these records are not finished'):
      records.open_folder(data_set / 'again')
  commands.run(
      'tools.make_tfrecords', '--videos=videos', '--lists=lists', '--masks=masks',
      '--output=again', '--short_side=48', '--shards=2', cwd=data_set)
  again = {path.name: path.read_bytes() for path in (data_set / 'again').glob('*.tfrecord')}
  assert again == shards


@pytest.mark.parametrize('arguments, message', [
    (('--videos=a', '--lists=b'), 'expected --output, folder of the records. It was not given'),
    (('--videos=a', '--lists=b', '--output=c'), '`videos` must be a folder; received a'),
    (('--videos=.', '--lists=.', '--output=c'), 'classInd.txt: expected a text file'),
])
def test_bad_flags_are_one_line(tmp_path, arguments, message):
  assert message in commands.error('tools.make_tfrecords', *arguments, cwd=tmp_path)
