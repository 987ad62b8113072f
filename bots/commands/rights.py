"""What people may read before anything else: the policy, section by section, and the terms. The same for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bots.declaring import Commands, Handler, Nothing, Option
from bots.policy.shown import Section, section, terms
from bots.replies import Button, Reply, reply, say
from core.ports import App
from core.rights import probing
from core.values import Who

commands = Commands()


@dataclass(frozen=True)
class Privacy:
    section: Annotated[
        Literal["summary", "kept", "recipients", "rights", "age", "changes", "proof", "all"], Option(main=True)
    ] = "summary"


@commands("privacy", only_looks=True)
async def privacy(app: App, _who: Who, ask: Privacy) -> Reply:
    """What is kept, why and for how long; who gets it; one's rights; what changed; and the test behind each promise."""
    asked = list(Section) if ask.section == "all" else [Section(ask.section)]
    probed = await probing.newest(app) if Section.PROOF in asked else None
    lines = [line for one in asked for line in section(app.policy, one, probed)]
    return reply(*lines, buttons=tuple(button(one) for one in Section if one not in asked))


@commands("terms", only_looks=True)
async def terms_(app: App, _who: Who, _ask: Nothing) -> Reply:
    """What holds between people and whoever runs the bot."""
    return reply(*terms(app.policy), buttons=(button(Section.SUMMARY),))


def button(which: Section) -> Button:
    """It takes no argument, so that people who have no account may press it, too."""
    return Button(say(f"privacy_button.{which}"), f"privacy_{which}", Nothing())


def _declare(which: Section) -> None:
    async def show(app: App, who: Who, _ask: Nothing) -> Reply:
        """The section that its button names."""
        return await privacy(app, who, Privacy(which.value))

    handler: Handler = show
    commands(f"privacy_{which}", listed=False, anyone=True, only_looks=True)(handler)


for _which in Section:
    _declare(_which)
