"""Markdown pages of site generators to articles: front matter, templates, admonitions, components."""
