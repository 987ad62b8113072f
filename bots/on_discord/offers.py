"""What somebody is offered while they type an option: their own newest pictures, their open requests, names of the catalogue.

It is private, and reaches nobody else: Discord shows it to who types.
"""

from __future__ import annotations

from typing import Final

from bots.declaring import Argument, Command, Offers
from bots.offering import choices_of
from bots.on_discord.words import title
from bots.replies import say
from core import accounts
from core.ports import App, Catalogue
from core.requests import gallery, generation
from core.values import Job, Who

MOST: Final = 25  #: Discord shows no more, and each has to be opened for every letter somebody types
NAME: Final = 100  #: characters of one

Offer = tuple[str, str]


async def offers(app: App, who: Who, command: Command, option: str, typed: str) -> list[Offer]:
    """What they see and what it stands for, newest first. Raises Refused for who has no account, where it is about theirs."""
    argument = next(one for one in command.arguments if one.name == option)
    match argument.option.offers:
        case Offers.PICTURES:
            found = await _pictures(app, who)
        case Offers.REQUESTS:
            found = await _open_requests(app, who)
        case Offers.ADAPTERS:
            return _adapters(argument, app.catalogue, typed)
        case _:
            found = [*choices_of(argument, app.catalogue, app.catalogue.models)]
    wanted = typed.casefold().strip()
    return [offer for offer in found if wanted in offer[0].casefold()][:MOST]


def _adapters(argument: Argument, catalogue: Catalogue, typed: str) -> list[Offer]:
    """With the strength that stands there already."""
    name, colon, strength = typed.strip().partition(":")
    found = [one.value for one in choices_of(argument, catalogue, catalogue.models)]
    fitting = [f"{one}{colon}{strength}"[:NAME] for one in found if name.casefold() in one.casefold()]
    return [(one, one) for one in fitting][:MOST]


async def _pictures(app: App, who: Who) -> list[Offer]:
    person = await accounts.active(app, who)
    pictures = await app.database.run(gallery.newest, person.id, app.keeping, MOST)
    words = {job.id: await _prompt(app, job) for job in {job.id: job for _, job in pictures}.values()}
    return [
        (title(say("discord.offer", id=picture.id, prompt=words[job.id]), NAME), picture.id)
        for picture, job in pictures
    ]


async def _open_requests(app: App, who: Who) -> list[Offer]:
    return [
        (
            title(
                say("discord.offer_open", place=queued.place, prompt=await _prompt(app, queued.job)),
                NAME,
            ),
            queued.job.id,
        )
        for queued in reversed(await generation.queue(app, who))
    ]


async def _prompt(app: App, job: Job) -> str:
    return (await generation.words_of(app, job)).prompt if job.sealed_words else ""
