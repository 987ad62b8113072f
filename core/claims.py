"""What /privacy may say: each claim, what must be true here for it, and the test that proves it. Holds keys, not words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.datamap import Category, DataMap, OnErase, OnExport, Until


@dataclass(frozen=True)
class Claim:
    """A sentence (`claim.<key>` in the texts), shown only where `holds` is true. `test` is a pytest id that must pass."""

    key: str
    test: str
    holds: Callable[[DataMap], bool]


def _stores(*categories: Category) -> Callable[[DataMap], bool]:
    return lambda datamap: all(category in datamap.categories() for category in categories)


def _free_text_is_sealed(datamap: DataMap) -> bool:
    return all(datum.sealed for _, datum in datamap.personal() if datum.free_text) and _stores(Category.WORDS)(datamap)


def _keys_are_apart(datamap: DataMap) -> bool:
    return {entry.store for entry, datum in datamap.personal() if datum.category is Category.KEYS} == {"keys"}


def _books_name_nobody(datamap: DataMap) -> bool:
    books = [datum for entry, datum in datamap.personal() if entry.cell.startswith(("ledger_", "credit_lot", "hold"))]
    return bool(books) and all(datum.on_erase is OnErase.UNLINK for datum in books)


def _references_end_with_their_request(datamap: DataMap) -> bool:
    kept = [datum.keep for _, datum in datamap.personal() if datum.category is Category.REFERENCES]
    return bool(kept) and set(kept) == {Until.REQUEST_ENDS}


def _hashes_are_withheld(datamap: DataMap) -> bool:
    return any(e.cell == "identity.lookup" and d.on_export is OnExport.WITHHELD for e, d in datamap.personal())


CLAIMS = (
    Claim(
        "nothing_before_agreement",
        "tests/promises/test_nothing_before_agreement.py::test_looking_around_stores_nothing",
        _stores(Category.CONSENT),
    ),
    Claim(
        "too_young_is_forgotten",
        "tests/promises/test_nothing_before_agreement.py::test_saying_too_young_leaves_only_a_mark_that_expires",
        _stores(Category.AGE),
    ),
    Claim(
        "sealed",
        "tests/promises/test_sealed.py::test_a_marker_in_every_input_is_in_no_file_in_clear",
        _free_text_is_sealed,
    ),
    Claim("keys_apart", "tests/promises/test_sealed.py::test_without_the_key_store_nothing_opens", _keys_are_apart),
    Claim(
        "ids_hashed",
        "tests/promises/test_sealed.py::test_a_platform_id_is_found_by_its_keyed_hash_and_stored_sealed",
        _hashes_are_withheld,
    ),
    Claim(
        "logs_without_content",
        "tests/gates/test_logs.py::test_no_log_line_holds_what_people_wrote",
        _stores(Category.LOGS),
    ),
    Claim(
        "pictures_carry_nothing",
        "tests/promises/test_pictures_carry_nothing.py::test_a_picture_file_holds_pixels_and_its_signed_note_alone",
        _stores(Category.PICTURES),
    ),
    Claim(
        "reference_is_dropped",
        "tests/promises/test_references.py::test_it_is_kept_until_the_request_is_done_without_its_metadata",
        _references_end_with_their_request,
    ),
    Claim(
        "worker_knows_nobody",
        "tests/promises/test_worker_knows_nobody.py::test_a_wish_names_no_person",
        _stores(Category.WORDS),
    ),
    Claim(
        "only_yours",
        "tests/promises/test_only_yours.py::test_somebody_elses_picture_is_unknown_to_everybody_else",
        _stores(Category.PICTURES),
    ),
    Claim(
        "deleted_is_gone",
        "tests/promises/test_delete.py::test_a_deleted_picture_leaves_no_file_and_no_row",
        _stores(Category.PICTURES),
    ),
    Claim(
        "words_go_too",
        "tests/promises/test_delete.py::test_with_its_last_picture_a_request_loses_its_words",
        _stores(Category.WORDS),
    ),
    Claim(
        "free_when_it_fails",
        "tests/promises/test_free_when_it_fails.py::test_a_picture_that_cannot_be_drawn_costs_nothing",
        _stores(Category.CREDITS),
    ),
    Claim(
        "books_name_nobody",
        "tests/promises/test_books_name_nobody.py::test_only_one_row_joins_a_person_to_the_books",
        _books_name_nobody,
    ),
    Claim(
        "all_declared",
        "tests/gates/test_schema.py::test_every_live_column_is_declared_and_every_declared_one_is_live",
        lambda datamap: bool(datamap.entries),
    ),
)


def holding(datamap: DataMap) -> list[Claim]:
    """The claims that are true of this deployment."""
    return [claim for claim in CLAIMS if claim.holds(datamap)]
