"""What Alembic runs: the steps, on the connection and in the transaction it was given.

``alembic revision --autogenerate`` uses it too: see `storage.schema.configuration`.
"""

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by building it again
)
context.run_migrations()
