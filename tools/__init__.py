"""Commands for data and weights: make and inspect records, convert weights, benchmark."""
