"""The history of the tables, run by `Database.migrate`; nothing here is imported by features."""
