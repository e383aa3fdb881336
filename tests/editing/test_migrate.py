"""itsm migrate: one word becomes another everywhere, and everything that compares reads the past through it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops import documents
from itsm_gitops.commands.init import contents
from itsm_gitops.editing import migrate as work
from itsm_gitops.editing.migrate import migrate, plan, planned
from itsm_gitops.model.errors import ChangedMeanwhile, NotFound, Refused, UsageError
from itsm_gitops.rules import check
from itsm_gitops.rules.engine import CheckReport
from tests.support import GitRepo, run_here

INCIDENT = "records/incidents/2026/01/INC-260112-EXMP1.yaml"


@pytest.fixture
def demo(make_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A new repository as `itsm init` writes it, in Git."""
    monkeypatch.setenv("ITSM_NOW", "2026-11-28T12:00:00Z")
    monkeypatch.setenv("ITSM_USER", "duty-agent")
    made = make_repo("demo", committed=False)
    values = {
        "organisation": "O",
        "organisation_yaml": "O",
        "timezone": "UTC",
        "version": "0",
        "today": "2026-01-01",
    }
    for path, content in contents({**values, "identity": "0" * 32}):
        made.write(path, content)
    made.commit("start")
    return made


def files_of(root: Path) -> dict[str, bytes]:
    found = (p for part in ("schemas", "records", "cmdb") for p in (root / part).rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in found}


def bad(report: CheckReport) -> list[str]:
    return [f"{f.path}: {f.code} {f.message}" for f in report.findings if f.severity != "info"]


def slow(*words: str) -> object:
    return pytest.param(*words, marks=pytest.mark.slow)


RENAMINGS = (
    ("state", "incident:in_progress", "working", ""),
    slow("state", "change:scheduled", "planned_in", ""),
    slow("state", "change:implement", "executing", ""),
    slow("state", "server:production", "live", ""),
    slow("field", "incident.contact_method", "reach_by", ""),
    slow("field", "incident.closure_category", "final_category", ""),
    ("field", "change.review.plan_followed", "as_planned", ""),
    ("kind", "known-error", "workaround-note", ""),
    slow("kind", "server", "host-computer", ""),
    slow("value", "incident.origin", "walk_up", "in_person"),
    ("value", "incident.category", "office", "workplace"),
    ("value", "incident.major.state", "declared", "accepted"),
    slow("value", "incident.resolution_code", "mistake_of_user", "user_error"),
    slow("link", "follow_up", "comes_after", ""),
)


@pytest.mark.parametrize(("sort", "subject", "new", "old"), RENAMINGS)
def test_a_renaming_is_accepted_and_there_and_back_changes_no_byte(
    demo: GitRepo, sort: str, subject: str, new: str, old: str
) -> None:
    before = files_of(demo.root)
    migrate(demo.repo, planned(sort, subject, new, old=old))
    assert files_of(demo.root) != before
    assert bad(check(demo.repo)) == []
    assert bad(check(demo.repo, base="HEAD")) == []
    demo.commit("there")
    assert bad(check(demo.repo, base="HEAD~1")) == []

    head, sep, tail = subject.rpartition(":" if sort == "state" else ".")
    if sort == "value":
        back = planned(sort, subject, old, old=new)
    elif sort in ("state", "field"):
        back = planned(sort, f"{head}{sep}{new}", tail)
    else:
        back = planned(sort, new, subject)
    migrate(demo.repo, back)
    demo.commit("back")
    after = files_of(demo.root)
    assert {p for p in after if p not in before} == {p for p in after if p.startswith("schemas/migrations/")}
    assert {p: after[p] for p in before} == before
    assert bad(check(demo.repo, base="HEAD~2")) == []


def test_a_migration_there_and_back_in_one_request_is_accepted(demo: GitRepo) -> None:
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    demo.commit("there")
    migrate(demo.repo, planned("state", "incident:working", "in_progress"))
    demo.commit("back")
    assert bad(check(demo.repo, base="HEAD~2")) == []


