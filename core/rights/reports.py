"""What somebody reports: a picture, the account of a child, a picture of a body that its person never allowed.

Each is a ticket with a due date of its own. Knows no command and no sentence.
"""

from __future__ import annotations

from core import accounts
from core.errors import Refused
from core.moderation import clean
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.rights import tickets
from core.rules import REPORT_CHARACTERS
from core.values import PersonId, PictureId, Who
from core.values.letters import Ticket, TicketKind


async def report_picture(app: App, who: Who, picture: PictureId, reason: str) -> Ticket:
    """A picture this person may have seen. Raises Refused."""
    person = await accounts.active(app, who)
    reason = clean(reason)
    if len(reason) > REPORT_CHARACTERS:
        raise Refused("report.too_long", most=REPORT_CHARACTERS, got=len(reason))

    def check(tx: Records) -> None:
        _may_be_seen(tx, person.id, picture, app.keeping)

    return await tickets.send(app, person.id, who.door, TicketKind.REPORT, reason, picture, check)


async def report_child(app: App, who: Who, text: str) -> Ticket:
    """An account that may belong to somebody younger than allowed. Raises Refused for who has no account."""
    return await tickets.ask(app, who, TicketKind.REPORT_CHILD, text)


async def report_intimate(app: App, who: Who, text: str) -> Ticket:
    """A notice under the TAKE IT DOWN Act, with its four elements in the text.

    Which picture it names is not looked up: the answer must not tell what is here. Raises Refused for who has no account.
    """
    return await tickets.ask(app, who, TicketKind.REPORT_INTIMATE, text)


def _may_be_seen(tx: Records, person: PersonId, picture_id: PictureId, keeping: Keeping) -> None:
    """One's own pictures and those that were asked for in public can be reported; a private one of somebody else is unknown."""
    picture = tx.pictures.get(picture_id, keeping)
    job = tx.jobs.get(picture.job) if picture else None
    if picture is None or job is None or (job.private and job.person != person):
        raise Refused("picture.unknown", id=picture_id)
