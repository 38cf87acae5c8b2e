"""Whether what customers ask, and how it goes, has moved."""
