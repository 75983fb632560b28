"""What //tools:benchmark measures of make_tfrecords: that the measures measure."""

from i3d_tf.ingest import requests
from tools.benchmarks import make_tfrecords


def test_rate_and_memory_are_those_of_the_workers(tmp_path):
  sources = make_tfrecords._draw(str(tmp_path), 4, seconds=0.4)
  rate, resident = make_tfrecords._run(
    sources, requests.EncodingSettings(short_side=32, num_shards=4), str(tmp_path), workers=1
  )
  assert 0 < rate < 10000
  assert 50e6 < resident < 2e9


def test_flow_is_that_of_opencv_to_rounding():
  assert 0 < make_tfrecords._flow_error() <= 0.5
