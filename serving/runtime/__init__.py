"""The running parts of one process, and the model set in service."""
