"""Every row the database keeps, each column with what it means. Knows the columns; the verbs are in <noun>_records.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Table, text
from sqlmodel import Field, SQLModel

from core.datamap import (
    Category,
    Datum,
    Entry,
    Meaning,
    NotPersonal,
    OnErase,
    OnExport,
    Purpose,
    Until,
    about_picture,
    content,
    link,
    money,
    request,
)

HELD = "state = 'open'"  #: few holds are, and they are looked for every second
NAMED = "reference IS NOT NULL"  #: few requests start from a picture, and fewer still do after they are over
SERIAL_KEY = "numbers the rows of this database"
Serial = BigInteger().with_variant(Integer, "sqlite")  #: SQLite counts up only what is spelled INTEGER

identity_of = Datum(
    Category.IDENTITY,
    (Purpose.DRAW, Purpose.KEEP_SAFE),
    Until.ACCOUNT_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="a keyed hash of the platform's id, which is exported itself",
)
account = Datum(Category.ACCOUNT, (Purpose.DRAW,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
agreed = Datum(Category.CONSENT, (Purpose.PROVE_CONSENT,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
told = request(OnExport.SUMMARY, Category.DELIVERY)
place = Datum(Category.DELIVERY, (Purpose.DRAW,), Until.ACCOUNT_ENDS, OnErase.SHRED, OnExport.SUMMARY, sealed=True)
button = link(Category.DELIVERY, Until.EXPIRY)
chosen = request(category=Category.CHOICES)
started_from = Datum(
    Category.REFERENCES,
    (Purpose.DRAW,),
    Until.REQUEST_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="the name of a file that is gone once the request is done",
)
asked_in = Datum(
    Category.REQUESTS,
    (Purpose.DRAW,),
    Until.ACCOUNT_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="a keyed hash of the server or group, which says nothing outside this bot",
)
reported = Datum(Category.REPORTS, (Purpose.KEEP_SAFE,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
bookkeeping = NotPersonal("counts changes of a row so that two writers cannot pass each other")


def cell(meaning: Meaning, type_: Any = None, **column: Any) -> Any:
    """A column with its meaning. Whole numbers are 64 bits wide: moments and amounts are stored in thousandths."""
    if type_ is not None:
        column["sa_type"] = type_
    return Field(sa_column_kwargs={"info": {"meaning": meaning}}, **column)


def number(meaning: Meaning, **column: Any) -> Any:
    return cell(meaning, BigInteger, **column)


class PersonRow(SQLModel, table=True):
    __tablename__ = "person"
    __subject__ = "id"

    id: str = cell(link(Category.ACCOUNT), primary_key=True)
    banned: bool = cell(account)
    notice_version: int = number(agreed)
    created_at: int = number(account)
    weight: int = number(account)


class PersonAccountRow(SQLModel, table=True):
    """The only link between a person and the books; erasure deletes it, and the books name nobody any more."""

    __tablename__ = "person_account"
    __subject__ = "person_id"

    person_id: str = cell(link(Category.CREDITS), primary_key=True, foreign_key="person.id")
    account_id: str = cell(link(Category.CREDITS), unique=True, foreign_key="ledger_account.id")


class IdentityRow(SQLModel, table=True):
    __tablename__ = "identity"
    __subject__ = "person_id"

    lookup: str = cell(identity_of, primary_key=True)
    person_id: str = cell(link(Category.IDENTITY), foreign_key="person.id", index=True)
    door: str = cell(
        Datum(Category.IDENTITY, (Purpose.DRAW,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE),
    )
    sealed_id: bytes = cell(
        Datum(Category.IDENTITY, (Purpose.DRAW,), Until.ACCOUNT_ENDS, OnErase.SHRED, OnExport.VALUE, sealed=True),
        LargeBinary,
    )
    created_at: int = number(
        Datum(Category.IDENTITY, (Purpose.KEEP_SAFE,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
    )


class AcknowledgementRow(SQLModel, table=True):
    """Never changed: who read which notice and said to be old enough, when and where."""

    __tablename__ = "acknowledgement"
    __subject__ = "person_id"

    id: int | None = cell(NotPersonal(SERIAL_KEY), Serial, primary_key=True, default=None)
    person_id: str = cell(link(Category.CONSENT), foreign_key="person.id", index=True)
    notice_version: int = number(agreed)
    minimum_age: int = number(
        Datum(Category.AGE, (Purpose.OBEY_AGE,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
    )
    door: str = cell(agreed)
    at: int = number(agreed)


class TooYoungRow(SQLModel, table=True):
    """No account: a keyed hash that stops us from asking somebody again who said they are too young."""

    __tablename__ = "too_young"
    __subject__ = "lookup"

    lookup: str = cell(
        Datum(
            Category.AGE,
            (Purpose.OBEY_AGE,),
            Until.EXPIRY,
            OnErase.DELETE,
            OnExport.WITHHELD,
            withheld_because="a keyed hash kept for people who have no account to export",
        ),
        primary_key=True,
    )
    until: int = number(Datum(Category.AGE, (Purpose.OBEY_AGE,), Until.EXPIRY, OnErase.DELETE, OnExport.SUMMARY))


class JobRow(SQLModel, table=True):
    __tablename__ = "job"
    __subject__ = "person_id"
    __table_args__ = (
        Index("job_in_line", "state", "created_at"),
        Index("job_queued", "state", "queued_at"),
        Index("job_reference", "reference", sqlite_where=text(NAMED), postgresql_where=text(NAMED)),
        CheckConstraint("count BETWEEN 1 AND 4", name="job_count"),
    )

    id: str = cell(link(), primary_key=True)
    person_id: str = cell(link(), foreign_key="person.id", index=True)
    door: str = cell(request())
    state: str = cell(request())
    reason: str | None = cell(request(), default=None)
    model: str = cell(request())
    shape: str = cell(request())
    width: int = number(request())
    height: int = number(request())
    steps: int = number(request())
    guidance: float = cell(request())
    style: str = cell(request())
    lora: str = cell(request())
    lora_strength: float = cell(request())
    strength: float = cell(request())
    seed: int = number(request())
    count: int = number(request())
    private: bool = cell(request())
    price_each: int = number(request())
    sealed_words: bytes | None = cell(content(Category.WORDS), LargeBinary, default=None)
    sealed_origin: bytes | None = cell(place, LargeBinary, default=None)
    reference: str | None = cell(started_from, default=None)
    fence: int = number(bookkeeping)
    attempts: int = number(request(OnExport.SUMMARY))
    lease_until: int | None = number(NotPersonal("until when a worker may be silent"), default=None)
    created_at: int = number(request())
    deadline: int = number(request(OnExport.SUMMARY))
    ended_at: int | None = number(request(), default=None)
    server: str = cell(asked_in)
    weight: int = number(request(OnExport.SUMMARY))
    queued_at: int = number(request(OnExport.SUMMARY))


class WishRow(SQLModel, table=True):
    __tablename__ = "wish"
    __subject__ = "job_id>job.person_id"

    job_id: str = cell(link(), primary_key=True, foreign_key="job.id")
    index: int = number(request(OnExport.SUMMARY), primary_key=True)
    state: str = cell(request(OnExport.SUMMARY))
    reason: str | None = cell(request(OnExport.SUMMARY), default=None)


class PictureRow(SQLModel, table=True):
    __tablename__ = "picture"
    __subject__ = "person_id"
    __table_args__ = (Index("picture_of_wish", "job_id", "index", unique=True),)

    id: str = cell(about_picture(), primary_key=True)
    job_id: str = cell(link(Category.PICTURES, Until.PICTURE_DELETED), foreign_key="job.id")
    index: int = number(about_picture(OnExport.SUMMARY))
    person_id: str = cell(link(Category.PICTURES, Until.PICTURE_DELETED), foreign_key="person.id", index=True)
    seed: int = number(about_picture())
    blob: str = cell(link(Category.PICTURES, Until.PICTURE_DELETED), unique=True)
    width: int = number(about_picture())
    height: int = number(about_picture())
    format: str = cell(about_picture())
    hidden: bool = cell(about_picture(OnExport.SUMMARY))
    drawn_at: int = number(about_picture())


class DeliveryRow(SQLModel, table=True):
    __tablename__ = "delivery"
    __subject__ = "job_id>job.person_id"

    job_id: str = cell(link(Category.DELIVERY), primary_key=True, foreign_key="job.id")
    index: int = number(told, primary_key=True)
    state: str = cell(told, index=True)


class PostRow(SQLModel, table=True):
    """Where the message about a picture stands on a platform: to edit it, and to take it back when its person says so."""

    __tablename__ = "post"
    __subject__ = "job_id>job.person_id"

    job_id: str = cell(link(Category.DELIVERY), primary_key=True, foreign_key="job.id")
    index: int = number(told, primary_key=True)
    sealed_address: bytes = cell(place, LargeBinary)
    at: int = number(told)


class InboxRow(SQLModel, table=True):
    """An update that was acted on; a platform may send it again."""

    __tablename__ = "inbox"
    __subject__ = ""

    update: str = cell(NotPersonal("a platform's running number of an update, and nothing about it"), primary_key=True)
    until: int = number(NotPersonal("when the number is forgotten"), index=True)


class ButtonRow(SQLModel, table=True):
    """What one button does. The platform carries only the handle, which is no permission: its person must press it."""

    __tablename__ = "button"
    __subject__ = "person_id"

    handle: str = cell(button, primary_key=True)
    person_id: str = cell(link(Category.DELIVERY, Until.EXPIRY), foreign_key="person.id", index=True)
    sealed_deed: bytes = cell(
        Datum(
            Category.DELIVERY,
            (Purpose.DRAW,),
            Until.EXPIRY,
            OnErase.SHRED,
            OnExport.SUMMARY,
            sealed=True,
            free_text=True,
        ),
        LargeBinary,
    )
    until: int = number(Datum(Category.DELIVERY, (Purpose.DRAW,), Until.EXPIRY, OnErase.DELETE, OnExport.SUMMARY))


class PreferenceRow(SQLModel, table=True):
    __tablename__ = "preference"
    __subject__ = "person_id"

    person_id: str = cell(link(Category.CHOICES), primary_key=True, foreign_key="person.id")
    shape: str = cell(chosen)
    private: bool = cell(chosen)
    format: str = cell(chosen)
    keep_days: int = number(chosen)
    model: str = cell(chosen)
    style: str = cell(chosen)


class ReportRow(SQLModel, table=True):
    __tablename__ = "report"
    __subject__ = "person_id"

    id: str = cell(link(Category.REPORTS), primary_key=True)
    person_id: str = cell(link(Category.REPORTS), foreign_key="person.id", index=True)
    picture_id: str = cell(reported)
    sealed_reason: bytes = cell(
        Datum(
            Category.REPORTS,
            (Purpose.KEEP_SAFE,),
            Until.ACCOUNT_ENDS,
            OnErase.SHRED,
            OnExport.VALUE,
            sealed=True,
            free_text=True,
        ),
        LargeBinary,
    )
    at: int = number(reported)


class LeaderRow(SQLModel, table=True):
    """Which process does what only one should do."""

    __tablename__ = "leader"
    __subject__ = ""

    role: str = cell(NotPersonal("what is led: a name given in the code, or a hash of a token"), primary_key=True)
    holder: str = cell(NotPersonal("a random number of a process"))
    until: int = number(NotPersonal("when the process leads no more"))


class LedgerAccountRow(SQLModel, table=True):
    __tablename__ = "ledger_account"
    __subject__ = "id>person_account.account_id>person_account.person_id"
    __table_args__ = (CheckConstraint("debt >= 0", name="ledger_account_debt"),)

    id: str = cell(money(OnExport.SUMMARY), primary_key=True)
    debt: int = number(money())
    frozen_reason: str | None = cell(money(), default=None)
    version: int = number(bookkeeping)
    created_at: int = number(money())


class CreditLotRow(SQLModel, table=True):
    """Credits that came in together. The five amounts are a cache that the checker proves from the entries."""

    __tablename__ = "credit_lot"
    __subject__ = "account_id>person_account.account_id>person_account.person_id"
    __table_args__ = (
        CheckConstraint(
            "available >= 0 AND held >= 0 AND disputed >= 0 AND spent >= 0 AND removed >= 0", name="credit_lot_parts"
        ),
        CheckConstraint("available + held + disputed + spent + removed = amount", name="credit_lot_whole"),
    )

    id: str = cell(money(OnExport.SUMMARY), primary_key=True)
    account_id: str = cell(money(OnExport.SUMMARY), foreign_key="ledger_account.id", index=True)
    kind: str = cell(money())
    amount: int = number(money())
    available: int = number(money())
    held: int = number(money())
    disputed: int = number(money())
    spent: int = number(money())
    removed: int = number(money())
    expires_at: int | None = number(money(), default=None)
    priority: int = number(money(OnExport.SUMMARY))
    source_key: str = cell(money(OnExport.SUMMARY), unique=True)
    created_at: int = number(money())


class HoldRow(SQLModel, table=True):
    __tablename__ = "hold"
    __subject__ = "account_id>person_account.account_id>person_account.person_id"
    __table_args__ = (
        CheckConstraint("captured BETWEEN 0 AND amount", name="hold_captured"),
        Index("hold_open", "expires_at", sqlite_where=text(HELD), postgresql_where=text(HELD)),
    )

    id: str = cell(money(OnExport.SUMMARY), primary_key=True)
    account_id: str = cell(money(OnExport.SUMMARY), foreign_key="ledger_account.id", index=True)
    amount: int = number(money())
    captured: int = number(money())
    state: str = cell(money())
    expires_at: int = number(money(OnExport.SUMMARY))


class HoldSliceRow(SQLModel, table=True):
    __tablename__ = "hold_slice"
    __subject__ = "hold_id>hold.account_id>person_account.account_id>person_account.person_id"

    hold_id: str = cell(money(OnExport.SUMMARY), primary_key=True, foreign_key="hold.id")
    seq: int = number(money(OnExport.SUMMARY), primary_key=True)
    lot_id: str = cell(money(OnExport.SUMMARY), foreign_key="credit_lot.id")
    amount: int = number(money())


class LedgerTxRow(SQLModel, table=True):
    """Append-only. The id is the idempotency key; the hash tells a repetition from another fact under the same key."""

    __tablename__ = "ledger_tx"
    __subject__ = "account_id>person_account.account_id>person_account.person_id"

    id: str = cell(money(), primary_key=True)
    account_id: str = cell(money(OnExport.SUMMARY), foreign_key="ledger_account.id", index=True)
    kind: str = cell(money())
    booked_at: int = number(money())
    reason_code: str = cell(money())
    input_hash: str = cell(money(OnExport.SUMMARY))


class LedgerEntryRow(SQLModel, table=True):
    """Append-only. Deltas of one ledger_tx add up to zero."""

    __tablename__ = "ledger_entry"
    __subject__ = "tx_id>ledger_tx.account_id>person_account.account_id>person_account.person_id"

    id: int | None = cell(NotPersonal(SERIAL_KEY), Serial, primary_key=True, default=None)
    tx_id: str = cell(money(OnExport.SUMMARY), foreign_key="ledger_tx.id", index=True)
    account: str = cell(money())
    lot_id: str | None = cell(money(OnExport.SUMMARY), foreign_key="credit_lot.id", index=True, default=None)
    delta: int = number(money())


def table(row: type[SQLModel]) -> Table:
    """The table behind a row class, for statements."""
    found: Table = SQLModel.metadata.tables[row.__tablename__]  # type: ignore[index]
    return found


SCHEMA_VERSION = Entry("sql", "alembic_version.version_num", "", NotPersonal("which migration the schema is at"))


def entries() -> tuple[Entry, ...]:
    """What this folder's database stores, read from the rows above."""
    subjects = {
        str(row.__tablename__): row.__subject__ for row in SQLModel.__subclasses__() if hasattr(row, "__subject__")
    }
    return (
        SCHEMA_VERSION,
        *(
            Entry("sql", f"{found.name}.{column.name}", subjects[found.name], column.info["meaning"])
            for found in SQLModel.metadata.sorted_tables
            for column in found.columns
        ),
    )
