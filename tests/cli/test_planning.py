"""`risk`, `schedule`, `freeze preview` and `suspects` as people use them, on a repository of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.model.text import width
from tests.cli.conftest import Cli

NIGHTS = """\
id: nights
class: calendar
name: Nights
owner: it-operations
type: maintenance_window
time_zone: Europe/Berlin
hours:
- days:
  - sat
  from: '20:00'
  to: '04:00'
"""

FREEZE = """\
id: year-end
class: calendar
name: Year-end freeze
owner: change-management
{lifecycle}type: freeze
time_zone: Europe/Berlin
windows:
- start: 2026-12-18T00:00:00+01:00
  end: 2027-01-04T00:00:00+01:00
  name: End of the year
exempt_types:
- emergency
reason: Everybody is away.
"""


def git(root: Path, *args: str, when: str = "2026-11-22T10:00:00Z") -> str:
    env = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    done = subprocess.run(["git", *args], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(root: Path, message: str = "change", when: str = "2026-11-22T10:00:00Z") -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message, when=when)


@pytest.fixture
def new(cli: Cli, acme: Path) -> Callable[..., str]:
    """Make a change with a window on the first of December, and return its identifier."""

    def make(title: str, *words: str, hours: tuple[int, int] = (20, 22), ci: str = "mailbox-db") -> str:
        made = cli(
            "new", "change", "--type", "normal", "--title", title, "--ci", ci, "--requested-by", "mail-engineer",
            "--justification", "It must be.", "--assigned-team", "it-operations",
            "--set", f"planned_start=2026-12-01 {hours[0]}:00", "--set", f"planned_end=2026-12-01 {hours[1]}:00",
            *words, "--json",
        )  # fmt: skip
        return str(made.json["id"])

    return make


def test_the_agenda_names_the_work_and_what_is_in_its_way(
    acme: Path, cli: Cli, new: Callable[..., str]
) -> None:
    first = new("Raise the connection limit", "--set", "implementers=mail-engineer")
    second = new("Upgrade the mail server", hours=(21, 23), ci="mail-server")
    out = cli("schedule", "--from", "2026-12-01", "--to", "1d").out
    assert out.splitlines() == [
        "2026-12-01 to 2026-12-01 (Europe/Berlin): 2 changes",
        "",
        "Tuesday 2026-12-01",
        "  20:00–22:00    Raise the connection limit",
        f"                 {first}  normal, no risk, draft; by mail-engineer",
        f"                 ! collides with {second}: mail-server needs mailbox-db",
        "  21:00–23:00    Upgrade the mail server",
        f"                 {second}  normal, no risk, draft; by it-operations",
        f"                 ! collides with {first}: mail-server needs mailbox-db",
    ]


def test_a_month_shows_the_same_at_a_glance(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    (acme / "cmdb/calendars/year-end.yaml").write_text(FREEZE.format(lifecycle=""))
    made = new("Raise the connection limit")
    lines = cli("schedule", "--month", "2026-12").out.splitlines()
    assert lines[:5] == [
        "December 2026 (Europe/Berlin)",
        "Mon        Tue        Wed        Thu        Fri        Sat        Sun",
        "            1          2          3          4          5          6",
        f"            {made[-5:]}",
        " 7          8          9         10         11         12         13",
    ]
    assert "14         15         16         17         18 ######  19 ######  20 ######" in lines
    assert lines[-1] == f" {made[-5:]}  Tue 01 20:00  Raise the connection limit"
    assert cli("schedule", "--month").out.startswith("November 2026")


def test_two_branches_that_each_pass_alone_collide_together(
    acme: Path, cli: Cli, new: Callable[..., str]
) -> None:
    git(acme, "switch", "-qc", "limit")
    first = new("Raise the connection limit")
    commit(acme)
    git(acme, "switch", "-qc", "upgrade", "main")
    second = new("Upgrade the mail server", hours=(21, 23), ci="mail-server")
    commit(acme)
    for branch in ("limit", "upgrade"):
        git(acme, "switch", "-q", branch)
        assert cli("check", "--base", "main", code=None).out.count("C014") == 0
        assert cli("schedule", "--json").json["collisions"] == []
    before = git(acme, "status", "--porcelain"), git(acme, "for-each-ref")

    found = cli("schedule", "--with", "limit", "--json").json
    assert found["with"] == ["limit"]
    assert {c["id"]: c["from"] for c in found["changes"]} == {first: "limit", second: None}
    (collision,) = found["collisions"]
    assert (set(collision["changes"]), collision["only_together"]) == ({first, second}, True)

    git(acme, "switch", "-q", "main")
    both = cli("schedule", "--with", "limit", "--with", "upgrade").out
    assert " ".join(both.splitlines()[:2]).endswith("2 changes, 2 of them from limit and upgrade")
    assert f"! collides with {first} (only together): mail-server\n" in both
    git(acme, "switch", "-q", "upgrade")
    assert (git(acme, "status", "--porcelain"), git(acme, "for-each-ref")) == before


def test_reviewers_are_told_of_what_the_target_has_got_meanwhile(
    acme: Path, cli: Cli, new: Callable[..., str]
) -> None:
    git(acme, "switch", "-qc", "topic")
    asked = new("Raise the connection limit")
    commit(acme)
    assert "mail-server needs" not in cli("comment", "--dry-run", asked).out
    git(acme, "switch", "-q", "main")
    meanwhile = new("Upgrade the mail server", hours=(21, 23), ci="mail-server")
    commit(acme)
    git(acme, "switch", "-q", "topic")
    told = cli("comment", "--dry-run", asked).out
    assert f"{meanwhile} Upgrade the mail server: mail-server needs mailbox-db" in told.replace("&#58;", ":")


def test_one_line_for_each_change_in_the_way(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    first = new("Raise the connection limit", "--set", "implementers=mail-engineer")
    new("Lower the connection limit", "--set", "implementers=mail-engineer", hours=(21, 23))
    lines = " ".join(cli("schedule").out.split())
    told = f"! collides with {first}: both change mailbox-db, and mail-engineer carries out both"
    assert lines.count(told) == 1


def test_a_dependency_that_a_branch_adds_counts(
    acme: Path, cli: Cli, new: Callable[..., str], path_of: Callable[[str], Path]
) -> None:
    new("Patch the archive", ci="mail-archive")
    new("Patch a host", ci="mail-host-1")
    commit(acme)
    git(acme, "switch", "-qc", "cmdb")
    cli("link", "mail-archive", "depends_on", "mail-host-1")
    commit(acme)
    git(acme, "switch", "-q", "main")
    assert cli("schedule", "--json").json["collisions"] == []
    (found,) = cli("schedule", "--with", "cmdb", "--json").json["collisions"]
    # The branch has it by itself, so it is none of the merge.
    assert (found["reason"], found["only_together"]) == ("mail-archive needs mail-host-1", False)


def test_branches_that_contradict_each_other_are_refused(
    acme: Path, cli: Cli, new: Callable[..., str]
) -> None:
    made = new("Raise the connection limit")
    commit(acme)
    for branch, title in (("one", "Lower the limit"), ("two", "Drop the limit")):
        git(acme, "switch", "-qc", branch, "main")
        cli("set", made, f"title={title}")
        commit(acme)
    refused = cli("schedule", "--with", "one", code=1)
    assert "'one' cannot be merged into HEAD without deciding something" in refused.err
    assert "git merge one shows where" in refused.err
    assert cli("schedule", "--with", "oen", code=1).err.startswith("error: there is no revision 'oen'")


def test_a_freeze_is_previewed_while_it_is_a_draft(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    calendar = acme / "cmdb/calendars/year-end.yaml"
    calendar.write_text(FREEZE.format(lifecycle="lifecycle: planned\n"))
    made = new("Upgrade the mail server")
    cli("set", made, "planned_start=2026-12-19 20:00", "planned_end=2026-12-19 22:00")
    out = cli("freeze", "preview", "year-end").out
    assert out.splitlines() == [
        "year-end  End of the year  draft: not in force",
        "  2026-12-18 00:00 to 2027-01-04 00:00 (Europe/Berlin)",
        "  covers everything",
        "  lets through: emergency",
        f"  would hold {made}  2026-12-19 20:00  Upgrade the mail server",
    ]
    assert "C008" not in cli("check", code=None).out
    calendar.write_text(FREEZE.format(lifecycle=""))
    assert f"  holds {made}  2026-12-19 20:00" in cli("freeze", "preview").out
    assert "C008 the window falls into the freeze 'year-end'" in cli("check", code=1).out
    assert "! inside the freeze year-end (End of the year)" in cli("schedule").out


def test_a_preview_without_a_freeze_says_so(acme: Path, cli: Cli) -> None:
    assert cli("freeze", "preview").out == "no freeze is to come\n"
    assert "'office-hours' is not a freeze" in cli("freeze", "preview", "office-hours", code=1).err


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "words",
    [
        ["schedule", "--to", "6w"],
        ["schedule", "--month", "2026-12"],
        ["freeze", "preview"],
        ["risk", "EXMP4"],
        ["suspects", "EXMP1"],
    ],
    ids=" ".join,
)
def test_everything_fits(
    words: list[str],
    columns: int,
    acme: Path,
    cli: Cli,
    new: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    (acme / "cmdb/calendars/year-end.yaml").write_text(FREEZE.format(lifecycle="lifecycle: planned\n"))
    (acme / "cmdb/calendars/nights.yaml").write_text(NIGHTS)
    long = "An extraordinarily long title about a very small thing that nobody would read twice, 日本語 too"
    outage = ["--set", "outage.expected=true", "--set", "outage.minutes=30"]
    new(long, *outage, "--set", "implementers=mail-engineer,duty-agent,operations-lead")
    new(long, hours=(21, 23), ci="mail-server")
    lines = cli(*words).out.splitlines()
    assert lines
    assert [line for line in lines if width(line) > columns] == []
    assert not [line for line in lines if line != line.rstrip()]


def test_nothing_in_a_record_acts_on_the_terminal(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    made = new("Harmless")
    path = next(acme.rglob(f"{made}.yaml"))
    path.write_text(path.read_text().replace("title: Harmless", "title: '[red]!{{x}} %s \\x1b[31m<b>'"))
    assert "[red]!{{x}} %s \\x1b[31m<b>" in cli("schedule").out
    path.write_bytes(path.read_bytes().replace(b"\\x1b[31m", "\N{BELL}\N{ZERO WIDTH SPACE}".encode()))
    for words in (["schedule"], ["schedule", "--month", "2026-12"], ["schedule", "--json"]):
        assert not [c for c in cli(*words).out if c != "\n" and not c.isprintable()]


def test_colours_are_for_terminals_and_can_be_forced(
    acme: Path, cli: Cli, new: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    new("Raise the connection limit")
    assert "\x1b[" not in cli("schedule").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in cli("schedule").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in cli("schedule").out


def test_what_is_typed_wrong_is_explained(acme: Path, cli: Cli) -> None:
    assert "--month: 'December' is not a month" in cli("schedule", "--month", "December", code=2).err
    assert "--month does not go with --from" in cli("schedule", "--month", "--from", "1d", code=2).err
    assert (
        "ends before it begins" in cli("schedule", "--from", "2026-12-02", "--to", "2026-12-01", code=1).err
    )
    assert "--service takes a service" in cli("schedule", "--service", "it-operations", code=1).err
    assert "itsm risk takes changes" in cli("risk", "EXMP1", code=1).err
    assert "itsm suspects takes incidents and problems" in cli("suspects", "EXMP4", code=1).err
    assert "is not a span of up to a year" in cli("suspects", "EXMP1", "--window", "500d", code=2).err


def test_the_schedule_of_another_revision(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    made = new("Raise the connection limit")
    assert cli("schedule", "--at", "HEAD", "--json").json["changes"] == []
    assert [c["id"] for c in cli("schedule", "--json").json["changes"]] == [made]


def test_a_calendar_file_is_written_or_printed(
    acme: Path, cli: Cli, new: Callable[..., str], tmp_path: Path
) -> None:
    made = new("Raise the connection limit; twice, if needed")
    target = tmp_path / "changes.ics"
    assert cli("schedule", "--ics", str(target)).out.endswith("changes.ics: 1 change, 0 calendar windows\n")
    text = target.read_bytes().decode()
    assert text == cli("schedule", "--ics", "-").out
    assert f"UID:{made}@" in text
    missing = cli("schedule", "--ics", str(tmp_path / "nowhere/changes.ics"), code=2).err
    assert "changes.ics cannot be written: No such file or directory" in missing


def test_risk_is_explained_point_by_point(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    made = new("Upgrade the mailbox database", "--service", "email", "--set", "risk.level=low",
               "--set", "risk.answers.rehearsed=never", "--set", "risk.answers.data=destroyed",
               "--set", "outage.expected=true", "--set", "outage.minutes=300")  # fmt: skip
    found = cli("risk", made, "--json").json
    assert (found["sources"]["question"]["points"], found["sources"]["question"]["level"]) == (8, "medium")
    assert (found["stored"], found["understated"]) == ("low", True)
    assert sum(p["points"] for p in found["points"]) == sum(s["points"] for s in found["sources"].values())
    out = cli("risk", made).out
    assert "the record says low. That is too low." in out
    assert "   4  Minutes of planned interruption: 300" in out
    assert "  −4  Nothing (data: nothing)" in out


def test_an_override_says_who_and_why(acme: Path, cli: Cli, new: Callable[..., str]) -> None:
    made = new("Upgrade", "--set", "risk.level=low", "--set", "risk.answers.data=destroyed",
               "--set", "risk.answers.rehearsed=never")  # fmt: skip
    assert "missing" in cli("set", made, "risk.override.by=change-manager", code=None).err
    cli("set", made, "risk.override.by=change-manager", "risk.override.reason=Only test data are there.")
    assert "Overridden by change-manager: Only test data are there." in cli("risk", made).out


def test_suspects_come_from_changes_and_from_the_history_of_the_cmdb(
    acme: Path,
    cli: Cli,
    new: Callable[..., str],
    path_of: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = path_of("db-host-1")
    host.write_text(host.read_text() + "description: Has more memory now.\n")
    commit(acme, "Give the database host more memory", "2026-11-22T09:30:00Z")
    commit_of_edit = git(acme, "rev-parse", "HEAD")
    incident = cli("new", "incident", "--title", "Mail is slow", "--service", "email", "--category", "mail",
                   "--impact", "high", "--urgency", "high", "--json").json["id"]  # fmt: skip
    found = cli("suspects", incident, "--json").json
    (edit,) = [s for s in found["suspects"] if s["commit"] == commit_of_edit]
    assert (edit["type"], edit["id"], edit["distance"]) == ("edit", "db-host-1", 3)
    assert [r["text"] for r in edit["reasons"]] == [
        "2 h before it began",
        "what is affected depends on db-host-1 over 3 steps",
        "its record changed description",
        "no change names it at that time",
    ]
    out = cli("suspects", incident).out
    assert "edit of db-host-1  2026-11-22 10:30  Give the database host" in out
    none = cli("suspects", incident, "--window", "1h").out
    assert none.endswith("nothing happened there in that time\n")


def test_the_last_day_belongs_to_the_schedule(acme: Path, cli: Cli) -> None:
    one = cli("schedule", "--from", "2026-12-01", "--to", "2026-12-01").out
    assert one == cli("schedule", "--from", "2026-12-01", "--to", "1d").out
    month = cli("schedule", "--month", "2026-12", "--json").json
    assert month == cli("schedule", "--from", "2026-12-01", "--to", "2026-12-31", "--json").json
