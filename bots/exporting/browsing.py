"""The page of an export that a person opens: their data and pictures, without a script, by day and by night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from bots.replies import say
from bots.texts import render
from core.values.holdings import Summary, Table

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c1b1a; --paper: #faf8f5; --line: #ddd6cc; --soft: #6f675d; --glow: #b3541e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ece7e0; --paper: #171513; --line: #37322d; --soft: #a2988c; --glow: #e58a4f; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.8rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p, .soft { color: var(--soft); } a { color: var(--glow); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; padding: 0; }
figure { margin: 0; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
figure img { display: block; width: 100%; height: auto; background: var(--line); }
figcaption { padding: .5rem .7rem; font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
.rows { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; max-width: 28rem; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } tr:last-child td { border-bottom: 0; }
tr:target { outline: 2px solid var(--glow); }
"""
_FIRST_MOMENT: Final = 10**12  #: milliseconds: a larger number in a column of times is a time


def begin(made_at: int) -> str:
    title, intro = render(say("export.page_title")), render(say("export.page_intro", at=made_at))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1><p>{escape(intro)}</p>\n"
    )


def begin_table(table: Table, count: int) -> str:
    heading = f"<h2>{escape(_human(table.name).capitalize())} <span class=soft>{count}</span></h2>\n"
    if table.blobs:
        return heading + '<div class="pictures">\n'
    cells = "".join(f"<th>{escape(_human(cell.name))}</th>" for cell in table.values)
    return heading + (f'<div class="rows"><table><tr>{cells}</tr>\n' if table.values else "<div>")


def row(table: Table, shown: Mapping[str, Any]) -> str:
    """One row; a picture as itself, with a link to what it was asked with."""
    if "_file" in shown:
        asked = next(iter(shown.get("_of", {}).values()), "")
        said = ", ".join(f"{_human(cell.name)} {_plain(shown[cell.name])}" for cell in table.values if shown[cell.name])
        source, words = escape(shown["_file"]), escape(render(say("export.page_asked")))
        return (
            f'<figure><a href="{source}"><img src="{source}" alt="" loading="lazy"></a>'
            f'<figcaption>{escape(said)}. <a href="#r{asked}">{words}</a></figcaption></figure>\n'
        )
    if not table.values:
        return ""
    cells = "".join(f"<td>{escape(_plain(shown[cell.name]))}</td>" for cell in table.values)
    return f'<tr id="r{shown["_row"]}">{cells}</tr>\n'


def end_table(table: Table, summaries: Mapping[str, Summary]) -> str:
    closed = "</div>\n" if table.blobs or not table.values else "</table></div>\n"
    said = [f"{_human(name)}: {_summed(summary)}" for name, summary in summaries.items() if summary.filled]
    return closed + (f"<p>{escape('; '.join(said))}</p>\n" if said else "")


def end() -> str:
    return f"<p>{escape(render(say('export.page_end')))}</p></body></html>\n"


def _summed(summary: Summary) -> str:
    if summary.words:
        return ", ".join(f"{count} × {word or '–'}" for word, count in summary.words.items())
    if summary.least is not None and summary.most is not None and summary.least < summary.most:
        return f"{summary.filled}, {_plain(summary.least)} to {_plain(summary.most)}"
    return str(summary.filled)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value >= _FIRST_MOMENT:
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%-d %B %Y, %H:%M")
    if isinstance(value, dict):
        return "; ".join(f"{_human(str(name))}: {_plain(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


def _human(name: str) -> str:
    return name.removeprefix("sealed_").removesuffix("_at").replace("_", " ")
