"""The specification: every promise that five privacy policies make, and what became of it here.

A promise is kept when a test proves it, not applicable with a reason, or not yet, with what has to come first. The policies:
D Diary of Dream, R Dreamina AI, G Image-Generator.org, M IM Generator, A Aiomus. Holds ids and keys, not words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.policy.facts import Facts

#: Each shipped profile, with the letter of the policy it was made from.
PROFILES: Final = {
    "diary-of-dream": "D",
    "dreamina-ai": "R",
    "image-generator-org": "G",
    "im-generator": "M",
    "aiomus": "A",
}


class Status(StrEnum):
    KEPT = "kept"
    NOT_APPLICABLE = "not_applicable"
    NOT_YET = "not_yet"


class Reason(StrEnum):
    """Why a promise does not apply; also the key of its sentence, `not_applicable.<reason>`."""

    SAVING_LEAVES_NOTHING = "saving_leaves_nothing"
    PRIVACY_SHIELD = "privacy_shield"
    NO_SUCH_COOKIES = "no_such_cookies"
    NO_ANONYMISED_USE = "no_anonymised_use"
    REGIONS = "regions"
    ONE_REGION = "one_region"
    NOBODY_ABROAD = "nobody_abroad"


class Until(StrEnum):
    """What has to come first; also the key of its sentence, `not_yet.<until>`."""

    DUTIES = "duties"
    PAYMENTS = "payments"
    VIDEO = "video"


Condition = Callable[[Facts], Reason | None]


@dataclass(frozen=True)
class Promise:
    """`policies` are the letters of those that state it. `unless` gives the reason where the facts leave it no meaning."""

    id: str
    policies: str
    probe: str = ""
    reason: Reason | None = None
    until: Until | None = None
    unless: Condition | None = None

    def judged(self, facts: Facts) -> Judged:
        reason = self.unless(facts) if self.unless else self.reason
        if reason:
            return Judged(self.id, Status.NOT_APPLICABLE, reason=reason)
        if self.until:
            return Judged(self.id, Status.NOT_YET, until=self.until)
        return Judged(self.id, Status.KEPT, probe=self.probe)


@dataclass(frozen=True)
class Judged:
    """What became of a promise under the facts of one deployment. `probe` is the pytest id of its proof."""

    id: str
    status: Status
    probe: str = ""
    reason: str = ""
    until: str = ""


def report(facts: Facts) -> list[Judged]:
    """Every promise, in the order of the specification's parts."""
    return [promise.judged(facts) for promise in PROMISES]


def proof(id_: str) -> str:
    """The test that proves a promise, empty where none does yet."""
    return next(promise.probe for promise in PROMISES if promise.id == id_)


def _kept(id_: str, policies: str, probe: str, unless: Condition | None = None) -> Promise:
    return Promise(id_, policies, probe, unless=unless)


def _not_applicable(id_: str, policies: str, reason: Reason) -> Promise:
    return Promise(id_, policies, reason=reason)


def _not_yet(id_: str, policies: str, until: Until) -> Promise:
    return Promise(id_, policies, until=until)


def _stays_in_the_eu(facts: Facts) -> Reason | None:
    return None if facts.in_the_eu else Reason.REGIONS


def _is_in_many_places(facts: Facts) -> Reason | None:
    return None if facts.abroad else Reason.ONE_REGION


def _somebody_is_abroad(facts: Facts) -> Reason | None:
    return None if facts.abroad else Reason.NOBODY_ABROAD


