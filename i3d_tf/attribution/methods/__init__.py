"""Maps: by gradients, and by occlusion."""
