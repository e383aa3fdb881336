"""A request that renames a word asks those who own the rule book, and nobody for each document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from itsm_gitops.commands.init import contents
from itsm_gitops.editing.migrate import migrate, planned
from itsm_gitops.evidence.ledger import Ledger
from itsm_gitops.evidence.period import Period
from itsm_gitops.evidence.population import Population
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.types import Assessment
from itsm_gitops.model import clock
from itsm_gitops.repository.former_words import former_words
from itsm_gitops.repository.history import file_edits
from tests.support import GitRepo

CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"


@pytest.fixture
def demo(make_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A new repository as `itsm init` writes it, with its only change on the main branch."""
    monkeypatch.setenv("ITSM_NOW", "2026-11-28T12:00:00Z")
    monkeypatch.setenv("ITSM_USER", "duty-agent")
    made = make_repo("demo", committed=False)
    values = {"organisation": "O", "organisation_yaml": "O", "timezone": "UTC", "version": "0"}
    for path, content in contents({**values, "identity": "0" * 32, "today": "2026-01-01"}):
        made.write(path, content)
    made.commit("start")
    return made


def asked(demo: GitRepo) -> tuple[Assessment, set[str]]:
    repo = demo.repo
    found = assess(repo, base="HEAD~1", head="HEAD", now=clock.now())
    return found, {v.requirement.name for v in found.verdicts if v.result == "UNSATISFIED"}


def state_of(demo: GitRepo) -> str:
    text = (demo.root / CHANGE).read_text()
    return next(line.split()[1] for line in text.splitlines() if line.startswith("state: "))


def test_the_owners_of_the_rule_book_are_asked_and_nobody_for_each_change(demo: GitRepo) -> None:
    migrate(demo.repo, planned("state", f"change:{state_of(demo)}", "another_word"))
    demo.commit("rename")
    assert "state: another_word" in (demo.root / CHANGE).read_text()
    found, names = asked(demo)
    assert names == {"rule-book"}
    assert found.changes == ()


def test_what_else_a_request_does_to_a_change_is_judged_as_always(demo: GitRepo) -> None:
    migrate(demo.repo, planned("state", f"change:{state_of(demo)}", "another_word"))
    text = (demo.root / CHANGE).read_text()
    demo.write(CHANGE, text.replace("title: ", "title: Other "))
    demo.commit("rename, and more")
    found, names = asked(demo)
    assert found.changes == ("CHG-260115-EXMP4",)
    assert names > {"rule-book"}


def test_a_forged_migration_excuses_no_document(demo: GitRepo) -> None:
    demo.write(
        "schemas/migrations/2026-11-28-forged.yaml",
        "migration: value\nkind: change\nfield: title\nfrom: a\nto: b\nat: 2026-11-28T12:00:00Z\nby: ada\nreason: x\n",
    )
    demo.write(CHANGE, (demo.root / CHANGE).read_text().replace("title: ", "title: Other "))
    demo.commit("forged")
    assert asked(demo)[0].changes == ("CHG-260115-EXMP4",)


SERVER = "cmdb/servers/mail-host-1.yaml"


def _edits(demo: GitRepo) -> list[tuple[str, tuple[str, ...]]]:
    since, until = clock.now() - timedelta(days=3650), clock.now() + timedelta(days=3650)
    found = file_edits(demo.repo, [SERVER], since, until, None, former_words(demo.repo))
    return [(e.subject, e.fields) for e in found]


def test_a_renamed_word_is_no_edit_of_an_item(demo: GitRepo) -> None:
    text = (demo.root / SERVER).read_text()
    demo.write(SERVER, text.replace("owner: ", "memory_gb: 8\nowner: ", 1))
    demo.commit("an edit")
    migrate(demo.repo, planned("field", "server.operating_system", "runs_system"))
    demo.commit("rename")
    assert "runs_system: Debian" in (demo.root / SERVER).read_text()
    demo.write(SERVER, (demo.root / SERVER).read_text().replace("memory_gb: 8", "memory_gb: 16"))
    demo.commit("another edit")
    assert _edits(demo)[:2] == [("another edit", ("memory_gb",)), ("an edit", ("memory_gb",))]


def test_a_merge_that_renames_a_word_edits_no_item_and_carries_no_change(demo: GitRepo) -> None:
    base = demo.git("rev-parse", "HEAD").strip()
    migrate(demo.repo, planned("state", f"change:{state_of(demo)}", "another_word"))
    demo.write(SERVER, (demo.root / SERVER).read_text().replace("owner: ", "memory_gb: 8\nowner: ", 1))
    demo.commit("rename, and an edit")
    tip = demo.git("rev-parse", "HEAD").strip()
    period = Period(commit=base)
    (merge,) = Population(demo.repo, Ledger("", (), {}, ()), {"main": tip}, period).merges
    assert merge.changes == ()
    assert [p for p in merge.paths if p.startswith("cmdb/")] == [SERVER]


def test_what_came_with_the_rules_is_known_by_its_new_word(demo: GitRepo) -> None:
    base = demo.git("rev-parse", "HEAD").strip()
    state = state_of(demo)
    migrate(demo.repo, planned("state", f"change:{state}", "another_word"))
    demo.commit("rename")
    tip = demo.git("rev-parse", "HEAD").strip()
    known = Population(demo.repo, Ledger("", (), {}, ()), {"main": tip}, Period(commit=base))
    data = known.records["CHG-260115-EXMP4"]
    assert data["state"] == "another_word"
    assert known.came_with_the_rules("CHG-260115-EXMP4") is known.firm(data)
