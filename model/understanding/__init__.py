"""What a message means: its heads, what was said before it, and the mood of the conversation."""
