"""A retraining's rows are counted beyond two thousand million."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Widen the column; SQLite makes its table anew for that, with all its rows."""
    with op.batch_alter_table("penstock_tickets") as table:
        table.alter_column("rows", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
