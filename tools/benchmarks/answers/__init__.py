"""Subjects about answers: what an answer costs, and what its explanation."""
