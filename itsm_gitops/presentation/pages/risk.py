"""The part of a change's page about its risk: the level, the reasons, and the points of answers and facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.graph.risk import FACT, LEVELS, QUESTION, Point, RiskAssessment
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.fields import value
from itsm_gitops.presentation.language import counted, digits, t, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.pages.parts import paragraph
from itsm_gitops.presentation.pages.reading import reason_of_risk
from itsm_gitops.presentation.view import View

_ASSESSED = ("level", "answers")
_TOTALS = {QUESTION: "Total of the answers", FACT: "Total of the facts"}
_LEVELS = ("critical", "high", "medium", "low", "unknown")  # what facts are said in
# An identifier of an item, like no plain word.
# An identifier of several words; one of one word is known by its place in a list of them.
_NAME = re.compile(
    r"(\b[a-z][a-z0-9]*(?:-[a-z0-9]+)+\b|(?<=, )[a-z][a-z0-9]*\b|\b[a-z][a-z0-9]*\b(?=, ))", re.ASCII
)


def risk_assessment(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return where the risk of a change that is still to be done comes from, by the CMDB as it is now, and the reasons."""
    if not view.is_open(entry) or view.asking is None:  # in this order: asking is a question about everything
        return EMPTY
    assessment = view.risks.assess(entry, data)
    if assessment.model is None or not assessment.model.assessed:
        return EMPTY
    counting = [p for p in assessment.points if p.points]
    open_questions = len(assessment.unanswered)
    missing = counted(
        open_questions,
        "{count} of its questions is not answered.",
        "{count} of its questions are not answered.",
    )
    said = _said_of_risk(view, entry, data.get("risk"))
    parts = [
        said,
        _level(assessment),
        _points(view, assessment, counting),
        paragraph(missing) if open_questions else EMPTY,
    ]
    return join(parts)


def _points(view: View, assessment: RiskAssessment, counting: Sequence[Point]) -> Html:
    """Return the answers and facts that make a change risky, with their points."""
    if not counting:
        return EMPTY
    head = "".join(
        f"<th scope=col{css}>{esc(t(title))}</th>"
        for title, css in (("Question", ""), ("Answer", ""), ("Points", " class=it-c-num"))
    )
    bodies = []
    for source in _TOTALS:
        rows_of = "".join(_point(view, p) for p in counting if p.source == source)
        bodies.append(f"<tbody>{rows_of}{_total(assessment, source)}</tbody>" if rows_of else "")
    return Html(f'<table class="it-table it-points"><thead><tr>{head}</tr></thead>{"".join(bodies)}</table>')


def _total(assessment: RiskAssessment, source: str) -> Html:
    """Return the row with the points of the questions or of the facts, the level they give, and from where the others begin."""
    limits = assessment.thresholds[source]
    begins = ", ".join(
        t("{level} from {number}", level=within(words(name)), number=digits(limits[name]))
        for name in LEVELS
        if name in limits
    )
    level = words(assessment.level_of(source))
    said, points = esc(t("Answer")), esc(t("Points"))
    return Html(
        f'<tr class=it-total><th scope=row>{esc(t(_TOTALS[source]))}</th><td data-label="{said}">{esc(level)}<small>{esc(begins)}</small></td>'
        f'<td class=it-c-num data-label="{points}">{digits(assessment.total(source))}</td></tr>'
    )


def _said_of_risk(view: View, entry: Entry, risk: Any) -> Html:
    """Return what the record says of its risk beside the level and the answers: reasons."""
    schema = view.kind(entry).fields.get("risk", {})
    rest = {k: v for k, v in risk.items() if k not in _ASSESSED} if isinstance(risk, dict) else {}
    reason = reason_of_risk(view, rest)
    if reason:
        return reason
    return value(view, rest, schema) if rest else EMPTY


def _level(assessment: RiskAssessment) -> Html:
    """Return the level that is worked out, and the recorded one where it is another."""
    computed = within(words(assessment.computed))
    if assessment.stored and assessment.stored != assessment.computed:
        level = within(words(assessment.stored))
        said = t(
            "Set by hand to {level}; the answers and the facts give {computed}.",
            level=level,
            computed=computed,
        )
    else:
        said = t("The answers and the facts give a {level} risk: the higher total counts.", level=computed)
    return Html(f"<p>{esc(said)}</p>")


def _point(view: View, point: Point) -> str:
    shown = within(words(point.shown)) if point.shown in _LEVELS else t(point.shown)
    answer = f"{shown[:1].upper()}{shown[1:]}"
    reason = Html(f"<small>{named(view, t(point.reason))}</small>") if point.reason else EMPTY
    question, said, points = (esc(t(title)) for title in ("Question", "Answer", "Points"))
    return (
        f'<tr><td data-label="{question}">{esc(t(point.title))}{reason}</td><td data-label="{said}">{esc(answer)}</td>'
        f'<td class=it-c-num data-label="{points}">{point.points}</td></tr>'
    )


def named(view: View, reason: str) -> Html:
    """Return the reason with the names of the items that it names by their identifiers."""
    first, *rest = reason.split(" ")
    if first in view.entries:  # it may be one word
        return join([view.link(first), *(esc(word) for word in rest)], " ")
    parts = _NAME.split(reason)  # what is between identifiers, and they, in turn
    return join([view.link(p) if n % 2 and p in view.entries else esc(p) for n, p in enumerate(parts)])
