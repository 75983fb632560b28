"""What //tools:benchmark measures: one file a subject, each with `measure(quick=False)`."""
