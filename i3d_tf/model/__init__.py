"""The network. It needs only Keras and runs on every Keras backend."""

from i3d_tf.common import light_imports

__all__ = ['InceptionI3D']
__getattr__ = light_imports.lazy_exports(__name__, {'InceptionI3D': 'inception_i3d'})
