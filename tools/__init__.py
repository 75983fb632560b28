"""Commands around the data: records made, looked at."""
