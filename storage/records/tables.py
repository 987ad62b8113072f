"""Every row the database keeps, each column with what it means. Knows the columns; the verbs are in <noun>_records.py.

`__subject__` leads to the person, and `__endings__` says from when each period of the columns counts, and what ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Table, text
from sqlmodel import Field, SQLModel

from core.datamap import (
    ABUSE,
    PROOF,
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
from core.periods import YEAR, ByCode, Emptied, Ending, GoesWith, OwnEnd, Row
from core.rules import BUTTON_LIFE, INBOX_LIFE, TOO_YOUNG_LIFE
from core.values.receipts import TOMBSTONE

HELD = "state = 'open'"  #: few holds are, and they are looked for every second
NAMED = "reference IS NOT NULL"  #: few requests start from a picture, and fewer still do after they are over
HIDDEN = "hidden != 0", "hidden"  #: for SQLite, for PostgreSQL
RESTRICTED = "restricted != 0", "restricted"
TOLD = "dormancy_told_at IS NOT NULL"
SHOWN = "shown_at IS NOT NULL"
SERIAL_KEY = "numbers the rows of this database"
Serial = BigInteger().with_variant(Integer, "sqlite")  #: SQLite counts up only what is spelled INTEGER

WITH_ACCOUNT: Final = {Until.ACCOUNT_ENDS: ByCode("core.erasing.dormancy", "end_account")}  #: or sooner, by its person
WITH_REQUEST: Final = {Until.REQUEST_FORGOTTEN: GoesWith("job")}
WITH_BOOKS: Final = {Until.BOOKS_CLOSE: ByCode("core.erasing.retention", "close_books")}

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
place = Datum(Category.DELIVERY, (Purpose.DRAW,), Until.REQUEST_FORGOTTEN, OnErase.SHRED, OnExport.SUMMARY, sealed=True)
button = link(Category.DELIVERY, Until.EXPIRY)
chosen = replace(request(category=Category.CHOICES), keep=Until.ACCOUNT_ENDS)
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
    Until.REQUEST_FORGOTTEN,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="a keyed hash of the server or group, which says nothing outside this bot",
)
consented = Datum(Category.CONSENT, (Purpose.PROVE_CONSENT,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
own_words = Datum(
    Category.PROFILE,
    (Purpose.SEND_NOTICES, Purpose.OBEY_AGE),  #: a country only tells which age holds there
    Until.ACCOUNT_ENDS,
    OnErase.SHRED,
    OnExport.VALUE,
    sealed=True,
    free_text=True,
)
profile = Datum(Category.PROFILE, (Purpose.SEND_NOTICES,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
unproven = Datum(
    Category.PROFILE,
    (Purpose.SEND_NOTICES,),
    Until.EXPIRY,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="half of a code that proves an address, and forgotten within the hour",
)
right = Datum(Category.RIGHTS, (Purpose.GRANT_RIGHTS,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
written = Datum(
    Category.MESSAGES,
    (Purpose.ANSWER, Purpose.KEEP_SAFE),
    Until.MESSAGE_CLOSED,
    OnErase.SHRED,
    OnExport.VALUE,
    sealed=True,
    free_text=True,
)
message = Datum(
    Category.MESSAGES,
    (Purpose.ANSWER, Purpose.KEEP_SAFE),  #: what is reported is a message too
    Until.MESSAGE_CLOSED,
    OnErase.DELETE,
    OnExport.VALUE,
)
taken = Datum(Category.RIGHTS, (Purpose.GRANT_RIGHTS,), Until.EXPIRY, OnErase.DELETE, OnExport.SUMMARY)
pass_to = Datum(
    Category.RIGHTS,
    (Purpose.GRANT_RIGHTS,),
    Until.EXPIRY,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="the name of a file made for its person, which is gone once it was fetched",
)
notified = Datum(Category.NOTICES, (Purpose.SEND_NOTICES,), Until.EXPIRY, OnErase.DELETE, OnExport.VALUE)
looked = Datum(Category.LOOKS, (Purpose.KEEP_SAFE,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
in_receipt = Datum(
    Category.ERASED, (Purpose.GRANT_RIGHTS,), Until.PROVEN, OnErase.RETAIN, OnExport.VALUE, statute=PROOF
)
still_known = Datum(
    Category.ERASED,
    (Purpose.GRANT_RIGHTS,),
    Until.ACCOUNT_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="a random number that means nothing outside this database, and is taken out at the end",
)
suppressed = Datum(
    Category.ERASED,
    (Purpose.STAY_ERASED,),
    Until.REMEMBERED,
    OnErase.RETAIN,
    OnExport.WITHHELD,
    withheld_because="a keyed hash of the platform's id, kept for those who have no account any more",
    statute=ABUSE,
)
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
    __endings__ = WITH_ACCOUNT

    __table_args__ = (
        Index("person_restricted", "id", sqlite_where=text(RESTRICTED[0]), postgresql_where=text(RESTRICTED[1])),
        Index("person_active", "last_active"),
        Index("person_dormant", "dormancy_told_at", sqlite_where=text(TOLD), postgresql_where=text(TOLD)),
    )

    id: str = cell(link(Category.ACCOUNT), primary_key=True)
    banned: bool = cell(account)
    notice_version: int = number(agreed)
    created_at: int = number(account)
    weight: int = number(account)
    policy_seen: int = number(agreed)
    last_active: int = number(account)  #: the day, not the hour: it only has to tell who is dormant
    dormancy_told_at: int | None = number(account, default=None)
    restricted: bool = cell(right)
    leaving_at: int | None = number(right, default=None)


class PersonAccountRow(SQLModel, table=True):
    """The only link between a person and the books; erasure deletes it, and the books name nobody any more."""

    __tablename__ = "person_account"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT

    person_id: str = cell(link(Category.CREDITS), primary_key=True, foreign_key="person.id")
    account_id: str = cell(link(Category.CREDITS), unique=True, foreign_key="ledger_account.id")


class IdentityRow(SQLModel, table=True):
    __tablename__ = "identity"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT

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
    __endings__ = WITH_ACCOUNT

    id: int | None = cell(NotPersonal(SERIAL_KEY), Serial, primary_key=True, default=None)
    person_id: str = cell(link(Category.CONSENT), foreign_key="person.id", index=True)
    notice_version: int = number(agreed)
    minimum_age: int = number(
        Datum(Category.AGE, (Purpose.OBEY_AGE,), Until.ACCOUNT_ENDS, OnErase.DELETE, OnExport.VALUE)
    )
    text_hash: str = cell(agreed)
    door: str = cell(agreed)
    at: int = number(agreed)


class ConsentRow(SQLModel, table=True):
    """Never changed: who allowed what, or took it back, under which words. The newest row of a purpose holds; none is no."""

    __tablename__ = "consent"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT
    __table_args__ = (Index("consent_of", "person_id", "purpose"),)

    id: int | None = cell(NotPersonal(SERIAL_KEY), Serial, primary_key=True, default=None)
    person_id: str = cell(link(Category.CONSENT), foreign_key="person.id")
    purpose: str = cell(consented)
    given: bool = cell(consented)
    notice_version: int = number(consented)
    text_hash: str = cell(consented)
    door: str = cell(consented)
    at: int = number(consented)


class ObjectionRow(SQLModel, table=True):
    """A purpose of legitimate interest that somebody objected to: an objection nobody answered holds."""

    __tablename__ = "objection"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT

    person_id: str = cell(link(Category.RIGHTS), primary_key=True, foreign_key="person.id")
    purpose: str = cell(right, primary_key=True)
    at: int = number(right)


class ProfileRow(SQLModel, table=True):
    """One field somebody filled in, or that their platform told; each can be cleared by itself."""

    __tablename__ = "profile"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT

    person_id: str = cell(link(Category.PROFILE), primary_key=True, foreign_key="person.id")
    field: str = cell(profile, primary_key=True)
    sealed_value: bytes = cell(own_words, LargeBinary)
    source: str = cell(profile)
    at: int = number(profile)


class ProofOfAddressRow(SQLModel, table=True):
    """An e-mail address that is not its person's before they type the code that was sent there."""

    __tablename__ = "proof_of_address"
    __subject__ = "person_id"
    __endings__ = {Until.EXPIRY: OwnEnd()}

    person_id: str = cell(link(Category.PROFILE, Until.EXPIRY), primary_key=True, foreign_key="person.id")
    sealed_address: bytes = cell(replace(own_words, keep=Until.EXPIRY), LargeBinary)
    code_hash: str = cell(unproven)
    tries: int = number(unproven)
    until: int = number(unproven)