def test_a_state_of_a_life_cycle_within_a_document_is_renamed_with_its_records(demo: GitRepo) -> None:
    words = [
        "--title",
        "Down",
        "--service",
        "email",
        "--category",
        "email",
        "--impact",
        "high",
        "--urgency",
        "high",
    ]
    made = json.loads(
        run_here(["new", "incident", *words, "--reported-by", "duty-agent", "--json"], demo.root).stdout
    )
    name = Path(made["path"]).stem
    assert run_here(["major", "declare", name, "--reason", "No orders."], demo.root).returncode == 0
    demo.commit("declared")
    with pytest.raises(NotFound, match="life cycle 'major-incident' within incidents") as refused:
        plan(demo.repo, planned("state", "incident:accepted", "declared"))
    assert refused.value.hint == "itsm migrate value incident.major.state accepted declared"
    migrate(demo.repo, planned("value", "incident.major.state", "declared", old="accepted"))
    demo.commit("renamed")
    text = (demo.root / made["path"]).read_text()
    assert "accepted" not in text
    assert text.count("declared") >= 2  # the field, and the entry that says when
    flow = (demo.root / "schemas/workflows/major-incident.yaml").read_text()
    assert "accepted" not in flow
    assert "timeline.set.major.state: declared" in (demo.root / "schemas/workflows/incident.yaml").read_text()
    assert bad(check(demo.repo, base="HEAD~1")) == []
    assert [f.code for f in check(demo.repo).findings if f.severity == "error"] == []
    done = run_here(["major", "stand-down", name, "--reason", "Works again."], demo.root)
    assert done.returncode == 0, done.stderr


def test_comments_quotes_and_json_layout_stay(demo: GitRepo) -> None:
    text = (demo.root / INCIDENT).read_text()
    demo.write(INCIDENT, text.replace("  state: in_progress", '  state: "in_progress"   # by telephone'))
    demo.commit("quoted")
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    assert '  state: "working"   # by telephone\n' in (demo.root / INCIDENT).read_text()
    migrated = demo.git("diff", "--numstat", "--", INCIDENT).split()
    assert migrated[:2] == ["1", "1"]


def test_the_entry_says_what_when_who_and_why(demo: GitRepo) -> None:
    migrate(
        demo.repo, planned("value", "incident.origin", "walk_up", old="in_person", reason="As people say it.")
    )
    [path] = (demo.root / "schemas/migrations").iterdir()
    assert path.name == "2026-11-28-value-incident-origin-in-person.yaml"
    assert documents.load(path.read_bytes()).data == {
        "migration": "value",
        "kind": "incident",
        "field": "origin",
        "from": "in_person",
        "to": "walk_up",
        "at": "2026-11-28T12:00:00Z",
        "by": "duty-agent",
        "reason": "As people say it.",
    }


def test_two_words_become_one_only_when_that_is_said(demo: GitRepo) -> None:
    with pytest.raises(Refused, match="already"):
        plan(demo.repo, planned("value", "incident.origin", "phone", old="in_person"))
    migrate(demo.repo, planned("value", "incident.origin", "phone", old="in_person", removed=True))
    words = json.loads((demo.root / "schemas/records/incident.schema.json").read_text())["properties"][
        "origin"
    ]["enum"]
    assert words.count("phone") == 1
    assert "in_person" not in words
    assert bad(check(demo.repo, base="HEAD")) == []


def test_what_is_used_is_not_removed_and_the_users_are_named(demo: GitRepo) -> None:
    with pytest.raises(Refused, match=r"1 document uses field incident.closure_category: .*INC-260112-EXMP1"):
        migrate(demo.repo, planned("field", "incident.closure_category", "", removed=True))
    migrate(demo.repo, planned("field", "incident.contact_method", "", removed=True))
    assert bad(check(demo.repo, base="HEAD")) == []


