"""Maps of standards: what counts as evidence, and how a requirement stands by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from itsm_gitops.cli.app import group
from itsm_gitops.commands import filter_conditions, practising
from itsm_gitops.commands.own_reports import own_filters
from itsm_gitops.commands.practising import map_filters, practice
from itsm_gitops.commands.stored_filters import FilterMarks, StoredFilters
from itsm_gitops.model import clock
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.practice import MET, MISSING, PARTLY
from itsm_gitops.repository import Repository
from itsm_gitops.rules.registry import RULES
from itsm_gitops.snapshots import Store, load_store
from itsm_gitops.snapshots.store import Document
from tests.support import incident, path_of, service

FILE = "schemas/policies/standards/house.yaml"
HEAD = "standard: house\ntitle: House rules\nsource: the house\nnote: A map.\nareas:\n- number: A\n  title: All\n  requirements:\n"
ONE, TWO = "INC-261102-AAAAA", "INC-261102-BBBBB"


def requirement(number: str, *evidence: str) -> str:
    lines = "".join(f"    - {{{line}, about: Look here}}\n" for line in evidence)
    return f"  - number: {number}\n    asks: Something.\n    evidence:\n{lines}"


@pytest.fixture
def standing(git_repo: Any) -> Any:
    """Return how requirements of one piece of evidence each stand in a repository with two incidents."""
    git_repo.write("cmdb/services/mail.yaml", service("mail"))
    for identifier in (ONE, TWO):
        git_repo.write(path_of(identifier), incident(identifier))

    def stand(*evidence: str) -> str:
        git_repo.write(FILE, HEAD + requirement("A.1", *evidence))
        return practice(git_repo.repo, "house").requirements[0].standing

    return stand


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (["query: incidents"], MET),
        (["query: incidents, least: 2"], MET),
        (["query: incidents, least: 3"], MISSING),
        (["query: incidents, most: 1"], MISSING),
        (["query: incidents, most: 2"], MET),
        (["query: problems"], MISSING),
        (["query: problems, most: 0"], MET),
        (["query: 'incidents colour:red'"], MISSING),
        (["query: '@me'", "query: incidents"], PARTLY),
        (["query: incidents", "query: problems"], PARTLY),
        (["rule: K001"], MET),
        (["rule: K999"], MISSING),
        (["file: itsm.yaml"], MET),
        (["file: sms/*.md"], MISSING),
        (["file: schemas/workflows/*.yaml"], MET),
        (["file: schemas/../../etc/passwd"], MISSING),
        (["report: backlog"], MET),
        (["report: knowledge"], MET),
        (["report: nonsense"], MISSING),
        (["gap: Nobody is told."], MISSING),
        (["query: incidents", "gap: Nobody is told."], PARTLY),
    ],
)
def test_evidence_holds_or_does_not(standing: Any, evidence: list[str], expected: str) -> None:
    assert standing(*evidence) == expected


def test_what_cannot_be_read_holds_nothing_that_says_none(standing: Any, git_repo: Any) -> None:
    assert standing("query: 'incidents category:none', most: 0") == MISSING
    assert standing("query: 'incidents state:closed', most: 0") == MET
    git_repo.write(path_of(TWO), "id: [\n")
    assert standing("query: 'incidents state:closed', most: 0") == MISSING
    assert standing("query: incidents") == MET


def test_a_rule_that_is_switched_off_is_no_evidence(standing: Any, git_repo: Any) -> None:
    settings = (git_repo.root / "itsm.yaml").read_text()
    git_repo.write("itsm.yaml", settings + "severity: {K009: off}\n")
    assert standing("rule: K009") == MISSING


def test_files_are_those_of_the_commit_that_is_asked(standing: Any, git_repo: Any) -> None:
    git_repo.write("sms/policy.md", "# Policy\n")
    assert standing("file: sms/*.md") == MET
    commit = git_repo.commit("with the policy")
    (git_repo.root / "sms/policy.md").unlink()
    assert practice(git_repo.repo, "house").requirements[0].standing == MISSING
    assert practice(git_repo.repo, "house", commit).requirements[0].standing == MET


def test_what_is_archived_is_told_where_something_is_missing(standing: Any, git_repo: Any) -> None:
    git_repo.write("records/archived/2024.txt", f"commit {'0' * 40}\nINC-240101-AAAAA\nPRB-240101-AAAAA\n")
    assert standing("query: 'incidents state:closed'") == MISSING

    def result() -> str:
        return practice(git_repo.repo, "house").requirements[0].evidence[0].result

    assert result() == "0 found, at least 1 wanted; 1 archived record not searched"
    standing("query: 'records state:closed'")
    assert result() == "0 found, at least 1 wanted; 2 archived records not searched"
    standing("query: 'incidents category:none', most: 0")
    assert "archived" not in result()


def test_a_wrong_name_is_told(git_repo: Any) -> None:
    with pytest.raises(NotFound, match="no map of 'fitsn'"):
        practice(git_repo.repo, "fitsn")


@pytest.mark.parametrize("name", ["fitsm", "endorsement"])
def test_every_row_of_the_living_example_has_evidence_that_can_be_followed(
    example_repo: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T21:00:00Z")
    whole = practice(example_repo, name)
    for one in whole.requirements:
        assert one.evidence
        assert one.standing != MISSING, one.number
        for piece in one.evidence:
            assert "the filter is invalid" not in piece.result, (one.number, piece)
            assert piece.form != "rule" or piece.subject in RULES
    assert len({r.number for r in whole.requirements}) == len(whole.requirements)
    assert "complian" not in json.dumps(whole.as_json()).lower()


def test_the_map_of_the_standard_has_all_its_requirements(example_repo: Any) -> None:
    numbers = [r.number for r in practice(example_repo, "fitsm").requirements]
    general = {1: 3, 2: 4, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2}
    process = {1: 4, 2: 5, 3: 3, 4: 4, 5: 4, 6: 5, 7: 6, 8: 4, 9: 6, 10: 4, 11: 5, 12: 6, 13: 6, 14: 3}
    expected = [f"GR{a}.{n}" for a, most in general.items() for n in range(1, most + 1)]
    expected += [f"PR{a}.{n}" for a, most in process.items() for n in range(1, most + 1)]
    assert numbers == expected


def test_the_command_prints_table_csv_and_json(standing: Any, git_repo: Any) -> None:
    standing("query: incidents", "query: problems")

    def run(*options: str) -> str:
        result = CliRunner().invoke(group, ["-C", str(git_repo.root), "audit", "practice", "house", *options])
        assert result.exit_code == 0, result.output
        return result.output

    assert "0 of 1 requirements met, 1 partly, 0 missing" in run()
    assert "A.1" not in run("--only", "met")
    assert run("--csv").splitlines()[1].startswith("All,A.1,Something.,partly,query,incidents,yes,2 found")
    data = json.loads(run("--json"))
    assert data["counts"] == {"met": 0, "partly": 1, "missing": 0}
    assert [e["count"] for e in data["requirements"][0]["evidence"]] == [2, 0]


def test_a_gap_is_said_in_words_everywhere(standing: Any, git_repo: Any) -> None:
    standing("query: incidents", "gap: Nobody is told.")
    result = CliRunner().invoke(group, ["-C", str(git_repo.root), "audit", "practice", "house"])
    assert "    - Look here. Nobody is told.\n" in result.output
    made = practice(git_repo.repo, "house")
    assert made.as_report().tables[0].rows[0][-1].splitlines()[-1] == "- Look here. Nobody is told."


@pytest.mark.parametrize(
    "text", ["incidents major.state:*", "incidents review:none", "changes state:closed", "server"]
)
def test_enough_documents_are_some_of_all(
    example_repo: Repository, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_conditions, "_AT_ONCE", 2)
    filters = StoredFilters(example_repo.store())
    everything = filters.ask(text)
    assert everything.complete
    for enough in (1, 2, 3, 1_000):
        answer = filters.ask(text, enough)
        assert {e.id for e in answer.entries} <= {e.id for e in everything.entries}
        assert len(answer.entries) >= min(enough, len(everything.entries))
        assert answer.complete or len(answer.entries) >= enough
        assert not answer.complete or answer.entries == everything.entries


def test_what_is_not_counted_to_the_end_says_so(
    example_repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_conditions, "_AT_ONCE", 1)
    monkeypatch.setattr(practising, "_ENOUGH", 1)
    made = practising.practice_map(example_repo.store(), "fitsm", clock.now())
    results = [e.result for area in made.areas for r in area.requirements for e in r.evidence]
    assert any(r.endswith(" or more found") for r in results)


def test_marks_of_documents_say_what_a_filter_finds(example_repo: Repository) -> None:
    snapshot = example_repo.snapshot(None)
    known = [
        "incidents",
        "records",
        "items",
        "incidents opened:<today",
        "cis depends_on:*",
        "incidents colour:red",
    ]
    own = [
        "(changes or problems) state:closed",
        "incidents service:shop",
        "requests -description:*",
        "server",
    ]
    made: dict[str, FilterMarks] = {}

    def mark(store: Store, document: Document) -> list[tuple[str, int]]:
        texts = [*known, *own, *map_filters(store.book), *own_filters(store.book)]
        marker = made.get("") or made.setdefault("", FilterMarks(store, texts))
        return [(document.path, marker.of(document))]

    store, marks = load_store(snapshot, jobs=1, visit=mark)
    marked, asked = StoredFilters(store, made[""], dict(marks)), StoredFilters(store)
    places = made[""].places
    assert {"incidents", "records", "items", "server"} <= places.keys()
    assert not {"incidents opened:<today", "cis depends_on:*", "incidents service:shop"} & places.keys()
    assert len(places) > 60
    for text in places:
        assert marked.ask(text) == asked.ask(text), text
