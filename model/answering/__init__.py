"""From candidates to calibrated confidences: what counts for an answer, and how sure one must be."""
