"""Risk from answers and from facts: the higher wins, each point is explained, an override has an owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.graph.risk import FACT, LEVELS, QUESTION, RiskAssessment, RiskBook, level
from itsm_gitops.model.rulebook import RISK, RuleBook
from tests.gate.snapshots import graph_of, group, item, record

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORST = {
    "rehearsed": "never",
    "way_back": "none",
    "experience": "never",
    "teams": "supplier",
    "data": "destroyed",
    "noticed": "late",
}
BEST = {
    "rehearsed": "fully",
    "way_back": "proven",
    "experience": "often",
    "teams": "one",
    "data": "nothing",
    "noticed": "at_once",
}


def assess(
    book: RuleBook, change: Mapping[str, Any], *documents: Mapping[str, Any], now: datetime = NOW
) -> RiskAssessment:
    graph = graph_of(book, [change, *documents])
    return RiskBook(graph.network, graph, now).assess(graph.network.entries[change["id"]], change)


def facts(found: RiskAssessment) -> dict[str, tuple[Any, int]]:
    return {p.name: (p.value, p.points) for p in found.points if p.source == FACT}


def reason(found: RiskAssessment, name: str) -> str:
    return next(p.reason for p in found.points if p.name == name)


def answered(answers: Mapping[str, str], stored: str = "low", **more: Any) -> dict[str, Any]:
    return record("AAAAA", cis=["db"], risk={"level": stored, "answers": dict(answers), **more})


def services(count: int, *, criticality: str = "low") -> Iterable[dict[str, Any]]:
    for number in range(count):
        yield item(f"s-{number}", "service", needs=["db"], criticality=criticality)


def test_the_answers_add_up_with_their_weights(book: RuleBook) -> None:
    found = assess(book, answered(WORST), item("db"))
    assert [(p.name, p.points) for p in found.points if p.source == QUESTION] == [
        ("rehearsed", 4),
        ("way_back", 4),
        ("experience", 3),
        ("teams", 2),
        ("data", 4),
        ("noticed", 3),
    ]
    assert (found.total(QUESTION), found.level_of(QUESTION), found.computed) == (20, "high", "high")
    assert assess(book, answered(BEST), item("db")).total(QUESTION) == 0


def test_what_is_not_answered_counts_nothing_and_is_told(book: RuleBook) -> None:
    found = assess(book, answered({"data": "destroyed", "teams": "nobody-knows"}), item("db"))
    assert found.total(QUESTION) == 4
    assert [p.name for p in found.unanswered] == ["rehearsed", "way_back", "experience", "teams", "noticed"]


def test_the_higher_of_both_wins(book: RuleBook) -> None:
    by_answers = assess(book, answered(WORST), item("db"))
    assert (by_answers.level_of(QUESTION), by_answers.level_of(FACT), by_answers.computed) == (
        "high",
        "low",
        "high",
    )
    critical = [item("db"), *services(12, criticality="critical")]
    by_facts = assess(book, answered(BEST), *critical)
    assert (by_facts.level_of(QUESTION), by_facts.level_of(FACT), by_facts.computed) == (
        "low",
        "medium",
        "medium",
    )


def test_criticality_is_that_of_the_items_and_of_the_services_that_a_failure_reaches(book: RuleBook) -> None:
    change = answered(BEST)
    assert facts(assess(book, change, item("db")))["criticality"] == ("", 0)
    assert facts(assess(book, change, item("db", criticality="medium")))["criticality"] == ("medium", 1)
    carries = assess(book, change, item("db", criticality="low"), *services(1, criticality="critical"))
    assert facts(carries)["criticality"] == ("critical", 4)
    assert reason(carries, "criticality") == "s-0 has the highest"


def test_a_spare_partner_keeps_the_services_out_of_it(book: RuleBook) -> None:
    both = item(
        "shop", "service", needs=["db", "spare"], redundancy=group(["db", "spare"]), criticality="critical"
    )
    alone = assess(book, answered(BEST), item("db"), item("spare"), both)
    assert (facts(alone)["criticality"], facts(alone)["blast_radius"]) == (("", 0), (0, 0))
    together = {**answered(BEST), "cis": ["db", "spare"]}
    found = assess(book, together, item("db"), item("spare"), both)
    assert facts(found)["criticality"] == ("critical", 4)


@pytest.mark.parametrize(("count", "points"), [(0, 0), (2, 0), (3, 1), (9, 1), (10, 2), (29, 2), (30, 3)])
def test_the_blast_radius_counts_what_else_fails(book: RuleBook, count: int, points: int) -> None:
    found = assess(book, answered(BEST), item("db"), *services(count))
    assert facts(found)["blast_radius"] == (count, points)


def test_the_blast_radius_names_the_services(book: RuleBook) -> None:
    found = assess(book, answered(BEST), item("db"), *services(6))
    assert reason(found, "blast_radius") == "among them s-0, s-1, s-2, s-3 and 2 more"


def test_what_is_certainly_not_touched_is_left_out_unless_the_change_names_it(book: RuleBook) -> None:
    carried = [item("db", criticality="high"), *services(3, criticality="critical")]
    excluded = [{"ci": name, "reason": "Read only"} for name in ("s-0", "s-1", "s-2", "db")]
    some = assess(book, {**answered(BEST), "excluded_cis": excluded[:1]}, *carried)
    assert (facts(some)["blast_radius"][0], facts(some)["criticality"][0]) == (2, "critical")
    found = assess(book, {**answered(BEST), "excluded_cis": excluded}, *carried)
    assert (facts(found)["blast_radius"], facts(found)["criticality"]) == ((0, 0), ("high", 2))


@pytest.mark.parametrize(
    "broken",
    [
        {"excluded_cis": 5},
        {"excluded_cis": [{"ci": ["db"]}, "db"]},
        {"timeline": "yesterday"},
        {"risk": [1]},
        {"risk": {"level": ["low"], "answers": [], "override": 7}},
        {"risk": {"answers": {"data": ["destroyed"]}}},
        {"outage": {"expected": True, "minutes": "long", "services": 3}},
        {"planned_start": {"at": 1}},
    ],
)
def test_a_record_that_no_schema_has_judged_yet_does_no_harm(book: RuleBook, broken: dict[str, Any]) -> None:
    change = answered(BEST)
    graph = graph_of(book, [change, item("db")])
    risks = RiskBook(graph.network, graph, NOW)
    entry = graph.network.entries[change["id"]]
    assert risks.assess(entry, {**change, **broken}).effective in LEVELS


@pytest.mark.parametrize(
    ("start", "days", "points"),
    [
        ("2026-11-21T20:00:00Z", 10 / 24, 3),
        ("2026-11-23T10:00:00Z", 2.0, 1),
        ("2026-11-24T10:00:00Z", 3.0, 0),
        ("2026-11-20T10:00:00Z", 0.0, 3),  # planned for before it was asked: no time at all
    ],
)
def test_the_lead_time_begins_where_authorisation_is_asked_for(
    book: RuleBook, start: str, days: float, points: int
) -> None:
    found = assess(book, {**answered(BEST), "planned_start": start}, item("db"))
    value, counted = facts(found)["lead_time"]
    assert (value, counted) == (pytest.approx(days), points)
    assert reason(found, "lead_time") == "asked on 2026-11-21"


def test_what_was_sent_back_is_asked_for_anew(book: RuleBook) -> None:
    times = ["2026-11-10", "2026-11-12", "2026-11-14", "2026-11-16"]
    states = ["draft", "authorize", "draft", "draft"]
    steps = [{"at": f"{d}T10:00:00Z", "by": "anna", "state": s} for d, s in zip(times, states, strict=True)]
    draft = {**answered(BEST), "state": "draft", "timeline": steps, "planned_start": "2026-11-23T12:00:00Z"}
    assert reason(assess(book, draft, item("db")), "lead_time") == "not asked yet, counted from now"
    asked = {"at": "2026-11-20T10:00:00Z", "by": "anna", "state": "authorize"}
    again = {**draft, "state": "authorize", "timeline": [*steps, asked]}
    assert reason(assess(book, again, item("db")), "lead_time") == "asked on 2026-11-20"


def test_emergencies_and_standard_changes_have_no_lead_time(book: RuleBook) -> None:
    for kind in ("emergency", "standard"):
        assert "lead_time" not in facts(assess(book, {**answered(BEST), "type": kind}, item("db")))


@pytest.mark.parametrize(
    ("outage", "value", "points"),
    [
        ({"expected": False, "minutes": 90}, 0, 0),
        ({"expected": True}, 1, 1),
        ({"expected": True, "minutes": 14}, 14, 1),
        ({"expected": True, "minutes": 15}, 15, 2),
        ({"expected": True, "minutes": 60}, 60, 3),
        ({"expected": True, "minutes": 240}, 240, 4),
        (None, 0, 0),
    ],
)
def test_interruptions_count_by_their_length(
    book: RuleBook, outage: dict[str, Any] | None, value: int, points: int
) -> None:
    change = {**answered(BEST), **({"outage": outage} if outage else {})}
    assert facts(assess(book, change, item("db")))["outage"] == (value, points)


def past(suffix: str, outcome: str, day: str = "2026-10-01", **fields: Any) -> dict[str, Any]:
    steps = [("draft", day), ("closed", day)]
    timeline = [{"at": f"{d}T10:00:00Z", "by": "anna", "state": s} for s, d in steps]
    about = {"state": "closed", "outcome": outcome, "category": "database", "timeline": timeline}
    return record(suffix, **{**about, **fields})


def test_similar_changes_that_failed_within_a_year_count(book: RuleBook) -> None:
    change = {**answered(BEST), "category": "database"}
    found = assess(
        book,
        change,
        item("db"),
        past("P0001", "backed_out"),
        past("P0002", "successful"),
        past("P0003", "unsuccessful", "2025-10-01"),  # too long ago
        past("P0004", "unsuccessful", category="network"),  # something else
        past("P0005", "successful_with_issues"),
    )
    assert facts(found)["past_failures"] == (1, 3)
    assert reason(found, "past_failures") == "CHG-261120-P0001"
    assert next(p.shown for p in found.points if p.name == "past_failures") == "1 of 3"


def test_a_change_that_caused_an_incident_failed_whatever_its_outcome_says(book: RuleBook) -> None:
    incident = {
        "id": "INC-261001-AAAAA",
        "kind": "incident",
        "title": "Down",
        "state": "new",
        "links": [{"type": "caused_by", "target": "CHG-261120-P0001"}],
        "timeline": [{"at": "2026-10-01T10:00:00Z", "by": "anna", "state": "new"}],
    }
    change = {**answered(BEST), "category": "database"}
    found = assess(book, change, item("db"), past("P0001", "successful"), incident)
    assert facts(found)["past_failures"] == (1, 3)


def test_changes_of_one_template_are_similar_and_a_change_is_not_its_own_past(book: RuleBook) -> None:
    template = {"template": "standard-patch-os", "type": "standard"}
    failed = [past(f"P000{n}", "backed_out", category="other", **template) for n in range(3)]
    found = assess(book, {**answered(BEST), **template}, item("db"), *failed)
    assert facts(found)["past_failures"] == (3, 5)
    assert facts(assess(book, failed[0], item("db")))["past_failures"][0] == 0


@pytest.mark.parametrize("stored", [*LEVELS, ""])
@pytest.mark.parametrize("override", [None, {"by": "change-manager", "reason": "Rehearsed."}])
def test_the_level_that_counts(book: RuleBook, stored: str, override: dict[str, str] | None) -> None:
    change = answered({"rehearsed": "never", "way_back": "none"})  # 8 points: medium
    risk = {**change["risk"], "level": stored} if stored else {"answers": change["risk"]["answers"]}
    found = assess(book, {**change, "risk": risk | ({"override": override} if override else {})}, item("db"))
    assert found.computed == "medium"
    assert found.understated == (stored == "low")
    expected = {"low": "low" if override else "medium", "medium": "medium", "high": "high", "": "medium"}
    assert found.effective == expected[stored]


@given(points=st.integers(0, 100), medium=st.integers(1, 50), more=st.integers(0, 50))
def test_levels_never_fall_when_points_rise(points: int, medium: int, more: int) -> None:
    thresholds = {"medium": medium, "high": medium + more}
    assert LEVELS.index(level(points, thresholds)) <= LEVELS.index(level(points + 1, thresholds))
    assert level(medium + more, thresholds) == "high"
    assert level(medium - 1, thresholds) == "low"


def test_every_fact_and_every_question_of_the_policy_is_explained(book: RuleBook) -> None:
    found = assess(book, answered(WORST), item("db"))
    policy = book.policy(RISK)
    assert [p.name for p in found.points] == [
        *(q["id"] for q in policy["questions"]),
        *(f["fact"] for f in policy["facts"]),
    ]
    assert all(p.title and p.shown and p.lower for p in found.points)


def test_a_policy_without_anything_makes_everything_low(book: RuleBook) -> None:
    graph = graph_of(book, [answered(WORST), item("db")])
    risks = RiskBook(graph.network, graph, NOW)
    risks.policy = {}
    entry = graph.network.entries["CHG-261120-AAAAA"]
    assert risks.assess(entry, answered(WORST)).computed == "low"
