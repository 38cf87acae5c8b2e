"""reStructuredText pages to articles."""
