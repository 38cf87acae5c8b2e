"""Conversations: messages, the bot's background answers, live events."""
