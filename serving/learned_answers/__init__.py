"""Learned answers and the proposals they come from: drafted, decided by a person, undone, edited."""
