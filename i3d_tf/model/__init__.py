"""The network. It needs only Keras and runs on every Keras backend."""

from i3d_tf.common import lazy_exports

__all__ = ['InceptionI3D']
__getattr__ = lazy_exports.of(__name__, {'InceptionI3D': 'inception_i3d'})
