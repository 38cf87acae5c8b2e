"""What is told of one text by its vector alone: labels, and whether it is out of scope."""
