"""Text with entities: HTML read into it, commands, mentions and links found in it, and its length.

The rules are those of https://core.telegram.org/bots/api#html-style and its refusals those of `parse_html` in tdlib's
MessageEntity.cpp. Offsets and lengths count UTF-16 code units: https://core.telegram.org/api/entities#entity-length
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.telegram.refusals import Refusal, bad_request

Entity = dict[str, Any]

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}

ESCAPED = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")  #: any other name stays as it is written
NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
UNMARKED = re.compile(r"&?[^<&]*")  #: an & may turn out to be just that
ATTRIBUTE = re.compile(r"""\s*([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))?""")

#: A mark that a person or a bot need not make: https://core.telegram.org/api/entities
FOUND = (
    ("bot_command", re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w|/)")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}\b")),
    ("url", re.compile(r"\bhttps?://[^\s<>\"]*[^\s<>\".,;:!?)\]}']")),
)


@dataclass
class Open:
    """A tag that waits for its end."""

    name: str
    offset: int
    entity: Entity | None


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def plain(text: str) -> tuple[str, list[Entity]]:
    """What people type, or a bot without a parse mode: trimmed, as every message is."""
    return _finish(text, [])


def html(source: str) -> tuple[str, list[Entity]]:
    return _finish(*_Html(source).read())


def given(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The entities a bot lists itself; then nothing else is looked for but commands, mentions and links."""
    return _finish(text, [dict(entity) for entity in entities])


class _Html:
    def __init__(self, source: str) -> None:
        self._source, self._at = source, 0
        self._text = ""
        self._length = 0
        self._open: list[Open] = []
        self._entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._source):
            if self._source[self._at] == "<":
                self._tag()
            elif escaped := ESCAPED.match(self._source, self._at):
                self._add(_unescape(escaped[0]))
                self._at = escaped.end()
            else:
                run = UNMARKED.match(self._source, self._at)
                assert run is not None
                self._add(run[0])
                self._at = run.end()
        if self._open:
            raise cannot_parse(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return self._text, self._entities

    def _add(self, text: str) -> None:
        self._text += text
        self._length += units(text)

    def _tag(self) -> None:
        begin = self._at
        if self._source.startswith("</", begin):
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        name = re.compile(r"<([^\s>]*)").match(self._source, begin)
        assert name is not None
        if name.end() == len(self._source):
            raise cannot_parse(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        tag = name[1].lower()
        if tag not in TAGS:
            raise cannot_parse(f'Unsupported start tag "{tag}" at byte offset {self._bytes(begin)}')
        end = self._source.find(">", name.end())
        if end < 0:
            raise cannot_parse(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
        attributes = _attributes(self._source[name.end() : end])
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise cannot_parse(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self._open.append(Open(tag, self._length, self._entity(tag, attributes)))
        self._at = end + 1

    def _entity(self, tag: str, attributes: dict[str, str]) -> Entity | None:
        kind = TAGS[tag]
        language = attributes.get("class", "").removeprefix("language-")
        outer = self._open[-1] if self._open else None
        if tag == "code" and language and outer and outer.name == "pre" and outer.entity:
            outer.entity["language"] = language
            return None
        if tag == "code" and outer and outer.name == "pre":
            return None
        if tag == "a":
            return {"type": kind, "url": attributes["href"]} if attributes.get("href") else None
        if tag == "tg-emoji":
            return {"type": kind, "custom_emoji_id": attributes.get("emoji-id", "")}
        if tag == "blockquote" and "expandable" in attributes:
            return {"type": "expandable_blockquote"}
        return {"type": kind}

    def _end_tag(self, begin: int) -> None:
        if not self._open:
            raise cannot_parse(f"Unexpected end tag at byte offset {self._bytes(begin)}")
        written = re.compile(r"</([^\s>]*)\s*(>?)").match(self._source, begin)
        assert written is not None
        if not written[2]:
            raise cannot_parse(f"Unclosed end tag at byte offset {self._bytes(begin)}")
        opened = self._open.pop()
        if written[1] and written[1].lower() != opened.name:
            found = f'expected "</{opened.name}>", found "</{written[1].lower()}>"'
            raise cannot_parse(f"Unmatched end tag at byte offset {self._bytes(begin)}, {found}")
        if opened.entity and self._length > opened.offset:
            place = {"offset": opened.offset, "length": self._length - opened.offset}
            self._entities.append(opened.entity | place)
        self._at = written.end()

    def _bytes(self, at: int) -> int:
        return len(self._source[:at].encode())


def cannot_parse(why: str) -> Refusal:
    return bad_request(f"can't parse entities: {why}")


def _attributes(source: str) -> dict[str, str]:
    return {
        name.lower(): ESCAPED.sub(lambda found: _unescape(found[0]), double or single or bare)
        for name, double, single, bare in ATTRIBUTE.findall(source)
    }


def _unescape(escaped: str) -> str:
    if escaped in NAMED:
        return NAMED[escaped]
    number = int(escaped[3:-1], 16) if escaped[2] in "xX" else int(escaped[2:-1])
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else escaped


def _finish(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Trim, move the entities along, and add those that need no mark."""
    bare = text.strip()
    shift = units(text[: len(text) - len(text.lstrip())])
    kept = [moved for entity in entities if (moved := _moved(entity, shift, units(bare)))]
    kept += [found for found in _found(bare) if not any(_clash(found, entity) for entity in kept)]
    return bare, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _moved(entity: Entity, shift: int, length: int) -> Entity | None:
    begin = max(0, entity["offset"] - shift)
    end = min(length, entity["offset"] - shift + entity["length"])
    return entity | {"offset": begin, "length": end - begin} if end > begin else None


def _found(text: str) -> list[Entity]:
    found: list[Entity] = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            place = {"offset": units(text[: match.start()]), "length": units(match[0])}
            if not any(_overlap(place, other) for other in found):
                found.append({"type": kind} | place)
    return found


def _clash(found: Entity, entity: Entity) -> bool:
    """Nothing is found inside code and links: "pre and code entities can't contain other entities"."""
    return entity["type"] in ("code", "pre", "text_link", found["type"]) and _overlap(found, entity)


def _overlap(one: Entity, other: Entity) -> bool:
    return one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"]
