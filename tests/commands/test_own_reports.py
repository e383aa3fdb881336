"""Reports that a repository describes itself: a file is enough."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from itsm_gitops.commands.own_reports import own_report, own_titles
from itsm_gitops.commands.reporting import report
from itsm_gitops.model.errors import NotFound, UsageError
from itsm_gitops.model.report import ITEM, RECORD, TEXT
from tests.support import incident, path_of, service

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = "schemas/reports/desk.yaml"
TEXT_OF_IT = """\
report: desk
title: Desk
lead: What is on the desk?
tables:
- {name: all, title: All, of: incidents, columns: [id, title, service, state], sort: -title, most: 2}
- {name: states, title: States, of: incidents, group: state, chart: true}
"""


@pytest.fixture
def desk(git_repo: Any) -> Any:
    git_repo.write("cmdb/services/mail.yaml", service("mail"))
    for n, title in enumerate(("Alpha", "Beta", "Gamma")):
        identifier = f"INC-261102-AAAA{n}"
        git_repo.write(path_of(identifier), incident(identifier, title=title))
    git_repo.write(FILE, TEXT_OF_IT)
    return git_repo


def test_a_file_makes_a_report(desk: Any) -> None:
    made = own_report(desk.repo.store(), "desk", NOW)
    listed, counted = made.tables
    assert [row[1] for row in listed.rows] == ["Gamma", "Beta"]
    assert [c.form for c in listed.columns] == [RECORD, TEXT, ITEM, TEXT]
    assert listed.note == "The first 2 of 3."
    assert counted.rows == (("new", 3),)
    assert made.headline == "All (2)"


def test_it_is_asked_for_like_any_other(desk: Any) -> None:
    assert [r.name for r in report(desk.repo, ["desk", "backlog"])] == ["backlog", "desk"]
    assert "desk" in [r.name for r in report(desk.repo)]
    assert ("desk", "Desk") in own_titles(desk.repo.book)
    with pytest.raises(NotFound, match="no report 'desc'"):
        report(desk.repo, ["desc"])


def test_it_cannot_be_limited(desk: Any) -> None:
    assert "desk" not in [r.name for r in report(desk.repo, service="mail")]
    with pytest.raises(UsageError, match="cannot be limited"):
        report(desk.repo, ["desk"], service="mail")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: incidents, columns", "of: incidnts, columns", "no kind 'incidnts'"),
        ("columns: [id, title", "columns: [id, titel", "no column 'titel'"),
        ("group: state", "group: stat", "no column 'stat'"),
        ("of: incidents, group", "of: 'incidents assignee:@me', group", "@me"),
        ("sort: -title", "sort: titel", "cannot sort by 'titel'"),
    ],
)
def test_a_mistake_names_the_file(desk: Any, old: str, new: str, message: str) -> None:
    desk.write(FILE, TEXT_OF_IT.replace(old, new))
    with pytest.raises(UsageError, match=rf"schemas/reports/desk\.yaml: .*{message}"):
        own_report(desk.repo.store(), "desk", NOW)
