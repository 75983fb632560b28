"""Defaults of what make_tfrecords is asked to do."""

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import requests
from i3d_tf.video import decoding


def test_encoding_settings_default_to_the_format_that_i3d_sees():
  settings = requests.EncodingSettings()
  assert settings.short_side == decoding.SHORT_SIDE
  assert settings.frame_rate == decoding.FRAME_RATE
  assert settings.flow_backend == optical_flow.BACKENDS[0]
