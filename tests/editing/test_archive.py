"""Finished records of old years leave the tree, stay known, can be read, and come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.editing.archive import archive, plan_archive
from itsm_gitops.model.archive import ArchivedRecord, list_of, read_list, with_records
from itsm_gitops.model.errors import NotFound, Refused, UsageError
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.support import GitRepo, run_here

OLD, LATE, OPEN, NEW = "INC-190304-AAAAA", "INC-190305-BBBBB", "INC-190306-CCCCC", "INC-260304-DDDDD"
HASH = "2f1c8a9b4d5e6f708192a3b4c5d6e7f8091a2b3c"
NOW = "2026-04-01T12:00:00Z"
PRINTING = (
    "id: print\nclass: service\nname: Printing\nowner: desk\nlifecycle: production\n"
    "category: Workplace\ntype: business\ndescription: Paper comes out.\n"
)


def path_of(identifier: str) -> str:
    return f"records/incidents/20{identifier[4:6]}/{identifier[6:8]}/{identifier}.yaml"


def incident(identifier: str, *, closed: str = "", links: str = "") -> str:
    day = f"20{identifier[4:6]}-03-0{identifier[9]}T10"
    text = (
        f"id: {identifier}\nkind: incident\ntitle: Printer is broken\nreported_by: ada\nservice: print\n"
        f"category: printing\nimpact: low\nurgency: low\nstate: {'closed' if closed else 'new'}\n"
    )
    steps = [(f"{day}:00:00Z", "new")]
    if closed:
        text += "assigned_team: desk\nresolution_code: fixed\nresolution_notes: Paper.\nclosure_category: printing\n"
        steps += [(f"{day}:10:00Z", "in_progress"), (f"{day}:20:00Z", "resolved"), (closed, "closed")]
    timeline = "".join(f"- at: {at}\n  by: desk\n  state: {state}\n" for at, state in steps)
    return f"{text}{links}timeline:\n{timeline}"


@pytest.fixture
def office(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    monkeypatch.setenv("ITSM_NOW", NOW)
    git_repo.write("cmdb/teams/desk.yaml", "id: desk\nclass: team\nname: Desk\n")
    git_repo.write("cmdb/services/print.yaml", PRINTING)
    git_repo.write(path_of(OLD), incident(OLD, closed="2019-03-05T10:00:00Z"))
    git_repo.write(path_of(LATE), incident(LATE, closed="2021-03-05T10:00:00Z"))
    git_repo.write(path_of(OPEN), incident(OPEN))
    link = f"links:\n- type: relates_to\n  target: {OLD}\n"
    git_repo.write(path_of(NEW), incident(NEW, links=link))
    git_repo.commit("Everything")
    return git_repo


def codes(made: GitRepo, **options: Any) -> list[tuple[str, str]]:
    """Return the code and file of each error and of each finding about the archive."""
    found = check(made.repo, **options).findings
    return [(f.code, f.path) for f in found if f.severity == "error" or f.code in ("W107", "I009")]


def left(made: GitRepo) -> list[str]:
    return sorted(p.stem for p in (made.root / "records").rglob("*.yaml"))


def test_finished_records_of_old_years_leave_and_the_others_stay(office: GitRepo) -> None:
    before = codes(office)
    head = office.git("rev-parse", "HEAD")
    plan = plan_archive(office.repo, 2021)
    assert ({y: [e.id for e in es] for y, es in plan.years.items()}, plan.unfinished) == ({2019: [OLD]}, 2)
    assert left(office) == [OLD, LATE, OPEN, NEW]  # a plan changes nothing
    assert archive(office.repo, plan) == [list_of(2019)]
    assert left(office) == [LATE, OPEN, NEW]
    assert office.repo.store().archived == {OLD: ArchivedRecord(head, list_of(2019), 3)}
    assert codes(office) == before
    assert codes(office, base="HEAD") == before


def test_a_link_to_an_archived_record_is_right_and_to_any_other_is_not(office: GitRepo) -> None:
    archive(office.repo, plan_archive(office.repo, 2021))
    office.write(path_of(NEW), (office.root / path_of(NEW)).read_text().replace(OLD, "INC-190304-ZZZZZ"))
    assert ("K001", path_of(NEW)) in codes(office)
    office.write(path_of(NEW), (office.root / path_of(NEW)).read_text().replace("INC-190304-ZZZZZ", OLD))
    assert ("K001", path_of(NEW)) not in codes(office)


@pytest.mark.parametrize("fragment", [OLD, OLD.lower(), "190304-AAA"])
def test_everybody_who_looks_for_it_is_told_where_it_is(office: GitRepo, fragment: str) -> None:
    head = office.git("rev-parse", "HEAD")
    archive(office.repo, plan_archive(office.repo, 2021))
    office.commit("Archive 2019")
    hint = f"itsm show {OLD} --at {head[:12]} shows it"
    for look in (office.repo.store().find, office.repo.locate):
        with pytest.raises(NotFound, match=f"{OLD} is archived") as raised:
            look(fragment)
        assert raised.value.hint == hint
    done = run_here(["show", fragment], office.root)
    assert (done.returncode != 0, hint in done.stderr) == (True, True)
    assert "Printer is broken" in run_here(["show", OLD, "--at", head[:12]], office.root).stdout
    assert f"archived: --at {head[:12]} shows it" in run_here(["show", NEW], office.root).stdout
    assert (
        json.loads(run_here(["show", NEW, "--json"], office.root).stdout)["related"][-1]["archived"]
        == head[:12]
    )


def test_reverting_the_commit_brings_it_back(office: GitRepo) -> None:
    before = codes(office)
    content = (office.root / path_of(OLD)).read_bytes()
    archive(office.repo, plan_archive(office.repo, 2021))
    commit = office.commit("Archive 2019")
    office.git("revert", "--no-edit", commit)
    assert (office.root / path_of(OLD)).read_bytes() == content
    assert (office.repo.store().archived, codes(office)) == ({}, before)
    assert codes(office, base=commit) == before


def test_a_second_time_takes_what_was_finished_since(office: GitRepo) -> None:
    archive(office.repo, plan_archive(office.repo, 2020))
    second = office.commit("Archive 2019")
    archive(office.repo, plan_archive(office.repo, 2022))
    third = office.commit("Archive until 2021")
    archived = office.repo.store().archived
    assert {i: r.commit == second for i, r in archived.items()} == {OLD: False, LATE: True}
    assert left(office) == [OPEN, NEW]
    assert codes(office, base=f"{third}~1") == codes(office)
    assert plan_archive(office.repo, 2022).count == 0


def test_a_run_that_was_killed_is_finished_by_the_next(
    office: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itsm_gitops.editing import archive as module

    plan = plan_archive(office.repo, 2022)
    with monkeypatch.context() as patch:
        patch.setattr(module, "delete_atomic", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            archive(office.repo, plan)
    assert left(office) == [OLD, LATE, OPEN, NEW]
    assert [c for c, _ in codes(office)].count("I010") == 2
    archive(office.repo, plan_archive(office.repo, 2022))
    assert left(office) == [OPEN, NEW]
    assert (office.root / list_of(2019)).read_text().count("INC-") == 2


def _interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_what_is_not_committed_does_not_leave(office: GitRepo) -> None:
    text = (office.root / path_of(OLD)).read_text()
    office.write(path_of(OLD), text.replace("Printer is broken", "Printer was broken"))
    with pytest.raises(Refused, match="not in the last commit as it is here"):
        plan_archive(office.repo, 2021)
    office.write(path_of(OLD), text)
    fresh = "INC-190307-EEEEE"
    office.write(path_of(fresh), incident(fresh, closed="2019-03-08T10:00:00Z"))
    with pytest.raises(Refused, match=fresh):
        plan_archive(office.repo, 2021)


@pytest.mark.parametrize("year", [0, 1999, 2027, 20260])
def test_a_year_that_is_not_over_is_refused(office: GitRepo, year: int) -> None:
    with pytest.raises(UsageError, match=f"{year} is not a year that has begun"):
        plan_archive(office.repo, year)


def test_open_work_does_not_leave_by_a_list_written_by_hand(office: GitRepo) -> None:
    head = office.git("rev-parse", "HEAD")
    (office.root / path_of(OPEN)).unlink()
    office.write(list_of(2019), f"commit {head}\n{OPEN}\n")
    assert codes(office) == []
    assert codes(office, base="HEAD") == [("W109", list_of(2019))]


def test_a_commit_that_base_does_not_know_is_refused(office: GitRepo) -> None:
    (office.root / path_of(OLD)).unlink()
    office.write(list_of(2019), f"commit {HASH}\n{OLD}\n")
    assert codes(office, base="HEAD") == [("W109", list_of(2019))]


def test_the_same_check_sees_a_list_that_changed(office: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the index remembers of a check does not outlive a change of a list."""
    monkeypatch.setenv("ITSM_INDEX", "always")
    assert codes(office) == codes(office) == []
    archive(office.repo, plan_archive(office.repo, 2021))
    office.commit("Archive 2019")
    before = codes(office)
    path = office.root / list_of(2019)
    text = path.read_text()
    path.write_text(text.replace(OLD, "INC-190304-ZZZZZ"))
    assert ("K001", path_of(NEW)) in codes(office)
    path.write_text(text)
    assert codes(office) == before


