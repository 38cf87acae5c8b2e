"""Replies kept for use again."""
