"""The cost of an answer is measured for every kind of network, against its own means."""

import importlib.util

import numpy as np

from i3d_tf.inference import prediction
from i3d_tf.masks import coco_files
from tests import shallow
from tools.benchmarks.answers import prediction as benchmark


def test_every_kind_of_network_has_a_bound():
  with shallow.network():
    figures = benchmark.measure(quick=True)
  kinds = ['weights', 'weights on trial', 'SavedModel', '.keras', 'function']
  if importlib.util.find_spec('onnxruntime') is not None:
    kinds.append('ONNX')
  bounded = [figure for figure in figures if figure.bound is not None]
  assert [figure.name for figure in bounded] == [
    f'{kind}: predict / three passes and decoding' for kind in kinds
  ]
  for figure in bounded:
    assert (figure.bound, figure.higher_is_better) == (1.2, False) and figure.value > 0.5


def test_what_is_called_directly_is_what_is_predicted(tmp_path):
  with shallow.network():
    video, masks = benchmark._write_video(str(tmp_path), 12)
    clip = benchmark._clip(video, masks, 'activity')
    assert clip.shape == (1, 12, 224, 224, 3) and np.abs(clip).max() <= 1
    for kind in benchmark._kinds(str(tmp_path), 0.125):
      answer = prediction.of_video(
        kind.network, video, ('activity',), coco_files.read(masks, video)
      )
      logits = answer.logits['activity']
      direct = kind.direct(kind.shown(clip))
      np.testing.assert_allclose(direct, logits, atol=1e-4 * np.abs(logits).max())
