"""From texts to vectors: the encoder, and the vectors it gave a moment ago."""
