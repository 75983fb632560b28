"""The measurement of decoding compares the same frames."""

import numpy as np

from i3d_tf.video import decoding as decoder
from tools.benchmarks import decoding


def test_both_ways_give_as_many_frames_of_one_size(tmp_path):
  frames = np.random.default_rng(0).integers(0, 256, (10, 48, 64, 3), np.uint8)
  path = str(tmp_path / 'a.mp4')
  decoding._write(path, 'libx264', list(frames))
  ours = [frame for _, frame in decoder.at_rate(path)]
  theirs = list(decoding._by_opencv(path))
  assert len(ours) == len(theirs) == 10
  assert np.abs(np.stack(ours).astype(int) - theirs).mean() < 3


def test_ratios_are_of_the_same_work(tmp_path):
  frames = np.random.default_rng(0).integers(0, 256, (10, 48, 64, 3), np.uint8)
  path = str(tmp_path / 'a.avi')
  decoding._write(path, 'mpeg4', list(frames))
  records, alone = decoding._figures('drawn', path, 1)
  assert records.bound == decoding.BOUND and alone.bound is None
  assert 0.02 < records.value < 50 and 0.02 < alone.value < 50
