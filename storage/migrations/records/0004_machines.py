"""Several machines: which process leads, and whose turn it is by server, person and weight."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Requests of before count as asked in private, at the weight of everybody."""
    op.create_table(
        "leader",
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role"),
    )
    op.add_column("person", sa.Column("weight", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("job", sa.Column("server", sa.String(), nullable=False, server_default=""))
    op.add_column("job", sa.Column("weight", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("job", sa.Column("queued_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE job SET server = door, queued_at = created_at")
    held = sa.text("state = 'open'")
    op.create_index("hold_open", "hold", ["expires_at"], sqlite_where=held, postgresql_where=held)
    op.create_index("job_queued", "job", ["state", "queued_at"])
