"""Which videos of a folder of records a split trains on and tests on."""

import dataclasses
import os

import pytest

from i3d_tf.common import errors
from i3d_tf.records import folders
from i3d_tf.records import shards
from i3d_tf.records import splits
from i3d_tf.records import ucf101
from tests import tiny


def _entry(path, label, *, coverage=None, flow=0):
  return shards.Entry(
    path, label, 'videos-00000-of-00001.tfrecord', 0, 100, 20, 36, 48, coverage, flow
  )


@pytest.fixture(name='source')
def _source(tmp_path):
  """Records of three videos, and lists that name four."""
  os.makedirs(tmp_path / 'lists')
  (tmp_path / 'lists' / 'trainlist02.txt').write_text(
    'B/v_B_g02_c01.avi 2\nA/v_A_g02_c01.avi 1\nB/v_B_g03_c01.avi 2\n'
  )
  (tmp_path / 'lists' / 'testlist02.txt').write_text('A/v_A_g01_c01.avi\n')
  entries = (
    _entry('A/v_A_g01_c01.avi', 0),
    _entry('A/v_A_g02_c01.avi', 0),
    _entry('B/v_B_g02_c01.avi', 1),
  )
  return folders.Records(str(tmp_path), entries, ('A', 'B'), {})


def _paths(entries):
  return [entry.path for entry in entries]


def test_load_returns_entries_in_the_order_of_the_list_and_missing_videos(source):
  entries, missing = splits.load(source, 'train', 2)
  assert _paths(entries) == ['B/v_B_g02_c01.avi', 'A/v_A_g02_c01.avi']
  assert missing == ('B/v_B_g03_c01.avi',)


def test_load_reports_nothing_missing_if_all_videos_are_stored(source):
  entries, missing = splits.load(source, 'test', 2)
  assert _paths(entries) == ['A/v_A_g01_c01.avi']
  assert missing == ()


def test_load_names_a_missing_list(source):
  with pytest.raises(errors.UserError) as error:
    splits.load(source, 'test', 3)
  assert str(error.value).startswith(
    f'{os.path.join(source.folder, "lists", "testlist03.txt")}: expected a text file; '
  )


def test_load_rejects_labels_that_contradict_the_records(source):
  wrong = folders.Records(source.folder, (_entry('B/v_B_g02_c01.avi', 0),), ('A', 'B'), {})
  with pytest.raises(errors.UserError) as error:
    splits.load(wrong, 'train', 2)
  path = os.path.join(source.folder, 'lists', 'trainlist02.txt')
  assert str(error.value) == (
    f'{path}: B/v_B_g02_c01.avi has label 1 there, and 0 in {source.folder}'
  )


def test_load_rejects_classes_that_the_records_lack(source):
  other = folders.Records(source.folder, source.entries, ('A', 'C'), {})
  with pytest.raises(errors.UserError, match=r'trainlist02\.txt:1: expected .* of a known class'):
    splits.load(other, 'train', 2)


def test_load_rejects_records_without_any_video_of_the_list(source):
  other = folders.Records(source.folder, source.entries[:1], ('A', 'B'), {})
  with pytest.raises(errors.UserError) as error:
    splits.load(other, 'train', 2)
  path = os.path.join(source.folder, 'lists', 'trainlist02.txt')
  assert str(error.value) == f'{path}: none of its 3 videos is in {source.folder}'


@pytest.mark.parametrize(
  'stream, regions',
  [
    ('rgb', ['none']),
    ('rgb', ['none', 'background', 'activity']),
    ('flow', ['none']),
    ('flow', ['background']),
  ],
)
def test_check_accepts_records_with_masks_and_flow(source, stream, regions):
  entries = [
    _entry('A/v_A_g01_c01.avi', 0, coverage=0.3, flow=19),
    _entry('B/v_B_g02_c01.avi', 1, coverage=0.0, flow=19),
  ]
  splits.check(source, entries, stream, regions)


