"""What stands inside a stored cell that holds JSON: a meaning for each path, spelt `job.sealed_words:prompt`."""

from __future__ import annotations

from collections.abc import Mapping

from core.datamap import Entry, Meaning


def inside(cell: str, subject: str, paths: Mapping[str, Meaning]) -> tuple[Entry, ...]:
    """Entries for the paths of one cell: names with dots between, `[]` for any place in a list.

    A cell that several doors spell, each in its own way, is written once for each: `post.sealed_address@telegram`.
    """
    return tuple(Entry("json", f"{cell}:{path}", subject, meaning) for path, meaning in paths.items())
