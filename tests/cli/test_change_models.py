"""A further model of change is data: entries in four files of the rule book, and every part of the tool follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_planning import NIGHTS, commit

MODEL = """\
  routine:
    title: Routine
    description: Work on what users do not see, always at night.
    risk: assessed
    content_from: authorize
    plans_from: authorize
    plans:
      low: [backout_plan]
      medium: [backout_plan, test_plan]
      high: [backout_plan, test_plan, communication_plan]
    window_from: authorize
    maintenance_window: always
"""

# file, what it says, what it says then
EDITS = (
    ("schemas/policies/change-models.yaml", "models:\n", f"models:\n{MODEL}"),
    ("schemas/records/change.schema.json", '        "emergency"\n', '        "emergency",\n        "routine"\n'),
    # It takes the same steps as a normal change.
    ("schemas/workflows/change.yaml", "when: {type: normal}\n", "when: {type: [normal, routine]}\n"),
    ("schemas/workflows/change.yaml", "when: {type: [normal, emergency]}\n", "when: {type: [normal, emergency, routine]}\n"),
    ("schemas/policies/approvals.yaml", "type: [normal, emergency]", "type: [normal, emergency, routine]"),
)  # fmt: skip


@pytest.fixture
def routine(acme: Path, cli: Cli, later: Callable[[int], None]) -> str:
    """A change of the new model, as far as assessment."""
    for path, old, new in EDITS:
        text = (acme / path).read_text()
        assert old in text
        (acme / path).write_text(text.replace(old, new))
    (acme / "cmdb/calendars/nights.yaml").write_text(NIGHTS)
    commit(acme, "Routine changes")
    assert "no findings" in cli("check").out
    made = cli(
        "new", "change", "--type", "routine", "--title", "Clean the log disks", "--ci", "mail-server",
        "--requested-by", "mail-engineer", "--justification", "They fill up.", "--assigned-team", "it-operations",
        "--set", "risk.level=medium", "--set", "risk.reason=Files are deleted.", "--json",
    ).json["id"]  # fmt: skip
    later(5)
    cli("move", made, "assess")
    return str(made)


def test_its_fields_are_demanded_by_its_risk_and_from_its_state_on(
    routine: str, cli: Cli, later: Callable[[int], None]
) -> None:
    later(10)
    refused = " ".join(cli("move", routine, "authorize", code=1).err.split())
    assert "C001 /state: a change of medium risk needs 'backout_plan' from here on" in refused
    assert "C001 /state: a change of medium risk needs 'test_plan' from here on" in refused
    assert "C004 /state: from here on a change has planned_start and planned_end" in refused
    assert "impact_statement" not in refused  # that is for normal changes
    assert "communication_plan" not in refused  # that is for high risk


def test_it_goes_its_whole_way_and_keeps_to_its_windows(
    acme: Path, routine: str, cli: Cli, later: Callable[[int], None]
) -> None:
    cli("set", routine, "backout_plan=Restore the snapshot.", "test_plan=Mail arrives.",
        "planned_start=2026-12-01 20:00", "planned_end=2026-12-01 22:00", "implementers=duty-agent")  # fmt: skip
    assert "C013 the window is not inside one of 'nights'" in cli("check", code=None).out
    cli("set", routine, "planned_start=2026-12-05 20:00", "planned_end=2026-12-05 22:00")
    for minutes, state in ((10, "authorize"), (15, "scheduled"), (20, "implement")):
        later(minutes)
        cli("move", routine, state, "--by", "change-manager")
        out = cli("check", code=None).out
        assert "C0" not in out, out
    assert cli("schedule", "--json").json["changes"][0]["type"] == "routine"
    assert cli("risk", routine, "--json").json["model"] == "routine"
    assert "routine, medium risk" in cli("schedule").out


def test_its_lead_time_counts_where_the_policy_of_risk_says_so(acme: Path, routine: str, cli: Cli) -> None:
    facts = [p["name"] for p in cli("risk", routine, "--json").json["points"] if p["source"] == "fact"]
    assert "lead_time" not in facts
    policy = acme / "schemas/policies/risk.yaml"
    policy.write_text(policy.read_text().replace("types: [normal]", "types: [normal, routine]"))
    facts = [p["name"] for p in cli("risk", routine, "--json").json["points"] if p["source"] == "fact"]
    assert "lead_time" in facts
