"""Rows without a network: what needs no learning to be read off the masks."""
