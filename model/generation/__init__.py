"""The words that the bot says: answers from their sources, and short replies to smalltalk."""
