"""The facts that people look up first: whom to ask, when, and what an item belongs to, as a strip below the head.

What a strip shows is not among the details again: it is read once, on a wide page and on a phone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.duties import dues_of
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.contacts import contact_lines
from itsm_gitops.presentation.fields import FACT, Field, Schema, day, value
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.pages import on_call, rota, terms
from itsm_gitops.presentation.pages.dependents import reached
from itsm_gitops.presentation.remainder import joined
from itsm_gitops.presentation.view import View

MOST_OFFERED = 2  # as buttons
_MOST_NAMED = 3  # a longer list is a detail
_MOST_FACTS = 6
# People look first for who is responsible, which service level applies, and where the item is.
_ROLES = frozenset({meaning.TEAM, meaning.PERSON, meaning.SERVICE, meaning.SERVICE_LEVEL, meaning.FACILITY})
# What can be reached has this field.
_REACHED = "contacts"
# These come first, with words of their own.
_TITLES = {"support_hours": "Supported", "owner": "Owner"}
_ON_CALL = "on_call"
_HELP, _FIRST = "Get help", " class=it-help__first"
_WHEN = ("start", "end")
_RANKED = ("criticality", "environment")  # of an item; a service says it below its title
# A detail where there are more facts than the strip has room for, the first of all.
_IF_ROOM = ("environment", "cost_centre", "criticality")
# Of an agreement people ask first how long it lasts and with whom it is.
_AGREED = (*_WHEN, "due", "", "owner")  # any other fact in the place of the empty one
_DETAILS = ("support_hours", "service_level")  # of an agreement


def asked(
    view: View,
    entry: Entry,
    fields: Sequence[Field],
    data: Mapping[str, Any],
    more: Iterable[tuple[str, Html]] = (),
) -> tuple[Html, frozenset[str]]:
    """Return the strip of an item and the names of the fields that it shows.

    ``fields`` are those that the document ``data`` has something in; ``more`` is what the class of the item tells last.
    """
    plays = view.kind(entry).plays
    is_service = meaning.SERVICE in plays
    is_agreement = not {meaning.CONTRACT, meaning.LICENCE}.isdisjoint(plays)
    cells: dict[str, tuple[str, Html]] = {}
    called = on_call.own_turn(view, entry) if meaning.PERSON in plays else on_call.called(view, entry)
    contacts = Html("<br>".join(contact_lines(data.get(_REACHED), on_call=not called)))
    if contacts:
        cells[_REACHED] = (_HELP if is_service else "Contact", contacts)
    by_name = {f.name: f for f in fields}
    for name, title in _TITLES.items():
        if name in by_name:
            cells[name] = (title, value(view, data[name], by_name[name].schema))
    served = _served(view, entry)
    for field in fields:
        if field.name in cells or (field.name == _ON_CALL and called):
            continue
        if is_asked(view, field, data[field.name]) or _is_about(plays, field, data[field.name]):
            cells[field.name] = (field.title, _shown(view, data[field.name], field.schema))
    cells |= {f"due:{title}": (title, shown) for title, shown in _notices(view, entry, data)}
    # Sentences come last: they need more room than a name.
    cells |= {"services": ("Services", served)} if served else {}
    cells |= {_ON_CALL: ("On call", called)} if called else {}
    if meaning.ROTA in plays:
        cells = {title: (title, shown) for title, shown in rota.now_and_next(view, entry)} | cells
    lasts: frozenset[str] = frozenset()
    if is_agreement:
        cells = dict(sorted(((k, v) for k, v in cells.items() if k not in _DETAILS), key=_agreed))
        cells, lasts = _with_term(cells)
    cells |= {f"more:{title}": (title, shown) for title, shown in more}
    for name in _IF_ROOM:
        if len(cells) > _MOST_FACTS:
            cells.pop(name, None)
    if len(cells) == 1 and cells.keys() <= by_name.keys() and _is_plain(view, entry):
        return EMPTY, frozenset()  # one fact is among the details
    # Ways to whoever is on call are said where they are named.
    return strip(cells.values()), frozenset({*cells, *lasts, *([_REACHED] if called else ())})


def _is_about(plays: Collection[str], field: Field, content: Any) -> bool:
    """Whether a fact says how much depends on an item, or is one of the few of a person or a team."""
    if field.name in _RANKED:
        return meaning.SERVICE not in plays and isinstance(content, str)
    return field.role == FACT and not {meaning.PERSON, meaning.TEAM}.isdisjoint(plays)


def _with_term(cells: dict[str, tuple[str, Html]]) -> tuple[dict[str, tuple[str, Html]], frozenset[str]]:
    """Return the facts of an agreement with its first and its last day as one, and the fields that this says."""
    if not cells.keys() >= set(_WHEN):
        return cells, frozenset()
    start, end = (cells[name][1] for name in _WHEN)
    term = ("Term", told("{start} to {end}", start=start, end=end))
    return {k: term if k == "start" else v for k, v in cells.items() if k != "end"}, frozenset(_WHEN)


def _is_plain(view: View, entry: Entry) -> bool:
    """Whether an item is neither part of the network nor somebody who has work."""
    kind = view.kind(entry)
    return not kind.operational and {meaning.PERSON, meaning.TEAM}.isdisjoint(kind.plays)


def _agreed(cell: tuple[str, tuple[str, Html]]) -> int:
    """Return the place of a fact of an agreement."""
    name = cell[0].partition(":")[0]
    return _AGREED.index(name if name in _AGREED else "")


def is_asked(view: View, field: Field, content: Any) -> bool:
    """Whether a field is one of those that people come for: it names who, where or what for, or says until when."""
    if field.role != FACT or (isinstance(content, list) and len(content) > _MOST_NAMED):
        return False
    return "x-due" in field.schema or field.name in _WHEN or names_who(view, field)


def names_who(view: View, field: Field) -> bool:
    """Whether a field names somebody who can be reached, a service, a service level or a place."""
    reference = field.schema.get("x-ref") or field.schema.get("items", {}).get("x-ref") or {}
    kinds = [view.book.kinds[name] for name in reference.get("to", ()) if name in view.book.kinds]
    return any(_REACHED in kind.fields or _ROLES & set(kind.plays) for kind in kinds)


def _shown(view: View, content: Any, schema: Schema) -> Html:
    if isinstance(content, list) and all(isinstance(one, str) for one in content):
        return joined([value(view, one, schema.get("items", {})) for one in content], _MOST_NAMED, "<br>")
    return value(view, content, schema)


def _notices(view: View, entry: Entry, data: Mapping[str, Any]) -> Iterator[tuple[str, Html]]:
    """Yield the days that lie before one of an item, like the last one to give notice: no field says them."""
    start = moment_of(view.today, "00:00", view.zone)
    for due in dues_of(view.kind(entry), data):
        if due.terms.sign < 0 and due.terms.shift and len(due.pointer) == 1:
            said = t(due.terms.message)
            mark = terms.notice(view, entry, data) if meaning.CONTRACT in view.kind(entry).plays else EMPTY
            now = due.at(start, view.zone)
            shown = day(view, now.day)
            first = Html(f"<b>{shown}</b> {mark}") if mark else shown
            # Where it is too late to end this term, the day is that for the next one.
            was = told("for the next term; for this one it was {day}", day=day(view, due.day))
            next_term = (
                Html(f"<small>{was}</small>")
                if due.months and now.day > str(data.get(str(due.pointer[0]), ""))
                else EMPTY
            )
            yield f"{said[:1].upper()}{said[1:]}", join(filter(None, (first, next_term)), " ")


def _served(view: View, entry: Entry) -> Html:
    """Return the services that rely on an item which is none itself, the nearest first."""
    kind = view.kind(entry)
    if meaning.SERVICE in kind.plays or not kind.operational:
        return EMPTY
    near = (i for i in reached(view, entry.id) if meaning.SERVICE in view.kind(view.entries[i]).plays)
    return joined([view.link(i) for i in near], _MOST_NAMED)


def report_button(view: View, entry: Entry) -> Html:
    """Return what can be done about a service: say that something is wrong, and request what it offers; nothing where nobody can."""
    can = view.audience.forms and view.book.playing(meaning.INCIDENT)
    if not can or meaning.SERVICE not in view.kind(entry).plays or facts.is_retired(view.book, entry):
        return EMPTY
    ways = [(view.url(i), t("Request: {what}", what=view.title(i))) for i in requested(view, entry)]
    if len(ways) > MOST_OFFERED:
        ways = [(urls.CATALOGUE, t("Request something"))]
    report = link(f"{urls.REPORT}?service={entry.id}", esc(t("Report an incident")), "it-do__main")
    return Html(
        f"<p class=it-do>{join([report, *(link(url, esc(text), 'it-do__second') for url, text in ways)], ' ')}</p>"
    )


def requested(view: View, service: Entry) -> list[str]:
    """Return what can be requested of a service."""
    return (
        [o.id for o in view.of_role(meaning.OFFERING) if _is_offered(view, o, service)]
        if view.audience.forms
        else []
    )


def _is_offered(view: View, offering: Entry, service: Entry) -> bool:
    return offering.columns.get("service") == service.id and facts.is_offered(view.book, offering)


def strip(cells: Iterable[tuple[str, Html]]) -> Html:
    """Return a few facts side by side."""
    shown = "".join(
        f"<div{_FIRST if title == _HELP else ''}><dt>{esc(t(title))}</dt><dd>{content}</dd></div>"
        for title, content in cells
        if content
    )
    return Html(f"<dl class=it-help>{shown}</dl>") if shown else EMPTY
