"""Records or videos to the input of the network."""
