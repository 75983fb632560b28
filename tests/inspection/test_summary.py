"""Inspections as dicts: everything is counted."""

from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import summary
from tests.inspection import samples


def test_summary_counts_everything(tmp_path):
  videos = samples.varied_set()
  videos[0] = samples.with_flow(videos[0])
  found = summary.summary(inspect_folder.inspect(samples.write(tmp_path, videos, num_shards=2)))
  size = lambda name: sum(len(i) for v in videos for i in (getattr(v, name) or ()))
  assert found['totals'] == {
    'files': 2,
    'videos': 5,
    'frames': 48,
    'flow': 8,
    'frame_bytes': size('frames'),
    'flow_bytes': size('flow'),
    'mask_bytes': size('masks'),
    'problems': 0,
  }
  assert found['sizes'] == {'36x48': 5}
  assert found['lengths'] == {'least': 9, 'median': 9, 'most': 12, 'mean': 48 / 5}
  assert found['masks'] == {
    'found': 2,
    'without_masks': [videos[2].path],
    'without_person': [videos[3].path],
    'keep_original': [videos[4].path],
    'coverage': {'least': 0.25, 'median': 0.375, 'most': 0.5, 'mean': 0.375},
    'coverage_histogram': [0, 0, 1, 0, 0, 1, 0, 0, 0, 0],
  }
  classes = {row['name']: row for row in found['classes']}
  assert [classes[name]['videos'] for name in 'ABC'] == [2, 2, 1]
  assert [classes[name]['frames'] for name in 'ABC'] == [21, 18, 9]
  assert [classes[name]['without'] for name in 'ABC'] == [0, 2, 1]
  assert classes['A']['lists'] == {
    'trainlist01': {'videos': 1, 'frames': 9},
    'testlist01': {'videos': 1, 'frames': 12},
  }
  assert found['lists'] == {
    'trainlist01': {'videos': 3, 'missing': []},
    'testlist01': {'videos': 2, 'missing': []},
  }
  text = '\n'.join(found['attention'])
  assert (
    'no masks, so they keep their original frames in every condition: 1 video: ' + videos[2].path
  ) in text
  assert 'nobody in their masks' in text and videos[3].path in text
  assert 'set aside by a verdict' in text and videos[4].path in text
  assert 'no flow: 4 videos' in text
