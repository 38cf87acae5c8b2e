"""Keeps the index of each process equal to the store."""
