"""The command that makes records: what it stores, lists and refuses, and how it resumes."""

import csv
import hashlib
import re
import shutil
import subprocess
import sys

import cv2
import pytest

from i3d_tf.common import processes
from i3d_tf.demo import plan
from i3d_tf.demo import writing
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.records import splits
from i3d_tf.records import tfrecord
from i3d_tf.records import ucf101
from i3d_tf.video import decoding
from tests import commands
from tests import fakes
from tests import small_disk


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
  """Videos, masks and lists that no test changes."""
  folder = tmp_path_factory.mktemp('drawn')
  writing.write_videos(
    plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=48, width=64), folder
  )
  return folder


@pytest.fixture
def data_set(drawn, tmp_path):
  """A copy of them that a test may change."""
  shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
  return tmp_path


def make(cwd, *arguments, **kwargs):
  return commands.run(
    'tools.make_tfrecords',
    '--videos=videos',
    '--lists=lists',
    '--output=records',
    '--short_side=48',
    '--shards=2',
    '--workers=1',
    *arguments,
    cwd=cwd,
    **kwargs,
  )


def test_command_stores_frames_masks_and_flow_of_every_listed_video(data_set):
  # DIS, which is fast; tvl1 is stored below.
  out, _ = make(data_set, '--masks=masks', '--flow=dis')
  assert 'records: complete' in out
  source = folders.open_folder(data_set / 'records')
  assert len(source.entries) == 30
  assert all(
    entry.has_person
    and entry.frames == 10
    and entry.flow == 9
    and (entry.height, entry.width) == (48, 64)
    for entry in source.entries
  )
  entries, missing = splits.load(source, 'test', 3)
  assert len(entries) == 10 and not missing


@pytest.fixture
def two_videos(tmp_path):
  for name in ('A', 'B'):
    fakes.write_video(tmp_path / f'videos/{name}/{name}.avi', fakes.moving(3, 32, 40))
  return tmp_path


def make_flow(cwd, *arguments, **kwargs):
  return commands.run(
    'tools.make_tfrecords',
    '--videos=videos',
    '--test=0',
    '--short_side=32',
    '--output=records',
    '--shards=2',
    *arguments,
    cwd=cwd,
    **kwargs,
  )


def _flow_methods(folder):
  return {
    schema.decode(tfrecord.read(folder / shards.shard_name(number, 2), 0)).flow_method
    for number in range(2)
  }


@pytest.mark.parametrize(
  'arguments, method',
  [
    (('--flow',), 'tvl1'),
    (('--flow=tvl1', '--flow_backend=opencv'), 'tvl1'),
    (('--flow=dis',), 'dis'),
    (('--noflow',), None),
  ],
)
def test_records_and_manifest_name_their_flow(two_videos, arguments, method):
  make_flow(two_videos, '--workers=1', *arguments)
  source = folders.open_folder(two_videos / 'records')
  assert [entry.flow for entry in source.entries] == [2 * (method is not None)] * 2
  assert (source.settings['flow'], source.settings['flow_backend']) == (method, 'opencv')
  assert _flow_methods(two_videos / 'records') == {method}


def test_workers_compute_flow_by_xla(two_videos):
  make_flow(two_videos, '--workers=2', '--flow', '--flow_backend=xla')
  assert folders.open_folder(two_videos / 'records').settings['flow_backend'] == 'xla'
  (versions,) = folders.read_full_manifest(two_videos / 'records')['versions']
  decoder = {'av', 'libavcodec', 'libavfilter', 'libswscale'}
  assert set(versions) == {'keras', 'opencv', 'protobuf', 'tensorflow'} | decoder
  assert _flow_methods(two_videos / 'records') == {'tvl1_xla'}


def test_command_rejects_a_second_kind_of_flow(two_videos):
  make_flow(two_videos, '--workers=1', '--flow')
  for other, name in (('--flow=dis', 'flow'), ('--flow_backend=xla', 'flow_backend')):
    _, err = make_flow(two_videos, '--workers=1', '--flow', other, status=2)
    assert f'error: records: these records were made with other settings ({name})' in err


