"""Finds the people of videos with a segmenter and follows them over time."""