class TicketRow(SQLModel, table=True):
    """Something a person asked of whoever runs the bot, or did by right: one row, one number, one day it is due."""

    __tablename__ = "ticket"
    __subject__ = "person_id"
    __endings__ = {Until.MESSAGE_CLOSED: Row("closed_at")}
    __table_args__ = (Index("ticket_due", "state", "due_at"), Index("ticket_closed", "closed_at"))

    id: str = cell(message, primary_key=True)
    person_id: str = cell(link(Category.MESSAGES, Until.MESSAGE_CLOSED), foreign_key="person.id", index=True)
    kind: str = cell(message)
    state: str = cell(message)
    about: str = cell(message)  #: the picture, purpose or field it speaks of, or empty
    outcome: str = cell(message)
    sealed_text: bytes | None = cell(written, LargeBinary, default=None)
    sealed_answer: bytes | None = cell(written, LargeBinary, default=None)
    door: str = cell(message)
    asked_at: int = number(message)
    due_at: int = number(message)
    closed_at: int | None = number(message, default=None)


class ExportRow(SQLModel, table=True):
    """A copy of everything that a person asked for: what they want of it, how far it is, and until when they can fetch it."""

    __tablename__ = "export"
    __subject__ = "person_id"
    __endings__ = {Until.EXPIRY: OwnEnd()}

    ticket_id: str = cell(taken, primary_key=True, foreign_key="ticket.id")
    person_id: str = cell(link(Category.RIGHTS, Until.EXPIRY), foreign_key="person.id", index=True)
    door: str = cell(taken)
    images_only: bool = cell(taken)
    most: int = number(taken)  #: bytes in one file, 0 for any number
    handle: str = cell(pass_to, unique=True)
    attempt: str = cell(pass_to)
    claimed_until: int = number(taken)
    done: int = number(taken)
    total: int = number(taken)
    parts: int = number(taken)  #: 0 until all of it is made
    told: bool = cell(taken)
    tries: int = number(taken)
    fetched_at: int | None = number(taken, default=None)
    asked_at: int = number(taken)
    until: int = number(taken)


