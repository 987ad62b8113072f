"""Rights: consents, profiles, tickets, exports, notices, looks, erasures, servers, policies, probes, usage, periods.

Reports become tickets.
"""

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID, NUMBER, BYTES = sa.String(), sa.BigInteger(), sa.LargeBinary()
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Reports become tickets, due seven days after they were made. Their reasons stay sealed for where they lay.
REPORTS = """
    INSERT INTO ticket (id, person_id, kind, state, about, outcome, sealed_text, door, asked_at, due_at)
    SELECT id, person_id, 'report', 'open', picture_id, '', sealed_reason,
           coalesce((SELECT min(door) FROM identity WHERE identity.person_id = report.person_id), ''), at, at + 604800000
    FROM report
"""


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
    forbid_changes()
    op.create_index(
        "picture_shown", "picture", ["shown_at"],
        sqlite_where=sa.text("shown_at IS NOT NULL"), postgresql_where=sa.text("shown_at IS NOT NULL"),
    )  # fmt: skip
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
    op.create_index("ticket_closed", "ticket", ["closed_at"])
    op.execute(REPORTS)
    op.drop_table("report")
    op.create_table(
        "export",
        column("ticket_id", ID), column("person_id", ID), column("door", ID), column("images_only", sa.Boolean()),
        column("most", NUMBER), column("handle", ID), column("attempt", ID), column("claimed_until", NUMBER),
        column("done", NUMBER), column("total", NUMBER), column("parts", NUMBER), column("told", sa.Boolean()),
        column("tries", NUMBER), column("fetched_at", NUMBER, null=True), column("asked_at", NUMBER),
        column("until", NUMBER),
        sa.PrimaryKeyConstraint("ticket_id"), sa.UniqueConstraint("handle"), of_a_person(),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
    )  # fmt: skip
    op.create_index("ix_export_person_id", "export", ["person_id"])
    op.create_table(
        "export_part",
        column("ticket_id", ID), column("part", NUMBER), column("piece", NUMBER), column("person_id", ID),
        column("blob", ID), column("size", NUMBER), column("until", NUMBER),
        sa.PrimaryKeyConstraint("ticket_id", "part", "piece"), sa.UniqueConstraint("blob"), of_a_person(),
        sa.ForeignKeyConstraint(["ticket_id"], ["export.ticket_id"]),
    )  # fmt: skip
    op.create_index("ix_export_part_person_id", "export_part", ["person_id"])
    op.create_table(
        "notice",
        column("person_id", ID), column("key", ID), column("figure", NUMBER), column("category", ID),
        column("state", ID), column("at", NUMBER), column("until", NUMBER),
        sa.PrimaryKeyConstraint("person_id", "key", "figure"), of_a_person(),
    )  # fmt: skip
    op.create_index("ix_notice_state", "notice", ["state"])
    op.create_index("ix_notice_until", "notice", ["until"])
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
        column("at", NUMBER), sa.PrimaryKeyConstraint("version"),
    )  # fmt: skip
    op.create_table(
        "probe",
        column("key", ID), column("checked_at", NUMBER), column("passed_at", NUMBER, null=True),
        column("passed", sa.Boolean()), sa.PrimaryKeyConstraint("key"),
    )  # fmt: skip
    op.create_table(
        "usage",
        column("day", NUMBER), column("command", ID), column("model", ID), column("times", NUMBER),
        sa.PrimaryKeyConstraint("day", "command", "model"),
    )  # fmt: skip
    end_periods()
    let_whole_accounts_go()


def forbid_changes() -> None:
    """A consent may be deleted with its person, never edited, whoever asks."""
    what = "TRIGGER consent_no_update BEFORE UPDATE ON consent FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE {what} BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END")
    else:
        op.execute(f"CREATE {what} EXECUTE FUNCTION append_only()")


def end_periods() -> None:
    """What the sweep looks for is found by an index: it may not read a whole table while somebody waits."""
    op.create_table("period", column("until", ID), column("milliseconds", NUMBER), sa.PrimaryKeyConstraint("until"))
    op.add_column("picture", sa.Column("server", ID, nullable=False, server_default=""))
    op.execute("UPDATE picture SET server = (SELECT server FROM job WHERE job.id = picture.job_id)")
    op.drop_index("ix_picture_person_id", "picture")
    op.create_index("picture_of_person", "picture", ["person_id", "drawn_at"])
    op.create_index("picture_in_server", "picture", ["server", "drawn_at"])
    op.create_index("picture_drawn", "picture", ["drawn_at"])
    op.create_index("job_ended", "job", ["ended_at"])
    op.create_index("ix_button_until", "button", ["until"])
    op.create_index("person_active", "person", ["last_active"])
    for name, table, column_, on_sqlite, on_postgres in (
        ("picture_hidden", "picture", "id", "hidden != 0", "hidden"),
        ("person_restricted", "person", "id", "restricted != 0", "restricted"),
        ("person_dormant", "person", "dormancy_told_at", *("dormancy_told_at IS NOT NULL",) * 2),
    ):
        op.create_index(name, table, [column_], sqlite_where=sa.text(on_sqlite), postgresql_where=sa.text(on_postgres))


def let_whole_accounts_go() -> None:
    """Books stay append-only. Those of an account that is nobody's any more may be closed, and go with it.

    The mark, the rows and the account go in one transaction: a closed account that is still there is a mistake in the books.
    """
    op.add_column("ledger_account", sa.Column("closed_at", NUMBER, nullable=True))
    closed = "SELECT 1 FROM ledger_account WHERE closed_at IS NOT NULL AND id"
    gone = {
        "ledger_tx": f"{closed} = OLD.account_id",
        "ledger_entry": f"{closed} = (SELECT account_id FROM ledger_tx WHERE ledger_tx.id = OLD.tx_id)",  # noqa: S608
    }
    somebodys = "SELECT 1 FROM person_account WHERE account_id = NEW.id"
    if op.get_bind().dialect.name == "sqlite":
        for table, allowed in gone.items():
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW WHEN NOT EXISTS ({allowed}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER ledger_account_no_close BEFORE UPDATE OF closed_at ON ledger_account FOR EACH ROW "
            f"WHEN EXISTS ({somebodys}) BEGIN SELECT RAISE(ABORT, 'somebody has this account'); END"
        )
        return
    for table, allowed in gone.items():
        op.execute(f"DROP TRIGGER {table}_no_delete ON {table}")
        op.execute(
            f"CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF EXISTS ({allowed}) THEN RETURN OLD; END IF; RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stays()"
        )
    op.execute(
        "CREATE FUNCTION ledger_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({somebodys}) THEN RAISE EXCEPTION 'somebody has this account'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_account_no_close BEFORE UPDATE OF closed_at ON ledger_account FOR EACH ROW "
        "EXECUTE FUNCTION ledger_account_stays()"
    )
