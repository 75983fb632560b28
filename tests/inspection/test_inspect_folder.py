"""Inspecting folders: damage of one file is named and the rest is inspected."""

import dataclasses

import pytest

from i3d_tf.inspection import attention
from i3d_tf.inspection import inspect_folder
from i3d_tf.records import shards
from tests.inspection import samples


def test_inspect_reads_a_validation_list(tmp_path):
  folder = samples.write(tmp_path, [samples.video(1), samples.video(2, 1)])
  (tmp_path / 'lists' / 'testlist01.txt').rename(tmp_path / 'lists' / 'validationlist01.txt')
  found = inspect_folder.inspect(folder, quick=True)
  assert found.lists == {
    'trainlist01': ('A/v_A_g01_c01.avi',),
    'validationlist01': ('B/v_B_g02_c01.avi',),
  }
  assert not attention.sentences(found)


def test_inspect_names_a_label_that_disagrees_with_a_list(tmp_path):
  # In a list, the folder of a video is its class.
  video = samples.video(1, 1)
  video = dataclasses.replace(video, path='A/v_A_g01_c01.avi')
  (problem,) = inspect_folder.inspect(samples.write(tmp_path, [video, samples.video(2)])).problems
  assert problem.reason == 'expected label 0, as trainlist01 has it; it has 1'


def test_inspect_names_a_flipped_bit_and_reads_the_rest(tmp_path):
  videos = [samples.video(n) for n in range(1, 5)]
  folder = samples.write(tmp_path, videos, num_shards=2)
  shard = tmp_path / shards.shard_name(1, 2)
  content = bytearray(shard.read_bytes())
  content[len(content) // 4] ^= 1
  shard.write_bytes(content)
  found = inspect_folder.inspect(folder)
  (problem,) = found.problems
  assert (problem.file, problem.offset, problem.path, problem.reason) == (
    shard.name,
    0,
    videos[1].path,
    'its checksum is wrong',
  )
  assert len(found.videos) == 3


def test_inspect_reads_the_rest_of_a_truncated_file(tmp_path):
  folder = samples.write(tmp_path, [samples.video(n) for n in range(1, 5)])
  shard = tmp_path / shards.shard_name(0, 1)
  shard.write_bytes(shard.read_bytes()[:-100])
  found = inspect_folder.inspect(folder)
  assert len(found.videos) == 3
  assert 'expected a file of' in found.problems[0].reason
  assert 'the file ends at byte' in found.problems[1].reason


@pytest.mark.parametrize(
  'name, problems',
  [
    ('videos-00000-of-00001.csv', ['expected the index of a shard']),
    ('videos-00000-of-00001.tfrecord', ['no such file']),
    ('labels.txt', ['expected a text file of class names']),
  ],
)
def test_inspect_reports_a_missing_file_and_reads_the_rest(tmp_path, name, problems):
  folder = samples.write(tmp_path, [samples.video(1), samples.video(2)])
  (tmp_path / name).unlink()
  found = inspect_folder.inspect(folder)
  assert len(found.problems) == len(problems)
  for problem, expected in zip(found.problems, problems):
    assert expected in problem.reason
  assert len(found.videos) == (0 if name.endswith('tfrecord') else 2)


def test_inspect_reports_a_damaged_list_and_reads_the_rest(tmp_path):
  folder = samples.write(tmp_path, [samples.video(1), samples.video(2)])
  (tmp_path / 'lists' / 'testlist01.txt').write_text('Nowhere/v.avi\n')
  found = inspect_folder.inspect(folder)
  (problem,) = found.problems
  assert problem.file == 'lists/testlist01.txt' and ':1: expected "Class/video.avi"' in str(problem)
  assert list(found.lists) == ['trainlist01'] and len(found.videos) == 2


def test_inspect_names_a_video_that_is_stored_twice(tmp_path):
  found = inspect_folder.inspect(
    samples.write(tmp_path, [samples.video(1), samples.video(1)], lists=False)
  )
  (problem,) = found.problems
  assert f'the same video is also in {shards.shard_name(0, 1)} at byte 0' == problem.reason


def test_inspect_does_not_decode_if_quick(tmp_path):
  video = samples.spoiled(samples.video(1), 'frames', lambda f: (b'no picture',) * len(f))
  folder = samples.write(tmp_path, [video], lists=False)
  assert not inspect_folder.inspect(folder, quick=True).problems
  assert inspect_folder.inspect(folder).problems


def test_progress_reaches_the_end_with_any_number_of_workers(tmp_path):
  folder = samples.write(tmp_path, [samples.video(n) for n in range(20)], lists=False)
  for workers in (1, 3):
    calls = []
    found = inspect_folder.inspect(
      folder, True, lambda *call, calls=calls: calls.append(call), workers
    )
    assert [done for done, _, _ in calls] == list(range(1, 21))
    assert calls[-1][1] == 20 and calls[-1][2] > 0
    assert [video.path for video in found.videos] == [samples.video(n).path for n in range(20)]