class ExportPartRow(SQLModel, table=True):
    """A piece of one file of an export, sealed like everything else of its person."""

    __tablename__ = "export_part"
    __subject__ = "person_id"
    __endings__ = {Until.EXPIRY: OwnEnd()}

    ticket_id: str = cell(taken, primary_key=True, foreign_key="export.ticket_id")
    part: int = number(taken, primary_key=True)
    piece: int = number(taken, primary_key=True)
    person_id: str = cell(link(Category.RIGHTS, Until.EXPIRY), foreign_key="person.id", index=True)
    blob: str = cell(pass_to, unique=True)
    size: int = number(taken)
    until: int = number(taken)


class NoticeRow(SQLModel, table=True):
    """Something the bot has to tell a person without being asked, once; about the service, or by consent an advertisement."""

    __tablename__ = "notice"
    __subject__ = "person_id"
    __endings__ = {Until.EXPIRY: OwnEnd(life=BUTTON_LIFE)}

    person_id: str = cell(link(Category.NOTICES, Until.EXPIRY), primary_key=True, foreign_key="person.id")
    key: str = cell(notified, primary_key=True)  #: of the sentence
    figure: int = number(notified, primary_key=True)  #: the one number it speaks of: days, a version
    category: str = cell(notified)
    state: str = cell(notified, index=True)
    at: int = number(notified)
    until: int = number(notified, index=True)


