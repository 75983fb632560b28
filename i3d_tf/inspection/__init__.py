"""What a folder of records holds, and what is wrong with it."""
