"""From video files to records."""
