"""What /privacy may say: each claim, what must be true here for it, and the test that proves it. Holds keys, not words.

Every category of the map is spoken of by a claim, and every right has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.datamap import Category, DataMap, OnErase, OnExport, Until
from core.policy.facts import TRIAL, Facts, Role
from core.policy.promises import proof

Holds = Callable[[DataMap, Facts], bool]


class Right(StrEnum):
    """What people may demand, each with the commands that its sentence (`right.<key>`) names."""

    ACCESS = "access"  #: GDPR 15
    PORTABILITY = "portability"  #: GDPR 20
    CORRECTION = "correction"  #: GDPR 16
    ERASURE = "erasure"  #: GDPR 17
    RESTRICTION = "restriction"  #: GDPR 18
    OBJECTION = "objection"  #: GDPR 21
    WITHDRAWAL = "withdrawal"  #: GDPR 7(3)
    REVIEW = "review"  #: GDPR 22
    CONTACT = "contact"  #: GDPR 12 and 13
    ANSWER = "answer"  #: GDPR 12(3)


@dataclass(frozen=True)
class Claim:
    """A sentence (`claim.<key>` in the texts), shown only where `holds` is true. `test` is a pytest id that must pass.

    `about`: the categories it speaks of; `right`: the one it promises.
    """

    key: str
    test: str
    holds: Holds
    about: tuple[Category, ...] = ()
    right: Right | None = None


def _stores(*categories: Category) -> Holds:
    return lambda datamap, _facts: all(category in datamap.categories for category in categories)


def _stores_anything(datamap: DataMap, _facts: Facts) -> bool:
    return bool(datamap.entries)


def _nobody(role: Role) -> Holds:
    return lambda datamap, facts: bool(datamap.entries) and all(one.role is not role for one in facts.recipients)


def _free_text_is_sealed(datamap: DataMap, _facts: Facts) -> bool:
    return Category.WORDS in datamap.categories and all(d.sealed for _, d in datamap.personal() if d.free_text)


def _keys_are_apart(datamap: DataMap, _facts: Facts) -> bool:
    return {entry.store for entry, datum in datamap.personal() if datum.category is Category.KEYS} == {"keys"}


def _books_name_nobody(datamap: DataMap, _facts: Facts) -> bool:
    books = [datum for entry, datum in datamap.personal() if entry.cell.startswith(("ledger_", "credit_lot", "hold"))]
    return bool(books) and all(datum.on_erase is OnErase.UNLINK for datum in books)


def _references_end_with_their_request(datamap: DataMap, _facts: Facts) -> bool:
    kept = [datum.keep for _, datum in datamap.personal() if datum.category is Category.REFERENCES]
    return bool(kept) and set(kept) == {Until.REQUEST_ENDS}


def _hashes_are_withheld(datamap: DataMap, _facts: Facts) -> bool:
    return any(e.cell == "identity.lookup" and d.on_export is OnExport.WITHHELD for e, d in datamap.personal())


CLAIMS = (
    Claim(
        "nothing_before_agreement",
        "tests/promises/test_nothing_before_agreement.py::test_looking_around_stores_nothing",
        _stores(Category.CONSENT),
        (Category.ACCOUNT, Category.CONSENT),
    ),
    Claim(
        "too_young_is_forgotten",
        "tests/promises/test_nothing_before_agreement.py::test_saying_too_young_leaves_only_a_mark_that_expires",
        _stores(Category.AGE),
        (Category.AGE,),
    ),
    Claim(
        "agreement_is_no_consent",
        "tests/policy/test_agreement.py::test_agreeing_to_the_notice_consents_to_nothing",
        _stores(Category.CONSENT),
        (Category.CONSENT,),
    ),
    Claim(
        "sealed",
        "tests/promises/test_sealed.py::test_a_marker_in_every_input_is_in_no_file_in_clear",
        _free_text_is_sealed,
        (Category.WORDS, Category.PICTURES, Category.MESSAGES, Category.PROFILE),
    ),
    Claim(
        "keys_apart",
        "tests/promises/test_sealed.py::test_without_the_key_store_nothing_opens",
        _keys_are_apart,
        (Category.KEYS,),
    ),
    Claim(
        "ids_hashed",
        "tests/promises/test_sealed.py::test_a_platform_id_is_found_by_its_keyed_hash_and_stored_sealed",
        _hashes_are_withheld,
        (Category.IDENTITY,),
    ),
    Claim(
        "logs_without_content",
        "tests/gates/test_logs.py::test_no_log_line_holds_what_people_wrote",
        _stores(Category.LOGS),
        (Category.LOGS,),
    ),
    Claim(
        "never_collected",
        "tests/policy/test_never_collected.py::test_no_cell_is_for_what_is_never_collected",
        _stores_anything,
    ),
    Claim("no_profiling", "tests/policy/test_never_collected.py::test_nobody_is_profiled", _stores_anything),
    Claim(
        "pictures_carry_nothing",
        "tests/promises/test_pictures_carry_nothing.py::test_a_picture_file_holds_pixels_and_its_signed_note_alone",
        _stores(Category.PICTURES),
        (Category.PICTURES,),
    ),
    Claim(
        "reference_is_dropped",
        "tests/promises/test_references.py::test_it_is_kept_until_the_request_is_done_without_its_metadata",
        _references_end_with_their_request,
        (Category.REFERENCES,),
    ),
    Claim(
        "worker_knows_nobody",
        "tests/promises/test_worker_knows_nobody.py::test_a_wish_names_no_person",
        _stores(Category.WORDS),
        (Category.WORDS, Category.REQUESTS),
    ),
    Claim(
        "private_stays_private",
        "tests/promises/test_who_may_what.py::test_what_is_declared_private_answers_privately",
        _stores(Category.DELIVERY),
        (Category.DELIVERY,),
    ),
    Claim(
        "settings_are_yours",
        "tests/conversation/test_settings.py::test_a_preferred_shape_and_format_are_used_until_said_otherwise",
        _stores(Category.CHOICES),
        (Category.CHOICES,),
    ),
    Claim(
        "only_yours",
        "tests/promises/test_only_yours.py::test_somebody_elses_picture_is_unknown_to_everybody_else",
        _stores(Category.PICTURES),
        (Category.PICTURES,),
    ),
    Claim(
        "deleted_is_gone",
        "tests/promises/test_delete.py::test_a_deleted_picture_leaves_no_file_and_no_row",
        _stores(Category.PICTURES),
        (Category.PICTURES,),
    ),
    Claim(
        "words_go_too",
        "tests/promises/test_delete.py::test_with_its_last_picture_a_request_loses_its_words",
        _stores(Category.WORDS),
        (Category.WORDS,),
    ),
    Claim(
        "free_when_it_fails",
        "tests/promises/test_free_when_it_fails.py::test_a_picture_that_cannot_be_drawn_costs_nothing",
        _stores(Category.CREDITS),
        (Category.CREDITS,),
    ),
    Claim(
        "books_name_nobody",
        "tests/promises/test_books_name_nobody.py::test_only_one_row_joins_a_person_to_the_books",
        _books_name_nobody,
        (Category.CREDITS,),
    ),
    Claim("nobody_else_draws", "tests/policy/test_recipients.py::test_nobody_else_draws", _nobody(Role.DRAWING)),
    Claim("no_analytics", "tests/policy/test_recipients.py::test_no_analytics", _nobody(Role.ANALYTICS)),
    Claim(
        "not_sold",
        "tests/policy/test_not_sold.py::test_no_command_hands_out_everybodys_pictures",
        _stores(Category.PICTURES),
        (Category.PICTURES,),
    ),
    Claim(
        "may_see",
        proof("DOD-36"),
        _stores(Category.RIGHTS),
        (Category.RIGHTS, Category.LOOKS),
        Right.ACCESS,
    ),
    Claim("may_take_away", proof("DOD-39"), _stores(Category.RIGHTS), (Category.RIGHTS,), Right.PORTABILITY),
    Claim("may_correct", proof("DOD-37"), _stores(Category.PROFILE), (Category.PROFILE,), Right.CORRECTION),
    Claim("may_be_erased", proof("DOD-38"), _stores(Category.ERASED), (Category.ERASED,), Right.ERASURE),
    Claim("only_what_the_law_keeps", proof("IMG-40"), _stores(Category.ERASED), (Category.ERASED, Category.CREDITS)),
    Claim("may_restrict", proof("IGO-31"), _stores(Category.RIGHTS), (Category.RIGHTS,), Right.RESTRICTION),
    Claim("may_object", proof("DRE-29b"), _stores(Category.RIGHTS), (Category.RIGHTS,), Right.OBJECTION),
    Claim("may_withdraw", proof("AIO-22"), _stores(Category.CONSENT), (Category.CONSENT,), Right.WITHDRAWAL),
    Claim(
        "may_appeal",
        "tests/conversation/test_letters.py::test_a_banned_person_may_write_and_a_stranger_learns_where_to",
        _stores(Category.MESSAGES),
        (Category.MESSAGES,),
        Right.REVIEW,
    ),
    Claim("may_write", proof("DOD-18"), _stores(Category.MESSAGES), (Category.MESSAGES,), Right.CONTACT),
    Claim("is_answered_in_time", proof("DRE-31"), _stores(Category.MESSAGES), (Category.MESSAGES,), Right.ANSWER),
    Claim("children_first", proof("DRE-36"), _stores(Category.MESSAGES), (Category.MESSAGES,)),
    Claim("notices_are_no_offers", proof("IGO-17b"), _stores(Category.NOTICES), (Category.NOTICES,)),
    Claim("dormant_ends", proof("DOD-42"), _stores(Category.ACCOUNT), (Category.ACCOUNT,)),
    Claim("counted_without_names", proof("DRE-10"), _stores_anything),
    Claim("trained_on_nothing", proof("DOD-16"), _stores(Category.PICTURES), (Category.WORDS, Category.PICTURES)),
    Claim("stays_in_the_eu", proof("DOD-20"), lambda _datamap, facts: facts.in_the_eu),
    Claim(
        "all_declared",
        "tests/gates/test_schema.py::test_every_live_column_is_declared_and_every_declared_one_is_live",
        _stores_anything,
    ),
)


def holding(datamap: DataMap, facts: Facts = TRIAL) -> list[Claim]:
    """The claims that are true of this deployment. One without a proof is not made."""
    return [claim for claim in CLAIMS if claim.test and claim.holds(datamap, facts)]
