"""Rights: consents, profiles, tickets, exports, notices, looks, erasures, servers, versions of the policy, usage."""

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID, NUMBER, BYTES = sa.String(), sa.BigInteger(), sa.LargeBinary()
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def column(name: str, type_: sa.types.TypeEngine[Any], *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=null)


def of_a_person() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["person.id"])


def upgrade() -> None:
    """Whoever is here has read the first version of the policy, and was last here today."""
    op.add_column("person", sa.Column("policy_seen", NUMBER, nullable=False, server_default="1"))
    op.add_column("person", sa.Column("last_active", NUMBER, nullable=False, server_default="0"))
    op.add_column("person", sa.Column("dormancy_told_at", NUMBER, nullable=True))
    op.add_column("person", sa.Column("restricted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("person", sa.Column("leaving_at", NUMBER, nullable=True))
    op.add_column("acknowledgement", sa.Column("text_hash", ID, nullable=False, server_default=""))
    op.add_column("picture", sa.Column("shown_at", NUMBER, nullable=True))
    people = sa.table("person", sa.column("last_active"))
    op.execute(sa.update(people).values(last_active=int(time.time()) * 1_000))
    op.create_table(
        "consent",
        sa.Column("id", SERIAL, primary_key=True),
        column("person_id", ID), column("purpose", ID), column("given", sa.Boolean()),
        column("notice_version", NUMBER), column("text_hash", ID), column("door", ID), column("at", NUMBER),
        of_a_person(),
    )  # fmt: skip
    op.create_index("consent_of", "consent", ["person_id", "purpose"])
    op.create_table(
        "objection",
        column("person_id", ID), column("purpose", ID), column("at", NUMBER),
        sa.PrimaryKeyConstraint("person_id", "purpose"), of_a_person(),
    )  # fmt: skip
    op.create_table(
        "profile",
        column("person_id", ID), column("field", ID), column("sealed_value", BYTES), column("source", ID),
        column("at", NUMBER), sa.PrimaryKeyConstraint("person_id", "field"), of_a_person(),
    )  # fmt: skip
    op.create_table(
        "proof_of_address",
        column("person_id", ID), column("sealed_address", BYTES), column("code_hash", ID), column("tries", NUMBER),
        column("until", NUMBER), sa.PrimaryKeyConstraint("person_id"), of_a_person(),
    )  # fmt: skip
    op.create_table(
        "ticket",
        column("id", ID), column("person_id", ID), column("kind", ID), column("state", ID), column("about", ID),
        column("outcome", ID), column("sealed_text", BYTES, null=True), column("sealed_answer", BYTES, null=True),
        column("door", ID), column("asked_at", NUMBER), column("due_at", NUMBER), column("closed_at", NUMBER, null=True),
        sa.PrimaryKeyConstraint("id"), of_a_person(),
    )  # fmt: skip
    op.create_index("ix_ticket_person_id", "ticket", ["person_id"])
    op.create_index("ticket_due", "ticket", ["state", "due_at"])
    op.create_table(
        "export_part",
        column("handle", ID), column("person_id", ID), column("ticket_id", ID), column("part", NUMBER),
        column("blob", ID), column("size", NUMBER), column("until", NUMBER),
        sa.PrimaryKeyConstraint("handle"), sa.UniqueConstraint("blob"), of_a_person(),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
    )  # fmt: skip
    op.create_index("ix_export_part_person_id", "export_part", ["person_id"])
    op.create_table(
        "notice",
        column("id", ID), column("person_id", ID), column("key", ID), column("figure", NUMBER), column("category", ID),
        column("state", ID), column("at", NUMBER), column("until", NUMBER),
        sa.PrimaryKeyConstraint("id"), of_a_person(),
    )  # fmt: skip
    op.create_index("ix_notice_person_id", "notice", ["person_id"])
    op.create_index("ix_notice_state", "notice", ["state"])
    op.create_table(
        "look",
        sa.Column("id", SERIAL, primary_key=True),
        column("person_id", ID), column("command", ID), column("at", NUMBER), of_a_person(),
    )  # fmt: skip
    op.create_index("ix_look_person_id", "look", ["person_id"])
    op.create_table(
        "erasure",
        column("id", ID), column("person_id", ID, null=True), column("tombstone", ID), column("ground", ID),
        column("state", ID), column("plan", ID), column("receipt", ID), column("confirmed_at", NUMBER),
        column("begins_at", NUMBER), column("closed_at", NUMBER, null=True),
        sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("person_id"),
    )  # fmt: skip
    op.create_index("erasure_open", "erasure", ["state"])
    op.create_table(
        "suppression",
        column("lookup", ID),
        column("kind", ID),
        column("until", NUMBER),
        sa.PrimaryKeyConstraint("lookup", "kind"),
    )
    op.create_table(
        "server",
        column("id", ID),
        column("keep_days", NUMBER),
        column("created_at", NUMBER),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "policy_version",
        column("version", NUMBER), column("hash", ID), column("material", sa.Boolean()), column("document", ID),
        column("at", NUMBER), sa.PrimaryKeyConstraint("version"), sa.UniqueConstraint("hash"),
    )  # fmt: skip
    op.create_table(
        "usage",
        column("day", NUMBER), column("command", ID), column("model", ID), column("times", NUMBER),
        sa.PrimaryKeyConstraint("day", "command", "model"),
    )  # fmt: skip
