"""Flags of commands of tools/; those that the folder above has no room for."""
