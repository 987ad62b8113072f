"""Legal hold, statute, the person's own wish, restriction, retention: the strongest reason decides alone."""

from __future__ import annotations

from itertools import product

import pytest

from core.erasing.precedence import Reason, Ruling, Standing, rule

#: From the strongest: what can be said of a datum, the reason that is, and whether it goes for it.
ORDER = (
    ("on_hold", Reason.LEGAL_HOLD, False),
    ("by_statute", Reason.STATUTE, False),
    ("unwanted", Reason.ERASURE, True),
    ("restricted", Reason.RESTRICTION, False),
    ("over", Reason.RETENTION, True),
)


@pytest.mark.parametrize("said", list(product((False, True), repeat=len(ORDER))))
def test_of_all_that_can_be_said_the_strongest_decides(said: tuple[bool, ...]) -> None:
    standing = Standing(**{name: true for (name, *_), true in zip(ORDER, said, strict=True)})
    decided = [Ruling(goes, reason) for (_, reason, goes), true in zip(ORDER, said, strict=True) if true]

    assert rule(standing) == (decided[0] if decided else Ruling(goes=False, reason=Reason.NONE))


def test_an_own_wish_to_be_erased_lifts_a_restriction() -> None:
    assert rule(Standing(unwanted=True, restricted=True)).goes
    assert not rule(Standing(restricted=True, over=True)).goes
