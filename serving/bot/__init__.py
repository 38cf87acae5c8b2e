"""The bot's part of a conversation: its turns, its decisions, and handing over to people."""
