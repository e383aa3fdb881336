"""Every command refuses a day that does not exist."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.cli.conftest import ABOUT_MAIL, Cli
from tests.cli.test_help import ALL

# Every option and argument that takes a time: the words before the time, by command and name.
TIMES: dict[tuple[str, str], list[str]] = {
    ("set", "--at"): ["set", "INC", "impact=high", "--reason", "Late.", "--at"],
    ("note", "--at"): ["note", "INC", "A note.", "--reason", "Late.", "--at"],
    ("move", "--at"): [
        "move",
        "INC",
        "in_progress",
        "--set",
        "assigned_team=it-operations",
        "--reason",
        "Late.",
        "--at",
    ],
    ("major declare", "--at"): ["major", "declare", "INC", "--reason", "Down.", "--at"],
    ("major declare", "--next"): ["major", "declare", "INC", "--reason", "Down.", "--next"],
    ("major decline", "--at"): ["major", "decline", "INC", "--reason", "Short.", "--at"],
    ("major update", "--next"): ["major", "update", "MAJOR", "Still down.", "--next"],
    ("major stand-down", "--at"): ["major", "stand-down", "MAJOR", "--reason", "Over.", "--at"],
    ("major stand-down", "--mitigated"): ["major", "stand-down", "MAJOR", "--reason", "Over.", "--mitigated"],
    ("major stand-down", "--review-due"): [
        "major",
        "stand-down",
        "MAJOR",
        "--reason",
        "Over.",
        "--review-due",
    ],
    ("correct", "wrong"): ["correct", "INC", "--reason", "Typo.", "DAY", "2026-11-20"],
    ("correct", "right"): ["correct", "INC", "--reason", "Typo.", "2026-11-20"],
    ("recur", "--at"): ["recur", "--at"],
    ("list", "--since"): ["list", "--since"],
    ("list", "--until"): ["list", "--until"],
    ("oncall", "--at"): ["oncall", "--at"],
    ("oncall", "--until"): ["oncall", "ROTA", "--swap", "duty-agent", "--until"],
    ("report", "--since"): ["report", "backlog", "--since"],
    ("report", "--until"): ["report", "backlog", "--until"],
    ("schedule", "--from"): ["schedule", "--from"],
    ("schedule", "--to"): ["schedule", "--to"],
    ("schedule", "--month"): ["schedule", "--month"],
    ("cab agenda", "day"): ["cab", "agenda"],
    ("suspects", "--began"): ["suspects", "EXMP1", "--began"],
    **{
        (f"audit {name}", option): ["audit", name, *more, option]
        for name, more in {
            "verify": (),
            "export": (),
            "sample": ("--seed", "1"),
            "exceptions": (),
            "duties": (),
            "summary": (),
        }.items()
        for option in ("--since", "--until")
    },
    ("audit access", "--on"): ["audit", "access", "--on"],
    ("major review", "--action"): ["major", "review", "MAJOR", "--action"],
}
_METAVARS = ("WHEN", "DATE", "YYYY-MM")


def test_every_option_that_takes_a_time_is_tried() -> None:
    found = {
        (name, parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.name))
        for name, command in ALL.items()
        for parameter in command.params
        if any(word in (parameter.metavar or "") for word in _METAVARS)
    }
    assert found == TIMES.keys() - {("correct", "wrong"), ("correct", "right")}


@pytest.mark.parametrize(("name", "option"), TIMES)
def test_a_day_that_does_not_exist_is_refused(name: str, option: str, acme: Path, cli: Cli) -> None:
    made = cli("new", "incident", "Mail is down", *ABOUT_MAIL, "--json").json
    words = [made["id"] if w in ("INC", "MAJOR") else w for w in TIMES[name, option]]
    if "MAJOR" in TIMES[name, option]:
        cli("major", "declare", made["id"], "--reason", "Nobody can work.")
    if name == "major review":
        cli("major", "stand-down", made["id"], "--reason", "All is back.")
    day = {"--month": "2026-13", "--action": "duty-agent 2026-02-30 Look"}.get(option, "2026-02-30")
    words = [day if w == "DAY" else w for w in words] if "DAY" in words else [*words, day]
    refused = cli(*words, code=2)
    assert day.split()[-1] in refused.err
    assert refused.out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("due", "2026-02-30"), "there is no day 2026-02-30"),
        (("list", "incidents", "mail", "2026-02-30"), "there is no day 2026-02-30"),
        (("list", "contracts", "end:<2026-02-30"), "'2026-02-30' is not a time"),
        (("list", "contracts", "end:2026-01..2026-02-30"), "'2026-02-30' is not a time"),
        (("list", "contracts", "end=2026-02-30"), "'2026-02-30' is not a time"),
        (("list", "contracts", "--where", "end=2026-02-30"), "'2026-02-30' is not a time"),
        (("list", "opened:>2026-02-30"), "'2026-02-30' is not a time"),
        (("set", "cloud-contract", "end=2026-02-30"), "'2026-02-30' is not a date"),
        (("due", "2026-12-31"), "'2026-12-31' is a day"),
    ],
)
def test_a_filter_or_a_field_takes_no_day_that_does_not_exist(
    words: tuple[str, ...], message: str, acme: Path, cli: Cli
) -> None:
    assert message in cli(*words, code=2).err


@pytest.mark.parametrize("words", [("list", "clock:late"), ("due",), ("report", "backlog"), ("check",)])
def test_a_present_that_is_no_time_is_refused(
    words: tuple[str, ...], acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-02-30T09:00:00Z")
    refused = cli(*words, code=2)
    assert "ITSM_NOW is not a time: 2026-02-30T09:00:00Z" in refused.err
    assert refused.out == ""


def test_a_day_in_quotes_is_text(acme: Path, cli: Cli) -> None:
    assert cli("list", '"2026-02-30"').code == 0
    assert "nothing is due" in cli("due", '"2026-12-31"').out


def test_a_look_ahead_to_a_day_is_offered_as_a_span(acme: Path, cli: Cli) -> None:
    assert "itsm due --within 9d" in cli("due", "2026-12-01", code=2).err


def test_of_an_option_that_takes_one_value_the_last_one_counts(acme: Path, cli: Cli) -> None:
    made = cli("new", "incident", "Mail is down", *ABOUT_MAIL, "--impact", "high", "--json").json
    assert "impact: high\n" in next(acme.rglob(f"{made['id']}.yaml")).read_text(encoding="utf-8")
    listed = cli("list", "--team", "service-desk", "--team", "it-operations", "--json").json
    assert listed == cli("list", "--team", "it-operations", "--team", "service-desk", "--json").json


def test_values_that_look_like_an_option_are_values(acme: Path, cli: Cli) -> None:
    made = cli("new", "incident", "Mail is down", *ABOUT_MAIL, "--json").json
    cli("note", made["id"], "--reason", "Late.", "--at", "-5m", "--", "--at", "--at")
