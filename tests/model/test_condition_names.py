"""Words of conditions that do not exist are told at their place, with what is near."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.condition_names import Vocabulary, condition_misfits

_INCIDENT = {
    "properties": {
        "state": {"type": "string"},
        "impact": {"type": "string", "enum": ["high", "low"]},
        "count": {"type": "integer"},
        "due": {"type": "string", "format": "date"},
        "urgent": {"type": "boolean"},
        "major": {"type": "object", "properties": {"state": {"enum": ["proposed", "accepted"]}}},
        "tasks": {
            "type": "array",
            "items": {"type": "object", "properties": {"status": {"enum": ["open", "done"]}}},
        },
        "service": {"type": "string", "x-ref": {"to": ["service"], "relation": "affects"}},
        "left_open": {"type": "array", "items": {"properties": {"record": {"type": "string"}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "x": {"type": "object"},
    }
}
_SERVICE = {"properties": {"lifecycle": {"enum": ["production", "retired"]}}}
WORDS = Vocabulary(
    schemas={"incident": _INCIDENT, "change": {"properties": {"risk": {}}}, "service": _SERVICE},
    members={"record": frozenset(("incident", "change"))},
    ends={"resolved_by": (frozenset(("incident",)), frozenset(("change",)))},
    inverses={"resolves": "resolved_by"},
    states={"incident": frozenset(("new",)), "change": frozenset(("draft", "closed"))},
)


@pytest.mark.parametrize(
    "condition",
    [
        {"impact": "high", "urgent": True, "count": {"at_least": 5}},
        {"due": {"before": "now"}},
        {"due": {"after": {"field": "due"}}},
        {"major.state": ["accepted"], "labels.site": "rome", "x.y.z": 1},
        {"service.lifecycle": {"not": "retired"}},
        {"all": "tasks.status", "in": ["done"]},
        {"any": "tasks", "have": {"status": "open"}},
        {"or": [{"impact": "low"}, {"not": {"urgent": True}}]},
        {"link": "resolved_by", "to": ["change"], "state": ["closed"], "category": "done"},
        {"linked": "resolved_by", "have": {"risk": {"present": True}}, "besides": "left_open.record"},
    ],
)
def test_what_exists_is_left_alone(condition: Any) -> None:
    assert list(condition_misfits(condition, ["incident"], WORDS)) == []


@pytest.mark.parametrize(
    ("condition", "pointer", "part"),
    [
        ({"imapct": "high"}, ("imapct",), "no field 'imapct'"),
        ({"major.stat": "accepted"}, ("major.stat",), "no field 'stat' in 'major'"),
        ({"service.lifcycle": "x"}, ("service.lifcycle",), "no field 'lifcycle' in 'service'"),
        ({"impact": "hihg"}, ("impact",), "never 'hihg'"),
        ({"impact": ["high", "hihg"]}, ("impact", 1), "never 'hihg'"),
        ({"impact": {"not": ["hihg"]}}, ("impact", "not", 0), "never 'hihg'"),
        ({"service.lifecycle": "gone"}, ("service.lifecycle",), "never 'gone'"),
        ({"urgent": "yes"}, ("urgent",), "never 'yes'"),
        ({"impact": True}, ("impact",), "never true"),
        ({"count": {"at_leats": 5}}, ("count", "at_leats"), "no test 'at_leats'"),
        ({"count": {"at_least": "5"}}, ("count", "at_least"), "takes a number"),
        ({"impact": {"above": 5}}, ("impact", "above"), "compares numbers"),
        ({"count": {"before": "now"}}, ("count", "before"), "compares dates"),
        ({"due": {"before": 5}}, ("due", "before"), "takes a date"),
        ({"due": {"before": {"field": "deu"}}}, ("due", "before", "field"), "no field 'deu'"),
        ({"due": {"present": "yes"}}, ("due", "present"), "true or false"),
        ({"or": {"impact": "low"}}, ("or",), "list of conditions"),
        ({"or": [{"impcat": "low"}]}, ("or", 0, "impcat"), "no field 'impcat'"),
        ({"not": {"impcat": "low"}}, ("not", "impcat"), "no field 'impcat'"),
        ({"all": "taks.status", "in": ["done"]}, ("all",), "no field 'taks'"),
        ({"all": "tasks.status", "in": ["dnoe"]}, ("in", 0), "never 'dnoe'"),
        ({"all": "tasks.status"}, ("all",), "needs 'in'"),
        ({"any": "tasks", "have": {"sttus": "open"}}, ("have", "sttus"), "no field 'sttus'"),
        ({"all": "tasks", "have": {"status": "done"}, "impact": "low"}, ("impact",), "cannot stand beside"),
        ({"link": "resolvd_by"}, ("link",), "no link type 'resolvd_by'"),
        ({"link": "resolved_by", "to": ["chagne"]}, ("to", 0), "no kind or class 'chagne'"),
        ({"link": "resolved_by", "to": ["incident"]}, ("to", 0), "never leads to 'incident'"),
        ({"link": "resolved_by", "state": "new"}, ("state",), "no state 'new'"),
        ({"link": "resolves", "state": "new", "category": ["dnoe"]}, ("category", 0), "'dnoe'"),
        ({"link": "resolved_by", "have": {"rsik": 1}}, ("have", "rsik"), "no field 'rsik'"),
        ({"linked": "resolved_by"}, ("linked",), "needs a condition on the documents"),
        ({"to": ["change"]}, ("to",), "stands beside"),
        ("impact", (), "is a mapping"),
    ],
)
def test_what_does_not_exist_is_told_at_its_place(condition: Any, pointer: Any, part: str) -> None:
    found = list(condition_misfits(condition, ["incident"], WORDS, ("when",)))
    assert [m.pointer for m in found] == [("when", *pointer)]
    assert part in found[0].message


def test_what_is_near_is_said() -> None:
    (found,) = condition_misfits({"impact": "hgih"}, ["incident"], WORDS)
    assert "high" in found.hint
