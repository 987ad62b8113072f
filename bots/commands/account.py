"""Coming in, finding one's way, and what one can spend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bots.commands import rights
from bots.commands.asks import Imagine
from bots.declaring import Commands, Nothing, Offers, Option
from bots.policy.shown import Section, changes, controller
from bots.replies import Button, Line, Reply, reply, say
from core import accounts
from core.errors import Refused
from core.ports import App
from core.requests import choices
from core.requests.options import usual_model
from core.rules import KEEP_DAYS
from core.values import Preferences, Who

commands = Commands()
FIRST_WISH = "a yellow star on a black background"


@commands("start", private=True)
async def start(app: App, who: Who, _ask: Nothing) -> Reply:
    """What this is, what is kept, how old one must be; one press to begin."""
    person = await accounts.find(app, who)
    if person is None:
        return reply(
            say("start.hello"),
            say("start.kept"),
            controller(app.policy),
            say("start.age", age=app.policy.facts.minimum_age),
            buttons=(_agree(app), Button(say("button.too_young"), "too_young", Nothing())),
            private=True,
        )
    if not accounts.is_informed(app, person):
        return asked_again(app, person.notice_version)
    balance = await accounts.balance(app, person)
    return reply(
        say("start.again", spendable=balance.spendable), *_what_next(app), buttons=(_first_wish(),), private=True
    )


def asked_again(app: App, since: int) -> Reply:
    """Somebody agreed to an older text than the one everybody must know: what changed, and one press to go on."""
    missed = changes(app.policy.changes_since(since))
    lines = (say("policy.again"), *missed) if missed else ()
    look = Button(say("privacy_button.look"), rights.button(Section.CHANGES).command, Nothing())
    return reply(say("policy.changed"), *lines, buttons=(_agree(app), look), private=True)


@commands("agree", private=True, listed=False)
async def agree(app: App, who: Who, _ask: Nothing) -> Reply:
    """The button under the notice: old enough, and has read it."""
    earlier = await accounts.find(app, who)
    if earlier is not None and not accounts.is_informed(app, earlier):
        balance = await accounts.balance(app, await accounts.agree(app, who))
        return reply(say("policy.agreed_again", spendable=balance.spendable), private=True)
    balance = await accounts.balance(app, await accounts.agree(app, who))
    spendable = balance.spendable
    welcome = say("start.welcome", spendable=spendable) if spendable else say("start.welcome_without")
    return reply(welcome, *_what_next(app), buttons=(_first_wish(),), private=True)


@commands("too_young", private=True, listed=False)
async def too_young(app: App, who: Who, _ask: Nothing) -> Reply:
    """The other button: nothing but an expiring mark is kept."""
    if await accounts.find(app, who):
        raise Refused("start.has_account")
    await accounts.say_too_young(app, who)
    return reply(say("start.come_back", age=app.policy.facts.minimum_age), private=True)


@dataclass(frozen=True)
class Help:
    command: Annotated[str, Option(main=True)] = ""


@commands("help")
async def help_(app: App, _who: Who, ask: Help) -> Reply:
    """Every command with its sentence, or one command with its options."""
    from bots.commands import commands as all_commands

    name = ask.command.strip().lower().removeprefix("/")
    if not name:
        listed = [say("help.command", name=c.name, what=say(f"command.{c.name}")) for c in all_commands if c.listed]
        return reply(say("help.intro"), *listed, say("help.more"))
    command = all_commands.get(name)
    if command is None or not command.listed:
        raise Refused("command.unknown", got=name)
    lines: list[Line] = [say("help.command", name=command.name, what=say(f"command.{command.name}"))]
    for argument in command.arguments:
        what = say(f"option.{argument.name}")
        lines.append(say("help.main" if argument.option.main else "help.option", name=argument.name, what=what))
    if name == "imagine":
        model = app.catalogue.default
        shapes = tuple(model.sizes)
        lines.append(say("help.imagine", model=model.name, steps=model.steps, guidance=model.guidance, shapes=shapes))
        if len(app.catalogue.models) > 1:
            lines.append(say("help.other_models"))
    return reply(*lines)


@commands("balance", private=True)
async def balance(app: App, who: Who, _ask: Nothing) -> Reply:
    """What one can spend, what open requests hold, and what a picture costs."""
    now = await accounts.balance(app, await accounts.present(app, who))
    lines = [say("balance.spendable", spendable=now.spendable)]
    if now.held:
        lines.append(say("balance.held", held=now.held))
    if now.debt:
        lines.append(say("balance.debt", debt=now.debt))
    model = app.catalogue.default
    lines.append(say("balance.price", price=model.price, steps=int(model.steps.default)))
    if len(app.catalogue.models) > 1:
        lines.append(say("balance.other_models", model=model.name))
    return reply(*lines, private=True)


@dataclass(frozen=True)
class Settings:
    shape: Literal["square", "portrait", "landscape"] | None = None
    private: bool | None = None
    format: Literal["png", "jpg", "webp"] | None = None
    keep_days: Annotated[int | None, Option(low=0, high=KEEP_DAYS)] = None
    model: Annotated[str | None, Option(offers=Offers.MODELS, none=True)] = None
    style: Annotated[str | None, Option(offers=Offers.STYLES, none=True)] = None


@commands("settings", private=True)
async def settings(app: App, who: Who, ask: Settings) -> Reply:
    """What one prefers; options given change it."""
    changes = {name: value for name, value in vars(ask).items() if value is not None}
    now = await choices.preferences(app, who, **changes)
    lines = [
        say("settings.changed" if changes else "settings.now"),
        say("settings.shape", shape=now.shape),
        say("settings.private" if now.private else "settings.public"),
        say("settings.format", format=now.format),
        say("settings.keep_days", days=now.keep_days) if now.keep_days else say("settings.keep"),
        _preferred_model(app, now),
        say("settings.style", style=now.style) if now.style else say("settings.no_style"),
    ]
    return reply(*lines, *([] if changes else [say("settings.how")]), private=True)


@commands("about")
async def about(app: App, _who: Who, _ask: Nothing) -> Reply:
    """What this bot is, what draws, who runs it."""
    model = app.catalogue.default
    lines = [say("about.what"), say("about.model", model=model.name, price=model.price)]
    if len(app.catalogue.models) > 1:
        lines.append(say("about.other_models"))
    return reply(*lines, controller(app.policy))


def _preferred_model(app: App, now: Preferences) -> Line:
    usual = usual_model(app.catalogue, now).name
    if not now.model:
        return say("settings.usual_model", model=usual)
    if now.model != usual:
        return say("settings.model_gone", got=now.model, model=usual)
    return say("settings.model", model=usual)


def _what_next(app: App) -> tuple[Line, ...]:
    return (say("start.try", wish=FIRST_WISH, price=app.catalogue.default.price), say("start.more"))


def _agree(app: App) -> Button:
    return Button(say("button.agree", age=app.policy.facts.minimum_age), "agree", Nothing())


def _first_wish() -> Button:
    return Button(say("button.draw_it"), "imagine", Imagine(FIRST_WISH))
