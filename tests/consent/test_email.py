"""An e-mail address: proved by a code that was sent there over SMTP, cleared with one word, and needed by nobody."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bots.mailing import Server, SmtpMailer, open_mailer, server_at
from bots.settings import BadSettings, Settings
from core.rights.addresses import TRIES
from core.rules import HOUR
from core.values.mail import CATEGORY, Letter, MailCategory
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, enter, keys_of, read
from tests.consent.offering import rows
from tests.databases import Store
from tests.smtp_server import SmtpServer, smtp_server

ADDRESS = "wilhelmina.grauber@mailbox.example"


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture
async def mail(stage: Stage) -> AsyncIterator[SmtpServer]:
    async with smtp_server() as server:
        object.__setattr__(stage.app, "mailer", SmtpMailer(server_at(server.url)))
        yield server


def code_in(mail: SmtpServer) -> str:
    found = re.search(r"/email (\w{8})\b", mail.delivered[-1].text)
    assert found
    return found[1]


async def test_without_mail_it_says_so_and_everything_else_works(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/email")) == ["email.none", "email.off"]
    assert keys_of(await ben.says(f"/email {ADDRESS}")) == ["email.off"]
    await ben.says("/imagine a cat")
    await stage.works()

    assert len(ben.inbox[0].pictures) == 1
    assert rows(stage, "proof_of_address") == []


async def test_a_code_proves_an_address(stage: Stage, ben: Actor, mail: SmtpServer) -> None:
    assert keys_of(await ben.says(f"/email {ADDRESS}")) == ["email.sent"]
    assert keys_of(await ben.says("/email"))[:2] == ["email.none", "email.waiting"]

    assert keys_of(await ben.says(f"/email {code_in(mail).lower()}")) == ["email.proved"]
    assert ADDRESS in read(await ben.says("/email"))
    assert ADDRESS in read(await ben.says("/profile"))
    assert rows(stage, "proof_of_address") == []


async def test_the_letter_is_plain_text_from_whoever_runs_the_bot_and_names_nobody(
    ben: Actor, mail: SmtpServer
) -> None:
    await ben.says(f"/email {ADDRESS}")
    (letter,) = mail.delivered

    assert (letter.sender, letter.recipients) == ("darkroom@bot.example", [ADDRESS])
    assert letter.message.get_content_type() == "text/plain"
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert "ben" not in letter.raw.decode().casefold().replace(ADDRESS, "")
    assert mail.heard[0].casefold() == "ehlo bot.example"


def test_every_letter_belongs_to_one_category_and_none_is_an_advertisement() -> None:
    assert set(CATEGORY) == set(Letter)
    assert set(CATEGORY.values()) == {MailCategory.SERVICE}


async def test_a_wrong_code_is_counted_and_after_five_none_counts(ben: Actor, mail: SmtpServer) -> None:
    await ben.says(f"/email {ADDRESS}")
    for left in reversed(range(TRIES)):
        answer = await ben.says("/email 00000000")
        assert keys_of(answer) == ["email.wrong_code"]
        assert answer.lines[0].values == {"left": left}

    assert keys_of(await ben.says(f"/email {code_in(mail)}")) == ["email.no_code"]
    assert keys_of(await ben.says("/email"))[0] == "email.none"


async def test_a_code_is_good_for_an_hour_and_is_forgotten_then(stage: Stage, ben: Actor, mail: SmtpServer) -> None:
    await ben.says(f"/email {ADDRESS}")
    stage.clock.passes(HOUR)

    assert keys_of(await ben.says(f"/email {code_in(mail)}")) == ["email.no_code"]
    await stage.sweeps()
    assert rows(stage, "proof_of_address") == []


async def test_a_code_is_good_once_and_only_for_whom_it_was_made(stage: Stage, ben: Actor, mail: SmtpServer) -> None:
    carl = enter(stage, "carl")
    await carl.agrees()
    await ben.says(f"/email {ADDRESS}")
    code = code_in(mail)

    assert keys_of(await carl.says(f"/email {code}")) == ["email.no_code"]
    await ben.says(f"/email {code}")
    assert keys_of(await ben.says(f"/email {code}")) == ["email.no_code"]


async def test_a_new_address_takes_the_old_ones_place_only_once_it_is_proved(ben: Actor, mail: SmtpServer) -> None:
    await ben.says(f"/email {ADDRESS}")
    await ben.says(f"/email {code_in(mail)}")
    await ben.says("/email other@mailbox.example")
    assert ADDRESS in read(await ben.says("/email"))

    await ben.says(f"/email {code_in(mail)}")
    assert "other@mailbox.example" in read(await ben.says("/email"))


@pytest.mark.parametrize("proved", [True, False])
async def test_clear_forgets_it_proved_or_not(stage: Stage, ben: Actor, mail: SmtpServer, proved: bool) -> None:
    await ben.says(f"/email {ADDRESS}")
    if proved:
        await ben.says(f"/email {code_in(mail)}")

    assert keys_of(await ben.says("/email clear")) == ["profile.cleared"]
    assert rows(stage, "profile") == rows(stage, "proof_of_address") == []
    assert keys_of(await ben.says("/email clear")) == ["profile.nothing"]


async def test_neither_address_nor_code_lies_anywhere_in_clear(
    stage: Stage, ben: Actor, mail: SmtpServer, log: io.StringIO
) -> None:
    await ben.says(f"/email {ADDRESS}")
    code = code_in(mail)
    (proof,) = rows(stage, "proof_of_address")
    assert code not in str(dict(proof))
    assert ADDRESS not in str(dict(proof))
    await ben.says(f"/email {code}")
    mail.refuses = f"550 5.1.1 {ADDRESS} unknown"
    await ben.says(f"/email {ADDRESS}")

    written = b"".join(path.read_bytes() for path in stage.folder.rglob("*") if path.is_file())
    for secret in (ADDRESS, code):
        assert secret not in log.getvalue()
        assert secret.encode() not in written


@pytest.mark.parametrize(
    "address",
    [
        *("ben@", "@b.example", "a b@c.example", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example"),
        *(f"{'a' * 250}@b.example", "<a@b.example>", "a@b..example", "ü@b.example", "a@localhost"),
    ],
)
async def test_what_is_no_address_reaches_no_server(stage: Stage, ben: Actor, mail: SmtpServer, address: str) -> None:
    assert keys_of(await ben.says(f"/email {address}")) == ["email.no_address"]
    assert mail.heard == []
    assert rows(stage, "proof_of_address") == []


async def test_nobodys_mailbox_is_flooded_from_here(ben: Actor, mail: SmtpServer) -> None:
    answers = [keys_of(await ben.says(f"/email {ADDRESS}")) for _ in range(5)]

    assert answers == [["email.sent"]] * 3 + [["email.too_often"]] * 2
    await ben.says("/email clear")
    assert keys_of(await ben.says(f"/email {ADDRESS}")) == ["email.too_often"]


@pytest.mark.parametrize(
    ("refuses", "key"),
    [("550 5.1.1 No such mailbox", "email.no_mailbox"), ("450 4.2.0 Greylisted", "email.not_sent")],
)
async def test_a_letter_that_is_not_taken_leaves_nothing_behind(
    stage: Stage, ben: Actor, mail: SmtpServer, refuses: str, key: str
) -> None:
    mail.refuses = refuses

    assert keys_of(await ben.says(f"/email {ADDRESS}")) == [key]
    assert rows(stage, "proof_of_address") == []


async def test_a_server_that_hangs_up_or_is_away_is_tried_later(stage: Stage, ben: Actor, mail: SmtpServer) -> None:
    mail.hangs_up = True
    assert keys_of(await ben.says(f"/email {ADDRESS}")) == ["email.not_sent"]
    object.__setattr__(stage.app, "mailer", SmtpMailer(server_at("smtp://127.0.0.1:1/?from=a@b.example")))

    answer = await ben.says(f"/email {ADDRESS}")
    assert (keys_of(answer), answer.error) == (["email.not_sent"], "unavailable")
    assert rows(stage, "proof_of_address") == []


async def test_it_signs_in_where_the_address_says_so(stage: Stage, ben: Actor, mail: SmtpServer) -> None:
    mail.logins = {"bot": "p@ss"}
    url = mail.url.replace("127.0.0.1", "bot:p%40ss@127.0.0.1")
    object.__setattr__(stage.app, "mailer", SmtpMailer(server_at(url)))

    assert keys_of(await ben.says(f"/email {ADDRESS}")) == ["email.sent"]


async def test_who_is_banned_may_clear_theirs(zed: Actor, mail: SmtpServer) -> None:
    await zed.says(f"/email {ADDRESS}")

    assert keys_of(await zed.says("/email clear")) == ["profile.cleared"]


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example", "http://mail.example/?from=a@b.example", "smtp:///?from=a@b.example", "smtp://mail.example"),
        *("smtp://mail.example:x/?from=a@b.example", "smtp://mail.example/?from=nobody", "smtp://[x/?from=a@b.example"),
    ],
)
def test_an_address_of_a_server_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadSettings, match=r"^DARKROOM_SMTP_URL .* Write smtps://") as refused:
        server_at(url.replace("://", "://bot:hunter2@", 1))

    assert "hunter2" not in str(refused.value)


def test_empty_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not open_mailer(Settings(_env_file=None)).is_on
    assert open_mailer(Settings(_env_file=None, smtp_url=SecretStr("smtp://localhost/?from=a@b.example"))).is_on


class Elsewhere(Server):
    """A server that is treated as if it stood on another computer."""

    here = False


async def test_letters_to_another_computer_are_never_sent_in_clear(stage: Stage, ben: Actor, mail: SmtpServer) -> None:
    elsewhere = Elsewhere("127.0.0.1", mail.port, "darkroom@bot.example")
    object.__setattr__(stage.app, "mailer", SmtpMailer(elsewhere))

    assert keys_of(await ben.says(f"/email {ADDRESS}")) == ["email.not_sent"]
    assert {line.split()[0].upper() for line in mail.heard} <= {"EHLO", "HELO", "QUIT"}
    assert mail.delivered == []


def test_what_is_another_computer() -> None:
    assert server_at("smtps://mail.example/?from=a@b.example").encrypted
    assert not server_at("smtp://mail.example/?from=a@b.example").here
    assert server_at("smtp://127.0.0.1/?from=a@b.example").here
