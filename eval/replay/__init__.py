"""A stream of questions put to a bot that starts knowing nothing and learns from people."""