_KEPT: Final = (
    # What is collected
    _kept("DOD-03", "DM", "tests/consent/test_profile.py::test_a_platforms_name_is_not_kept_by_itself"),
    _kept("DOD-04", "DRGMA", "tests/consent/test_email.py::test_without_mail_it_says_so_and_everything_else_works"),
    _kept("DOD-05", "DGA", "tests/policy/test_never_collected.py::test_no_cell_is_for_what_is_never_collected"),
    _kept("AIO-03b", "A", "tests/telegram/test_door_updates.py::test_the_token_is_in_no_log"),
    _kept("IGO-03b", "G", "tests/promises/test_nothing_before_agreement.py::test_looking_around_stores_nothing"),
    _kept("DOD-07", "DRGMA", "tests/promises/test_sealed.py::test_a_marker_in_every_input_is_in_no_file_in_clear"),
    _kept("DOD-08", "DG", "tests/gates/test_blobs.py::test_everything_that_lies_there_is_declared_and_named_by_a_row"),
    _kept(
        "DRE-07",
        "R",
        "tests/promises/test_references.py::test_it_is_kept_until_the_request_is_done_without_its_metadata",
    ),
    _kept("DRE-08", "R", "tests/gates/test_json_paths.py::test_every_path_that_is_stored_is_declared"),
    _kept("IMG-07", "GM", "tests/rights/test_export.py::test_every_preference_is_in_it"),
    _kept(
        "AIO-11",
        "A",
        "tests/conversation/test_settings.py::test_a_preferred_shape_and_format_are_used_until_said_otherwise",
    ),
    _kept("IGO-05", "G", "tests/consent/test_profile.py::test_each_field_is_set_shown_and_cleared_by_itself"),
    _kept("DOD-09", "DGM", "tests/gates/test_logs.py::test_a_field_nobody_declared_is_dropped"),
    _kept("DRE-10", "RGM", "tests/consent/test_usage.py::test_no_figure_is_ever_of_fewer_than_five_people"),
    _kept("AIO-06", "A", "tests/rights/test_asking_for_an_export.py::test_mydata_counts_pictures_by_the_books"),
    _kept(
        "DOD-10", "DM", "tests/tickets/test_life.py::test_a_letter_and_its_answer_are_exported_and_go_with_the_account"
    ),
    _kept("DOD-11", "DRGMA", "tests/policy/test_never_collected.py::test_no_cell_is_for_what_is_never_collected"),
    _kept(
        "DOD-12", "DRGMA", "tests/policy/test_never_collected.py::test_the_web_server_writes_down_nothing_of_who_asks"
    ),
    _kept("DOD-13", "DGMA", "tests/policy/test_never_collected.py::test_no_cell_is_for_what_is_never_collected"),
    _kept("DRE-12", "R", "tests/consent/test_profile.py::test_everything_works_with_none_of_it"),
    _kept("IMG-09b", "M", "tests/policy/test_never_collected.py::test_no_cell_is_for_what_is_never_collected"),
    _kept("IMG-12", "M", "tests/promises/test_delete.py::test_a_deleted_picture_leaves_no_file_and_no_row"),
    _kept("IGO-14", "GMA", "tests/gates/test_logs.py::test_no_log_line_holds_what_people_wrote"),
    _kept("IGO-13", "G", "tests/policy/test_page.py::test_it_sets_no_cookie_and_runs_no_script"),
    # What it is used for, and on what basis
    _kept("DOD-14", "DRGMA", "tests/conversation/test_imagine.py::test_it_answers_at_once_and_the_picture_follows"),
    _kept("DRE-14b", "R", "tests/crashes/test_every_crash.py::test_it_recovers_from_every_two_deaths"),
    _kept(
        "AIO-09b", "A", "tests/promises/test_only_yours.py::test_somebody_elses_picture_is_unknown_to_everybody_else"
    ),
    _kept(
        "DOD-16",
        "DMA",
        "tests/consent/test_training.py::test_whoever_opens_a_picture_or_its_words_does_it_for_its_person",
    ),
    _kept(
        "DOD-17",
        "DRMA",
        "tests/consent/test_usage.py::test_who_took_it_back_objected_or_restricted_is_not_counted_from_then_on",
    ),
    _kept("IGO-16", "GA", "tests/policy/test_never_collected.py::test_nobody_is_profiled"),
    _kept("DOD-18", "DRM", "tests/tickets/test_answering.py::test_an_answer_reaches_only_who_asked"),
    _kept("DOD-18b", "DG", "tests/tickets/test_notices.py::test_an_offer_is_never_made_on_discord"),
    _kept(
        "IGO-17b",
        "DGM",
        "tests/tickets/test_notices.py::test_each_notice_has_a_sentence_and_one_category_that_nobody_who_sends_it_can_choose",
    ),
    _kept("DOD-19", "DRGMA", "tests/erasure/test_suppressions.py::test_a_ban_survives_only_as_a_mark_and_is_disclosed"),
    _kept("IGO-18b", "G", "tests/gates/test_logs.py::test_a_bug_is_logged_by_its_place_and_not_by_what_it_says"),
    _kept("DRE-18", "RGM", "tests/retention/test_endings.py::test_every_period_is_finite"),
    _kept("IGO-19", "GM", "tests/consent/test_usage.py::test_what_four_people_did_is_never_written"),
    _kept("DOD-24", "D", "tests/policy/test_kept.py::test_every_purpose_is_told_with_its_one_basis"),
    _kept(
        "DOD-25",
        "D",
        "tests/consent/test_objections.py::test_every_purpose_of_legitimate_interest_stops_or_has_a_reason_to_go_on",
    ),
    _kept(
        "DOD-26",
        "D",
        "tests/consent/test_consents.py::test_every_change_is_written_down_with_its_version_words_door_and_time",
    ),
    _kept("DOD-02", "DRA", "tests/policy/test_agreement.py::test_agreeing_to_the_notice_consents_to_nothing"),
    # Who it is shared with
    _kept(
        "DOD-27",
        "DMA",
        "tests/gates/test_outbound.py::test_telegram_is_sent_what_is_declared_and_nothing_that_is_ours_alone",
    ),
    _kept("IMG-28b", "M", "tests/policy/test_not_sold.py::test_no_command_hands_out_everybodys_pictures"),
    _kept("AIO-17b", "A", "tests/policy/test_not_sold.py::test_nothing_that_is_installed_reports_to_anybody"),
    _kept("DOD-29", "DRMA", "tests/policy/test_production.py::test_an_undeclared_recipient_is_refused"),
    _kept(
        "DRE-23b",
        "R",
        "tests/policy/test_recipients.py::test_whoever_draws_for_us_is_named_or_it_says_that_nobody_does",
    ),
    _kept("DOD-30", "DRGM", "tests/policy/test_recipients.py::test_no_analytics_is_said_unless_there_is_some"),
    _kept("DOD-31", "DRA", "tests/policy/test_production.py::test_a_recipient_without_a_contract_is_refused"),
    _kept("DOD-44", "D", "tests/policy/test_not_sold.py::test_no_address_in_a_sentence_tells_who_follows_it"),
    _kept(
        "IMG-54", "M", "tests/consent/test_showcase.py::test_nothing_is_shown_by_drawing_it_nor_by_allowing_it_alone"
    ),
    # Security
    _kept("DOD-21", "DGM", "tests/policy/test_production.py::test_what_travels_in_clear_is_refused"),
    _kept("IGO-22", "GA", "tests/promises/test_sealed.py::test_without_the_key_store_nothing_opens"),
    _kept("DOD-22", "DRA", "tests/policy/test_ropa.py::test_every_measure_names_its_proof"),
    _kept("DRE-32b", "RA", "tests/backups/test_round_trip.py::test_every_row_and_every_picture_comes_back"),
    _kept("DOD-23", "DGM", "tests/tickets/test_looks.py::test_a_look_shows_in_mydata_and_says_with_which_command"),
    _kept("IMG-32b", "M", "tests/telegram/test_door_webhook.py::test_without_the_secret_nothing_is_looked_at"),
    _kept(
        "DRE-33",
        "R",
        "tests/telegram/test_door_erasure.py::test_a_message_older_than_two_days_is_covered_and_named_in_the_receipt",
    ),
    _kept("DOD-20", "D", "tests/policy/test_regions.py::test_with_everything_in_the_eu_it_says_so", _stays_in_the_eu),
    _kept(
        "IMG-44",
        "M",
        "tests/policy/test_regions.py::test_a_bucket_elsewhere_makes_another_sentence",
        _is_in_many_places,
    ),
    _kept(
        "IMG-45",
        "M",
        "tests/policy/test_production.py::test_a_transfer_without_its_tool_is_refused",
        _somebody_is_abroad,
    ),
    # Rights
    _kept("DOD-36", "DRGMA", "tests/rights/test_export.py::test_it_holds_every_row_and_nobody_elses"),
    _kept("IMG-35", "M", "tests/rights/test_export.py::test_pictures_are_byte_for_byte_what_was_delivered"),
    _kept("DOD-39", "DRGMA", "tests/rights/test_import.py::test_an_import_exported_again_is_what_was_exported"),
    _kept("DOD-37", "DRGMA", "tests/consent/test_profile.py::test_what_is_set_anew_takes_the_place_of_what_was_there"),
    _kept(
        "DOD-38",
        "DRGMA",
        "tests/erasure/test_everything_goes.py::test_a_person_with_something_in_every_store_is_gone_from_every_store",
    ),
    _kept(
        "IMG-40", "MA", "tests/erasure/test_everything_goes.py::test_what_stays_is_what_the_map_keeps_and_nothing_else"
    ),
    _kept("IMG-55", "RM", "tests/promises/test_delete.py::test_a_deleted_picture_leaves_no_file_and_no_row"),
    _kept("DOD-40", "DG", "tests/tickets/test_notices.py::test_an_offer_needs_consent_at_the_moment_it_is_made"),
    _kept("AIO-22", "A", "tests/consent/test_consents.py::test_one_word_takes_it_back_at_once"),
    _kept("IMG-38", "M", "tests/tickets/test_notices.py::test_an_offer_needs_consent_at_the_moment_it_is_made"),
    _kept("IGO-31", "RG", "tests/consent/test_restriction.py::test_nothing_is_drawn_or_changed_and_the_reason_is_said"),
    _kept("DRE-29b", "R", "tests/consent/test_objections.py::test_what_was_allowed_stops_at_once"),
    _kept("AIO-21", "A", "tests/erasure/test_operator.py::test_now_begins_at_once_and_without_it_there_is_a_window"),
    _kept("DOD-41", "DRGMA", "tests/policy/test_production.py::test_without_a_contact_it_is_refused"),
    _kept(
        "DRE-31",
        "R",
        "tests/tickets/test_due.py::test_a_right_is_due_in_28_days_listed_a_week_before_and_overdue_after",
    ),
    _kept("DRE-28e", "R", "tests/policy/test_rights.py::test_no_right_depends_on_where_somebody_lives"),
    # How long it is kept
    _kept("DOD-42", "DA", "tests/retention/test_dormancy.py::test_a_month_after_that_the_account_is_erased"),
    _kept(
        "DRE-25", "R", "tests/retention/test_random_histories.py::test_after_a_sweep_that_is_left_which_the_map_says"
    ),
    _kept("DRE-26", "R", "tests/retention/test_pictures_past_their_keep.py::test_the_shortest_of_three_counts"),
    _kept(
        "IGO-35",
        "G",
        "tests/retention/test_pictures_past_their_keep.py::test_nobody_keeps_one_longer_than_the_longest_period",
    ),
    _kept(
        "AIO-16b", "A", "tests/erasure/test_everything_goes.py::test_what_stays_is_what_the_map_keeps_and_nothing_else"
    ),
    # What is remembered between visits
    _kept(
        "DOD-32",
        "DRG",
        "tests/conversation/test_settings.py::test_a_preferred_shape_and_format_are_used_until_said_otherwise",
    ),
    _kept("DOD-34", "DRG", "tests/consent/test_usage.py::test_the_table_has_no_cell_that_could_name_anybody"),
    _kept("DOD-35", "DR", "tests/consent/test_consents.py::test_a_picture_is_drawn_with_everything_optional_refused"),
    _kept("IMG-41", "M", "tests/dispatch/test_keyspace.py::test_what_is_there_is_declared_ends_and_says_nothing"),
    _kept("IMG-42", "M", "tests/consent/test_consents.py::test_nothing_is_allowed_before_somebody_says_so"),
    # Children
    _kept("DRE-34", "RM", "tests/consent/test_ages.py::test_each_country_has_its_age"),
    _kept(
        "DRE-35",
        "RM",
        "tests/promises/test_nothing_before_agreement.py::test_saying_too_young_leaves_only_a_mark_that_expires",
    ),
    _kept(
        "DRE-36",
        "R",
        "tests/tickets/test_life.py::test_a_reported_child_is_due_in_a_day_and_erased_without_a_word_of_theirs",
    ),
    # The policy itself
    _kept("DRE-37", "RA", "tests/policy/test_versions.py::test_another_attribute_of_one_cell_is_another_version"),
    _kept("DRE-38", "RA", "tests/policy/test_agreement.py::test_after_a_material_change_everybody_is_asked_again"),
    _kept("IMG-49", "M", "tests/policy/test_page.py::test_it_tells_what_changed"),
    _kept("IMG-50", "M", "tests/policy/test_banner.py::test_a_minor_change_is_told_once"),
    _kept("DRE-01", "RGM", "tests/policy/test_versions.py::test_it_is_dated"),
    _kept("DOD-01", "DRGMA", "tests/policy/test_checklist.py::test_it_says_what_gdpr_13_asks_for"),
    # Content and licence
    _kept("IMG-51", "M", "tests/test_credentials.py::test_the_note_says_a_machine_made_it_and_no_more"),
    _kept("IMG-52", "M", "tests/policy/test_not_sold.py::test_pictures_are_opened_for_their_person_and_nothing_else"),
)

