"""A few requests through everything that can go wrong, the bot killed meanwhile; `soak.py` does it by the hundred."""

from __future__ import annotations

from pathlib import Path

from tests.telegram.soak import soaking


async def test_nothing_is_lost_shown_twice_or_paid_for_nothing(tmp_path: Path) -> None:
    async with soaking(tmp_path, jobs=15, share=0.02, seed=3) as soak:
        report = await soak.run((4.0, 6.0))

    assert report.wrong == []
    assert report.figures["requests accepted"] == 15
