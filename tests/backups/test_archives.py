"""A sealed archive: part by part as it was packed, or refused, wherever in it the damage is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain

import pytest
from pyrage.x25519 import Identity

from core.errors import Refused
from storage.backups.archives import Part, packed, unpacked
from storage.backups.sealed_files import write_sealed

KEY = Identity.generate()
PARTS = [Part("first.json", b"{}"), Part(f"a/{'long' * 60}/name", b"x" * 3_000_000), Part("empty", b"")]


def sealed(*more: bytes) -> io.BytesIO:
    file = io.BytesIO()
    write_sealed(chain(packed(PARTS, 1_800_000_000), more), file, [KEY.to_public()])
    return file


def parts(file: io.BytesIO) -> list[Part]:
    with unpacked(file, [KEY]) as found:
        return list(found)


def test_parts_come_out_as_they_went_in() -> None:
    assert parts(sealed()) == PARTS


def test_one_may_stop_after_the_first() -> None:
    with unpacked(sealed(), [KEY]) as found:
        assert next(found) == PARTS[0]


@pytest.mark.parametrize("where", ["0", "1_000_000", "2_900_000", "-1"])
def test_a_flipped_bit_is_found_wherever_it_is(where: str) -> None:
    file = sealed()
    file.getbuffer()[int(where)] ^= 1

    with pytest.raises(Refused) as refused:
        parts(file)
    assert refused.value.key == "backup.damaged"


def test_damage_behind_the_last_part_is_found_too() -> None:
    """What is behind the end of a tar file nobody has to read; but age vouches for nothing before it was at its own end."""
    whole = sealed(bytes(5_000_000))
    assert parts(whole) == PARTS
    whole.getbuffer()[-1] ^= 1

    with pytest.raises(Refused):
        parts(whole)


def test_what_the_reader_raises_is_raised() -> None:
    def fails() -> None:
        with unpacked(sealed(), [KEY]) as found:
            next(found)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()


def test_what_the_writer_raises_is_raised() -> None:
    def fails() -> Iterator[bytes]:
        yield from packed(PARTS, 0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_sealed(fails(), io.BytesIO(), [KEY.to_public()])
