"""What a person has on the screen of a Discord client: buttons, menus, forms, and what can be done with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.discord_.messages import BUTTON, LINK, Message, name_of

if TYPE_CHECKING:
    from tests.discord_.interactions import Use
    from tests.discord_.people import User

LABEL, TEXT_INPUT, SELECT = 18, 4, 3


class Impossible(Exception):
    """A person could not do this in a Discord client."""


@dataclass(frozen=True)
class Field:
    """One thing to fill in."""

    path: tuple[int, int] | int  #: place in the form's components
    component: dict[str, Any]
    label: str

    @property
    def custom_id(self) -> str:
        name: str = self.component["custom_id"]
        return name

    @property
    def value(self) -> str:
        """What the bot wrote in it."""
        return self.component.get("value") or ""

    def holds(self, text: str) -> None:
        longest, shortest = self.component.get("max_length") or 4000, self.component.get("min_length") or 0
        if not text and self.component.get("required", True):
            raise Impossible(f"{self.label} must be filled in")
        if text and not shortest <= len(text) <= longest:
            raise Impossible(f"{self.label} takes {shortest} to {longest} characters")


@dataclass(frozen=True, eq=False)
class Modal:
    """A form on a person's screen."""

    use: Use = field(repr=False)
    title: str
    custom_id: str
    components: list[dict[str, Any]] = field(repr=False)

    @property
    def fields(self) -> list[Field]:
        found = []
        for number, outer in enumerate(self.components):
            if outer["type"] == LABEL:
                found.append(Field(number, outer["component"], outer["label"]))
            for place, inner in enumerate(outer.get("components") or ()):
                found.append(Field((number, place), inner, inner.get("label") or inner["custom_id"]))
        return found

    def filled(self, answers: dict[str, str]) -> dict[str, Any]:
        """The data of its submission."""
        left, components = dict(answers), []
        for number, outer in enumerate(self.components):
            own = [
                one
                for one in self.fields
                if one.path == number or (isinstance(one.path, tuple) and one.path[0] == number)
            ]
            given = [_field_given(one, left) | {"id": number * 10 + 2 + place} for place, one in enumerate(own)]
            inside = {"component": given[0]} if outer["type"] == LABEL else {"components": given} if given else {}
            components.append({"type": outer["type"], "id": number * 10 + 1} | inside)
        if left:
            raise Impossible(f"the form has no field {', '.join(left)}")
        return {"custom_id": self.custom_id, "components": components}


def _field_given(one: Field, left: dict[str, str]) -> dict[str, Any]:
    name = one.custom_id if one.custom_id in left else one.label
    given = {"type": one.component["type"], "custom_id": one.custom_id}
    if one.component["type"] == TEXT_INPUT:
        text = left.pop(name, one.value)
        one.holds(text)
        return given | {"value": text}
    if one.component["type"] == SELECT:
        return given | {"values": _values(one.component, [left.pop(name)] if name in left else [])}
    raise Impossible(f"{one.label} is a kind of field this stand-in does not know")


def button(user: User, message: Message, name: str) -> dict[str, Any]:
    _must_see(user, message)
    named = [part for part in message.now.walk() if part["type"] == BUTTON and name_of(part) == name]
    usable = [part for part in named if not part.get("disabled") and part["style"] != LINK]
    if not usable:
        why = "is disabled or a link" if named else f"is not among {message.buttons}"
        raise Impossible(f"the button {name!r} {why}")
    return usable[0]


def choice(user: User, message: Message, name: str, options: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    _must_see(user, message)
    for part in message.now.walk():
        if part["type"] == SELECT and name in (part.get("placeholder"), part["custom_id"]):
            if part.get("disabled"):
                break
            return part, _values(part, list(options))
    raise Impossible(f"there is no menu {name!r} to choose from")


def _must_see(user: User, message: Message) -> None:
    if not message.seen_by(user):
        raise Impossible(f"{user.name} does not see that message")
    if message.thinking:
        raise Impossible("the bot is still thinking")


def _values(menu: dict[str, Any], chosen: list[str]) -> list[str]:
    by_label = {option["label"]: option["value"] for option in menu["options"]}
    for label in chosen:
        if label not in by_label:
            raise Impossible(f"{label!r} is not among {list(by_label)}")
    low, high = menu.get("min_values"), menu.get("max_values")
    if not (1 if low is None else low) <= len(chosen) <= (high or 1):
        raise Impossible(f"{len(chosen)} options are too few or too many")
    return [by_label[label] for label in chosen]
