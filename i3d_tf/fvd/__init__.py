"""FVD, the Fréchet distance of two sets of videos, as its authors defined it."""

from i3d_tf.common import lazy_exports

__all__ = ['features', 'fvd']
__getattr__ = lazy_exports.of(__name__, {'fvd': 'functions', 'features': 'functions'})
