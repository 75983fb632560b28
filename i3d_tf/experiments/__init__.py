"""Which rows the paper has, in which order they are trained and tested, and the work itself."""
