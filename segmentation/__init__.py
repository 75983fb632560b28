"""Person masks: files, and the networks that make them."""
