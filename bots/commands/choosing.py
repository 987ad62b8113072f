"""What there is to choose from: models and styles, each with a request for it that waits to be filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from bots.commands.asks import Imagine, Models, Styles
from bots.declaring import Commands
from bots.replies import Button, Form, Line, Reply, reply, say
from core import accounts
from core.errors import Refused
from core.ports import App, Catalogue, Model, Style
from core.requests import choices, options
from core.values import Preferences, Who

commands = Commands()
MODELS_SHOWN: Final = 8  #: at once: each takes two lines, and a message of Discord holds 2,000 letters
STYLES_SHOWN: Final = 20  #: at once: under a message of Discord there is room for 25 buttons
T = TypeVar("T")


@commands("models", private=True, form=True)
async def models(app: App, who: Who, ask: Models) -> Reply:
    """Every model that people may ask for; or one with all it can do, and a request for it to be filled in."""
    preferred, known = await _preferred(app, who)
    if ask.name:
        chosen = options.known_model(app.catalogue, ask.name)
        lines = [_summary(app.catalogue, chosen, preferred), *_abilities(chosen), say("models.form")]
        return reply(*lines, form=Form("imagine", Imagine("", model=chosen.name)), private=True)
    shown, pages = _page(app.catalogue.models, ask.page, MODELS_SHOWN)
    buttons = [Button(say("button.choose", name=one.title or one.name), "models", Models(one.name)) for one in shown]
    return reply(
        say("models.intro", page=ask.page, pages=pages) if pages > 1 else say("models.intro_all"),
        *(_summary(app.catalogue, model, preferred) for model in shown),
        say("models.how", model=shown[-1].name),
        buttons=_pressable(buttons, Models(page=ask.page + 1) if ask.page < pages else None, known=known),
        private=True,
    )


@commands("styles", private=True, form=True)
async def styles(app: App, who: Who, ask: Styles) -> Reply:
    """Every style that a model here reads; or one, and a request in it to be filled in."""
    preferred, known = await _preferred(app, who)
    if ask.name:
        style = options.known_style(app.catalogue, ask.name)
        filled = Imagine("", model=_other_model_for(app.catalogue, style, preferred), style=style.name)
        lines = [say("styles.chosen", name=style.name, about=style.about), say("styles.form")]
        return reply(*lines, form=Form("imagine", filled), private=True)
    readable = [style for style in app.catalogue.styles if any(style.suits(model) for model in app.catalogue.models)]
    if not readable:
        raise Refused("styles.none")
    shown, pages = _page(readable, ask.page, STYLES_SHOWN)
    buttons = [Button(say("button.choose", name=one.name), "styles", Styles(one.name)) for one in shown]
    return reply(
        say("styles.intro", page=ask.page, pages=pages) if pages > 1 else say("styles.intro_all"),
        *(say("styles.style", name=style.name, about=style.about) for style in shown),
        say("styles.how", style=shown[-1].name),
        buttons=_pressable(buttons, Styles(page=ask.page + 1) if ask.page < pages else None, known=known),
        private=True,
    )


async def _preferred(app: App, who: Who) -> tuple[Preferences, bool]:
    """And whether they have an account: a newcomer's button may carry nothing."""
    if await accounts.find(app, who) is None:
        return Preferences(), False
    try:
        return await choices.preferences(app, who), True
    except Refused:
        return Preferences(), False


def _summary(catalogue: Catalogue, model: Model, preferred: Preferences) -> Line:
    usual, liked = model.name == catalogue.default.name, model.name == preferred.model
    return say(
        "models.model",
        name=model.name,
        title=model.title or model.name,
        mark=say("models.preferred" if liked else "models.usual" if usual else "models.plain"),
        price=model.price,
        steps=model.steps,
        sizes=tuple(say("models.size", shape=shape, width=w, height=h) for shape, (w, h) in model.sizes.items()),
        licence=say("models.licence", licence=model.licence) if model.licence else say("models.no_licence"),
        commercial=_commercial_use(model),
    )


def _commercial_use(model: Model) -> Line:
    """Whether money may be made with its pictures, in a few words."""
    if model.commercial_use in ("yes", "no"):
        return say("models.commercial" if model.commercial_use == "yes" else "models.not_commercial")
    return say("models.commercial_if", condition=model.commercial_use)


def _abilities(model: Model) -> list[Line]:
    lines = [say("models.knows", what=model.knows)] if model.knows else []
    if model.guidance.low < model.guidance.high:
        lines.append(say("models.guidance", guidance=model.guidance))
    lines.append(say("models.references" if model.references else "models.no_references"))
    lines.append(say("models.negative" if model.negative else "models.no_negative"))
    if model.weighting:
        lines.append(say("models.weighting"))
    if model.adapters:
        lines.append(say("models.adapters", names=model.adapters))
    return lines


def _other_model_for(catalogue: Catalogue, style: Style, preferred: Preferences) -> str | None:
    """None where the style says something to the usual model, else the first that it does."""
    if style.suits(options.usual_model(catalogue, preferred)):
        return None
    return next((model.name for model in catalogue.models if style.suits(model)), None)


def _page(all_: Sequence[T], number: int, size: int) -> tuple[Sequence[T], int]:
    pages = max(1, -(-len(all_) // size))
    if number > pages:
        raise Refused("choosing.past_end", page=number, pages=pages)
    return all_[(number - 1) * size : number * size], pages


def _pressable(buttons: list[Button], further: Any, *, known: bool) -> tuple[Button, ...]:
    if not known:
        return ()
    command = buttons[0].command
    return (*buttons, *((Button(say("button.next_page"), command, further),) if further else ()))
