"""Two commits that stand for a pull request: every kind of violation at its line, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import GitRepo

Run = Callable[..., subprocess.CompletedProcess[str]]

PROBLEM, SECOND_PROBLEM = "PRB-261101-AAAAA", "PRB-261101-BBBBB"
CHANGE, AUTHORISED = "CHG-261101-AAAAA", "CHG-261101-BBBBB"
INCIDENT, CLOSED, MOVED, LINKING = (f"INC-261101-{c * 5}" for c in "ABCD")
REQUEST = "REQ-261101-AAAAA"
FOLDERS = {"INC": "incidents", "PRB": "problems", "CHG": "changes", "REQ": "requests"}
CLOSED_MANY = [f"INC-261101-{n:05d}" for n in range(12)]


def path(identifier: str) -> str:
    return f"records/{FOLDERS[identifier[:3]]}/2026/11/{identifier}.yaml"


def timeline(*states: str) -> str:
    steps = [
        f"  - at: 2026-11-01T{9 + i:02d}:00:00Z\n    by: {by}\n    state: {state}\n"
        for i, (state, by) in enumerate(s.split("/") for s in states)
    ]
    return "timeline:\n" + "".join(steps)


def incident(identifier: str, state: str, more: str, *states: str) -> str:
    return (
        f"id: {identifier}\nkind: incident\ntitle: Mail is slow\nreported_by: duty-agent\nservice: email\n"
        f"category: email\nimpact: low\nurgency: low\nstate: {state}\nassigned_team: service-desk\n{more}"
        + timeline("new/duty-agent", *states)
    )


def change(identifier: str, state: str, ci: str, more: str, *states: str) -> str:
    return (
        f"id: {identifier}\nkind: change\ntitle: Move the port\ntype: normal\nrequested_by: operations-lead\n"
        "justification: The old one is needed elsewhere.\ncategory: network\nservice: email\n"
        f"cis:\n  - {ci}\nrisk:\n  level: medium\n  reason: Clients must follow.\nimpact_statement: None.\n"
        f"state: {state}\nassigned_team: it-operations\nimplementation_plan: Change it.\ntest_plan: Connect.\n"
        f"backout_plan: Change it back.\n{more}" + timeline("draft/operations-lead", *states)
    )


def problem(identifier: str, state: str, more: str, *states: str) -> str:
    return (
        f"id: {identifier}\nkind: problem\ntitle: Mail fails at times\nreported_by: operations-lead\n"
        f"origin: incidents\nservice: email\ncategory: email\nimpact: low\nurgency: low\nstate: {state}\n"
        f"assigned_team: it-operations\n{more}" + timeline("new/operations-lead", *states)
    )


RESOLUTION = "resolution_code: fixed\nresolution_notes: Restarted.\n"
WINDOW = "implementers:\n  - mail-engineer\nplanned_start: 2026-11-25T20:00:00Z\nplanned_end: 2026-11-25T21:00:00Z\n"
WORKED = ("in_progress/duty-agent", "resolved/duty-agent")
ANALYSED = ("assess/operations-lead", "root_cause_analysis/operations-lead", "resolved/operations-lead")
AUTHORISED_STEPS = ("assess/operations-lead", "authorize/operations-lead", "scheduled/change-manager")


def base(repo: GitRepo) -> None:
    """Records in the states from which the pull request goes on."""
    closure = f"{RESOLUTION}closure_category: email\n"
    link = f"links:\n  - type: caused_by\n    target: {SECOND_PROBLEM}\n"
    cause = "root_cause: Too small.\nresolution_code: fix_applied\nfix_notes: Enlarged.\n"
    texts = {
        PROBLEM: problem(PROBLEM, "resolved", cause, *ANALYSED),
        SECOND_PROBLEM: problem(SECOND_PROBLEM, "new", ""),
        CHANGE: change(CHANGE, "draft", "mail-host-1", ""),
        AUTHORISED: change(AUTHORISED, "scheduled", "mail-host-2", WINDOW, *AUTHORISED_STEPS),
        INCIDENT: incident(INCIDENT, "in_progress", "", "in_progress/duty-agent"),
        CLOSED: incident(CLOSED, "closed", closure, *WORKED, "closed/duty-agent"),
        MOVED: incident(MOVED, "in_progress", "", "in_progress/duty-agent"),
        LINKING: incident(LINKING, "new", link),
        REQUEST: (
            f"id: {REQUEST}\nkind: request\ntitle: Mailbox\nrequested_by: mail-engineer\noffering: new-mailbox\n"
            "answers:\n  mailbox: trainee\n  from: 2026-12-01\nstate: submitted\n"
            + timeline("submitted/mail-engineer")
        ),
        **{i: incident(i, "closed", closure, *WORKED, "closed/duty-agent") for i in CLOSED_MANY},
    }
    for identifier, text in texts.items():
        repo.write(path(identifier), text)
    # A fault that was there before is not the pull request's.
    repo.write("cmdb/servers/spare.yaml", "id: spare\nclass: server\nname: Spare\n")


def edit(repo: GitRepo, name: str, old: str, new: str, *, last: bool = False) -> None:
    text = (repo.root / name).read_text()
    assert old in text, name
    parts = text.rpartition(old) if last else text.partition(old)
    repo.write(name, parts[0] + new + parts[2])


def step(repo: GitRepo, identifier: str, before: str, after: str, by: str) -> None:
    """Move a record by hand, as somebody with an editor would."""
    edit(repo, path(identifier), f"state: {before}\n", f"state: {after}\n")
    entry = f"  - at: 2026-11-02T09:00:00Z\n    by: {by}\n    state: {after}\n"
    repo.write(path(identifier), (repo.root / path(identifier)).read_text() + entry)


def violate(repo: GitRepo) -> None:
    """One violation of each kind that is named."""
    step(repo, PROBLEM, "resolved", "assess", "operations-lead")  # no way leads back there
    step(repo, CHANGE, "draft", "authorize", "operations-lead")  # without the assessment
    edit(repo, path(INCIDENT), "    by: duty-agent", "    by: operations-lead")  # history says otherwise
    edit(repo, path(REQUEST), "requested_by: mail-engineer", "requested_by: duty-agent")
    edit(repo, path(CLOSED), "impact: low", "impact: high")
    (repo.root / path(SECOND_PROBLEM)).unlink()
    edit(repo, "cmdb/databases/mailbox-db.yaml", "criticality: high", "criticality: low")


def behave(repo: GitRepo) -> None:
    """What a pull request may do."""
    step(repo, MOVED, "in_progress", "resolved", "duty-agent")
    edit(repo, path(MOVED), "assigned_team: service-desk\n", f"assigned_team: service-desk\n{RESOLUTION}")
    repo.write(
        path("INC-261101-EEEEE"), incident("INC-261101-EEEEE", "in_progress", "", "in_progress/duty-agent")
    )
    repo.write(
        path(CLOSED_MANY[0]),
        (repo.root / path(CLOSED_MANY[0])).read_text()
        + "  - at: 2026-11-02T09:00:00Z\n    by: duty-agent\n    note: It held.\n",
    )
    # An item that an authorised change names, and a field that anybody may correct.
    step(repo, AUTHORISED, "scheduled", "implement", "mail-engineer")
    edit(repo, "cmdb/servers/mail-host-2.yaml", "criticality: medium", "criticality: high")
    edit(repo, "cmdb/services/email.yaml", "for everybody", "for all staff")


@pytest.fixture
def request_(run_itsm: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A repository made by `itsm init`, with records, committed and without errors."""
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")
    assert run_itsm(["init", "acme"], tmp_path).returncode == 0
    repo = GitRepo(tmp_path / "acme")
    base(repo)
    repo.commit("Records")
    return repo


