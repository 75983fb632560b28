"""Checks of the images of records: damage is named."""

import dataclasses

import numpy as np
import pytest

from i3d_tf.inspection import inspect_folder
from i3d_tf.records import shards
from tests import fakes
from tests.inspection import samples

_other_size = lambda image: lambda images: (*images[:-1], image)


@pytest.mark.parametrize(
  'spoil, reason',
  [
    (lambda v: samples.spoiled(v, 'frames', samples.cut), 'frame number 3 cannot be decoded'),
    (lambda v: samples.spoiled(v, 'masks', samples.cut), 'mask number 3 cannot be decoded'),
    (lambda v: samples.spoiled(v, 'flow', samples.cut), 'flow field number 3 cannot be decoded'),
    (
      lambda v: samples.spoiled(v, 'frames', lambda f: (b'no', *f[1:-1], b'')),
      'frame number 0 cannot be decoded, and 1 more',
    ),
    (
      lambda v: samples.spoiled(
        v, 'frames', _other_size(fakes.jpeg(np.zeros((20, 48, 3), np.uint8)))
      ),
      'expected every frame to be 36x48x3; 1 are not, such as number 8 of 20x48x3',
    ),
    (
      lambda v: samples.spoiled(v, 'masks', _other_size(fakes.png(np.zeros((36, 40), np.uint8)))),
      'expected every mask to be 36x48x1; 1 are not, such as number 8 of 36x40x1',
    ),
    (
      lambda v: samples.spoiled(v, 'flow', _other_size(fakes.png(np.zeros((30, 48, 3), np.uint8)))),
      'expected every flow field to be 36x48x3; 1 are not, such as number 7 of 30x48x3',
    ),
    (
      lambda v: dataclasses.replace(v, coverage=0.5),
      'expected masks that cover 0.500000; they cover 0.250000',
    ),
  ],
)
def test_check_images_names_what_is_wrong(tmp_path, spoil, reason):
  videos = [samples.video(1), spoil(samples.with_flow(samples.video(2))), samples.video(3, 1)]
  found = inspect_folder.inspect(samples.write(tmp_path, videos))
  (problem,) = found.problems
  offset = shards.read_index(str(tmp_path / shards.shard_name(0, 1)))[1].offset
  assert str(problem) == f'{shards.shard_name(0, 1)} at byte {offset}: {videos[1].path}: {reason}'
  assert len(found.videos) == 3
