"""The gallery in which a person reviews masks: quality measures, strips, page."""
