"""What the bot knows: import, chunk, index, learn."""