class LookRow(SQLModel, table=True):
    """Somebody who runs the bot looked at a person's data, or changed it: the person may know."""

    __tablename__ = "look"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT

    id: int | None = cell(NotPersonal(SERIAL_KEY), Serial, primary_key=True, default=None)
    person_id: str = cell(link(Category.LOOKS), foreign_key="person.id", index=True)
    command: str = cell(looked)
    at: int = number(looked)


class ErasureRow(SQLModel, table=True):
    """One erasure from its confirmation to its receipt. The person is taken out at the end; figures and dates stay."""

    __tablename__ = "erasure"
    __subject__ = "person_id"
    __endings__ = {
        Until.PROVEN: Row("closed_at"),
        Until.REMEMBERED: Emptied("closed_at"),
        Until.ACCOUNT_ENDS: ByCode("core.erasing.erasure", "finish"),
    }
    __table_args__ = (Index("erasure_open", "state"),)

    id: str = cell(in_receipt, primary_key=True)  #: the code by which the receipt is found afterwards
    person_id: str | None = cell(still_known, unique=True, default=None)
    tombstone: str = cell(TOMBSTONE)
    ground: str = cell(in_receipt)
    state: str = cell(in_receipt)
    plan: str = cell(in_receipt)  #: JSON: how many rows and blobs of each store there were
    receipt: str = cell(in_receipt)  #: JSON: what became of them; empty until the end
    confirmed_at: int = number(in_receipt)
    begins_at: int = number(in_receipt)
    closed_at: int | None = number(in_receipt, default=None)


class SuppressionRow(SQLModel, table=True):
    """What outlives an account on purpose: that its welcome credits were given, or that it was banned. A keyed hash alone."""

    __tablename__ = "suppression"
    __subject__ = "lookup"
    __endings__ = {Until.REMEMBERED: OwnEnd(life=YEAR)}

    lookup: str = cell(suppressed, primary_key=True)
    kind: str = cell(suppressed, primary_key=True)
    until: int = number(suppressed)


class ServerRow(SQLModel, table=True):
    """A guild or group as an owner of settings. It is found by a keyed hash of its id."""

    __tablename__ = "server"
    __subject__ = ""

    id: str = cell(NotPersonal("a keyed hash of a guild's or group's id"), primary_key=True)
    keep_days: int = number(NotPersonal("a server's setting"))
    created_at: int = number(NotPersonal("when a server was added"))


class PolicyVersionRow(SQLModel, table=True):
    """Each text of the policy that was ever in force here, so that everybody can be told what changed since they read it."""

    __tablename__ = "policy_version"
    __subject__ = ""

    version: int = number(NotPersonal("counts the texts of the policy"), primary_key=True)
    hash: str = cell(NotPersonal("of the policy's text and facts"))
    material: bool = cell(NotPersonal("whether everybody had to read it again"))
    document: str = cell(NotPersonal("JSON: what the policy said, in rows that core/policy/changes.py compares"))
    at: int = number(NotPersonal("since when it holds"))


class PeriodRow(SQLModel, table=True):
    """The periods that were in force last: what they hid stays hidden when they are made longer."""

    __tablename__ = "period"
    __subject__ = ""

    until: str = cell(NotPersonal("the name of a period"), primary_key=True)
    milliseconds: int = number(NotPersonal("how long it is"))


class ProbeRow(SQLModel, table=True):
    """How each probe of this deployment went last."""

    __tablename__ = "probe"
    __subject__ = ""

    key: str = cell(NotPersonal("the name of a probe"), primary_key=True)
    checked_at: int = number(NotPersonal("when this deployment was looked at"))
    passed_at: int | None = number(NotPersonal("when this deployment last passed"), default=None)
    passed: bool = cell(NotPersonal("whether it passed"))


