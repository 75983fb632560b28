"""Flags of the commands in tools/."""
