"""When people are there, how long customers wait for them, and how both are told."""
