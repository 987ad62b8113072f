"""An e-mail address, which nobody needs: kept once the code that was sent there is typed, and gone when it is cleared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from core import accounts
from core.errors import Refused
from core.ports import App, Place
from core.records import Records
from core.rights import profiles
from core.rules import HOUR
from core.values import Moment, PersonId, Who
from core.values.mail import Letter
from core.values.statements import Field, Kept, Proof, Source

CODE_LIFE: Final = 1 * HOUR
TRIES: Final = 5  #: wrong codes, and then a new one is needed
LETTERS_AT_ONCE: Final = 3  #: one more every minute: nobody's mailbox is flooded from here
LONGEST: Final = 254  #: characters of an address, RFC 5321 4.5.3.1.3 less its brackets

#: What SMTP takes without an extension, and what can stand in no header. An address is proved by its code, not by its form.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class _Typed(StrEnum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"


@dataclass(frozen=True)
class Known:
    """The proved address, and whether another waits for its code."""

    address: str | None
    waiting: bool


async def known(app: App, who: Who) -> Known:
    """Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    waiting = await app.database.run(_waits, person.id, app.clock.now())
    return Known(await profiles.value_of(app, person.id, Field.EMAIL), waiting)


async def ask(app: App, who: Who, address: str) -> None:
    """Send a code there; until it is typed the address is nobody's, and within the hour it is forgotten.

    Raises Refused for what is no address or too often, and Unavailable when the letter cannot be sent: then nothing is kept.
    """
    person = await accounts.known(app, who)
    _require_mail(app)
    if person.leaving_at is not None:
        raise Refused("account.leaving")
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
        raise Refused("email.no_address")
    now = app.clock.now()
    if wait := app.rates.take("letters", person.id, 1, LETTERS_AT_ONCE, now):
        raise Refused("email.too_often", seconds=ceil(wait))
    code = app.ids.short()
    sealed = await app.keys.seal(person.id, _place(person.id), address.encode())
    proof = Proof(sealed, _hash(app, person.id, code), 0, Moment(now + CODE_LIFE))
    await app.database.run(_put, person.id, proof)
    try:
        await app.mailer.send(address, Letter.CODE, code=code)
    except BaseException:
        await app.database.run(_remove_proof, person.id)
        raise


async def prove(app: App, who: Who, code: str) -> str:
    """The address, which is theirs from now on. Raises Refused for a code that is not the one, or too late, or too often."""
    person = await accounts.known(app, who)
    now = app.clock.now()
    typed, proof = await app.database.run(_try, person.id, _hash(app, person.id, code.strip().upper()), now)
    if typed is _Typed.SPENT or proof is None:
        raise Refused("email.no_code")
    if typed is _Typed.WRONG:
        raise Refused("email.wrong_code", left=TRIES - proof.tries - 1)
    address = (await app.keys.open(person.id, _place(person.id), proof.sealed)).decode()
    sealed = await app.keys.seal(person.id, profiles.place(person.id, Field.EMAIL), address.encode())
    await app.database.run(_settle, person.id, Kept(Field.EMAIL, sealed, Source.CODE, now))
    return address


async def clear(app: App, who: Who) -> bool:
    """Forget the address, proved or not. False: there was none."""
    person = await accounts.known(app, who)
    return await app.database.run(_clear, person.id)


def _require_mail(app: App) -> None:
    if not app.mailer.is_on:
        raise Refused("email.off")


def _place(person: PersonId) -> Place:
    return Place("proof_of_address", "sealed_address", person)


def _hash(app: App, person: PersonId, code: str) -> str:
    return app.keys.tag(f"address:{person}:{code}")


def _put(tx: Records, person: PersonId, proof: Proof) -> None:
    tx.addresses.put(person, proof)


def _remove_proof(tx: Records, person: PersonId) -> None:
    tx.addresses.remove(person)


def _waits(tx: Records, person: PersonId, now: Moment) -> bool:
    proof = tx.addresses.lock(person)
    return proof is not None and _is_open(proof, now)


def _try(tx: Records, person: PersonId, code_hash: str, now: Moment) -> tuple[_Typed, Proof | None]:
    """Every wrong code counts, whoever types at the same time."""
    proof = tx.addresses.lock(person)
    if proof is None or not _is_open(proof, now):
        return _Typed.SPENT, proof
    if proof.code_hash == code_hash:
        return _Typed.RIGHT, proof
    tx.addresses.count_try(person)
    return _Typed.WRONG, proof


def _is_open(proof: Proof, now: Moment) -> bool:
    return proof.until > now and proof.tries < TRIES


def _settle(tx: Records, person: PersonId, kept: Kept) -> None:
    tx.addresses.remove(person)
    tx.profiles.put(person, kept)


def _clear(tx: Records, person: PersonId) -> bool:
    waited = tx.addresses.remove(person)
    return tx.profiles.remove(person, Field.EMAIL) or waited