class UsageRow(SQLModel, table=True):
    """How often something was done on a day, by nobody in particular; never of fewer than five people."""

    __tablename__ = "usage"
    __subject__ = ""

    day: int = number(NotPersonal("a day"), primary_key=True)
    command: str = cell(NotPersonal("a command's name"), primary_key=True)
    model: str = cell(NotPersonal("a model's name, or empty"), primary_key=True)
    times: int = number(NotPersonal("a sum over five people or more"))


class TooYoungRow(SQLModel, table=True):
    """No account: a keyed hash that stops us from asking somebody again who said they are too young."""

    __tablename__ = "too_young"
    __subject__ = "lookup"
    __endings__ = {Until.EXPIRY: OwnEnd(life=TOO_YOUNG_LIFE)}

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
    __endings__ = {
        Until.REQUEST_FORGOTTEN: Row("ended_at"),
        Until.PICTURE_DELETED: ByCode("core.requests.gallery", "_remove"),
        Until.REQUEST_ENDS: ByCode("core.requests.references", "destroy"),
    }
    __table_args__ = (
        Index("job_in_line", "state", "created_at"),
        Index("job_queued", "state", "queued_at"),
        Index("job_ended", "ended_at"),
        Index("job_reference", "reference", sqlite_where=text(NAMED), postgresql_where=text(NAMED)),
        CheckConstraint("count BETWEEN 1 AND 4", name="job_count"),
    )

    id: str = cell(link(Category.REQUESTS, Until.REQUEST_FORGOTTEN), primary_key=True)
    person_id: str = cell(link(Category.REQUESTS, Until.REQUEST_FORGOTTEN), foreign_key="person.id", index=True)
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
    __endings__ = WITH_REQUEST

    job_id: str = cell(link(Category.REQUESTS, Until.REQUEST_FORGOTTEN), primary_key=True, foreign_key="job.id")
    index: int = number(request(OnExport.SUMMARY), primary_key=True)
    state: str = cell(request(OnExport.SUMMARY))
    reason: str | None = cell(request(OnExport.SUMMARY), default=None)


class PictureRow(SQLModel, table=True):
    __tablename__ = "picture"
    __subject__ = "person_id"
    __endings__ = {Until.PICTURE_DELETED: Row("drawn_at")}
    __table_args__ = (
        Index("picture_of_wish", "job_id", "index", unique=True),
        Index("picture_of_person", "person_id", "drawn_at"),
        Index("picture_in_server", "server", "drawn_at"),
        Index("picture_drawn", "drawn_at"),
        Index("picture_hidden", "id", sqlite_where=text(HIDDEN[0]), postgresql_where=text(HIDDEN[1])),
        Index("picture_shown", "shown_at", sqlite_where=text(SHOWN), postgresql_where=text(SHOWN)),
    )

    id: str = cell(about_picture(), primary_key=True)
    job_id: str = cell(link(Category.PICTURES, Until.PICTURE_DELETED), foreign_key="job.id")
    index: int = number(about_picture(OnExport.SUMMARY))
    person_id: str = cell(link(Category.PICTURES, Until.PICTURE_DELETED), foreign_key="person.id")
    seed: int = number(about_picture())
    blob: str = cell(link(Category.PICTURES, Until.PICTURE_DELETED), unique=True)
    width: int = number(about_picture())
    height: int = number(about_picture())
    format: str = cell(about_picture())
    hidden: bool = cell(about_picture(OnExport.SUMMARY))
    drawn_at: int = number(about_picture())
    server: str = cell(replace(asked_in, category=Category.PICTURES, keep=Until.PICTURE_DELETED))  #: of its request
    shown_at: int | None = number(about_picture(), default=None)  #: since when it may be shown as an example


