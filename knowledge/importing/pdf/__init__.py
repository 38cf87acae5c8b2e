"""PDF files with text to articles, by where their characters stand."""
