"""The encoder's own weights: adapted, tuned, exported, cut to 8 bits."""
