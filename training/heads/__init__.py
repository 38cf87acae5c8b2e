"""Heads on the encoder's features, and the model set that they make up."""
