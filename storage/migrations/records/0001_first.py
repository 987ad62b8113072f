"""The first schema: people, jobs, pictures, deliveries, and the append-only books."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = {"ledger_tx": ("UPDATE", "DELETE"), "ledger_entry": ("UPDATE", "DELETE"), "acknowledgement": ("UPDATE",)}


def upgrade() -> None:
    create_tables()
    forbid_changes()


def forbid_changes() -> None:
    """Triggers that refuse what would rewrite history, whoever asks. A consent may be deleted (erasure), never edited."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if not on_sqlite:
        op.execute(
            "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table, verbs in APPEND_ONLY.items():
        for verb in verbs:
            what = f"TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} FOR EACH ROW"
            if on_sqlite:
                op.execute(f"CREATE {what} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END")
            else:
                op.execute(f"CREATE {what} EXECUTE FUNCTION append_only()")


def create_tables() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("debt", sa.BigInteger(), nullable=False),
        sa.Column("frozen_reason", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("debt >= 0", name="ledger_account_debt"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("banned", sa.Boolean(), nullable=False),
        sa.Column("notice_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "too_young",
        sa.Column("lookup", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lookup"),
    )
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("notice_version", sa.BigInteger(), nullable=False),
        sa.Column("minimum_age", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_acknowledgement_person_id"), "acknowledgement", ["person_id"], unique=False)
    op.create_table(
        "credit_lot",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("disputed", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("available + held + disputed + spent + removed = amount", name="credit_lot_whole"),
        sa.CheckConstraint(
            "available >= 0 AND held >= 0 AND disputed >= 0 AND spent >= 0 AND removed >= 0", name="credit_lot_parts"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_key"),
    )
    op.create_index(op.f("ix_credit_lot_account_id"), "credit_lot", ["account_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("captured BETWEEN 0 AND amount", name="hold_captured"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_hold_account_id"), "hold", ["account_id"], unique=False)
    op.create_table(
        "identity",
        sa.Column("lookup", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("sealed_id", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("lookup"),
    )
    op.create_index(op.f("ix_identity_person_id"), "identity", ["person_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("guidance", sa.Float(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("price_each", sa.BigInteger(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("count BETWEEN 1 AND 4", name="job_count"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_job_person_id"), "job", ["person_id"], unique=False)
    op.create_index("job_in_line", "job", ["state", "created_at"], unique=False)
    op.create_table(
        "ledger_tx",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ledger_tx_account_id"), "ledger_tx", ["account_id"], unique=False)
    op.create_table(
        "person_account",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id"),
        sa.UniqueConstraint("account_id"),
    )
    op.create_table(
        "delivery",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("job_id", "index"),
    )
    op.create_index(op.f("ix_delivery_state"), "delivery", ["state"], unique=False)
    op.create_table(
        "hold_slice",
        sa.Column("hold_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hold_id"],
            ["hold.id"],
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["credit_lot.id"],
        ),
        sa.PrimaryKeyConstraint("hold_id", "seq"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tx_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=True),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["credit_lot.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tx_id"],
            ["ledger_tx.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ledger_entry_lot_id"), "ledger_entry", ["lot_id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_tx_id"), "ledger_entry", ["tx_id"], unique=False)
    op.create_table(
        "picture",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("blob"),
    )
    op.create_index(op.f("ix_picture_person_id"), "picture", ["person_id"], unique=False)
    op.create_index("picture_of_wish", "picture", ["job_id", "index"], unique=True)
    op.create_table(
        "wish",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("job_id", "index"),
    )