def test_the_command_tells_what_left(office: GitRepo) -> None:
    words = ["archive", "--before", "2021"]
    dry = run_here([*words, "--dry-run"], office.root)
    assert (dry.returncode, "1 record would leave the tree" in dry.stdout) == (0, True)
    told = json.loads(run_here([*words, "--dry-run", "--json"], office.root).stdout)
    assert (told["years"], told["unfinished"], told["lists"]) == ({"2019": [OLD]}, 2, [])
    done = run_here(words, office.root)
    assert "2 that were not finished by then" in done.stdout
    assert left(office) == [LATE, OPEN, NEW]


def test_a_list_says_what_it_says_and_faults_are_named() -> None:
    content = with_records(None, HASH, ["INC-190305-BBBBB", "INC-190304-AAAAA"])
    more = with_records(content, HASH[::-1], ["INC-190306-CCCCC"])
    records, faults = read_list("a", more)
    assert ({i: (r.commit, r.line) for i, r in records.items()}, faults) == (
        {OLD: (HASH, 3), LATE: (HASH, 4), OPEN: (HASH[::-1], 6)},
        [],
    )
    broken = f"{OLD}\ncommit {HASH[:9]}\ncommit {HASH}\n{OLD}\n{OLD}\n\xff\n".encode("latin-1")
    assert [f.line for f in read_list("a", broken)[1]] == [1, 2, 5, 6]


