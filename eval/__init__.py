"""Whether it is good: metrics, suites, gates."""
