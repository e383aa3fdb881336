"""The scripted session: every kind made, linked and moved through its life, clean at each step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

Later = Callable[[int], None]


class Session:
    """Runs commands at ever later times and checks the repository after each."""

    def __init__(self, cli: Cli, later: Later) -> None:
        self._cli = cli
        self._later = later
        self._minutes = 0

    def __call__(self, *words: str) -> str:
        self._minutes += 1
        self._later(self._minutes)
        out = self._cli(*words).out
        assert "no findings" in self._cli("check", "--fail-on", "info").out, words
        return out

    def make(self, *words: str) -> str:
        """Make a document and return its identifier."""
        return self(*words).split()[0]

    def refused(self, *words: str) -> str:
        """Run a command that must be refused and return what it says, on one line."""
        result = self._cli(*words, code=1)
        return " ".join(result.err.split())


@pytest.fixture
def session(acme: Path, cli: Cli, later: Later) -> Session:
    return Session(cli, later)


@pytest.fixture
def shop(session: Session) -> Session:
    """A service in production with its database."""
    session.make(
        "new",
        "database",
        "shop-db",
        "--name",
        "Shop database",
        "--team",
        "it-operations",
        "--description",
        "Orders.",
    )
    session.make(
        "new", "service", "shop", "--name", "Shop", "--team", "it-operations", "--category", "Sales",
        "--description", "Where customers buy.", "--support-hours", "office-hours", "--service-level", "standard-support",
    )  # fmt: skip
    session("link", "shop", "depends_on", "shop-db")
    for item in ("shop-db", "shop"):
        session("move", item, "test")
        session("move", item, "production")
    return session


def test_an_incident(shop: Session) -> None:
    made = shop.make(
        "new", "incident", "--title", "Shop is slow", "--service", "shop", "--ci", "shop-db", "--category", "application/shop",
        "--impact", "high", "--urgency", "medium", "--by", "duty-agent",
    )  # fmt: skip
    assert "allowed from 'new': in_progress needs assigned_team" in shop.refused("move", made, "closed")
    assert "missing assigned_team hint: add --set assigned_team=TEAM" in shop.refused(
        "move", made, "in_progress"
    )
    shop("move", made, "in_progress", "--set", "assigned_team=it-operations", "--by", "duty-agent")
    said = shop.refused("move", made, "on_hold")
    assert "missing on_hold_reason" in said
    assert "--code CODE" in said
    assert "awaiting_vendor" in said
    shop("move", made, "on_hold", "--code", "awaiting_vendor")
    assert "cannot go from 'on_hold' to 'closed'" in shop.refused("move", made, "closed")
    out = shop("move", made, "in_progress")
    assert "- on hold reason" in out
    assert "missing resolution_code, resolution_notes" in shop.refused("move", made, "resolved")
    shop("move", made, "resolved", "--code", "fixed", "--note", "Added an index.")
    assert "missing closure_category" in shop.refused("move", made, "closed")
    shop("move", made, "in_progress", "--note", "It is back.")
    shop("move", made, "resolved", "--code", "fixed", "--note", "Enlarged the pool.")
    shop("move", made, "closed", "--set", "closure_category=application/shop/db", "--by", "duty-agent")
    assert "'closed' is final" in shop.refused("move", made, "in_progress")
    said = shop.refused("set", made, "impact=low").split("only these may change: ")[1]
    assert "links" in said
    assert "impact" not in said


def test_a_problem_with_its_incident_and_known_error(shop: Session) -> None:
    incident = shop.make(
        "new", "incident", "--title", "Shop is down", "--service", "shop", "--category", "application/shop", "--impact", "high",
        "--urgency", "high",
    )  # fmt: skip
    made = shop.make(
        "new", "problem", "--title", "Shop fails under load", "--service", "shop", "--ci", "shop-db",
        "--impact", "medium", "--urgency", "medium", "--category", "application/shop", "--link", f"causes:{incident}",
    )  # fmt: skip
    assert "cannot go from 'new' to 'resolved'" in shop.refused("move", made, "resolved")
    shop("move", made, "assess", "--set", "assigned_team=it-operations")
    shop("move", made, "root_cause_analysis")
    assert "root_cause" in shop.refused("move", made, "fix_in_progress")
    shop("move", made, "fix_in_progress", "--set", "root_cause=Too few connections.")
    known = shop.make(
        "new", "known-error", "--title", "Orders time out under load", "--by", "mail-engineer",
        "--symptom", "A time-out.", "--service", "shop", "--link", f"known_error_of:{made}",
    )  # fmt: skip
    shop("set", known, "root_cause=Too few connections.", "workaround=Restart.", "review_by=2030-01-01")
    shop("move", known, "published", "--by", "mail-engineer")
    said = shop.refused("move", made, "resolved")
    assert "resolution_code" in said
    assert "one of: fix_applied, risk_accepted" in said
    # The fix removes the cause: what was a known error is offered no more.
    shop("move", known, "retired", "--code", "fixed", "--by", "mail-engineer")
    shop("move", made, "resolved", "--code", "fix_applied", "--note", "Pool enlarged.")
    shop("move", made, "closed")
    said = shop.refused(
        "move", incident, "resolved", "--code", "resolved_by_problem", "--note", "See the problem."
    )
    assert "itsm link ID resolved_by PROBLEM-ID" in said
    shop("link", incident, "resolved_by", made)
    shop("move", incident, "resolved", "--code", "resolved_by_problem", "--note", "See the problem.")


def test_a_normal_change(shop: Session) -> None:
    made = shop.make(
        "new", "change", "--type", "normal", "--title", "Enlarge the pool", "--service", "shop", "--ci", "shop-db",
        "--why", "The shop fails under load.", "--category", "application/shop",
    )  # fmt: skip
    assert "cannot go from 'draft' to 'scheduled'" in shop.refused("move", made, "scheduled")
    shop("move", made, "assess", "--set", "assigned_team=it-operations")
    said = shop.refused("move", made, "authorize")
    assert "missing risk, impact_statement" in said
    assert "--set risk.level=VALUE" in said
    # The plans that the risk demands are a rule, not a state's demand: nothing is written without them.
    said = shop.refused(
        "move", made, "authorize", "--set", "risk.level=medium", "--set", "impact_statement=None."
    )
    assert "nothing was written" in said
    assert "test_plan" in said
    shop(
        "set", made, "implementation_plan=Raise max_connections.", "backout_plan=Set it back.", "test_plan=Load test.",
        "risk.level=medium", "risk.reason=One setting.", "impact_statement=None.",
    )  # fmt: skip
    shop("move", made, "authorize")
    assert "missing planned_start, planned_end" in shop.refused("move", made, "scheduled")
    window = ["--set", "planned_start=now", "--set", "planned_end=+1h"]
    shop("move", made, "scheduled", *window, "--by", "change-manager")
    assert "missing implementers" in shop.refused("move", made, "implement")
    shop("move", made, "implement", "--set", "implementers=mail-engineer", "--by", "mail-engineer")
    said = shop.refused("move", made, "closed")
    assert "allowed from 'implement': review needs actual_start, actual_end" in said
    shop(
        "move",
        made,
        "review",
        "--set",
        "actual_start=now",
        "--set",
        "actual_end=+1min",
        "--by",
        "mail-engineer",
    )
    said = shop.refused("move", made, "closed", "--code", "backed_out", "--note", "It got worse.")
    assert "missing review" in said
    shop("move", made, "closed", "--code", "successful", "--note", "As planned.")
    assert "'closed' is final" in shop.refused("move", made, "draft")


def test_an_emergency_change_is_reviewed_whatever_its_outcome(shop: Session) -> None:
    made = shop.make(
        "new", "change", "--type", "emergency", "--title", "Stop the leak", "--service", "shop", "--ci", "shop-db",
        "--why", "Data leaves.", "--team", "it-operations", "--risk", "low", "--implementation", "Close the port.",
        "--backout", "Open the port.", "--implementer", "mail-engineer", "--start", "now", "--end", "+1h",
    )  # fmt: skip
    assert "cannot go from 'draft' to 'assess'" in shop.refused("move", made, "assess")
    shop("move", made, "authorize")
    shop("move", made, "implement", "--by", "change-manager")
    shop(
        "move",
        made,
        "review",
        "--set",
        "actual_start=now",
        "--set",
        "actual_end=+5min",
        "--by",
        "mail-engineer",
    )
    assert "missing review" in shop.refused(
        "move", made, "closed", "--code", "successful", "--note", "Closed."
    )


def test_a_request(session: Session) -> None:
    made = session.make(
        "new", "request", "--title", "Mailbox for the trainee", "--offering", "new-mailbox",
        "--answer", "mailbox=trainee", "--answer", "from=2026-12-01",
    )  # fmt: skip
    assert "cannot go from 'submitted' to 'closed'" in session.refused("move", made, "closed")
    session("move", made, "in_fulfilment", "--set", "assigned_team=service-desk", "--by", "duty-agent")
    session("move", made, "fulfilled", "--set", "fulfilment=complete", "--by", "duty-agent")
    session("move", made, "closed", "--by", "duty-agent")


def test_a_configuration_item_is_retired(session: Session) -> None:
    session.make(
        "new", "server", "spare", "--name", "Spare", "--team", "it-operations", "--description", "Spare part."
    )
    assert "a server has no state 'scrapped'" in session.refused("move", "spare", "scrapped")
    session("link", "spare", "connects_to", "core-switch")
    session("move", "spare", "retired")
    assert "'retired' is final" in session.refused("move", "spare", "production")


def test_two_states_are_told_apart_from_one_that_is_there(session: Session, incident: str) -> None:
    assert "is already 'new'" in session.refused("move", incident, "new")
