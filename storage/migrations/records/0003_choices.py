"""What people choose besides size and steps: style, adapter, a picture to start from; and what they prefer of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Requests of before had no style, no adapter at full strength, and started from nothing."""
    op.add_column("job", sa.Column("style", sa.String(), nullable=False, server_default=""))
    op.add_column("job", sa.Column("lora", sa.String(), nullable=False, server_default=""))
    op.add_column("job", sa.Column("lora_strength", sa.Float(), nullable=False, server_default="1"))
    op.add_column("job", sa.Column("strength", sa.Float(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("reference", sa.String(), nullable=True))
    named = sa.text("reference IS NOT NULL")
    op.create_index("job_reference", "job", ["reference"], unique=False, sqlite_where=named, postgresql_where=named)
    op.add_column("preference", sa.Column("model", sa.String(), nullable=False, server_default=""))
    op.add_column("preference", sa.Column("style", sa.String(), nullable=False, server_default=""))
