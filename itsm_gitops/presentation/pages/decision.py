"""What was decided about a change, and on what grounds: outage, board, approvals, risk, and what a failure would hit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.fields import Field, value
from itsm_gitops.presentation.markup import EMPTY, Html, join
from itsm_gitops.presentation.pages import maps
from itsm_gitops.presentation.pages.approval import AskedApprovals, approvals
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.reading import board, outage, reason_of_risk, rows, subsection
from itsm_gitops.presentation.pages.risk import risk_assessment
from itsm_gitops.presentation.view import View

_LEVEL = "level"  # at the head of the page


class ChangeDecision(NamedTuple):
    """The section of the decision, and the names of the fields that it shows: nothing else on the page has them."""

    section: Html
    shown: frozenset[str]


def decision(
    view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field], asked: AskedApprovals | None
) -> ChangeDecision:
    """Return the section of the page of a change; ``used`` are the fields that are left to show."""
    left = {f.name: f for f in used}
    lines = {
        "outage": outage(view, data, left["outage"].schema) if "outage" in left else EMPTY,
        "cab": board(view, data) if "cab" in left else EMPTY,
    }
    told_of = [(left[name].title, line) for name, line in lines.items() if line]
    shown = {name for name, line in lines.items() if line} | {"risk"}
    assessed, recorded = risk_assessment(view, entry, data), EMPTY
    if "risk" in left and not assessed:
        reason = reason_of_risk(view, data["risk"])
        told_of += [(left["risk"].title, reason)] if reason else []
        recorded = EMPTY if reason else _recorded(view, data["risk"], left["risk"].schema)
    supposed = maps.affected_map(view, entry)
    body = join(
        [
            rows(told_of),
            approvals(view, entry, asked, assessed),
            subsection("Risk", recorded),
            # Beside it, what is affected now has that title.
            supposed if view.hit_by.get(entry.id) else subsection("Impact", supposed),
        ]
    )
    return ChangeDecision(section("Decision", body, "decision"), frozenset(shown))


def _recorded(view: View, risk: Any, schema: Mapping[str, Any]) -> Html:
    """Return what a record says of its risk beside the level."""
    rest = {k: v for k, v in risk.items() if k != _LEVEL} if isinstance(risk, dict) else {}
    return value(view, rest, _with_answers(schema, rest)) if rest else EMPTY


def _with_answers(schema: Mapping[str, Any], risk: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a risk that says of its answers that they are names of the rule book, not somebody's text."""
    answers = risk.get("answers")
    if not isinstance(answers, dict):
        return schema
    known = schema.get("properties", {})
    named = {**known.get("answers", {}), "properties": {name: {"enum": ()} for name in answers}}
    return {**schema, "properties": {**known, "answers": named}}
