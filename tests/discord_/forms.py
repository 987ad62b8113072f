"""What Discord checks of a message beyond its schema: rules between fields, and the limits of messages without a layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.discord_.errors import invalid_form
from tests.discord_.schema import Complaint

V2 = 1 << 15
SETTABLE = 1 << 2 | 1 << 6 | 1 << 12 | 1 << 13 | V2
CONTENT, ROWS, COMPONENTS, LAYOUT_TEXT, EMBED_TEXT = 2000, 5, 40, 4000, 6000
ROW, BUTTON, TEXT = 1, 2, 10
LINK, PREMIUM = 5, 6
INSIDE = ("components", "component", "accessory")

Path = tuple[str | int, ...]


def check_message(body: dict[str, Any], flags: int) -> None:
    complaints = [
        *_content(body, flags),
        *_flags(flags),
        *_embeds(body.get("embeds") or ()),
        *_layout(body.get("components") or (), flags),
        *_components(body.get("components") or ()),
        *_mentions(body.get("allowed_mentions") or {}),
    ]
    if complaints:
        raise invalid_form(complaints)


def walk(components: Iterable[dict[str, Any]], path: Path = ("components",)) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every component with its place in the body, parents before children."""
    for number, component in enumerate(components):
        here = (*path, number)
        yield here, component
        for name in INSIDE:
            inner = component.get(name)
            if isinstance(inner, dict):
                inside = (*here, name)
                yield inside, inner
                yield from walk(inner.get("components") or (), (*inside, "components"))
            else:
                yield from walk(inner or (), (*here, name))


def _content(body: dict[str, Any], flags: int) -> Iterator[Complaint]:
    if len(body.get("content") or "") > CONTENT:
        yield Complaint(("content",), "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT} or fewer in length.")
    if flags & V2:
        for name in ("content", "embeds"):
            if body.get(name):
                words = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                yield Complaint(
                    (name,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words.replace("content", name)
                )


def _flags(flags: int) -> Iterator[Complaint]:
    if flags & ~SETTABLE:
        yield Complaint(("flags",), "MESSAGE_FLAGS_INVALID", "Invalid message flags.")


def _embeds(embeds: Iterable[dict[str, Any]]) -> Iterator[Complaint]:
    total = 0
    for number, embed in enumerate(embeds):
        said = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
        said += [(embed.get("author") or {}).get("name")]
        said += [part for field in embed.get("fields") or () for part in (field["name"], field["value"])]
        total += sum(len(part) for part in said if part)
        if total > EMBED_TEXT:
            words = f"Embed size exceeds maximum size of {EMBED_TEXT}"
            yield Complaint(("embeds", number), "MAX_EMBED_SIZE_EXCEEDED", words)


def _layout(components: Iterable[dict[str, Any]], flags: int) -> Iterator[Complaint]:
    components = list(components)
    everything = [component for _, component in walk(components)]
    if flags & V2:
        if len(everything) > COMPONENTS:
            yield _too_many(("components",), COMPONENTS)
        if sum(len(part["content"]) for part in everything if part["type"] == TEXT) > LAYOUT_TEXT:
            words = f"The total displayable text size exceeds the maximum size of {LAYOUT_TEXT}"
            yield Complaint(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", words)
        return
    if len(components) > ROWS:
        yield _too_many(("components",), ROWS)
    for number, component in enumerate(components):
        if component["type"] != ROW:
            words = 'Value of field "type" must be one of (1,).'
            yield Complaint(("components", number), "UNION_TYPE_CHOICES", words)


def _components(components: Iterable[dict[str, Any]]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for path, component in walk(components):
        name = component.get("custom_id")
        if name is not None and name in seen:
            words = "Component custom id cannot be duplicated"
            yield Complaint((*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", words)
        seen.add(name or "")
        if component["type"] == BUTTON:
            yield from _button(path, component)
        if component["type"] == ROW and len(component["components"]) > 1:
            yield from _row(path, component["components"])


def _row(path: Path, inside: list[dict[str, Any]]) -> Iterator[Complaint]:
    if any(component["type"] != BUTTON for component in inside):
        words = "Components width should be less than or equal to 5"
        yield Complaint(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words)


def _button(path: Path, button: dict[str, Any]) -> Iterator[Complaint]:
    style = button["style"]
    needed = {LINK: "url", PREMIUM: "sku_id"}.get(style, "custom_id")
    if not button.get(needed):
        yield Complaint((*path, needed), "BASE_TYPE_REQUIRED", "This field is required")
    if needed != "custom_id" and button.get("custom_id"):
        words = "A custom id and url cannot both be specified"
        yield Complaint((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", words)
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        words = "A label or emoji must be specified"
        yield Complaint(path, "BUTTON_COMPONENT_INVALID_EMOJI_OR_LABEL", words)


def _mentions(allowed: dict[str, Any]) -> Iterator[Complaint]:
    for kind in ("users", "roles"):
        if kind in (allowed.get("parse") or ()) and allowed.get(kind):
            words = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            yield Complaint(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words)


def _too_many(path: Path, most: int) -> Complaint:
    return Complaint(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
