"""The people who answer, their sessions, and servers' keys."""
