"""The commands that make homes and models, a module a group; each imports what it runs when it runs."""
