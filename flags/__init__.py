"""absl flags that several commands share, and flagfiles with whole protocols."""
