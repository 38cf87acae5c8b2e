"""Intents, teams, sentiment and languages of many texts at once."""
