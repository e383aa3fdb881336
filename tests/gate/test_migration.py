"""A request that renames a word asks those who own the rule book, and nobody for each document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from itsm_gitops.commands.init import contents
from itsm_gitops.editing.migrate import migrate, planned
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.types import Assessment
from itsm_gitops.model import clock
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
