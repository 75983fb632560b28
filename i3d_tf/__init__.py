"""I3D in Keras, and experiments that ask what it has learned: the person or the place.

Nothing is imported here, so that `from i3d_tf.model import InceptionI3D` needs Keras alone.
"""

import os

# TensorFlow turns oneDNN on by itself only where the processor has AVX512_VNNI. Elsewhere a
# training step takes twice as long without it, one of a single clip fifty times. It must be set
# before TensorFlow is imported; whoever has set it is obeyed.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
