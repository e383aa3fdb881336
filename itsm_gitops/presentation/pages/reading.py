"""The texts of a record under few headings, and small facts in one line each, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import PROSE, Field, day, value
from itsm_gitops.presentation.language import digits, t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, words
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.prose import render
from itsm_gitops.presentation.view import View

# Why a change is wanted, and how it is to be done.
_OF_CHANGES = (
    ("Why", "why", ("justification", "description", "impact_statement")),
    ("Plan", "plan", ("implementation_plan", "test_plan", "backout_plan", "communication_plan")),
)
_ABOUT = "What it is about"
_SHORT = "summary"  # needs no heading
_HIGHEST = 5  # of a score


def texts(
    view: View,
    kind: Kind,
    data: Mapping[str, Any],
    used: Sequence[Field],
    planned: Sequence[tuple[str, Html]] = (),
) -> Html:
    """Return the texts of a record: one under its own heading, several as rows under a common one.

    ``planned`` are further lines of the plan of a change.
    """
    left = [f for f in used if f.role == PROSE]
    if meaning.ARTICLE in kind.plays:
        return _article(view, data, left)
    parts = []
    for title, anchor, names in _OF_CHANGES if meaning.CHANGE in kind.plays else ():
        own = [f for f in left if f.name in names]
        left = [f for f in left if f not in own]
        more = planned if anchor == "plan" else ()
        if own:
            parts.append(section(title, _rows(view, data, own, more), anchor))
        else:  # a line that is alone needs no heading above its name
            parts += [section(name, text, anchor) for name, text in more]
    if len(left) == 1 and not any(parts):
        (only,) = left
        return section(only.title, value(view, data[only.name], only.schema))
    return join([*parts, section(_ABOUT, _rows(view, data, left), "about")])


def _article(view: View, data: Mapping[str, Any], found: Sequence[Field]) -> Html:
    """Return the texts of an article as one is read: what it is about in short, then what to do."""
    shown = [(f, value(view, data[f.name], f.schema)) for f in found]
    parts = [text if f.name == _SHORT else section(f.title, text) for f, text in shown]
    return join(parts)


def _rows(
    view: View, data: Mapping[str, Any], fields: Iterable[Field], more: Sequence[tuple[str, Html]] = ()
) -> Html:
    return rows([*((f.title, value(view, data[f.name], f.schema)) for f in fields), *more])


def rows(found: Iterable[tuple[str, Html]]) -> Html:
    """Return texts with their names beside them; nothing where there are none."""
    shown = join([Html(f"<div><dt>{esc(t(title))}<dd>{text}</div>") for title, text in found if text])
    return Html(f"<dl class=it-told>{shown}</dl>") if shown else EMPTY


def subsection(title: str, body: Html, anchor: str = "") -> Html:
    """Return a titled part of a section, nothing when it has no content."""
    mark = f" id={anchor}" if anchor else ""
    return Html(f"<section class=it-sub><h3{mark}>{esc(t(title))}</h3>{body}</section>") if body else EMPTY


def outage(view: View, data: Mapping[str, Any], schema: Mapping[str, Any]) -> Html:
    """Return in a line what outage is expected of a change; ``schema`` is that of the field."""
    told_of = data.get("outage")
    if not isinstance(told_of, Mapping) or not isinstance(told_of.get("expected"), bool):
        return EMPTY
    if not told_of["expected"]:
        return esc(t("No outage expected"))
    parts = schema.get("properties", {})
    minutes, services = told_of.get("minutes"), told_of.get("services")
    said = [esc(t("Expected"))]
    said += [value(view, minutes, parts.get("minutes", {}))] if minutes else []
    if isinstance(services, list):
        said += [join([view.link(s) for s in services if isinstance(s, str)], ", ")]
    return join([one for one in said if one], DOT)


def reason_of_risk(view: View, risk: Any) -> Html:
    """Return why a change has its level of risk, where a record says that and nothing else about it."""
    rest = {k: v for k, v in risk.items() if k != "level"} if isinstance(risk, Mapping) else {}
    reason = rest.get("reason") if len(rest) == 1 else None
    return render(reason, view.id_link) if isinstance(reason, str) else EMPTY


def board(view: View, data: Mapping[str, Any]) -> Html:
    """Return what the board decided about a change, when and why."""
    told_of = data.get("cab")
    if not isinstance(told_of, Mapping):
        return EMPTY
    decision, on, notes = (told_of.get(name) for name in ("decision", "date", "notes"))
    said = [esc(words(decision))] if isinstance(decision, str) else []
    said += [day(view, on)] if isinstance(on, str) else []
    head = Html(f"<p>{join(said, ', ')}</p>") if said else EMPTY
    why = render(notes, view.id_link) if isinstance(notes, str) else EMPTY
    return Html(f"{head}{why}")


def satisfaction(view: View, said: Any) -> Html:
    """Return how satisfied somebody was, of five, and what they said."""
    score = said.get("score") if isinstance(said, Mapping) else None
    if type(score) is not int:
        return EMPTY
    figure = esc(t("{number} of {all}", number=digits(score), all=digits(_HIGHEST)))
    comment = said.get("comment")
    quote = f"<blockquote>{render(comment, view.id_link)}</blockquote>" if isinstance(comment, str) else ""
    return Html(f"{figure}{quote}")


def measure(view: View, said: Any) -> Html:
    """Return the figure that an improvement moves: from what to what, and what it is by now."""
    if not isinstance(said, Mapping) or not isinstance(said.get("name"), str):
        return EMPTY
    unit = said.get("unit")
    figures = {n: _figure(said.get(n), unit) for n in ("before", "target", "after")}
    way = " → ".join(figures[n] for n in ("before", "target") if figures[n])
    if not way:
        return EMPTY
    reached = (
        Html(f" {chip(t('now {figure}', figure=figures['after']), 'none')}") if figures["after"] else EMPTY
    )
    on = said.get("measured_on")
    when = (
        Html(f" <small>{told('measured on {day}', day=day(view, on))}</small>")
        if isinstance(on, str)
        else EMPTY
    )
    return Html(
        f"<p class=it-figure><b>{esc(way)}</b>{reached}{when}</p><p class=it-muted>{esc(said['name'])}</p>"
    )


def _figure(number: Any, unit: Any) -> str:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return ""
    return f"{digits(number)} {unit}" if isinstance(unit, str) else digits(number)
