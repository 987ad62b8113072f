"""The page's one document and its scripts agree: each element, template and word that a script asks for is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bots.on_page.html import WORDS, page_html

STATIC = Path(__file__).parents[2] / "bots" / "on_page" / "static"
SCRIPTS = "\n".join(path.read_text() for path in STATIC.glob("*.js"))


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        (r'\$\("([\w-]+)"\)', r'\bid="([\w-]+)"'),
        (r'copy\("([\w-]+)"\)', r'<template id="([\w-]+)"'),
        (r'word\("(\w+)"\)', r'data-word="(\w+)"'),
        (r"#(i-[a-z]+)", r'<symbol id="([\w-]+)"'),
    ],
)
def test_what_a_script_asks_for_is_there(asked: str, there: str) -> None:
    html = page_html()
    assert set(re.findall(asked, SCRIPTS + html)) - set(re.findall(there, html)) == set()


def test_every_word_of_the_page_is_used() -> None:
    template = (STATIC / "page.html").read_text()
    words = {line.key.partition(".")[2] for line in WORDS}

    unused = {word for word in words if not re.search(rf'words\.{word}\b|"{word}"', template)}
    assert {word for word in unused if f'"{word.removeprefix("fact_")}"' not in template} == set()


def test_everything_one_can_press_has_a_name() -> None:
    html = page_html()
    for button in re.findall(r"<button.*?</button>", html, re.S):
        named = (
            re.search(r'aria-label="[^"]+"', button) or re.sub(r"<svg.*?</svg>|<[^>]+>", "", button, flags=re.S).strip()
        )
        filled_later = re.search(r'id="(banner-button|sure-yes)"|class="(open|pill)"', button)
        assert named or filled_later, button
    for image in re.findall(r"<img[^>]*>", html):
        assert "alt=" in image, image
