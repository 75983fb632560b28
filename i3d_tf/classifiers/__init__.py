"""What turns clips into logits: I3D, or a network of any kind."""
