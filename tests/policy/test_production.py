"""Production asks for every fact, and for keys, connections and licences that fit them; a trial does without."""

from __future__ import annotations

import pytest

from bots.policy.production import endpoints, require
from bots.settings import BadSettings
from tests.policy.operator import WHOLE, Office, a_model, without

FREE = a_model("free", "Apache-2.0", "yes")


def test_what_is_whole_is_not_refused(office: Office) -> None:
    assert office.complaints() == []


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ('authority = "the authority of Hesse"', "(authority)"),
        ('region = "DE"', "(region)"),
        ('country = "DE"', None),
        ('law = "the law of Germany"', "(terms law)"),
    ],
)
def test_what_is_missing_is_named(office: Office, line: str, about: str | None) -> None:
    text = without(WHOLE, line) if about else without(WHOLE, "[accounting]", line)
    (complaint,) = office.complaints(text)

    assert complaint.startswith("policy.toml")
    assert (about or "(accounting country)") in complaint
    assert "Write " in complaint


def test_without_a_contact_it_is_refused(office: Office) -> None:
    (complaint,) = office.complaints(without(WHOLE, 'privacy_contact = "privacy@operator.example"'))

    assert complaint == ("policy.toml (privacy_contact): people without an account can reach nobody. Write an address.")


def test_without_a_controller_it_is_refused(office: Office) -> None:
    address = 'address = "1 Example Street, 60311 Frankfurt, Germany"'
    (complaint,) = office.complaints(without(WHOLE, "[controller]", 'name = "An Operator"', address))

    assert "nobody answers for this bot" in complaint


def test_a_recipient_without_a_contract_is_refused(office: Office) -> None:
    (complaint,) = office.complaints(without(WHOLE, 'contract = "agreement 1"'))

    assert complaint.startswith("policy.toml, line 14 (recipients 1 contract): Example Hosting is bound by nothing")


def test_a_transfer_without_its_tool_is_refused(office: Office) -> None:
    (complaint,) = office.complaints(without(WHOLE, 'transfer = "scc"'))

    assert complaint.startswith("policy.toml, line 23 (recipients 2 transfer): Example Objects is outside")
    assert complaint.endswith("adequacy, dpf or scc.")


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("database_url", "postgresql+psycopg://bot@db.elsewhere.example/bot?sslmode=verify-full"),
        ("keys_url", "postgresql+psycopg://bot@db.elsewhere.example/keys?sslmode=require"),
        ("redis_url", "rediss://bot:secret@db.elsewhere.example/0"),
        ("smtp_url", "smtps://bot:secret@db.elsewhere.example/?from=bot@operator.example"),
    ],
)
def test_an_undeclared_recipient_is_refused(office: Office, setting: str, url: str) -> None:
    (complaint,) = office.complaints(wire_key="c" * 64, **{setting: url})

    assert complaint.startswith(f"DARKROOM_{setting.upper()} leads to db.elsewhere.example, and no recipient")
    assert "secret" not in complaint


def test_an_undeclared_bucket_is_refused(office: Office) -> None:
    at_amazon = office.complaints(blobs_url="s3://bucket/pictures")
    elsewhere = office.complaints(blobs_url="s3://bucket/pictures", blobs_endpoint="https://s3.elsewhere.example")

    assert ["amazonaws.com" in complaint for complaint in at_amazon] == [True]
    assert ["s3.elsewhere.example" in complaint for complaint in elsewhere] == [True]


def test_a_declared_one_is_not_refused(office: Office) -> None:
    database = "postgresql+psycopg://bot@db.hosting.example/bot?sslmode=verify-full"

    assert (
        office.complaints(database_url=database, blobs_url="s3://b/p", blobs_endpoint="https://objects.example") == []
    )


@pytest.mark.parametrize(
    ("setting", "url", "instead"),
    [
        ("redis_url", "redis://bot:secret@db.hosting.example/0", "rediss://"),
        ("database_url", "postgresql+psycopg://bot@db.hosting.example/bot", "?sslmode=verify-full"),
        ("database_url", "postgresql+psycopg://bot@db.hosting.example/bot?sslmode=prefer", "?sslmode=verify-full"),
        ("blobs_endpoint", "http://objects.example", "https://"),
    ],
)
def test_what_travels_in_clear_is_refused(office: Office, setting: str, url: str, instead: str) -> None:
    (complaint,) = office.complaints(
        wire_key="c" * 64, blobs_url="s3://b/p" if "blobs" in setting else "", **{setting: url}
    )

    assert "in clear" in complaint
    assert f"Write {instead}" in complaint


@pytest.mark.parametrize(
    "url", ["redis://localhost/0", "redis://127.0.0.1:6379/0", "redis://[::1]/0", "rediss://db.hosting.example/0"]
)
def test_what_does_not_leave_this_machine_may(office: Office, url: str) -> None:
    assert office.complaints(redis_url=url, wire_key="c" * 64) == []


def test_a_socket_is_on_this_machine(office: Office) -> None:
    settings = office.settings(database_url="postgresql+psycopg://bot@/bot?host=/run/postgresql")

    assert endpoints(settings) == []


def test_a_platform_spoken_to_in_clear_is_refused(office: Office) -> None:
    complaints = office.complaints(telegram_token="1:a", telegram_api="http://api.hosting.example")

    assert ["in clear" in complaint for complaint in complaints] == [True]


@pytest.mark.parametrize("name", ["master_key", "lookup_key"])
def test_a_key_in_the_data_folder_is_refused(office: Office, name: str) -> None:
    (made_by_itself,) = office.complaints(**{name: None})
    (named,) = office.complaints(**{name: None, f"{name}_file": office.folder / "data" / "key"})

    assert made_by_itself == named
    assert named.startswith(f"DARKROOM_{name.upper()}_FILE: that key lies in the data folder")


def test_a_key_elsewhere_is_not(office: Office) -> None:
    assert office.complaints(master_key=None, master_key_file=office.folder / "keys" / "master") == []


def test_peoples_keys_in_the_data_folder_are_refused(office: Office) -> None:
    inside = f"sqlite:///{office.folder}/data/keys.db"

    for url in ("", inside):
        (complaint,) = office.complaints(keys_url=url)
        assert complaint.startswith("DARKROOM_KEYS_URL: people's keys lie in the data folder")


@pytest.mark.parametrize("commercial_use", ["no", "only under a licence from its makers"])
def test_a_licence_that_forbids_the_use_is_refused(office: Office, commercial_use: str) -> None:
    earning = WHOLE + "commercial = true\n"
    model = a_model("flux", "A Non-Commercial License", commercial_use)
    (complaint,) = office.complaints(earning, FREE, model)

    assert complaint.startswith(
        "policy.toml, line 35 (terms commercial): you earn with this bot, and the licence of flux"
    )
    assert office.complaints(WHOLE, FREE, model) == []
    assert office.complaints(earning + 'licensed_models = ["flux"]\n', FREE, model) == []


def test_everything_that_is_refused_is_said_at_once(office: Office) -> None:
    path = office.writes(without(WHOLE, 'region = "DE"', 'law = "the law of Germany"'))

    with pytest.raises(BadSettings) as refused:
        require(office.settings(policy=path), (FREE,))

    first, *rest = str(refused.value).splitlines()
    assert first == "production = true, and this speaks against it:"
    assert len(rest) == 2


def test_a_trial_may_do_without(office: Office) -> None:
    require(office.settings(policy=office.writes("production = false\n"), keys_url=""), (FREE,))
    require(office.settings(keys_url=""), (FREE,))
