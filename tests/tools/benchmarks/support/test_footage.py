"""Footage to measure with: drawn scenes that move, with masks like those of people."""

import numpy as np

from tools.benchmarks.support import footage


def test_scenes_are_drawn_if_there_are_no_clips(tmp_path):
  clips = footage.clips(5, str(tmp_path / 'none'))
  assert [clip.shape for clip in clips] == [(5, 256, 340, 3)] * 2
  assert not np.array_equal(clips[0][0], clips[0][1]), 'it moves'
  masks = footage.person(clips[0])
  assert set(np.unique(masks)) == {0, 1} and masks.shape == (5, 256, 340)
  assert 0.01 < masks.mean() < 0.5


def test_the_content_is_named(tmp_path):
  assert footage.content(str(tmp_path / 'none')) == 'drawn scenes'
