"""HTML pages to articles: the main part of a page without the site around it, as Markdown."""
