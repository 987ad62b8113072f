"""What people may know and demand. So far: the policy, put together from the data map and the claims that hold here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bots.declaring import Commands, Option
from bots.replies import Line, Reply, reply, say
from core.claims import holding
from core.datamap import Category, DataMap
from core.ports import App
from core.values import Who

commands = Commands()


@dataclass(frozen=True)
class Privacy:
    section: Annotated[Literal["all", "proof"], Option(main=True)] = "all"


@commands("privacy")
async def privacy(app: App, _who: Who, ask: Privacy) -> Reply:
    """What is kept, why and for how long, and what is promised; `proof` names the test behind each promise."""
    if ask.section == "proof":
        proofs = [
            say("privacy.proof", claim=say(f"claim.{claim.key}"), test=claim.test) for claim in holding(app.datamap)
        ]
        return reply(say("privacy.proof_intro"), *proofs)
    kept = [_kept(app.datamap, category) for category in app.datamap.categories()]
    promised = [say("privacy.promise", claim=say(f"claim.{claim.key}")) for claim in holding(app.datamap)]
    return reply(
        say("privacy.intro"),
        say("start.trial"),
        say("privacy.kept"),
        *kept,
        say("privacy.promises"),
        *promised,
        say("privacy.more"),
    )


def _kept(datamap: DataMap, category: Category) -> Line:
    """One category in one sentence: what it is, what for, on which basis, until when."""
    data = datamap.categories()[category]
    purposes = sorted({purpose for datum in data for purpose in datum.purposes})
    keeps = sorted({datum.keep for datum in data})
    return say(
        "privacy.category",
        what=say(f"category.{category}"),
        purposes=tuple(
            say("privacy.purpose", purpose=say(f"purpose.{purpose}"), basis=say(f"basis.{purpose.basis}"))
            for purpose in purposes
        ),
        keeps=tuple(say(f"keep.{until}") for until in keeps),
        sealed=say("privacy.sealed" if any(datum.sealed for datum in data) else "privacy.plain"),
    )
