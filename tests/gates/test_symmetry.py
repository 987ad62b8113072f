"""Gate G8: a datum is given out or withheld for a reason, and goes or stays for a law; a row does neither by halves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.wiring import datamap
from core.datamap import Category, DataMap, Datum, OnErase, OnExport, Purpose, Until
from tests.gates.symmetry import STAYS, asymmetric


def test_the_map_agrees_with_itself() -> None:
    assert asymmetric(datamap()) == []


@given(
    keep=st.sampled_from(Until),
    on_erase=st.sampled_from(OnErase),
    on_export=st.sampled_from(OnExport),
    because=st.sampled_from(["", "a reason"]),
    statute=st.sampled_from(["", "a law"]),
)
def test_a_datum_is_one_of_three_or_cannot_be_made(
    keep: Until, on_erase: OnErase, on_export: OnExport, because: str, statute: str
) -> None:
    given_out, goes = on_export is not OnExport.WITHHELD, on_erase not in STAYS
    fits = (given_out or bool(because)) and not (given_out and because) and goes != bool(statute)
    try:
        Datum(Category.WORDS, (Purpose.DRAW,), keep, on_erase, on_export, because, statute=statute)
    except ValueError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    ("cell", "changed", "complaint"),
    [
        ("job.seed", {"on_erase": OnErase.RETAIN, "statute": "a law"}, "sql: job.seed is kept until request_forgotten"),
        ("hold.amount", {"on_erase": OnErase.DELETE, "statute": ""}, "sql: hold.amount is kept until books_close"),
        ("job.sealed_words", {"on_erase": OnErase.DELETE}, "sql: job.sealed_words is sealed and only deleted"),
        ("job.seed", {"on_erase": OnErase.SHRED}, "sql: job.seed cannot be shredded"),
    ],
)
def test_what_contradicts_itself_is_found(cell: str, changed: dict[str, object], complaint: str) -> None:
    entries = tuple(
        replace(one, meaning=replace(one.meaning, **changed))
        if one.cell == cell and isinstance(one.meaning, Datum)
        else one
        for one in datamap().entries
    )

    assert asymmetric(DataMap(entries))[0].startswith(complaint)
