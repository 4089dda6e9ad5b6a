"""What Alembic runs: the steps, in the transaction that `schema` began; or their SQL, on nothing."""

from alembic import context

from serving.lifecycle.schema import VERSIONS

connection = context.config.attributes.get("connection")
context.configure(
    connection=connection,
    dialect_name=None if connection is not None else context.config.attributes["dialect"],
    version_table=VERSIONS,
    # SQLite's changes of tables are in the transaction, too.
    transactional_ddl=True,
    literal_binds=connection is None,
    dialect_opts={"paramstyle": "named"},
)
with context.begin_transaction():
    context.run_migrations()
