"""The subjects of //tools:benchmark: a module each, with `measure(quick=False)`."""