def seen(line: str) -> str:
    """The place, severity and code of a line of output."""
    return " ".join(line.split(" ")[:3])


def test_each_kind_of_violation_is_reported_at_its_place_and_nothing_else(
    request_: GitRepo, run_itsm: Run
) -> None:
    violate(request_)
    behave(request_)
    request_.commit("Pull request")
    done = run_itsm(["check", "--base", "HEAD~1", "--fail-on", "info"], request_.root)
    assert (done.returncode, done.stderr) == (1, "")
    found = [line for line in done.stdout.splitlines() if line.startswith(("cmdb", "records", "schemas"))]
    assert [seen(line) for line in found] == [
        "cmdb/databases/mailbox-db.yaml:7:14: warning C101",
        f"{path(CHANGE)}:26:12: error W102",
        f"{path(INCIDENT)}:12:5: error W103",
        f"{path(CLOSED)}:7:9: error W105",
        f"{path(LINKING)}:13:13: error W106",
        f"{path(PROBLEM)}:30:12: error W101",
        f"{path(REQUEST)}:4:15: error W104",
    ]
    assert "6 errors, 1 warning in" in done.stdout.splitlines()[-1]


def test_github_gets_capped_annotations_and_a_summary(
    request_: GitRepo, run_itsm: Run, tmp_path: Path
) -> None:
    violate(request_)
    for identifier in CLOSED_MANY:
        edit(request_, path(identifier), "urgency: low", "urgency: high")
    request_.commit("Pull request")
    summary = tmp_path / "summary.md"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = run_itsm(["check", "--base", "HEAD~1"], request_.root, env=env)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    errors, warnings = ([x for x in lines if x.startswith(f"::{level} ")] for level in ("error", "warning"))
    assert len(errors) == 10
    assert (
        errors[-1] == "::error title=itsm check::9 more findings of level error, see the log and the summary"
    )
    assert errors[0] == (
        f"::error file={path(CHANGE)},line=26,col=12,title=W102::'draft' becomes 'authorize' without assess "
        "(the way is: draft → assess → authorize)"
    )
    assert all(x.startswith("::error file=records/") and ",line=" in x for x in errors[:-1])
    assert len(warnings) == 1
    assert lines[-1].startswith("18 errors, 1 warning in 19 of ")
    told = lines[lines.index("::group::All findings") + 1 : lines.index("::endgroup::")]
    assert sum(x.startswith(("records/", "cmdb/")) for x in told) == 19
    written = summary.read_text()
    assert written.startswith("## itsm check\n\n18 errors, 1 warning in 19 of ")
    assert written.count("\n| records/") + written.count("\n| cmdb/") == 19
