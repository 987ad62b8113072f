"""Nothing here trains a model on what people wrote or drew: no code can reach a picture or a word for that.

Whoever opens a picture's file, or the words of a request, is named below with what for. A module that is not is found.
"""

from __future__ import annotations

import ast
from pathlib import Path

from core.datamap import Purpose
from core.policy.facts import TRIAL
from tests.cast import Actor, Stage, keys_of, read
from tests.consent.offering import offers, rows

ROOT = Path(__file__).parents[2]
FOLDERS = ("bots", "core", "inference", "payments", "storage")

#: Modules that open what a person asked for or got, and what for. Deliver, export, keep, show as an example where it is
#: allowed: nothing else.
OPENS = {
    "core/requests/gallery.py": "shows people their own pictures, and delivers them",
    "core/requests/generation.py": "asks for a picture again, and fills a form with an earlier request",
    "core/requests/scheduling.py": "sends a request to be drawn",
    "core/requests/references.py": "sends the picture that a request starts from",
    "core/rights/showcase.py": "shows a picture to anybody, where its person chose to",
    "bots/on_discord/offers.py": "completes what its person types with their own requests",
    "bots/on_page/looking.py": "shows people their own requests",
    "bots/watching/health.py": "asks the store for a file that is never there",
}
TRAINS = {"backward", "Adam", "AdamW", "SGD", "Trainer", "get_peft_model", "add_adapter"}


def calls(path: Path) -> set[str]:
    """The names of everything a module calls, with what stands before the point."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
    return found


def modules() -> dict[str, Path]:
    return {str(path.relative_to(ROOT)): path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))}


def school() -> set[str]:
    return {name for name in modules() if name.startswith("inference/starter/")}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def opens(path: Path) -> bool:
    return any(call.endswith(("blobs.get", "words_of", "unpack_words")) for call in calls(path))


def test_whoever_opens_a_picture_or_its_words_does_it_for_its_person() -> None:
    exports = {
        name for name in modules() if name.startswith(("bots/exporting/", "core/rights/exports"))
    }  # their own copy
    stores = {name for name in modules() if name.startswith("storage/")}  # sealed bytes, moved and kept as they are
    found = {name for name, path in modules().items() if opens(path)} - exports - stores - school()

    assert found == set(OPENS)


def test_what_trains_knows_nobody_and_nobody_else_knows_it() -> None:
    """The starter model is trained by a script that draws its own examples, in a folder that nothing of people's reaches."""
    trainers = {name for name, path in modules().items() if {call.rpartition(".")[2] for call in calls(path)} & TRAINS}
    assert trainers == {"inference/starter/stage.py"}
    lessons = {"inference.starter.train", "inference.starter.stage", "inference.starter.lessons"}
    knowing = {name for name, path in modules().items() if imports(path) & lessons} - school()
    assert knowing == set()
    for name in ("train", "stage", "lessons"):
        known = {one.split(".")[0] for one in imports(modules()[f"inference/starter/{name}.py"])}
        assert not known & {"bots", "core", "storage"}, name


async def test_it_is_off_and_not_even_offered_where_no_operator_says_otherwise(ben: Actor) -> None:
    assert Purpose.TRAIN not in TRIAL.offered
    assert keys_of(await ben.says("/consent training on")) == ["consent.not_done_here"]


async def test_it_is_a_switch_of_its_own_and_agreeing_to_the_notice_does_not_touch_it(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent showcase on")

    assert [row["purpose"] for row in rows(stage, "consent")] == ["show"]
    assert "training: your pictures and words are used to improve the models that draw. OFF" in read(
        await ben.says("/consent")
    )
