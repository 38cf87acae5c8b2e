"""From files to articles and learned answers: one module a format."""