@pytest.mark.parametrize('coverage', [None, 0.0])
def test_check_requires_a_mask_to_replace_a_region(source, coverage):
  entries = [_entry('A/v_A_g01_c01.avi', 0, coverage=coverage)]
  splits.check(source, entries, 'rgb', ['none'])
  with pytest.raises(errors.UserError) as error:
    splits.check(source, entries, 'rgb', ['none', 'activity'])
  assert str(error.value) == (
    f'{source.folder}: expected person masks for masks other than none; none of the 1 videos '
    'has any (make_tfrecords --masks stores them)'
  )


def test_check_requires_flow_of_every_video(source):
  entries = [_entry('A/v_A_g01_c01.avi', 0, flow=19), _entry('B/v_B_g02_c01.avi', 1)]
  splits.check(source, entries[:1], 'flow', ['none'])
  splits.check(source, entries, 'rgb', ['none'])
  with pytest.raises(errors.UserError) as error:
    splits.check(source, entries, 'flow', ['none'])
  assert str(error.value) == (
    f'{source.folder}: expected flow for --stream=flow; 1 of 2 videos have none, such as '
    'B/v_B_g02_c01.avi (make_tfrecords --flow stores it)'
  )
  splits.check(source, entries[:1], 'rgb', ['none'], with_flow=True)
  with pytest.raises(errors.UserError, match='expected flow for fill carried; 1 of 2 videos have'):
    splits.check(source, entries, 'rgb', ['none'], with_flow=True)


def test_apply_verdicts_decides_whose_masks_are_used(source):
  entries = tuple(_entry(f'A/v_A_g0{n}_c01.avi', 0, coverage=0.3) for n in (1, 2, 3, 4))
  entries = (*entries[:2], *(dataclasses.replace(e, keep_original=True) for e in entries[2:]))
  masked = folders.Records(source.folder, entries, source.label_names, {})
  judged, unmatched = splits.apply_verdicts(
    masked,
    {
      'A/v_A_g01_c01.avi': 'original',
      'A/v_A_g03_c01.avi': 'fine',
      'B/gone.avi': 'original',
      'B/also.avi': 'fine',
    },
  )
  assert [entry.has_person for entry in judged.entries] == [False, True, True, False]
  assert [dataclasses.replace(e, keep_original=False) for e in judged.entries] == (
    [dataclasses.replace(e, keep_original=False) for e in entries]
  )
  assert unmatched == ('B/also.avi', 'B/gone.avi')
  assert masked.entries == entries


@pytest.mark.parametrize('verdicts', [None, {}])
def test_apply_verdicts_changes_nothing_without_verdicts(source, verdicts):
  assert splits.apply_verdicts(source, verdicts) == (source, ())


def test_check_counts_masks_after_verdicts(source):
  entries = (_entry('A/v_A_g01_c01.avi', 0, coverage=0.3),)
  masked = folders.Records(source.folder, entries, source.label_names, {})
  judged, _ = splits.apply_verdicts(masked, {'A/v_A_g01_c01.avi': 'original'})
  splits.check(masked, masked.entries, 'rgb', ['activity'])
  with pytest.raises(errors.UserError, match=r'none of the 1 videos has any'):
    splits.check(judged, judged.entries, 'rgb', ['activity'])


def test_load_rejects_an_unknown_split(source):
  with pytest.raises(errors.UserError, match=r'^`split` must be one of 1, 2, 3; received 4$'):
    splits.load(source, 'train', 4)


def test_load_takes_groups_out_of_the_training_list(tmp_path):
  source = folders.open_folder(tiny.make_records(tmp_path))
  train, test = (splits.load(source, subset, 1)[0] for subset in ('train', 'test'))
  groups = sorted({ucf101.group(entry.path) for entry in train})
  kept, held = (splits.load(source, name, 1, groups[:1])[0] for name in ('train', 'validation'))
  assert {ucf101.group(entry.path) for entry in held} == set(groups[:1])
  assert sorted(entry.path for entry in (*kept, *held)) == sorted(entry.path for entry in train)
  assert splits.load(source, 'test', 1, groups[:1])[0] == test
