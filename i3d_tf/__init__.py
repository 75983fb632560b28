"""I3D in Keras, and experiments that ask what it has learned: the person or the place.

This package imports nothing, so that `from i3d_tf.model import InceptionI3D` needs only Keras.
"""

import os

# TensorFlow enables oneDNN by default only on processors with AVX512_VNNI. On others, a training
# step takes twice as long without it, and a step on a single clip takes fifty times as long. The
# variable must be set before TensorFlow is imported; a value set by the user takes precedence.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
