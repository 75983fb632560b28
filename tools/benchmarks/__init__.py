"""The subjects of //tools:benchmark: one module each, with `measure(quick=False)`."""
