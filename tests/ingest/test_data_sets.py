"""Data sets: masks, verdicts, class names."""

import os

import pytest

from i3d_tf.ingest import class_folders
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from tests.ingest import data_files


def test_assemble_finds_masks_by_path_or_by_unique_name(tmp_path):
  data_files.touch(tmp_path / 'v', 'a/1.mp4', 'b/1.mp4', 'a/2.mp4', 'b/3.mp4')
  data_files.touch(tmp_path / 'm', 'a/1.json', '1.json', '2.json')
  data = class_folders.data_set(
    str(tmp_path / 'v'), requests.DataSetOptions(masks=str(tmp_path / 'm'))
  )
  found = {s.path: s.masks and os.path.relpath(s.masks, tmp_path / 'm') for s in data.sources}
  # 1.json could be of either video.
  assert found == {'a/1.mp4': 'a/1.json', 'b/1.mp4': None, 'a/2.mp4': '2.json', 'b/3.mp4': None}
  assert data.without_masks == ('b/1.mp4', 'b/3.mp4')


def test_assemble_applies_verdicts_and_notes_unmatched_ones(tmp_path):
  data_files.touch(tmp_path / 'v', 'a/1.mp4', 'a/2.mp4', 'a/3.mp4')
  verdicts = data_files.write(
    tmp_path / 'verdicts.csv', 'video,verdict\na/1.mp4,original\na/2.mp4,fine\na/9.mp4,original\n'
  )
  data = class_folders.data_set(
    str(tmp_path / 'v'), requests.DataSetOptions(verdicts=verdicts, test=1)
  )
  assert [s.keep_original for s in data.sources] == [True, False, False]
  assert data.with_verdicts
  assert data.notes == (f'{verdicts}: 1 verdict without a video in the data set, such as a/9.mp4',)


@pytest.mark.parametrize('name', ['', ' a', 'a/b', 'a\tb', 'a\nb', 'a\0b'])
def test_class_names_rejects_names_that_cannot_name_a_folder(name):
  with pytest.raises(data_sets.SourceError, match=r'^k\.csv: expected class names that can name'):
    data_sets.class_names({'a', name}, None, 'k.csv')


def test_class_names_rejects_a_file_that_repeats_a_class(tmp_path):
  labels = data_files.write(tmp_path / 'map.txt', 'b\na\nb\n')
  with pytest.raises(data_sets.SourceError, match=r'expected every class once$'):
    data_sets.class_names({'a'}, labels, 'k.csv')
