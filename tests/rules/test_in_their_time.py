"""Finished records are judged by what was asked in their time; open ones, and those finished now, by the rule book of now."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from example_trees import EXAMPLES, build, commit

from itsm_gitops.repository import Repository
from itsm_gitops.rules import check

SCHEMA = "schemas/records/incident.schema.json"
COMMON = "schemas/common.schema.json"
FLOW = "schemas/workflows/incident.yaml"
RECORD = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
CLOSED = EXAMPLES / "W105/negative/closed-incident-made-worse/base"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one closed incident, closed on 2026-11-21 and committed."""
    monkeypatch.setenv("ITSM_NOW", "2026-11-28T12:00:00Z")
    build(tmp_path / "repo", CLOSED)
    commit(tmp_path / "repo", "closed")
    return tmp_path / "repo"


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def require_location(root: Path, since: str = "") -> None:
    edit(root, SCHEMA, '"urgency",\n    "state"', '"urgency",\n    "location",\n    "state"')
    if since:
        edit(root, SCHEMA, '"Where it happens.",', f'"Where it happens.",\n      "x-since": "{since}",')


def errors(root: Path, base: str | None = None) -> list[str]:
    return [f.code for f in check(Repository.open(root), base=base).findings if f.severity == "error"]


def test_a_new_required_field_leaves_closed_records_alone_by_their_history(root: Path) -> None:
    require_location(root)
    report = check(Repository.open(root))
    assert (errors(root), report.in_their_time) == ([], 1)
    commit(root, "stricter")
    assert errors(root) == []
    assert [f.code for f in check(Repository.open(root), base="HEAD~1").findings] == ["S027", "S101"]


def test_a_shorter_list_of_words_leaves_closed_records_alone(root: Path) -> None:
    edit(root, RECORD, "resolution_code: fixed", "resolution_code: user_error")
    commit(root, "as it was closed")
    edit(root, SCHEMA, '        "user_error",\n', "")
    assert errors(root) == []


def test_a_new_demand_of_a_state_leaves_closed_records_alone(root: Path) -> None:
    edit(root, FLOW, "      - closure_category\n", "      - closure_category\n      - location\n")
    assert errors(root) == []


def test_what_was_wrong_then_is_wrong_now(root: Path) -> None:
    edit(root, RECORD, "resolution_code: fixed", "resolution_code: nonsense")
    commit(root, "never right")
    require_location(root)
    assert errors(root) == ["S004"]  # the missing field was not asked for then, the wrong word was refused


def test_an_entry_that_was_damaged_later_is_wrong(root: Path) -> None:
    """Comments may follow after the end, so the timeline as a whole is not sealed; what stands in it is."""
    edit(root, RECORD, "    by: cleo-diaz\n    state: closed\n", "    state: closed\n")
    assert errors(root) == ["S002", "S008"]  # nobody did it, and too little is said


def test_an_open_record_is_asked_whatever_the_day_says(root: Path) -> None:
    edit(root, RECORD, "state: closed", "state: resolved")
    edit(root, RECORD, "  - at: 2026-11-21T10:00:00Z\n    by: cleo-diaz\n    state: closed\n", "")
    commit(root, "open")
    require_location(root, "2026-11-22")
    assert errors(root) == ["S002"]


@pytest.mark.parametrize(("since", "expected"), [("2026-11-22", []), ("2026-11-21", ["S002"])])
def test_since_decides_by_the_day_the_record_ended_without_a_history(
    root: Path, tmp_path: Path, since: str, expected: list[str]
) -> None:
    require_location(root, since)
    commit(root, "stricter")
    url = f"file://{root}"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", url, tmp_path / "shallow"], check=True, capture_output=True
    )
    assert errors(tmp_path / "shallow") == expected


def test_since_in_a_life_cycle(root: Path, tmp_path: Path) -> None:
    edit(
        root,
        FLOW,
        "      - closure_category\n",
        "      - closure_category\n      - {field: location, since: 2026-11-22}\n",
    )
    commit(root, "stricter")
    report = check(Repository.open(root))
    assert (errors(root), report.in_their_time) == ([], 0)


def test_a_record_that_is_finished_in_the_request_is_asked_everything(root: Path) -> None:
    require_location(root)
    commit(root, "stricter")
    other = RECORD.replace("AAAAA", "BBBBB")
    (root / other).write_text((root / RECORD).read_text().replace("AAAAA", "BBBBB"))
    assert errors(root, base="HEAD") == ["S002"]
    commit(root, "a second one")
    assert errors(root, base="HEAD~1") == ["S002"]


def test_a_branch_cannot_loosen_the_rules_close_and_restore_them(root: Path) -> None:
    require_location(root)
    commit(root, "stricter")
    strict = (root / SCHEMA).read_text()
    edit(root, SCHEMA, '    "location",\n', "")
    commit(root, "looser")
    other = RECORD.replace("AAAAA", "BBBBB")
    (root / other).write_text((root / RECORD).read_text().replace("AAAAA", "BBBBB"))
    commit(root, "closed")
    (root / SCHEMA).write_text(strict)
    commit(root, "strict again")
    assert errors(root, base="HEAD~3") == ["S002"]


