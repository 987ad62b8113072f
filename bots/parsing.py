"""From a typed line to a command's arguments: `--name value` anywhere, `name=value` before the words. Text doors only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_type_hints

from bots.declaring import Argument, Attachment, Command, Option
from bots.replies import Form
from core.errors import Refused
from core.rules import ATTACHMENT_BYTES

_DASHES = r"(?:--|—|–)"  # telephones turn two hyphens into one long dash
_TOKEN = re.compile(
    rf"(?P<option>{_DASHES}(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>\"[^\"]*\"|“[^”]*”|\S+))?)(?=\s|$)"
    r"|(?P<early>(?P<key>[a-z]+)=(?P<set>\"[^\"]*\"|“[^”]*”|\S+))(?=\s|$)"
    r"|(?P<quoted>\"[^\"]*\"|“[^”]*”)(?=\s|$)"
    r"|(?P<word>\S+)"
)
_YES, _NO = {"yes", "on", "true"}, {"no", "off", "false"}


def parse(command: Command, text: str, attached: Attachment | None = None) -> Any:
    """The arguments of a command from what follows its name. Raises Refused naming what is wrong and what would be right."""
    known = {argument.name: argument for argument in command.arguments}
    main = next((argument for argument in command.arguments if argument.option.main), None)
    given: dict[str, Any] = {}
    words: list[str] = []
    if main is not None and main.option.verbatim and text.strip():
        given[main.name], text = text.strip(), ""
    tokens = _Tokens(text)
    for token in tokens:
        if token["option"]:
            argument = _find(command, known, token["name"].lower())
            given[argument.name] = _option_value(argument, token["value"], tokens)
        elif token["early"] and not words and token["key"] in known:
            given[token["key"]] = convert(known[token["key"]], _unquoted(token["set"]))
        else:
            words.append(token.group())
    if main is not None and main.type is Attachment:
        main = None
    if words and main is None:
        raise Refused("parse.no_words", command=command.name, got=words[0])
    if words and main is not None:
        given[main.name] = convert(main, " ".join(words))
    if attached is not None:
        given |= with_file(command, attached)
    for argument in command.arguments:
        if argument.required and argument.name not in given:
            raise Refused(f"parse.missing_{argument.name}", command=command.name)
    return command.arguments_type(**given)


def with_file(command: Command, attached: Attachment) -> dict[str, Attachment]:
    """The argument that a file is. Raises Refused for one nobody should try to read, and where none is wanted."""
    if command.attachment is None:
        raise Refused("parse.no_file", command=command.name)
    if len(attached.data) > ATTACHMENT_BYTES:
        raise Refused("parse.file_too_large", most=ATTACHMENT_BYTES // 1_000_000)
    return {command.attachment.name: attached}


def named_file(command: Command, text: str) -> tuple[str, str]:
    """What a line says where its command takes a file, and the line without it: for doors where a file has a name."""
    wanted = command.attachment
    if wanted is None:
        return "", text
    if wanted.option.main:
        return _unquoted(text.strip()), ""
    tokens = list(_TOKEN.finditer(text))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token["early"] and token["key"] == wanted.name:
            return _unquoted(token["set"]), text[: token.start()] + text[token.end() :]
        if token["option"] and token["name"].lower() == wanted.name:
            if token["value"] is not None:
                return _unquoted(token["value"]), text[: token.start()] + text[token.end() :]
            if following is not None and not following["option"]:
                return _unquoted(following.group()), text[: token.start()] + text[following.end() :]
    return "", text


def spell(form: Form) -> str:
    """A filled form as the line that one would type: the inverse of `parse`, defaults left out."""
    options, main = [], ""
    for field in fields(form.arguments):
        value = getattr(form.arguments, field.name)
        hints = get_type_hints(type(form.arguments), include_extras=True)
        if _is_main(hints[field.name]):
            main = str(value)
        elif value is not None and value != field.default and not isinstance(value, Attachment):
            options.append(f"--{field.name} {_spelt(value)}")
    return " ".join(part for part in (f"/{form.command}", main, *options) if part)


def _is_main(hint: Any) -> bool:
    return any(isinstance(note, Option) and note.main for note in getattr(hint, "__metadata__", ()))


def _spelt(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return '"' + text.replace('"', "'") + '"' if " " in text else text


class _Tokens:
    """Tokens of a line, with a look at the next one for options whose value follows."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_TOKEN.finditer(text))

    def __iter__(self) -> Iterator[re.Match[str]]:
        while self._tokens:
            yield self._tokens.pop(0)

    def next_value(self) -> str | None:
        """The word or quotation that follows, unless it is another option."""
        if not self._tokens or self._tokens[0]["option"]:
            return None
        return _unquoted(self._tokens.pop(0).group())

    def next_switch(self) -> str:
        """`yes` or `no` where that follows; a switch named alone is on."""
        if self._tokens and self._tokens[0].group().lower() in _YES | _NO:
            return self._tokens.pop(0).group()
        return "yes"


def _find(command: Command, known: dict[str, Argument], name: str) -> Argument:
    if name not in known:
        options = tuple(f"--{one.name}" for one in command.arguments if not one.option.main)
        raise Refused(
            "parse.unknown_option" if options else "parse.no_options", got=name, known=options, command=command.name
        )
    return known[name]


def _option_value(argument: Argument, value: str | None, tokens: _Tokens) -> Any:
    if value is not None:
        return convert(argument, _unquoted(value))
    if argument.type is bool:
        return convert(argument, tokens.next_switch())
    following = tokens.next_value()
    if following is None:
        raise Refused("parse.no_value", option=argument.name)
    return convert(argument, following)


def convert(argument: Argument, text: str) -> Any:
    """Raises Refused when the text is not of the argument's type or out of its range."""
    if argument.choices:
        if text.lower() not in argument.choices:
            raise Refused("parse.choice", option=argument.name, got=text, known=argument.choices)
        return text.lower()
    if argument.type is bool:
        if text.lower() not in _YES | _NO:
            raise Refused("parse.switch", option=argument.name, got=text)
        return text.lower() in _YES
    if argument.type is str:
        return text
    if argument.type is Attachment:
        raise Refused("parse.not_a_file", option=argument.name)
    try:
        number = argument.type(text)
    except ValueError:
        raise Refused(f"parse.not_{argument.type.__name__}", option=argument.name, got=text) from None
    low, high = argument.option.low, argument.option.high
    if not (low is None or number >= low) or not (high is None or number <= high):
        raise Refused("parse.range", option=argument.name, got=number, low=low, high=high)
    return number


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] in '"“' and text[-1] in '"”' else text
