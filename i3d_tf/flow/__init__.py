"""Optical flow: algorithms and 8-bit storage."""
