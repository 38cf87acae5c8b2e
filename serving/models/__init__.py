"""Which model sets there are and which one answers."""
