"""The measurements of make_tfrecords measure what they claim to."""

from i3d_tf.ingest import requests
from tools.benchmarks import make_tfrecords


def test_rate_and_memory_of_the_workers_are_plausible(tmp_path):
  sources = make_tfrecords._draw(str(tmp_path), 4, seconds=0.4)
  rate, resident = make_tfrecords._run(
    sources, requests.EncodingSettings(short_side=32, num_shards=4), str(tmp_path), workers=1
  )
  assert 0 < rate < 10000
  assert 50e6 < resident < 2e9


def test_stored_flow_differs_from_opencvs_by_rounding_only():
  assert 0 < make_tfrecords._flow_error() <= 0.5
