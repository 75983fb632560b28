"""What several subjects of the benchmark share."""
