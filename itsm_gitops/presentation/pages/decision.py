"""What was decided about a change, and on what grounds: its risk, what a failure would hit, the board, approvals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.fields import Field, value
from itsm_gitops.presentation.markup import EMPTY, Html, join
from itsm_gitops.presentation.pages import maps
from itsm_gitops.presentation.pages.approval import AskedApprovals, decided_parts
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.reading import board, outage, reason_of_risk, rows, subsection
from itsm_gitops.presentation.pages.risk import risk_assessment
from itsm_gitops.presentation.view import View

_LEVEL = "level"  # at the head of the page


class ChangeDecision(NamedTuple):
    """The sections about risk and decision, lines for the plan, and the names of the fields that all of them show."""

    sections: Html
    planned: Sequence[tuple[str, Html]]
    shown: frozenset[str]


def decision(
    view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field], asked: AskedApprovals | None
) -> ChangeDecision:
    """Return what the page of a change says of its risk and of the decision; ``used`` are the fields that are left to show."""
    left = {f.name: f for f in used}
    expected = outage(view, data, left["outage"].schema) if "outage" in left else EMPTY
    said = board(view, data) if "cab" in left else EMPTY
    shown = {"risk", *(["outage"] if expected else []), *(["cab"] if said else [])}
    cab = [(left["cab"].title, "cab", said)] if said else []
    sections = join(
        [_risk(view, entry, data, left), _decided([*cab, *decided_parts(view, entry, asked)], len(cab))]
    )
    planned = [(left["outage"].title, expected)] if expected else []
    return ChangeDecision(sections, planned, frozenset(shown))


def _risk(view: View, entry: Entry, data: Mapping[str, Any], left: Mapping[str, Field]) -> Html:
    """Return the section about the risk of a change, with what a failure of what it touches would hit."""
    body, title = risk_assessment(view, entry, data), "Risk assessment"
    if not body and "risk" in left:
        body = reason_of_risk(view, data["risk"]) or _recorded(view, data["risk"], left["risk"].schema)
        title = left["risk"].title
    supposed = maps.affected_map(view, entry)
    return section(title, join([body, supposed]), "risk") if body else section(maps.TITLE, supposed)


def _decided(parts: Sequence[tuple[str, str, Html]], lines: int) -> Html:
    """Return the parts of a decision: a single one under its own title. The first ``lines`` of them are short."""
    found = [part for part in parts if part[2]]
    if len(found) == 1:
        title, anchor, body = found[0]
        return section(title, body, anchor)
    short = rows((title, body) for title, _, body in found[:lines])
    long = [subsection(title, body, anchor) for title, anchor, body in found[lines:]]
    return section("Decision", join([short, *long]), "decision")


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
