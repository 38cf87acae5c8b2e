"""Questions without a conversation, and suggestions while typing."""
