"""Person masks as data: COCO files, PNGs, dilation, verdicts of a review."""
