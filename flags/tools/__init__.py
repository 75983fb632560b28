"""Flags of commands in tools that came later than the folder above was full."""
