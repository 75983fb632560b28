"""Intervals, tests and correlations over groups of videos."""