_OTHERS: Final = (
    _not_applicable("AIO-07", "A", Reason.SAVING_LEAVES_NOTHING),
    _not_applicable("IMG-47", "M", Reason.PRIVACY_SHIELD),
    _not_applicable("DOD-33", "DG", Reason.NO_SUCH_COOKIES),
    _not_applicable("IMG-53", "M", Reason.NO_ANONYMISED_USE),
    _not_yet("DOD-06", "DM", Until.PAYMENTS),
    _not_yet("DRE-13", "RGA", Until.PAYMENTS),
    _not_yet("DOD-15", "DRMA", Until.PAYMENTS),
    _not_yet("DOD-28", "DRGM", Until.PAYMENTS),
    _not_yet("DRE-02", "R", Until.VIDEO),
    _not_yet("IGO-20b", "GM", Until.DUTIES),
    _not_yet("IMG-26", "MA", Until.DUTIES),
    _not_yet("IMG-27", "M", Until.DUTIES),
    _not_yet("IGO-23", "DGMA", Until.DUTIES),
    _not_yet("IGO-23b", "GM", Until.DUTIES),
    _not_yet("IGO-25", "GM", Until.DUTIES),
    _not_yet("DOD-45", "D", Until.DUTIES),
    _not_yet("DOD-46", "D", Until.DUTIES),
    _not_yet("DOD-47", "D", Until.DUTIES),
    _not_yet("IMG-48", "M", Until.DUTIES),
)

PROMISES: Final = (*_KEPT, *_OTHERS)
