"""Mistakes in schemas/policies/audiences.yaml: names that the rule book does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from itsm_gitops.model.audience import AUDIENCES
from itsm_gitops.model.kinds import inline
from itsm_gitops.rules import check
from itsm_gitops.rules.audience_names import audience_names
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo

SCHEMAS = packaged_rulebook_root() / "schemas"
META = Draft7Validator(json.loads((SCHEMAS / "meta/audiences.schema.json").read_text()))
INCIDENT = inline(
    json.loads((SCHEMAS / "records/incident.schema.json").read_text()),
    json.loads((SCHEMAS / "common.schema.json").read_text())["definitions"],
)


def policy(about: dict[str, Any]) -> dict[str, Any]:
    return {"audiences": {"some": {"title": "Some", "description": "Some.", **about}}}


def findings(about: dict[str, Any], usual: str = "internal") -> list[tuple[str, str]]:
    """Return message and hint of what is wrong with the names of an audience."""
    found = audience_names(policy(about), {"incident": INCIDENT}, usual)
    return [(hit.message, hit.hint) for hit in found]


def incident(**shown: Any) -> dict[str, Any]:
    return {"kinds": {"incident": {"fields": ["title"], **shown}}}


GOOD = incident(
    fields=["title", "major.state", "timeline.*", "x.*", "labels.team", "links.type"],
    withhold=["review.action_items.owner", "x.secret"],
    only={"major.state": ["accepted"]},
    never={"labels.audience": ["internal"]},
)
FIELD = "the kind 'incident' has no field"


@pytest.mark.parametrize(
    "about", [GOOD, {"everything": True}, {**GOOD, "withhold": ["x"], "handbook": ["a.md"]}]
)
def test_a_policy_that_names_what_there_is_has_no_findings(about: dict[str, Any]) -> None:
    assert list(META.iter_errors(policy(about))) == []
    assert findings(about) == []


@pytest.mark.parametrize(
    ("about", "message", "hint"),
    [
        ({"kinds": {"incidnet": {"fields": ["*"]}}}, "there is no kind or class 'incidnet'", "incident"),
        (incident(fields=["titel"]), f"{FIELD} 'titel'", "title"),
        (incident(fields=["title.deep"]), f"{FIELD} 'title.deep'", "title"),
        (incident(fields=["major"]), "'major' has parts, and none of them is shown", "'major.*'"),
        (incident(fields=["timeline"]), "'timeline' has parts", "'timeline.*'"),
        (incident(withhold=["major.bridges"]), f"{FIELD} 'major.bridges'", "major"),
        (incident(only={"catgory": ["a"]}), f"{FIELD} 'catgory'", "category"),
        ({**incident(), "withhold": ["lables"]}, "no kind that is shown has a field 'lables'", "labels"),
        (
            {**incident(), "never": {"lables.a": ["b"]}},
            "no kind that is shown has a field 'lables.a'",
            "labels",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_a_finding(about: dict[str, Any], message: str, hint: str) -> None:
    found = findings(about)
    assert len(found) == 1
    assert message in found[0][0]
    assert hint in found[0][1]


def test_the_usual_audience_must_exist() -> None:
    found = findings({"everything": True}, "sone")
    assert [message for message, _ in found] == ["there is no audience 'sone'"]
    assert "some" in found[0][1]


def test_a_check_finds_the_mistakes(git_repo: GitRepo) -> None:
    git_repo.write(AUDIENCES, yaml.safe_dump(policy(incident(fields=["titel"]))))
    git_repo.write("itsm.yaml", "version: 1\norganisation: Example\nsite: {audience: sone}\n")
    found = {(f.code, f.path, f.pointer) for f in check(git_repo.repo).findings}
    at = ("audiences", "some", "kinds", "incident", "fields", 0)
    assert found == {("S022", "itsm.yaml", ("site", "audience")), ("S022", AUDIENCES, at)}


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"everything": False},
        {"everything": True, "people": "none"},
        incident(fields=[]),
        {"people": "all"},
    ],
)
def test_a_policy_of_another_shape_is_refused(about: dict[str, Any]) -> None:
    assert list(META.iter_errors(policy(about)))
