"""Where an answer comes from: maps over a clip, their share inside the person, and their checks."""