@pytest.mark.parametrize(
    ("sort", "subject", "new", "old", "error", "words"),
    [
        ("state", "incident:in_progres", "working", "", NotFound, "no state 'in_progres'"),
        ("state", "incident:in_progress", "On Hold", "", UsageError, "cannot be a name"),
        ("state", "incident:in_progress", "on_hold", "", Refused, "already"),
        ("field", "incident.id", "number", "", Refused, "from the tool"),
        ("field", "change.planned_start", "begin", "", Refused, "itself reads"),
        ("value", "incident.title", "y", "x", Refused, "any text"),
        ("value", "incident.reported_by", "somebody-else", "front-office", Refused, "any text"),
        ("link", "depends_on", "needs", "", Refused, "itself reads"),
        ("kind", "incident", "problem", "", Refused, "already"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    demo: GitRepo, sort: str, subject: str, new: str, old: str, error: type[Exception], words: str
) -> None:
    before = files_of(demo.root)
    with pytest.raises(error, match=words):
        migrate(demo.repo, planned(sort, subject, new, old=old))
    assert files_of(demo.root) == before


def test_nothing_begins_with_uncommitted_changes(demo: GitRepo) -> None:
    demo.write(INCIDENT, (demo.root / INCIDENT).read_text() + "# half done\n")
    with pytest.raises(Refused, match="uncommitted"):
        migrate(demo.repo, planned("state", "incident:in_progress", "working"))


def test_a_document_that_nobody_can_read_stops_it(demo: GitRepo) -> None:
    demo.write("records/problems/2026/01/PRB-260112-EXMP9.yaml", "id: [in_progress\n")
    demo.commit("broken")
    with pytest.raises(Refused, match="PRB-260112-EXMP9"):
        migrate(demo.repo, planned("state", "incident:in_progress", "working"))


@pytest.mark.parametrize("at", range(4))
def test_a_failure_at_any_file_leaves_everything_as_it_was(
    demo: GitRepo, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before = files_of(demo.root)
    calls = []
    real = work.write_atomic

    def failing(path: Path, content: bytes, *, expected: bytes | None, durable: bool = True) -> None:
        calls.append(path)
        if len(calls) == at + 1:
            raise ChangedMeanwhile(f"{path} was changed meanwhile", "")
        real(path, content, expected=expected, durable=durable)

    monkeypatch.setattr(work, "write_atomic", failing)
    with pytest.raises(ChangedMeanwhile):
        migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    assert len(calls) > at
    assert files_of(demo.root) == before


# ------------------------------------------------------------------------------------------ it hides nothing


def test_a_migration_does_not_hide_an_edit_of_a_closed_record(demo: GitRepo) -> None:
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    text = (demo.root / INCIDENT).read_text()
    demo.write(INCIDENT, text.replace("impact: high", "impact: low"))
    found = bad(check(demo.repo, base="HEAD"))
    assert any("W105" in f and "impact" in f for f in found)


def test_a_migration_does_not_hide_a_rewritten_timeline(demo: GitRepo) -> None:
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    text = (demo.root / INCIDENT).read_text()
    demo.write(INCIDENT, text.replace("  state: working\n", "  state: on_hold\n", 1))
    assert any("W103" in f for f in bad(check(demo.repo, base="HEAD")))


def forged(demo: GitRepo, text: str) -> list[str]:
    demo.write(
        "schemas/migrations/2026-11-28-forged.yaml", text + "at: 2026-11-28T12:00:00Z\nby: ada\nreason: x\n"
    )
    demo.write(INCIDENT, (demo.root / INCIDENT).read_text().replace("impact: high", "impact: low"))
    return bad(check(demo.repo, base="HEAD"))


@pytest.mark.parametrize(
    "text",
    [
        "migration: value\nkind: incident\nfield: impact\nfrom: high\nto: low\n",
        "migration: value\nkind: incident\nfield: impact\nfrom: high\nto: low\nremoved: true\n",
        "migration: value\nkind: incident\nfield: title\nfrom: Mail cannot be sent\nto: All is well\n",
        "migration: value\nkind: request\nfield: impact\nfrom: high\nto: low\n",
        "migration: field\nkind: incident\nfrom: impact\nto: urgency\n",
    ],
)
def test_a_forged_migration_is_a_finding_and_hides_nothing(demo: GitRepo, text: str) -> None:
    found = forged(demo, text)
    assert any("W105" in f and "impact" in f for f in found)
    assert any("W121" in f for f in found)


def test_words_that_change_their_places_are_no_renaming(demo: GitRepo) -> None:
    """Each of three files is true of the one before, and together they would hide one edited record."""
    for number, (old, new) in enumerate((("high", "aside"), ("low", "high"), ("aside", "low"))):
        demo.write(
            f"schemas/migrations/2026-11-28-{number}.yaml",
            f"migration: value\nkind: incident\nfield: impact\nfrom: {old}\nto: {new}\n"
            f"at: 2026-11-28T1{number}:00:00Z\nby: ada\nreason: x\n",
        )
    demo.write(INCIDENT, (demo.root / INCIDENT).read_text().replace("impact: high", "impact: low"))
    found = bad(check(demo.repo, base="HEAD"))
    assert any("W105" in f and "impact" in f for f in found)
    assert any("W121" in f for f in found)


def test_a_field_of_the_tool_is_not_renamed_behind_a_renamed_kind(demo: GitRepo) -> None:
    migrate(demo.repo, planned("kind", "incident", "disturbance"))
    demo.write(
        "schemas/migrations/2026-11-29-timeline.yaml",
        "migration: field\nkind: disturbance\nfrom: timeline\nto: story\n"
        "at: 2026-11-28T12:30:00Z\nby: ada\nreason: x\n",
    )
    assert any("W121" in f and "has its name from the tool" in f for f in bad(check(demo.repo, base="HEAD")))


def test_a_migration_of_one_record_is_not_believed_while_others_have_the_word(demo: GitRepo) -> None:
    path = "schemas/records/incident.schema.json"
    demo.write(path, (demo.root / path).read_text().replace('"in_person"', '"walk_up"'))
    other = INCIDENT.replace("EXMP1", "EXMP9")
    text = (
        (demo.root / INCIDENT)
        .read_text()
        .replace("EXMP1", "EXMP9")
        .replace("origin: phone", "origin: in_person")
    )
    demo.write(other, text)
    demo.write(
        "schemas/migrations/2026-11-28-half.yaml",
        "migration: value\nkind: incident\nfield: origin\nfrom: in_person\nto: walk_up\n"
        "at: 2026-11-28T12:00:00Z\nby: ada\nreason: x\n",
    )
    assert any("W121" in f and "EXMP9" in f for f in bad(check(demo.repo, base="HEAD")))


def test_a_state_renamed_by_hand_is_told_the_way(demo: GitRepo) -> None:
    for path in files_of(demo.root):
        raw = (demo.root / path).read_bytes()
        if b"in_progress" in raw and path.startswith(("records/incidents", "schemas/workflows/incident")):
            demo.write(path, raw.replace(b"in_progress", b"working"))
    report = check(demo.repo, base="HEAD")
    assert any("itsm migrate state incident:in_progress working" in f.hint for f in report.findings)


def test_a_branch_from_before_is_told_the_new_word(demo: GitRepo) -> None:
    late = INCIDENT.replace("EXMP1", "EXMP9")
    text = (demo.root / INCIDENT).read_text().replace("EXMP1", "EXMP9")
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    demo.commit("rename")
    demo.write(late, text)
    found = [f for f in check(demo.repo).findings if f.path == late]
    assert {f.code for f in found} == {"W001"}
    assert all("it is called 'working' now: schemas/migrations/" in f.hint for f in found)


def test_timelines_say_the_new_name_of_a_tracked_field_and_value(demo: GitRepo) -> None:
    text = (demo.root / INCIDENT).read_text()
    entry = "  comment: Mail works again.\n"
    assert entry in text
    demo.write(
        INCIDENT, text.replace(entry, f"{entry}  set: {{origin: phone}}\n  was: {{origin: in_person}}\n", 1)
    )
    demo.commit("tracked")
    migrate(demo.repo, planned("value", "incident.origin", "walk_up", old="in_person"))
    assert "  was: {origin: walk_up}\n" in (demo.root / INCIDENT).read_text()


# ------------------------------------------------------------------------------------------ history


def test_the_log_of_a_record_is_read_in_the_words_of_today(demo: GitRepo) -> None:
    before = json.loads(run_here(["log", "EXMP1", "--json"], demo.root).stdout)
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    demo.commit("rename")
    after = json.loads(run_here(["log", "EXMP1", "--json"], demo.root).stdout)
    assert len(after["commits"]) == len(before["commits"]) == 1
    assert json.dumps(before["commits"]).replace('"in_progress"', '"working"') == json.dumps(after["commits"])
    assert run_here(["diff", "HEAD~1"], demo.root).stdout.strip() == "no differences"


def test_the_command_previews_writes_and_says_what_to_do(demo: GitRepo) -> None:
    words = ["migrate", "state", "incident:in_progress", "working"]
    shown = run_here([*words, "--dry-run"], demo.root)
    assert "workflows/incident.yaml" in shown.stdout
    assert demo.git("status", "--porcelain") == ""
    done = run_here([*words, "--json"], demo.root)
    assert json.loads(done.stdout)["documents"] == 1
    assert run_here(["migrate", "nonsense", "a", "b"], demo.root).returncode == 2
    assert run_here(["migrate", "state", "a", "b", "c"], demo.root).returncode == 2


# ------------------------------------------------------------------------------------------ random lives


def test_random_lives_with_migrations_in_between_are_accepted_and_read_the_same(demo: GitRepo) -> None:
    random_lives(demo, seed=1, rounds=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_more_random_lives(demo: GitRepo, seed: int) -> None:
    random_lives(demo, seed, rounds=4)


def random_lives(demo: GitRepo, seed: int, rounds: int) -> None:
    """Two repositories get the same moves; one is migrated in between: what is told of both differs by names only."""
    chance = random.Random(seed)
    names = {s: s for s in ("new", "in_progress", "on_hold", "resolved", "closed")}
    ways = {"new": ["in_progress"], "in_progress": ["on_hold", "resolved"], "on_hold": ["in_progress"],
            "resolved": ["in_progress", "closed"], "closed": []}  # fmt: skip
    fields = {"on_hold": ["on_hold_reason=awaiting_caller"], "resolved": ["resolution_code=other", "resolution_notes=Done."],
              "closed": ["closure_category=email/sending"], "in_progress": ["assigned_team=it-operations"]}  # fmt: skip
    start = "2026-11-28T12:00:00Z"
    made = run_here(
        ["new", "incident", "--title", "Slow", "--service", "email", "--category", "email/sending", "--impact",
         "low", "--urgency", "low", "--reported-by", "front-office", "--json"], demo.root, env={"ITSM_NOW": start},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    identifier = next(c["new"] for c in json.loads(made.stdout)["changes"] if c["pointer"] == ["id"])
    demo.commit("opened")
    state, expected, first = "new", ["new"], demo.git("rev-parse", "HEAD")
    for step in range(rounds * 3):
        now = {"ITSM_NOW": f"2026-11-28T{13 + step // 6:02d}:{step % 6 * 10:02d}:00Z"}
        if step % 3 == 2:
            old = chance.choice([s for s in names if s != "new"])
            fresh = f"{old}_{step}"
            done = run_here(["migrate", "state", f"incident:{names[old]}", fresh], demo.root, env=now)
            assert done.returncode == 0, done.stderr
            names[old] = fresh
        elif ways[state]:
            state = chance.choice(ways[state])
            sets = [w for f in fields.get(state, ()) for w in ("--set", f)]
            done = run_here(
                ["move", identifier, names[state], *sets, "--by", "duty-agent"], demo.root, env=now
            )
            assert done.returncode == 0, done.stderr
            expected.append(state)
        demo.commit(f"step {step}")
        assert bad(check(demo.repo, base="HEAD~1")) == []
    assert bad(check(demo.repo, base=first)) == []
    data = json.loads(run_here(["show", identifier, "--no-links", "--json"], demo.root).stdout)["data"]
    assert [e["state"] for e in data["timeline"] if "state" in e] == [names[s] for s in expected]
    told = json.loads(run_here(["log", identifier, "--field", "state", "--json"], demo.root).stdout)
    changes = [c["new"] for commit in told["commits"] for c in commit["changes"]]
    assert changes[::-1] == [names[s] for s in expected]


REPORT = """\
report: desk
title: The desk
lead: What is open?
tables:
  - name: open
    title: Open
    of: incidents state:in_progress,on_hold contact_method:phone "contact_method in_progress"
    columns: [id, contact_method]
    sort: -contact_method
  - name: all
    title: All
    of: records contact_method:phone
    columns: [id]
  - name: changes
    title: Changes
    of: changes state:draft
    columns: [id]
"""


def test_filters_of_reports_are_renamed_where_they_mean_the_word(demo: GitRepo) -> None:
    demo.write("schemas/reports/desk.yaml", REPORT.encode())
    demo.commit("a report")
    migrate(demo.repo, planned("field", "incident.contact_method", "reach_by"))
    demo.commit("field")
    migrate(demo.repo, planned("state", "incident:in_progress", "working"))
    tables = documents.load((demo.root / "schemas/reports/desk.yaml").read_bytes()).data["tables"]
    assert [t["of"] for t in tables] == [
        'incidents state:working,on_hold reach_by:phone "contact_method in_progress"',
        "records reach_by:phone",
        "changes state:draft",
    ]
    assert (tables[0]["columns"], tables[0]["sort"]) == (["id", "reach_by"], "-reach_by")
    assert bad(check(demo.repo)) == []


def own_practice(demo: GitRepo) -> None:
    """Write a kind of one's own, with a link, guards over its ends and entries, and a rule about another kind."""
    links = (demo.root / "schemas/policies/links.yaml").read_text()
    own = "links:\n  needs:\n    title: Needs\n    inverse: needed_by\n    inverse_title: Needed by\n    from: [drill]\n    to: [change]\n    description: What it needs.\n"
    demo.write("schemas/policies/links.yaml", links.replace("links:\n", own, 1).encode())
    demo.write("schemas/workflows/drill.yaml", DRILL.encode())
    demo.write("schemas/records/drill.schema.json", DRILL_SCHEMA.encode())
    demo.write("schemas/rules/DRILL-1.yaml", DRILL_RULE.encode())
    demo.write(
        "records/drills/2026/11/DRL-261120-AAAAA.yaml",
        b"id: DRL-261120-AAAAA\nkind: drill\ntitle: T\nservice: email\nwent: partly\nsteps:\n- {name: A, gone: done}\n"
        b"state: held\ntimeline:\n- {at: 2026-11-20T08:00:00Z, by: duty-agent, state: planned}\n"
        b"- {at: 2026-11-20T09:00:00Z, by: duty-agent, state: held}\n",
    )
    approvals = (demo.root / "schemas/policies/approvals.yaml").read_text()
    nobody = (
        "rules:\n  - name: drills\n    why: Nothing.\n    when: {kind: [drill]}\n    require: {count: 0}\n\n"
    )
    demo.write("schemas/policies/approvals.yaml", approvals.replace("rules:\n", nobody, 1).encode())
    assert bad(check(demo.repo)) == []
    demo.commit("a practice of our own")


DRILL = """\
workflow: drill
title: Drill
description: Trying it out.
initial: planned
states:
  planned: {title: Planned, category: new, description: Not yet.}
  held: {title: Held, category: done, terminal: true, description: It is over.}
transitions:
  - {name: hold, title: Hold, from: [planned], to: held, by: [anyone]}
require:
  - while: [held]
    must: {linked: needs, have: {state: {not: draft}}}
    message: what it needs is a draft
  - while: [held]
    must: {all: steps, have: {gone: [done, skipped]}}
    message: a step is open
immutable: [id, kind]
editable_when_closed: [links, timeline]
"""
DRILL_RULE = """\
rule: DRILL-1
title: Service that was never tried
why: Who knows.
for: [service]
when: {lifecycle: production}
must: {link: affected_by, to: [drill], have: {state: held, went: [partly, worked]}}
severity: warning
message: it was never tried
hint: try it
bad: {class: service, lifecycle: production}
good:
  - {class: service, id: email, lifecycle: production}
  - {kind: drill, state: held, service: email, went: partly}
"""
DRILL_SCHEMA = json.dumps(
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Drill",
        "description": "Trying it out.",
        "type": "object",
        "x-itsm": {
            "kind": "drill", "plural": "drills", "plural_title": "Drills", "prefix": "DRL", "folder": "records/drills",
            "workflow": "drill",
        },
        "additionalProperties": False,
        "required": ["id", "kind", "title", "state", "timeline"],
        "properties": {
            "id": {"$ref": "../common.schema.json#/definitions/record_id", "x-fixed": True},
            "kind": {"description": "Kind of record.", "type": "string", "const": "drill", "x-fixed": True},
            "title": {"$ref": "../common.schema.json#/definitions/title"},
            "service": {
                "$ref": "../common.schema.json#/definitions/item_id",
                "description": "Service.",
                "x-ref": {"to": ["service"], "relation": "affects"},
            },
            "went": {"description": "Result.", "type": "string", "enum": ["worked", "partly", "failed"]},
            "steps": {
                "description": "Steps.",
                "type": "array",
                "maxItems": 9,
                "items": {
                    "description": "Step.",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name", "gone"],
                    "properties": {
                        "name": {"description": "Name.", "type": "string", "maxLength": 9},
                        "gone": {"description": "How.", "type": "string", "enum": ["done", "skipped", "open"]},
                    },
                },
            },
            "state": {"$ref": "../common.schema.json#/definitions/state"},
            "links": {"$ref": "../common.schema.json#/definitions/links"},
            "timeline": {"$ref": "../common.schema.json#/definitions/timeline"},
        },
    },
    indent=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "subject", "new", "old", "gone"),
    [
        ("state", "drill:held", "finished", "", "state: held"),
        ("state", "change:draft", "sketch", "", "not: draft"),
        ("kind", "drill", "exercise", "", "[drill]"),
        ("link", "needs", "requires", "", "needs,"),
        ("value", "drill.went", "in_part", "partly", "partly"),
        ("value", "drill.steps.gone", "left_out", "skipped", "skipped"),
        ("field", "drill.steps.gone", "outcome_of_step", "", "gone:"),
        ("field", "drill.went", "how_it_ended", "", "went:"),
    ],
)
def test_conditions_on_other_documents_and_on_entries_are_renamed(
    demo: GitRepo, sort: str, subject: str, new: str, old: str, gone: str
) -> None:
    own_practice(demo)
    before = files_of(demo.root)
    migrate(demo.repo, planned(sort, subject, new, old=old))
    texts = [(demo.root / "schemas" / p).read_text() for p in ("workflows/drill.yaml", "rules/DRILL-1.yaml")]
    assert not any(gone in text for text in texts)
    assert bad(check(demo.repo)) == []
    demo.commit("renamed")
    back = f"{subject.rpartition(':')[0]}:{new}" if sort == "state" else new
    if sort == "field":
        back = f"{subject.rpartition('.')[0]}.{new}"
    there = (
        planned(sort, subject, old, old=new)
        if old
        else planned(sort, back, subject.rsplit(":", maxsplit=1)[-1].rsplit(".", maxsplit=1)[-1])
    )
    migrate(demo.repo, there)
    after = {p: c for p, c in files_of(demo.root).items() if "/migrations/" not in p}
    assert {p for p in after if after[p] != before.get(p)} == set()


def test_recurring_work_fills_in_the_new_words(demo: GitRepo) -> None:
    path = "schemas/policies/recurring.yaml"
    text = (demo.root / path).read_text()
    assert text.count("      type: management_review\n") == 1
    demo.write(
        path,
        text.replace(
            "      type: management_review\n",
            "      type: management_review\n      apologies: [duty-agent]\n",
        ),
    )
    demo.commit("where")
    migrate(demo.repo, planned("value", "meeting.type", "leadership_review", old="management_review"))
    demo.commit("value")
    migrate(demo.repo, planned("field", "meeting.apologies", "excused"))
    after = (demo.root / path).read_text()
    assert "      type: leadership_review\n      excused: [duty-agent]\n" in after
    assert bad(check(demo.repo)) == []
