"""absl flags of every command, and flagfiles with whole protocols."""
