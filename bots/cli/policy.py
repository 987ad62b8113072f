"""`darkroom policy` and `darkroom ropa`: what is promised here and what became of it, and the record of processing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bots.cli.console import Json, configured, print_json, print_table

if TYPE_CHECKING:
    from core.policy.facts import Facts

policy_app = typer.Typer(no_args_is_help=True, help="What this bot tells people it keeps and promises.")
ropa_app = typer.Typer()

Profile = Annotated[str, typer.Option(help="One of the shipped profiles; left out: your policy.toml.")]


@policy_app.command()
def report(profile: Profile = "", json_: Json = False) -> None:
    """Every promise, and what became of it: kept with its test, not applicable with the reason, or not yet."""
    from bots.cli.policy_report import as_rows, report_table
    from core.policy.promises import PROFILES, report

    judged, letter = report(_facts(profile)), PROFILES.get(profile, "")
    if json_:
        print_json(as_rows(judged, letter))
    else:
        print_table(report_table(judged, letter))


@policy_app.command()
def show(profile: Profile = "", json_: Json = False) -> None:
    """What /privacy all and /terms say."""
    from bots.policy.shown import Section, section, terms
    from bots.texts import render
    from bots.wiring import policy

    made = policy(_facts(profile))
    said = {which.value: [render(line) for line in section(made, which)] for which in Section}
    said["terms"] = [render(line) for line in terms(made)]
    if json_:
        print_json({"hash": made.hash, **said})
    else:
        typer.echo("\n\n".join("\n".join(lines) for lines in said.values()))


@ropa_app.command()
def ropa(profile: Profile = "", json_: Json = False) -> None:
    """The record of processing activities that GDPR 30 asks for."""
    from bots.cli.policy_report import ropa_table
    from bots.wiring import policy
    from core.policy.processing import record

    made = record(policy(_facts(profile)))
    if json_:
        print_json(made.as_json())
    else:
        print_table(ropa_table(made))


def _facts(profile: str) -> Facts:
    from bots.policy.file import profile as shipped
    from bots.policy.file import read_policy

    with configured() as settings:
        return (shipped(profile) if profile else read_policy(settings.policy)).facts
