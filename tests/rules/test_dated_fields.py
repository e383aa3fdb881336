"""Dates that belong together (D050, D051), and names in the terms of dates that nobody has (S022)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from itsm_gitops.model import dated_fields
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.support import GitRepo

BERLIN = ZoneInfo("Europe/Berlin")
CONTRACT = "schemas/cmdb/contract.schema.json"


@pytest.mark.parametrize(
    ("value", "other", "before"),
    [
        ("2026-11-20", "2026-11-21", True),
        ("2026-11-21", "2026-11-21", False),
        ("2026-11-20T10:00:00+02:00", "2026-11-20T08:30:00Z", True),
        ("2026-11-20T10:00:00+01:00", "2026-11-20T09:00:00Z", False),
        ("2026-11-20", "2026-11-20T23:30:00Z", True),  # half past midnight in Berlin
        ("2026-11-20", "2026-11-20T22:30:00Z", False),
        ("2026-11-20", None, False),
        ("later", "2026-11-20", False),
        (7, "2026-11-20", False),
    ],
)
def test_order(book: RuleBook, value: object, other: object, before: bool) -> None:
    data = {"start": other, "end": value}
    found = list(dated_fields.before_another(book.kinds["contract"], data, BERLIN))
    assert found == ([(("end",), value, "start", other)] if before else [])


@pytest.mark.parametrize(
    ("value", "ahead"),
    [("2026-11-30", False), ("2026-12-01", True), ("2062-11-01", True), ("never", False)],
)
def test_ahead_of_the_present(book: RuleBook, value: str, ahead: bool) -> None:
    """With a day of tolerance: 29 November noon, and the whole of the next day in Berlin."""
    now = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
    data = {"verification": {"date": value, "by": "ops"}}
    found = list(dated_fields.not_yet(book.kinds["server"], data, now, BERLIN))
    assert found == ([(("verification", "date"), value)] if ahead else [])


def test_places_in_lists(book: RuleBook) -> None:
    case = {"supplier": "acme", "opened_at": "2026-11-20T10:00:00Z", "answered_at": "2026-11-20T09:00:00Z"}
    data = {"supplier_cases": [{**case, "answered_at": "2026-11-20T11:00:00Z"}, case]}
    (found,) = dated_fields.before_another(book.kinds["incident"], data, BERLIN)
    assert found[0] == ("supplier_cases", 1, "answered_at")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"before": "notice_days"', '"before": "notice_dais"', "notice_dais"),
        ('"months": "renewal_term_months"', '"months": "renewal_terms"', "renewal_terms"),
        ('"unless": {"renewal": "tacit"}', '"unless": {"renewel": "tacit"}', "renewel"),
        ('"unless": {"renewal": "tacit"}', '"unless": {"renewal": "tacid"}', "tacid"),
        ('"after": "start"', '"after": "begin"', "begin"),
        ('"after": "start"', '"after": ["start", "begin"]', "begin"),
        ('"after": "start"', '"after": "notice_days"', "notice_days"),
    ],
)
def test_names_that_no_field_has(git_repo: GitRepo, old: str, new: str, word: str) -> None:
    """A misspelt field would make a duty that is never due, without a word."""
    path = git_repo.root / CONTRACT
    text = json.dumps(json.loads(path.read_text()))
    assert old in text
    path.write_text(text.replace(old, new, 1))
    (found,) = check(Repository.open(git_repo.root)).findings
    assert (found.code, found.path) == ("S022", CONTRACT)
    assert word in found.message
