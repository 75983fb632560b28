"""Weights that have a name: releases, fetching them, recognizing them, their class names."""