def test_a_closed_record_that_is_edited_loses_the_excuse_where_it_may_not_change(root: Path) -> None:
    require_location(root)
    commit(root, "stricter")
    edit(root, RECORD, "impact: medium", "impact: low")
    assert sorted(errors(root, base="HEAD")) == ["S002", "W105"]


def test_dating_the_end_back_does_not_escape_what_is_asked_since(root: Path) -> None:
    require_location(root, "2026-11-22")
    commit(root, "stricter")
    other = RECORD.replace("AAAAA", "BBBBB")
    (root / other).write_text((root / RECORD).read_text().replace("AAAAA", "BBBBB"))
    assert errors(root, base="HEAD") == ["W123"]


@pytest.mark.parametrize("guard", ["must: {location: {present: true}}", "link: resolved_by"])
def test_dating_the_end_back_does_not_escape_a_guard_that_is_asked_since(root: Path, guard: str) -> None:
    text = f"  - {{while: [closed], {guard}, since: 2026-11-22, message: this is asked now}}\n"
    edit(root, FLOW, "\nrequire:\n", f"\nrequire:\n{text}")
    commit(root, "stricter")
    assert errors(root) == []
    other = RECORD.replace("AAAAA", "BBBBB")
    (root / other).write_text((root / RECORD).read_text().replace("AAAAA", "BBBBB"))
    assert errors(root, base="HEAD") == ["W123"]


def test_what_was_written_after_the_cut_over_is_no_history_whenever_it_happened(root: Path) -> None:
    """An old number and a time of its own do not make a record of today one of the old tool."""
    with (root / "itsm.yaml").open("a") as settings:
        settings.write("cut_over: 2026-11-10\n")
    text = (root / RECORD).read_text().replace("AAAAA", "BBBBB")
    head, _, timeline = text.partition("timeline:\n")
    first, *_, last = timeline.strip().split("\n  - ")
    opened, closed = (f"  - {e.strip().removeprefix('- ')}" for e in (first, last))
    times = "    happened: 2026-11-01T10:00:00Z\n    reason: The clock was wrong.\n"
    forged = f"{head}aliases: [INC0000001]\ntimeline:\n{opened}\n{times}{closed}\n{times}"
    (root / RECORD.replace("AAAAA", "BBBBB")).write_text(forged)
    assert "W006" in errors(root)


def begin_with(root: Path) -> None:
    """Make the only commit that there is what the files are now."""
    for words in (("add", "-A"), ("commit", "-q", "--amend", "-m", "begin")):
        subprocess.run(["git", "-C", str(root), *words], check=True)


def test_a_guard_in_other_words_is_the_same_guard(root: Path) -> None:
    text = "  - {while: [closed], link: resolved_by, message: nobody says by what}\n"
    edit(root, FLOW, "\nrequire:\n", f"\nrequire:\n{text}")
    begin_with(root)
    edit(root, FLOW, "nobody says by what", "say by what")
    assert errors(root) == ["W031"]


def test_what_could_not_be_judged_then_was_not_right_then(root: Path) -> None:
    """The rule book of then refused the timeline, so no rule looked into it."""
    edit(root, RECORD, "    state: resolved\n", "    note: It works again.\n")
    common = (root / COMMON).read_text()
    refusing = json.loads(common)
    refusing["definitions"]["timeline"]["minItems"] = 9
    (root / COMMON).write_text(json.dumps(refusing))
    # Of the incident that is open, and of the one whose timeline was edited.
    assert errors(root) == ["S008", "S008"]
    begin_with(root)
    (root / COMMON).write_text(common)
    assert errors(root) == ["W006"]


OWN = """\
rule: ORG001
title: Incident without a location
for: [incident]
must: {location: {present: true}}
message: an incident says where it happened
hint: itsm set ID location=...
why: Without it nobody can be sent there.
bad: {kind: incident, title: A}
good: {kind: incident, location: head-office}
"""
OWN_PATH = "schemas/rules/ORG001.yaml"


def own_rule(root: Path, more: str = "", text: str = OWN) -> None:
    (root / OWN_PATH).parent.mkdir(exist_ok=True)
    (root / OWN_PATH).write_text(text + more)


def test_an_own_rule_that_is_younger_leaves_closed_records_alone_by_their_history(root: Path) -> None:
    own_rule(root)
    report = check(Repository.open(root))
    assert (errors(root), report.in_their_time) == ([], 1)
    commit(root, "stricter")
    assert errors(root) == []


