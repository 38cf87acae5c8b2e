"""Fetches a help centre from the web into a folder."""
