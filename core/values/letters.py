"""What passes between a person and whoever runs the bot: tickets, notices, looks. Values alone; what is done is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from core.values import Moment, PersonId

TicketId = NewType("TicketId", str)  #: short, read aloud and typed by people


class TicketKind(StrEnum):
    """What was asked for. Each has a day it is due in `core.rights.tickets.DUE` and a sentence `ticket_kind.<kind>`."""

    SUPPORT = "support"
    FEEDBACK = "feedback"
    CONTACT = "contact"  #: about privacy
    CORRECT = "correct"
    APPEAL = "appeal"
    REPORT = "report"  #: a picture that should not be here
    REPORT_CHILD = "report_child"  #: an account that may belong to a child
    REPORT_INTIMATE = "report_intimate"  #: a picture of somebody's body that they did not allow
    EXPORT = "export"
    ERASE = "erase"
    RESTRICT = "restrict"
    OBJECT = "object"


class TicketState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What became of a ticket; each has a sentence `ticket_outcome.<outcome>`."""

    ANSWERED = "answered"  #: by whoever runs the bot, in words
    DONE = "done"  #: by the program itself
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Ticket:
    """One thing somebody asked for, with its number and the day it is due. Text and answer are sealed under their key."""

    id: TicketId
    person: PersonId
    kind: TicketKind
    door: str
    asked_at: Moment
    due_at: Moment
    state: TicketState = TicketState.OPEN
    about: str = ""  #: the picture, purpose or field it speaks of, or empty
    outcome: Outcome | None = None
    sealed_text: bytes | None = field(default=None, repr=False)
    sealed_answer: bytes | None = field(default=None, repr=False)
    closed_at: Moment | None = None

    @property
    def is_open(self) -> bool:
        return self.state is TicketState.OPEN


class NoticeCategory(StrEnum):
    SERVICE = "service"  #: about the service itself, and what somebody has in it
    MARKETING = "marketing"  #: an offer: only to who allowed it, and never on Discord


class NoticeState(StrEnum):
    OWED = "owed"
    SENDING = "sending"  #: on its way: whoever finds it so after a crash knows that it may have arrived
    TOLD = "told"
    UNCERTAIN = "uncertain"  #: sent, and the answer was lost: it is not sent again
    UNDELIVERABLE = "undeliverable"  #: the private chat is closed: shown the next time they say something
    UNWANTED = "unwanted"  #: an offer to somebody who does not allow any


@dataclass(frozen=True)
class Notice:
    """One sentence, `notice.<key>`, that somebody is to be told once; `figure` is the one number it speaks of."""

    person: PersonId
    key: str
    figure: int
    category: NoticeCategory
    at: Moment
    until: Moment  #: told or not, it is forgotten then
    state: NoticeState = NoticeState.OWED


@dataclass(frozen=True)
class Addressed:
    """A notice, and how its person signs in at one door: the id there is sealed under their key."""

    notice: Notice
    lookup: str
    sealed_id: bytes = field(repr=False)


@dataclass(frozen=True)
class Look:
    """Whoever runs the bot looked at what belongs to a person, or changed it, with this command."""

    command: str
    at: Moment


@dataclass(frozen=True)
class Server:
    """A guild or group with settings. `id` is a keyed hash; `keep_days` 0: it does not say how long pictures stay."""

    id: str
    keep_days: int
    created_at: Moment
