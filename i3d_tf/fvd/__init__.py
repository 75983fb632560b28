"""FVD, the Fréchet distance of two sets of videos, as its authors defined it."""

from i3d_tf.common import light_imports

__all__ = ['features', 'fvd']
__getattr__ = light_imports.lazy_exports(__name__, {'fvd': 'functions', 'features': 'functions'})
