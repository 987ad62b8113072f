"""How a command is declared once: a name, typed arguments, one async function. Doors derive their forms from it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Awaitable, Callable
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from bots.replies import Reply
from core.ports import App
from core.values import Who

Handler = Callable[[App, Who, Any], Awaitable[Reply]]


class Offers(StrEnum):
    """What an option names. A door that can lets people choose, or completes it while they type."""

    PICTURES = "pictures"  #: their own, and by them the requests they came from
    REQUESTS = "requests"  #: their own that are open
    MODELS = "models"
    STYLES = "styles"
    ADAPTERS = "adapters"


@dataclass(frozen=True)
class Option:
    """What the type of an argument does not say. `main`: at a text door it is what stands without a name."""

    main: bool = False
    low: float | None = None
    high: float | None = None
    usual: float | None = None  #: what leaving it out means, where neither a preference nor a model decides
    of_model: bool = False  #: each model has a range of its own
    needs: str = ""  #: an ability of `core.ports.Model` without which it can't be used
    offers: Offers | None = None
    none: bool = False  #: `none` may be said, too, against what is preferred
    beside: str = ""  #: says nothing without this other option
    verbatim: bool = False  #: at a text door it is all that was typed, dashes and line breaks with it; stands alone


@dataclass(frozen=True)
class Attachment:
    """A file that comes with a command: an attachment, a reply to a picture, or a path at the terminal."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Argument:
    """One argument as doors see it. Its help is the sentence `option.<name>`."""

    name: str
    type: type
    choices: tuple[str, ...]
    required: bool
    option: Option


@dataclass(frozen=True)
class Command:
    """One command. Its sentence is `command.<name>`."""

    name: str
    arguments_type: type
    handler: Handler
    private: bool  #: its answer is for the asker's eyes only, wherever it was asked
    anyone: bool  #: its buttons may be pressed by others than the person they were made for
    listed: bool  #: shown in /help and in the menus of the doors
    shared: bool  #: where others read along they see its answer, unless who asks wants privacy
    form: bool  #: its answer may be a form
    replaces: bool  #: its answer stands in place of what the message of its button said
    only_looks: bool  #: it changes nothing, so hearing it twice, or not at all, does no harm

    @property
    def arguments(self) -> tuple[Argument, ...]:
        hints = get_type_hints(self.arguments_type, include_extras=True)
        return tuple(_argument(f, hints[f.name]) for f in fields(self.arguments_type))

    @property
    def attachment(self) -> Argument | None:
        """The argument that takes a file; a command has one at most."""
        return next((argument for argument in self.arguments if argument.type is Attachment), None)


@dataclass(frozen=True)
class Nothing:
    """The arguments of a command that takes none."""


class Commands:
    """The commands of a program, in the order of their declaration."""

    def __init__(self) -> None:
        self._by_name: dict[str, Command] = {}

    def __call__(
        self,
        name: str,
        *,
        private: bool = False,
        anyone: bool = False,
        listed: bool = True,
        shared: bool = False,
        form: bool = False,
        replaces: bool = False,
        only_looks: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function `async (app, who, arguments) -> Reply` as a command."""

        def declare(handler: Handler) -> Handler:
            *_, asked = inspect.signature(handler).parameters
            arguments = get_type_hints(handler)[asked]
            assert isinstance(arguments, type)
            assert is_dataclass(arguments)
            assert name not in self._by_name, f"two commands named {name}"
            self._by_name[name] = Command(
                name, arguments, handler, private, anyone, listed, shared, form, replaces, only_looks
            )
            return handler

        return declare

    def get(self, name: str) -> Command | None:
        return self._by_name.get(name)

    def __iter__(self) -> Any:
        return iter(self._by_name.values())

    def include(self, others: Commands) -> None:
        for declared in others:
            assert declared.name not in self._by_name, f"two commands named {declared.name}"
            self._by_name[declared.name] = declared


def _argument(declared: Any, hint: Any) -> Argument:
    option = Option()
    if get_origin(hint) is Annotated:
        hint, option = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (one for one in get_args(hint) if one is not type(None))
    choices: tuple[str, ...] = ()
    if get_origin(hint) is Literal:
        choices, hint = get_args(hint), str
    required = declared.default is MISSING and declared.default_factory is MISSING
    return Argument(declared.name, hint, choices, required, option)