class DeliveryRow(SQLModel, table=True):
    __tablename__ = "delivery"
    __subject__ = "job_id>job.person_id"
    __endings__ = WITH_REQUEST

    job_id: str = cell(link(Category.DELIVERY, Until.REQUEST_FORGOTTEN), primary_key=True, foreign_key="job.id")
    index: int = number(told, primary_key=True)
    state: str = cell(told, index=True)


class PostRow(SQLModel, table=True):
    """Where the message about a picture stands on a platform: to edit it, and to take it back when its person says so."""

    __tablename__ = "post"
    __subject__ = "job_id>job.person_id"
    __endings__ = WITH_REQUEST

    job_id: str = cell(link(Category.DELIVERY, Until.REQUEST_FORGOTTEN), primary_key=True, foreign_key="job.id")
    index: int = number(told, primary_key=True)
    sealed_address: bytes = cell(place, LargeBinary)
    at: int = number(told)


class InboxRow(SQLModel, table=True):
    """An update that was acted on; a platform may send it again."""

    __tablename__ = "inbox"
    __subject__ = ""
    __endings__ = {Until.EXPIRY: OwnEnd(life=INBOX_LIFE)}

    update: str = cell(NotPersonal("a platform's running number of an update, and nothing about it"), primary_key=True)
    until: int = number(NotPersonal("when the number is forgotten"), index=True)


class ButtonRow(SQLModel, table=True):
    """What one button does. The platform carries only the handle, which is no permission: its person must press it."""

    __tablename__ = "button"
    __subject__ = "person_id"
    __endings__ = {Until.EXPIRY: OwnEnd(life=BUTTON_LIFE)}

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
    until: int = number(
        Datum(Category.DELIVERY, (Purpose.DRAW,), Until.EXPIRY, OnErase.DELETE, OnExport.SUMMARY), index=True
    )


class PreferenceRow(SQLModel, table=True):
    __tablename__ = "preference"
    __subject__ = "person_id"
    __endings__ = WITH_ACCOUNT

    person_id: str = cell(link(Category.CHOICES), primary_key=True, foreign_key="person.id")
    shape: str = cell(chosen)
    private: bool = cell(chosen)
    format: str = cell(chosen)
    keep_days: int = number(chosen)
    model: str = cell(chosen)
    style: str = cell(chosen)


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
    __endings__ = WITH_BOOKS
    __table_args__ = (CheckConstraint("debt >= 0", name="ledger_account_debt"),)

    id: str = cell(money(OnExport.SUMMARY), primary_key=True)
    debt: int = number(money())
    frozen_reason: str | None = cell(money(), default=None)
    version: int = number(bookkeeping)
    created_at: int = number(money())
    closed_at: int | None = number(money(OnExport.SUMMARY), default=None)  #: set when all of its books go, with them


class CreditLotRow(SQLModel, table=True):
    """Credits that came in together. The five amounts are a cache that the checker proves from the entries."""

    __tablename__ = "credit_lot"
    __subject__ = "account_id>person_account.account_id>person_account.person_id"
    __endings__ = WITH_BOOKS
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
    __endings__ = WITH_BOOKS
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
    __endings__ = WITH_BOOKS

    hold_id: str = cell(money(OnExport.SUMMARY), primary_key=True, foreign_key="hold.id")
    seq: int = number(money(OnExport.SUMMARY), primary_key=True)
    lot_id: str = cell(money(OnExport.SUMMARY), foreign_key="credit_lot.id")
    amount: int = number(money())


class LedgerTxRow(SQLModel, table=True):
    """Append-only. The id is the idempotency key; the hash tells a repetition from another fact under the same key."""

    __tablename__ = "ledger_tx"
    __subject__ = "account_id>person_account.account_id>person_account.person_id"
    __endings__ = WITH_BOOKS

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
    __endings__ = WITH_BOOKS

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


def endings() -> Mapping[str, Mapping[Until, Ending]]:
    """By table: from when each period counts, and what happens then. What has none says nothing about anybody."""
    return {str(row.__tablename__): getattr(row, "__endings__", {}) for row in SQLModel.__subclasses__()}


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
