"""The promises and the record of processing as tables for people, and as rows for machines. Knows no setting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from bots.replies import say
from bots.texts import render
from core.policy.processing import Activity, Record
from core.policy.promises import PROMISES, Judged, Status


def as_rows(judged: Sequence[Judged], letter: str = "") -> list[dict[str, Any]]:
    """One object a promise: those that the policy of the profile makes, all of them where no profile is named."""
    by = {promise.id: promise.policies for promise in PROMISES}
    return [
        {
            "id": one.id,
            "status": one.status.value,
            "probe": one.probe or None,
            "reason": _reason(one),
            "until": one.until or None,
            "policies": by[one.id],
        }
        for one in judged
        if letter in by[one.id]
    ]


def report_table(judged: Sequence[Judged], letter: str = "") -> Table:
    rows = as_rows(judged, letter)
    counts = Counter(row["status"] for row in rows)
    summed = ", ".join(f"{counts[status.value]} {status.value.replace('_', ' ')}" for status in Status)
    table = Table("promise", "stated by", "status", box=box.SIMPLE_HEAD)
    table.add_column("proof, reason, or what comes first", overflow="fold")
    table.caption = f"{len(rows)} promises: {summed}"
    for row in rows:
        until = render(say(f"not_yet.{row['until']}")) if row["until"] else ""
        table.add_row(
            row["id"], row["policies"], row["status"].replace("_", " "), row["probe"] or row["reason"] or until
        )
    return table


def ropa_table(record: Record) -> Table:
    """One row an activity, with the columns of GDPR 30(1)."""
    title = f"Controller: {record.controller}. Contact: {record.contact or 'not named'}."
    table = Table("purpose", "basis", "whose", "what", "recipients", "erased", box=box.SIMPLE_HEAD, title=title)
    for activity in record.activities:
        transfers = [f"{one.recipient} ({one.region}, {one.safeguard})" for one in activity.transfers]
        stay = [name for name in activity.recipients if name not in {one.recipient for one in activity.transfers}]
        table.add_row(
            render(say(f"purpose.{activity.purpose}")),
            activity.article,
            "; ".join(activity.subjects),
            ", ".join(activity.categories),
            ", ".join((*stay, *transfers)) or "none",
            "\n".join(_erased(activity)),
        )
    table.caption = "Measures: " + "; ".join(f"{one.claim} [{one.proof}]" for one in record.measures)
    return table


def _erased(activity: Activity) -> list[str]:
    """Each period once, with everything that it holds for."""
    by_period: dict[str, list[str]] = {}
    for erased in activity.erased:
        for keep in erased.keeps:
            by_period.setdefault(render(say(f"keep.{keep.until}", days=keep.days)), []).append(erased.category)
    return [f"{', '.join(categories)}: {period}" for period, categories in by_period.items()]


def _reason(one: Judged) -> str | None:
    return render(say(f"not_applicable.{one.reason}")) if one.reason else None
