"""The messenger: one custom element for any site, and the public pages; it holds no business logic."""
