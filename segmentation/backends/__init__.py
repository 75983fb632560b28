"""The segmenters: one module per backend, made by name in `registry`."""
