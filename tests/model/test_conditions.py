"""The language of conditions: each form with what it holds of and what not; the unknown; three-valued logic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.condition_words import in_words
from itsm_gitops.model.conditions import Both, Either, Negation, OtherEnd, holds
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.subjects import DocumentSubject, FactSubject
from itsm_gitops.model.watched_time import Watch, WatchedTime

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ITEMS = {"box": {"approval": {"required": True, "by": ["cab"]}, "lifecycle": "retired"}, "pc": {}}
DATA: dict[str, Any] = {
    "type": "normal",
    "category": "Security / phishing",
    "cost": 700,
    "major": {"state": "accepted"},
    "offering": "box",
    "other": "gone",
    "tasks": [{"name": "Order", "status": "done"}, {"name": "Call back"}],
    "cis": ["mail-db", "mail-host"],
    "start": "2026-11-27",
    "end": "2026-11-28T11:00:00Z",
    "empty": "",
    "urgent": False,
}


def _linked(relation: str) -> list[OtherEnd]:
    child = {"state": "new", "impact": "high"}
    return {
        "parent_of": [
            OtherEnd("INC-1", "incident", "new", "new", lambda: DocumentSubject(child)),
            OtherEnd("INC-2", "incident", "closed", "done", lambda: DocumentSubject({})),
        ],
        "resolved_by": [
            OtherEnd(
                "CHG-1", "change", "closed", "done", lambda: DocumentSubject({}), frozenset(("carried_out",))
            )
        ],
    }.get(relation, [])


SUBJECT = DocumentSubject(DATA, ITEMS.get, _linked, NOW)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        (None, True),
        ({"type": "normal"}, True),
        ({"type": ["standard", "normal"], "cost": 700}, True),
        ({"type": ["standard"]}, False),
        ({"unheard": "x"}, False),
        ({"urgent": False}, True),
        ({"urgent": 0}, False),
        ({"cost": 700.0}, True),
        ({"major.state": "accepted"}, True),
        ({"tasks.status": "done"}, True),
        ({"cis": "mail-host"}, True),
        ({"category": "security"}, True),
        ({"category": "SECURITY/Phishing"}, True),
        ({"category": "sec"}, False),
        ({"category": "security/phishing/mail"}, False),
        ({"cost": {"at_least": 700}}, True),
        ({"cost": {"above": 700}}, False),
        ({"cost": {"above": 699, "below": 701}}, True),
        ({"cost": {"at_most": 699}}, False),
        ({"type": {"above": 1}}, False),
        ({"urgent": {"at_most": 1}}, False),
        ({"start": {"before": "2026-11-28"}}, True),
        ({"start": {"after": "2026-11-27"}}, False),
        ({"end": {"after": {"field": "start"}}}, True),
        ({"start": {"after": {"field": "end"}}}, False),
        ({"end": {"after": {"field": "unheard"}}}, False),
        ({"start": {"before": "now"}}, True),
        ({"end": {"before": "now"}}, True),
        ({"end": {"after": "now"}}, False),
        ({"end": {"before": "2026-11-29"}}, True),
        ({"end": {"after": "2026-11-28"}}, False),
        ({"type": {"present": True}}, True),
        ({"empty": {"present": True}}, False),
        ({"unheard": {"present": False}}, True),
        ({"type": {"not": "standard"}}, True),
        ({"type": {"not": ["normal"]}}, False),
        ({"unheard": {"not": ["normal"]}}, True),
        ({"type": {"in": ["normal"], "not": ["standard"]}}, True),
        ({"and": [{"type": "normal"}, {"cost": 1}]}, False),
        ({"or": [{"type": "x"}, {"cost": 700}]}, True),
        ({"not": {"type": "normal"}}, False),
        ({"not": {"or": [{"type": "x"}, {"cost": 1}]}, "urgent": False}, True),
        ({"all": "tasks.status", "in": ["done"]}, False),
        ({"any": "tasks.status", "in": ["done"]}, True),
        ({"all": "tasks", "have": {"name": {"present": True}}}, True),
        ({"any": "tasks", "have": {"status": {"present": False}}}, True),
        ({"all": "cis", "in": ["mail-db", "mail-host"]}, True),
        ({"all": "unheard.status", "in": ["done"]}, True),
        ({"any": "unheard.status", "in": ["done"]}, False),
        ({"offering.approval.required": True}, True),
        ({"offering.approval.by": "cab"}, True),
        ({"offering.lifecycle": {"not": "retired"}}, False),
        ({"link": "resolved_by", "to": ["change"]}, True),
        ({"link": "resolved_by", "to": "problem"}, False),
        ({"link": "resolved_by", "state": "draft"}, False),
        ({"link": "caused_by"}, False),
        ({"linked": "parent_of", "category": ["done", "cancelled"]}, False),
        ({"linked": "parent_of", "state": ["new", "closed"]}, True),
        ({"linked": "parent_of", "have": {"impact": "high"}}, False),
        ({"link": "parent_of", "have": {"impact": "high"}}, True),
        ({"linked": "caused_by", "category": "done"}, True),
        ({"link": "resolved_by", "role": ["running", "carried_out"]}, True),
        ({"link": "resolved_by", "role": "running"}, False),
        ({"linked": "parent_of", "role": "carried_out"}, False),
    ],
)
def test_each_form(condition: Any, expected: bool) -> None:
    assert read_condition(condition).truth(SUBJECT) is expected


def test_what_is_expressly_left_out_is_not_asked() -> None:
    condition = read_condition({"linked": "parent_of", "category": "done", "besides": "left_open.record"})
    assert not holds(condition, SUBJECT)
    data = {**DATA, "left_open": [{"record": "INC-1", "reason": "Another site."}]}
    assert holds(condition, DocumentSubject(data, ITEMS.get, _linked))


@pytest.mark.parametrize(
    "condition",
    [
        {"other.approval.required": True},
        {"not": {"other.approval.required": True}},
        {"type": "normal", "other.lifecycle": "x"},
        {"or": [{"type": "x"}, {"other.lifecycle": "x"}]},
    ],
)
def test_what_leads_nowhere_is_unknown(condition: Any) -> None:
    read = read_condition(condition)
    assert read.truth(SUBJECT) is None
    assert (holds(read, SUBJECT, unknown=True), holds(read, SUBJECT)) == (True, False)


def test_what_decides_in_any_case_is_known() -> None:
    assert read_condition({"type": "x", "other.lifecycle": "x"}).truth(SUBJECT) is False
    assert read_condition({"or": [{"type": "normal"}, {"other.lifecycle": "x"}]}).truth(SUBJECT) is True


def test_without_surroundings_links_and_references_are_unknown() -> None:
    alone = DocumentSubject(DATA)
    assert read_condition({"link": "resolved_by"}).truth(alone) is None
    assert read_condition({"offering.approval.required": True}).truth(alone) is None
    assert read_condition({"start": {"before": "now"}}).truth(alone) is False


def test_facts_that_nobody_stated_are_unknown() -> None:
    facts = FactSubject({"risk": "low", "outage": None, "cost": 5})
    assert read_condition({"risk": ["low"]}).truth(facts) is True
    assert read_condition({"outage": True}).truth(facts) is None
    assert read_condition({"unheard": True}).truth(facts) is None
    assert read_condition({"cost": {"at_least": 6}}).truth(facts) is False


def test_exactly_what_is_named_opens_a_door() -> None:
    assert not holds(read_condition({"category": "security"}, exact=True), SUBJECT)
    assert holds(read_condition({"category": "Security / phishing"}, exact=True), SUBJECT)


@pytest.mark.parametrize(
    "wrong",
    [
        "type",
        ["type"],
        {"type": {"unheard": 1}},
        {"type": {}},
        {"or": {"type": "x"}},
        {"and": []},
        {"all": "tasks.status", "in": ["done"], "type": "normal"},
        {"link": "resolved_by", "in": ["x"]},
    ],
)
def test_what_says_nothing_is_refused(wrong: Any) -> None:
    with pytest.raises(RuleBookError):
        read_condition(wrong)


_TRUTHS = {True: {"type": "normal"}, False: {"type": "x"}, None: {"other.lifecycle": "x"}}


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5))
def test_three_values(truths: list[bool | None]) -> None:
    """Kleene: false and unknown is false, true or unknown is true, not unknown is unknown."""
    parts = tuple(read_condition(_TRUTHS[t]) for t in truths)
    both, either = Both(parts).truth(SUBJECT), Either(parts).truth(SUBJECT)
    assert both is (False if False in truths else None if None in truths else True)
    assert either is (True if True in truths else None if None in truths else False)
    contrary = Either(tuple(Negation(p) for p in parts)).truth(SUBJECT)
    assert contrary is (None if both is None else not both)  # De Morgan


def test_a_comparison_with_now_says_until_when_it_holds() -> None:
    watch = Watch(NOW)
    subject = DocumentSubject({"due": "2026-12-01"}, now=WatchedTime.of(NOW, watch))
    assert not holds(read_condition({"due": {"before": "now"}}), subject)
    assert watch.until == datetime(2026, 12, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({}, ""),
        ({"type": ["normal", "emergency"]}, "type is normal or emergency"),
        ({"urgent": True, "cost": {"above": 5}}, "urgent is true and cost is above 5"),
        ({"on_hold": {"present": False}}, "on_hold is not there"),
        ({"type": {"not": "x"}}, "type is not x"),
        ({"or": [{"a": 1}, {"b": 2, "c": 3}]}, "a is 1 or (b is 2 and c is 3)"),
        ({"all": "tasks.status", "in": ["done"]}, "of every entry of tasks status is done"),
        ({"link": "resolved_by", "to": ["change"]}, "there is a link resolved_by to change"),
        (
            {"linked": "parent_of", "role": ["running", "authorised"]},
            "everything linked by parent_of is in a state that is authorised or running",
        ),
        (
            {"linked": "parent_of", "category": ["done"]},
            "everything linked by parent_of is in a state of category done",
        ),
    ],
)
def test_in_words(condition: Any, words: str) -> None:
    assert in_words(read_condition(condition)) == words
