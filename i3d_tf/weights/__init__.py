"""Published weights to Keras weights.

Example:

    model = InceptionI3D(num_classes=400)
    print(weights.load(model, 'rgb_imagenet/model.ckpt'))    # Reports what was loaded.
"""

from i3d_tf.common import light_imports

__all__ = ['Weights', 'WeightsError', 'load', 'read']
__getattr__ = light_imports.lazy_exports(
  __name__, {'Weights': 'arrays', 'WeightsError': 'arrays', 'load': 'assign', 'read': 'readers'}
)
