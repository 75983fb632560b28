"""Clips of one file that their names do not tell."""

import dataclasses
import os

import pytest

from i3d_tf.records import clip_sources
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.records import provenance
from tests import fakes


@pytest.mark.parametrize(
  'contents, expected',
  [
    ({'run/a_0-2.avi': 'x', 'jog/a_1-2.avi': 'x'}, 'jog/a+run/a'),
    ({'run/a.avi': 'x', 'run/b.avi': 'x'}, 'run/a+run/b'),  # a copy
    ({'run/a_0-1.avi': 'x', 'run/a_1-2.avi': 'x'}, None),  # the names tell
    ({'run/a.avi': 'x', 'jog/a.avi': 'y'}, None),
    ({'run/a_0-1.avi': 'x', 'jog/a_0-1.avi': 'y'}, None),  # numbered alike in both classes
    ({'run/v_g01_c01.avi': 'x', 'run/v_g01_c02.avi': 'x'}, None),
  ],
)
def test_clips_of_one_file_have_one_source(tmp_path, contents, expected):
  videos = [fakes.video(path) for path in contents]
  folder = fakes.write_records(tmp_path / 'records', videos)
  opened = folders.open_folder(folder)
  assert clip_sources.beyond_names(opened) == {}  # nothing is known of their files
  (shard,) = {entry.shard for entry in opened.entries}
  rows = [{'path': path, 'video': {'sha256': sha256}} for path, sha256 in contents.items()]
  provenance.write(os.path.join(opened.folder, shard), 'hash', {}, rows)
  assert clip_sources.beyond_names(opened) == (
    {} if expected is None else dict.fromkeys(contents, expected)
  )


def test_parts_that_were_cut_by_hand_are_told_by_their_names(tmp_path):
  paths = ['run/a_0-1.avi', 'jog/a_1-2.avi', 'jog/b_0-1.avi', 'run/b_0-1.avi', 'run/c.avi']
  folder = fakes.write_records(tmp_path / 'records', [fakes.video(path) for path in paths])
  assert clip_sources.beyond_names(folders.open_folder(folder)) == {
    'run/a_0-1.avi': 'jog/a+run/a',
    'jog/a_1-2.avi': 'jog/a+run/a',
  }


def test_groups_that_all_classes_share_are_one_group(tmp_path):
  paths = ['run/v_run_g01_c01.avi', 'jog/v_jog_g01_c01.avi', 'jog/v_jog_g02_c01.avi', 'jog/a.avi']
  opened = fakes.open_records(tmp_path / 'records', [fakes.video(path) for path in paths])
  assert clip_sources.beyond_names(opened) == {}
  shared = dataclasses.replace(opened, settings={'shared_groups': True})
  assert clip_sources.beyond_names(shared) == {
    'run/v_run_g01_c01.avi': 'all/g01',
    'jog/v_jog_g01_c01.avi': 'all/g01',
    'jog/v_jog_g02_c01.avi': 'all/g02',
  }
  assert fingerprints.content_hash(shared) != fingerprints.content_hash(opened)
