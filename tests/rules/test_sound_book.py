"""That a rule book is in order is kept in the index: the request check says what it says without."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops import rules
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import freshness
from itsm_gitops.rules import sound_book
from tests.rules.test_request_check import INCIDENT, ONE, edited, place, small
from tests.support import GitRepo

RISK = "schemas/policies/risk.yaml"
ROLES = "schemas/policies/roles.yaml"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A repository with an index, and a record that was edited."""
    monkeypatch.setenv("ITSM_INDEX", "always")
    monkeypatch.setattr(freshness, "RACY", 5_000_000)
    repo = small(tmp_path, {place(ONE): INCIDENT.format(id=ONE, more="")})
    Repository(tmp_path).store()
    edited(repo, place(ONE), "title: Mail is slow", "title: Mail is gone")
    return repo


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often a rule book is judged for a request."""
    count = [0]
    judge = sound_book.book_findings

    def counted(*args: Any) -> Any:
        count[0] += 1
        return judge(*args)

    monkeypatch.setattr(sound_book, "book_findings", counted)
    return count


def said(made: GitRepo, patch: pytest.MonkeyPatch) -> bool:
    """Check the request with and without an index; return whether only a part was judged."""
    patch.setenv("ITSM_INDEX", "always")
    part = rules.check(Repository(made.root), base="HEAD")
    patch.setenv("ITSM_INDEX", "off")
    assert part.findings == rules.check(Repository(made.root), base="HEAD", whole=True).findings
    patch.setenv("ITSM_INDEX", "always")
    return part.part


def test_it_is_judged_once(made: GitRepo, judged: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(made, monkeypatch)
    assert said(made, monkeypatch)
    assert judged == [1]


def test_another_day_other_settings_and_other_rules_are_judged(
    made: GitRepo, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(made, monkeypatch)
    monkeypatch.setenv("ITSM_NOW", "2031-01-01T00:00:00Z")
    said(made, monkeypatch)
    assert judged == [2]
    edited(made, "itsm.yaml", "Example Ltd", "Example AG")
    made.commit("settings")
    said(made, monkeypatch)
    assert judged == [3]
    edited(made, RISK, "\n", "\n# a word\n")
    made.commit("rules")
    Repository(made.root).store()
    edited(made, place(ONE), "title: ", "title: Yes, ")
    said(made, monkeypatch)
    assert judged[0] >= 4


def test_what_is_not_sound_is_not_kept(
    made: GitRepo, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (made.root / RISK).read_text()
    made.write(RISK, text + "odd_word: 1\n")
    made.commit("rules")
    Repository(made.root).store()
    edited(made, place(ONE), "title: ", "title: Yes, ")
    assert not said(made, monkeypatch)
    assert not said(made, monkeypatch)
    assert judged == [2]


def test_an_index_from_elsewhere_is_not_believed(
    made: GitRepo, judged: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said(made, monkeypatch)
    for file in (made.root / ".git/itsm").glob("*.db"):
        copy = file.with_suffix(".new")
        copy.write_bytes(file.read_bytes())
        copy.rename(file)
    said(made, monkeypatch)
    assert judged == [2]


def test_random_steps(made: GitRepo, judged: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    dice, sound, parts = random.Random(7), (made.root / ROLES).read_text(), []
    for number in range(5):
        if dice.random() < 0.4:
            made.write(ROLES, dice.choice((sound, sound + "odd: 1\n", sound + f"# {number}\n")))
            made.commit("rules")
        if dice.random() < 0.3:
            monkeypatch.setenv("ITSM_NOW", f"202{dice.randint(6, 9)}-12-01T00:00:00Z")
        if dice.random() < 0.5:
            Repository(made.root).store()
        edited(made, place(ONE), "title: ", "title: Yes, ")
        parts.append(said(made, monkeypatch))
    assert len(parts) >= judged[0] >= 2


def test_without_an_index_a_note_of_this_clone_says_so(
    made: GitRepo, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_INDEX", "off")

    def part() -> list[str]:
        found = rules.check(Repository(made.root), base="HEAD")
        assert found.part
        return [f.code for f in found.findings]

    first = part()
    assert part() == first
    assert judged == [1]
    monkeypatch.setenv("ITSM_NOW", "2027-11-28T12:00:00Z")  # another day: dates in settings pass
    part()
    assert judged == [2]
    note = made.root / ".git/itsm/sound"
    note.write_bytes(b"x" * 32)  # as a repository could bring it along
    part()
    assert judged == [3]
    book = made.root / RISK
    book.write_text(book.read_text() + "# another rule book\n")
    made.git("add", RISK)
    made.git("commit", "-qm", "rule book", "--", RISK)
    part()
    assert judged == [4]
    part()
    assert judged == [4]