def test_command_leaves_out_bad_videos_and_stores_the_rest(data_set):
  cut, text, without = sorted(data_set.glob('videos/Waving/*.avi'))
  cut.write_bytes(cut.read_bytes()[: len(cut.read_bytes()) // 2])
  text.write_text('no video')
  (data_set / 'masks' / f'{without.stem}.json').unlink()
  out, err = make(data_set, '--masks=masks', status=1)
  assert f'without masks: Waving/{without.name}' in out
  assert f'left out: Waving/{cut.name}: videos/Waving/{cut.name}: ' in err
  assert f'left out: Waving/{text.name}: videos/Waving/{text.name}: expected a video file' in err
  assert (
    'error: 2 videos could not be used (records/failures.csv lists them); the others are in records'
  ) in err
  with open(data_set / 'records' / 'failures.csv', newline='') as f:
    assert [row['path'] for row in csv.DictReader(f)] == [f'Waving/{n.name}' for n in (cut, text)]
  assert len(folders.open_folder(data_set / 'records').entries) == 28
  # Called again, it reports the same.
  _, err = make(data_set, '--masks=masks', status=1)
  assert 'error: 2 videos could not be used' in err


def test_command_resumes_after_a_kill_with_the_same_records(data_set):
  make(data_set, '--masks=masks')
  expected = {path.name: path.read_bytes() for path in (data_set / 'records').glob('*.tfrecord')}
  process = commands.start(
    'tools.make_tfrecords',
    '--videos=videos',
    '--lists=lists',
    '--masks=masks',
    '--output=again',
    '--short_side=48',
    '--shards=2',
    cwd=data_set,
  )
  first = data_set / 'again' / shards.shard_name(0, 2)
  commands.kill_when(process, lambda: first.exists())
  if not (folders.read_manifest(data_set / 'again')['complete']):
    with pytest.raises(schema.RecordError, match='these records are not finished'):
      folders.open_folder(data_set / 'again')
  settings = ('--masks=masks', '--output=again', '--short_side=48', '--shards=2')
  commands.run('tools.make_tfrecords', '--videos=videos', '--lists=lists', *settings, cwd=data_set)
  again = {path.name: path.read_bytes() for path in (data_set / 'again').glob('*.tfrecord')}
  assert again == expected


def test_command_reports_a_full_disk_in_one_line_and_resumes(data_set):
  disk = data_set / 'disk'
  with small_disk.mounted(disk, '512k') as resize:
    for workers in (1, 2):
      arguments = (f'--output=disk/{workers}', f'--workers={workers}', '--shards=4')
      _, err = make(data_set, *arguments, status=2)
      assert 'Traceback' not in err
      # Which file of a shard finds no room depends on what the other workers have written.
      file = rf'disk/{workers}/videos-0000\d-of-00004\.(tfrecord|csv|sources\.json)'
      assert re.search(rf'error: {file}: No space left on device\n', err), err
      assert not list((disk / str(workers)).glob('.partial*'))
      resize('64m')
      make(data_set, *arguments)
      assert len(folders.open_folder(disk / str(workers)).entries) == 30
      shutil.rmtree(disk / str(workers))
      resize('512k')


def test_verdicts_keep_videos_original_and_may_come_later(data_set):
  make(data_set, '--masks=masks')
  chosen, other = [f'Waving/{path.name}' for path in sorted(data_set.glob('videos/Waving/*'))[:2]]
  (data_set / 'verdicts.csv').write_text(
    f'video,verdict\n{chosen},original\n{other},fine\nWaving/none.avi,fine\n'
  )
  out, _ = make(data_set, '--masks=masks', '--verdicts=verdicts.csv')
  assert (
    'note: verdicts.csv: 1 verdict without a video in the data set, such as Waving/none.avi'
  ) in out
  assert (f'sources of 1 video changed (video file, masks or verdict), such as {chosen}') in out
  assert f'kept original by verdict: {chosen}' in out
  assert '1 of 30 videos keep their original frames by verdict' in out
  source = folders.open_folder(data_set / 'records')
  assert [e.path for e in source.entries if e.keep_original] == [chosen]
  assert source.settings['kept_original'] == 1
  _, err = make(data_set, '--masks=masks', status=2)
  assert 'error: records: these records keep 1 video original by verdicts on their masks' in err


def test_command_reads_a_csv_file_of_clips(data_set):
  rows = ['path,label,start,end,split']
  for path in sorted(data_set.glob('videos/*/*.avi')):
    label = {'Waving': 'saying hello'}.get(path.parent.name, path.parent.name)
    split = {'g01': 'test', 'g02': 'validation'}.get(ucf101.group(path.name), 'train')
    rows.append(f'{path.relative_to(data_set)},{label},0.08,0.36,{split}')
  (data_set / 'clips.csv').write_text('\n'.join(rows))
  commands.run(
    'tools.make_tfrecords',
    '--csv=clips.csv',
    '--output=records',
    '--short_side=48',
    '--masks=masks',
    '--workers=1',
    cwd=data_set,
  )
  source = folders.open_folder(data_set / 'records')
  assert 'saying hello' in source.label_names and len(source.entries) == 30
  assert {entry.frames for entry in source.entries} == {7}
  assert all(entry.has_person for entry in source.entries)
  for subset in ucf101.SUBSETS:
    entries, missing = splits.load(source, subset, 1)
    assert len(entries) == 10 and not missing


def test_command_reads_class_folders(data_set):
  out, _ = commands.run(
    'tools.make_tfrecords',
    '--videos=videos',
    '--output=records',
    '--short_side=48',
    '--validation=1',
    '--test=1',
    cwd=data_set,
  )
  assert 'records: complete' in out
  source = folders.open_folder(data_set / 'records')
  assert [len(splits.load(source, subset, 1)[0]) for subset in ucf101.SUBSETS] == [10, 10, 10]
  assert source.settings['num_shards'] == max(2 * processes.num_cores(), 1)


def _write_frames(videos, output):
  """Folders of the frames of videos, called like them without their suffix."""
  for path in videos:
    folder = output / path.parent.name / path.stem
    folder.mkdir(parents=True)
    for index, frame in enumerate(decoding.decode(path)):
      cv2.imwrite(str(folder / f'{index}.png'), frame[..., ::-1])


def test_folders_of_frames_give_the_records_of_their_videos(data_set):
  make(data_set, '--masks=masks')
  records = lambda output: [p.read_bytes() for p in sorted((data_set / output).glob('*.tfrecord'))]
  expected = records('records')
  _write_frames(data_set.glob('videos/*/*.avi'), data_set / 'frames')
  flags = '--lists=lists', '--masks=masks', '--short_side=48', '--shards=2', '--workers=1'
  of_frames = lambda *more: commands.run(
    'tools.make_tfrecords', '--videos=frames', '--output=other', *flags, *more, cwd=data_set
  )
  of_frames()
  assert records('other') == expected and len(expected) == 2
  # A frame is written over, two others change places: both are noticed, and nothing else.
  one, two, _ = sorted(data_set.glob('frames/Waving/*'))
  (one / '3.png').write_bytes((two / '3.png').read_bytes())
  for old, new in (('1', 'x'), ('2', '1'), ('x', '2')):
    (two / f'{old}.png').rename(two / f'{new}.png')
  out, _ = of_frames()
  assert 'sources of 2 videos changed' in out
  assert records('other') != expected
  assert len(folders.open_folder(data_set / 'other').entries) == 30


def test_class_folders_and_csv_files_may_be_of_folders_of_frames(data_set):
  chosen = [path for path in data_set.glob('videos/*/*.avi') if path.parent.name < 'D']
  _write_frames(chosen, data_set / 'frames')
  (data_set / 'frames' / 'Waving').mkdir()
  (data_set / 'frames' / 'notes.txt').write_text('no video')
  same = '--short_side=48', '--workers=1', '--masks=masks', '--test=0'
  commands.run('tools.make_tfrecords', '--videos=frames', '--output=a', *same, cwd=data_set)
  names = sorted(f'{path.parent.name}/{path.stem}' for path in chosen)
  entries = folders.open_folder(data_set / 'a').entries
  assert sorted(entry.path for entry in entries) == names and len(names) >= 3
  assert all(entry.frames == 10 and entry.has_person for entry in entries)
  rows = [f'{name},{name.split("/")[0]},0.08,0.36' for name in names]
  (data_set / 'c.csv').write_text('\n'.join(['path,label,start,end', *rows]))
  commands.run(
    'tools.make_tfrecords', '--csv=c.csv', '--videos=frames', '--output=b', *same, cwd=data_set
  )
  entries = folders.open_folder(data_set / 'b').entries
  assert sorted(entry.path for entry in entries) == [f'{name}_0.08-0.36' for name in names]
  assert {entry.frames for entry in entries} == {7}


def test_manifest_counts_and_sums(data_set):
  make(data_set)
  manifest = folders.read_full_manifest(data_set / 'records')
  assert manifest['total']['videos'] == 30 and manifest['total']['failures'] == 0
  assert manifest['total']['frames'] == 300
  for entry in manifest['files']:
    content = (data_set / 'records' / entry['name']).read_bytes()
    assert entry['bytes'] == len(content)
    assert entry['sha256'] == hashlib.sha256(content).hexdigest()
  assert manifest['versions'][0]['opencv']
  assert (data_set / 'records' / 'failures.csv').read_text().splitlines() == ['path,reason']


def test_bad_flags_are_one_line(tmp_path):
  message = commands.error('tools.make_tfrecords', '--videos=.', '--output=c', cwd=tmp_path)
  assert 'expected class folders of video files' in message


def test_help_imports_nothing_heavy(tmp_path):
  script = (
    'import sys\n'
    'from tools import make_tfrecords\n'
    'sys.argv = ["make_tfrecords", "--help"]\n'
    'try:\n'
    '  make_tfrecords.run()\n'
    'except SystemExit:\n'
    '  heavy = {"apache_beam", "tensorflow", "tensorflow_datasets", "keras", "h5py"}\n'
    '  print("imported:", sorted(heavy & set(sys.modules)))\n'
  )
  out = subprocess.run(
    [sys.executable, '-c', script], cwd=tmp_path, check=True, capture_output=True, text=True
  ).stdout
  assert '[no]retry_failed' in out and out.endswith('imported: []\n')
