"""Rows of results to statistics, tables, figures and the page that shows them."""
