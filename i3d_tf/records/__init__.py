"""Records: their schema, their folders, and the lists that split them."""
