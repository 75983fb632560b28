"""absl flags of every command, and flagfiles with complete protocols."""