def test_what_an_own_rule_asked_then_it_asks_now(root: Path) -> None:
    own_rule(root)
    commit(root, "asked")
    edit(root, RECORD, "title: ", "title: Once more ")  # so that no older commit had it as it is now
    commit(root, "record")
    assert errors(root) == ["ORG001"]
    own_rule(root, text=OWN.replace("ORG001", "ORG002"))  # under another code it asks the same
    assert errors(root) == ["ORG002"]


@pytest.mark.parametrize(
    ("since", "now", "found"),
    [
        ("2026-11-21", "2026-11-28T12:00:00Z", ["ORG001"]),  # closed on that day
        ("2026-11-22", "2026-11-28T12:00:00Z", []),  # closed before it
        ("2026-11-29", "2026-11-28T23:59:59Z", []),  # not asked yet
    ],
)
def test_an_own_rule_has_a_first_day(
    root: Path, monkeypatch: pytest.MonkeyPatch, since: str, now: str, found: list[str]
) -> None:
    monkeypatch.setenv("ITSM_NOW", now)
    own_rule(root, f"since: {since}\n")
    edit(root, RECORD, "title: ", "title: Once more ")
    commit(root, "both at once")
    assert errors(root) == found


def test_an_own_rule_asks_open_records_from_its_first_day_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(root, RECORD, "state: closed", "state: resolved")
    edit(root, RECORD, "  - at: 2026-11-21T10:00:00Z\n    by: cleo-diaz\n    state: closed\n", "")
    own_rule(root, "since: 2026-11-29\n")
    commit(root, "open")
    assert errors(root) == []
    monkeypatch.setenv("ITSM_NOW", "2026-11-29T00:00:00Z")
    assert errors(root) == ["ORG001"]


def codes(root: Path, base: str | None = None) -> list[str]:
    return [f.code for f in check(Repository.open(root), base=base).findings]


def test_a_category_that_nobody_uses_any_more_leaves_closed_records_alone(root: Path) -> None:
    edit(root, "schemas/policies/categories.yaml", "  application: {", "  programs: {")
    assert codes(root) == []
    commit(root, "nothing is filed under it any more")
    assert codes(root) == []
    edit(root, RECORD, "category: application", "category: application/web")
    assert "S033" in codes(root)


PERSON = "cmdb/people/anna-berg.yaml"
IN_THE_TEAM, ELSEWHERE = "teams: [ops, change-management]", "teams: [change-management]"


@pytest.fixture
def moved(root: Path) -> Path:
    """A repository with an open incident that a member of its team began to work on, and who leaves the team."""
    build(root, Path("nothing"))
    commit(root, "begun")
    assert "W008" not in codes(root)
    edit(root, PERSON, IN_THE_TEAM, ELSEWHERE)
    return root


def test_who_leaves_a_team_made_the_earlier_steps_as_a_member(moved: Path) -> None:
    assert "W008" not in codes(moved)
    commit(moved, "left the team")
    assert "W008" not in codes(moved)
    assert "W008" not in codes(moved, base="HEAD~1")


def test_a_step_after_leaving_is_found(moved: Path) -> None:
    commit(moved, "left the team")
    file = moved / RECORD
    file.write_text(
        f"{file.read_text()}  - at: 2026-11-27T10:00:00Z\n    by: anna-berg\n    state: on_hold\n"
    )
    edit(
        moved,
        RECORD,
        "state: in_progress\nassigned_team: ops",
        "state: on_hold\nassigned_team: ops\non_hold_reason: awaiting_vendor",
    )
    assert codes(moved).count("W008") == 1


def test_a_role_that_loses_a_team_leaves_earlier_steps_alone(moved: Path) -> None:
    edit(moved, PERSON, ELSEWHERE, IN_THE_TEAM)
    edit(
        moved,
        "schemas/policies/roles.yaml",
        "    fields: [assigned_team, assignee]\n",
        "    fields: [assignee]\n",
    )
    assert "W008" not in codes(moved)


def test_steps_that_are_not_committed_yet_are_judged_by_the_directory_that_is(root: Path) -> None:
    build(root, Path("nothing"))
    (root / RECORD).unlink()
    commit(root, "nothing yet")
    build(root, Path("nothing"))
    assert "W008" not in codes(root)
    edit(root, PERSON, IN_THE_TEAM, ELSEWHERE)
    assert "W008" not in codes(root)
    commit(root, "left the team")
    assert "W008" not in codes(root, base="HEAD~1")


def test_a_step_of_somebody_who_had_left_before_is_found(root: Path) -> None:
    build(root, Path("nothing"))
    (root / RECORD).unlink()
    edit(root, PERSON, IN_THE_TEAM, ELSEWHERE)
    commit(root, "in another team")
    build(root, Path("nothing"))
    edit(root, PERSON, IN_THE_TEAM, ELSEWHERE)
    edit(root, RECORD, "2026-11-20T09:10:00Z", "2026-11-20T09:15:00Z")  # an entry that was never committed
    assert "W008" in codes(root)
