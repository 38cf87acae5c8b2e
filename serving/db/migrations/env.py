"""Runs the migrations on the connection that `Database.migrate` opened; it never opens one itself."""

from alembic import context

from serving.db.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
with context.begin_transaction():
    context.run_migrations()