def test_the_site_and_lists_of_an_archived_repository_work(office: GitRepo, tmp_path: Path) -> None:
    archive(office.repo, plan_archive(office.repo, 2021))
    assert OLD not in run_here(["list", "incidents"], office.root).stdout
    store = Repository.open(office.root).store()
    assert [e.id for e in store.entries.values() if e.kind == "incident"] == [LATE, OPEN, NEW]


CHANGE = "CHG-190304-AAAAA"
CHANGE_FILE = f"records/changes/2019/03/{CHANGE}.yaml"


def change(state: str) -> str:
    return (
        f"id: {CHANGE}\nkind: change\ntitle: New printer\ntype: normal\nservice: print\nstate: {state}\n"
        f"timeline:\n- at: 2019-03-04T10:00:00Z\n  by: desk\n  state: {state}\n"
    )


def asked(made: GitRepo) -> list[str]:
    """Return which rules of the policy ask for approval of what stands in HEAD, and what is wrong with files."""
    made.git("checkout", "-q", "-B", "work")
    told = json.loads(run_here(["approvals", "--base", "main", "--json"], made.root).stdout)
    found = [
        r for r in told["requirements"] if r["result"] in ("UNSATISFIED", "ERROR") and r["name"] != "authors"
    ]
    return sorted({r["name"] if r["rule"] == "no_match" else r["rule"] for r in found})


@pytest.mark.parametrize("state", ["closed", "draft", "implement"])
def test_the_gate_asks_about_the_list_and_about_each_change_that_was_not_finished(
    office: GitRepo, state: str
) -> None:
    office.write(CHANGE_FILE, change(state))
    head = office.commit("A change")
    (office.root / CHANGE_FILE).unlink()
    office.write(list_of(2019), f"commit {head}\n{CHANGE}\n")
    office.git("checkout", "-q", "-b", "work")
    office.commit("Archive")
    rules = asked(office)
    assert "archived-records" in rules
    assert (rules == ["archived-records"]) == (state == "closed")


def test_a_list_that_is_there_already_lets_no_record_go(office: GitRepo) -> None:
    office.write(CHANGE_FILE, change("closed"))
    office.write(list_of(2019), f"commit {HASH}\n{CHANGE}\n")
    office.commit("Both")
    (office.root / CHANGE_FILE).unlink()
    office.git("checkout", "-q", "-b", "work")
    office.commit("Deleted")
    assert asked(office) not in ([], ["archived-records"])


def test_an_audience_is_told_of_no_record_that_left(office: GitRepo) -> None:
    """As long as a record is here its audience decides; when it is archived nobody can tell, so it is withheld."""
    from itsm_gitops.commands.exchanging import _exposed

    def shown() -> str:
        return json.dumps(_exposed(office.repo, "staff", None)[0].data(NEW))

    assert OLD in shown()
    archive(office.repo, plan_archive(office.repo, 2021))
    assert NEW in shown()
    assert OLD not in shown()
