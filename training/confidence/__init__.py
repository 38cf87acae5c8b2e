"""How sure the bot may be that a text answers a question."""
