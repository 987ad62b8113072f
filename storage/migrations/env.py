"""Run by alembic; the connection is handed in by storage/schema.py and one transaction covers a whole upgrade."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
