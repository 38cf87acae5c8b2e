"""The store: tables, sessions, migrations."""
