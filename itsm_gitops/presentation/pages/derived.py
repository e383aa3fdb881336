"""The derived facts of a record (priority, health, agreement clocks), each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.promises import MET, MISSED, at_a_glance, pressing, spoken
from itsm_gitops.model.standing import Promise
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import definition_list
from itsm_gitops.presentation.language import WRITER, t, told, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.moments import duration
from itsm_gitops.presentation.pages.on_call import calls, metric_title
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View

_LOOKS = {"met": "done", "missed": "bad", "running": "active"}
_NAMED = 6
# Nobody asks how long a meeting or a change took to resolve.
_RESOLVED = {meaning.INCIDENT, meaning.PROBLEM, meaning.REQUEST}


def derived_facts(view: View, entry: Entry) -> Html:
    """Return a section with what follows from a record and its surroundings; nothing where nothing does."""
    rows = [
        (title, Html(f"{content} <small>{how}</small>") if how else content, False)
        for title, content, how in _facts(view, entry)
    ]
    return section("Impact and service level", definition_list(rows), "worked-out") if rows else EMPTY


def _facts(view: View, entry: Entry) -> Iterator[tuple[str, Html, Html]]:
    yield from _hits(view, entry)
    if view.course is None:
        return
    course = view.course(entry.id)
    for promise in course.promises:
        yield (
            metric_title(promise.metric),
            _verdict(view, promise),
            _from(view, promise),
        )
    called = calls(view, entry, course)
    if called:
        yield "Escalation", called, EMPTY
    if course.resolved_after and _RESOLVED & set(view.kind(entry).plays):
        waited = t(", {time} of it waiting", time=duration(course.waited)) if course.waited else ""
        how = (
            t(
                "from the opening to the last resolution; the time between a resolution and a reopening does not count"
            )
            + waited
        )
        yield "Time to resolve", esc(duration(course.resolved_after)), esc(how)


def clock_chip(view: View, entry: Entry) -> Html:
    """Return the clock of an open record that matters most as a chip; nothing where nothing runs or was missed."""
    promise = pressing(view.course(entry.id).promises) if view.course else None
    if promise is None or promise.verdict == MET:
        return EMPTY
    look = "bad" if promise.verdict == MISSED else "soon" if promise.near else "none"
    said = t(at_a_glance(promise))
    return _moving(promise, chip(f"{said[:1].upper()}{said[1:]}", look))


def _moving(promise: Promise, shown: Html) -> Html:
    """Return a clock with the second of its end: a script keeps it up to date while the page is being read."""
    if promise.due is None:
        return shown
    # Without a calendar of working hours, the time left is the difference of two times.
    always = EMPTY if promise.calendar else Html(" data-always")
    return Html(f"<span data-by={promise.due}{always}>{shown}</span>")


def _hits(view: View, entry: Entry) -> Iterator[tuple[str, Html, Html]]:
    """Yield what a record makes unwell now."""
    hits = view.hit_by.get(entry.id, [])
    if not hits:
        return
    lines = [Html(f"{view.link(h.id)} {chip(words(h.status), h.status)}") for h in hits]
    listed = join([Html(f"<li>{one}") for one in lines[:_NAMED]])
    more = Html(f"<li>{opening(lines[_NAMED:])}") if len(hits) > _NAMED else EMPTY
    yield t("Affected now"), Html(f"<ul class=it-list>{listed}{more}</ul>"), EMPTY


def _verdict(view: View, promise: Promise) -> Html:
    paused = promise.verdict == "running" and promise.due is None
    label = chip(
        "Paused" if paused else words(promise.verdict),
        "waiting" if paused else _LOOKS.get(promise.verdict, "none"),
    )
    if promise.due is not None:
        return Html(
            f"{label} {told('until {end}', end=view.moment(datetime.fromtimestamp(promise.due, UTC)))}"
        )
    if promise.verdict == "running":
        by = " ".join(promise.paused_by[-1:]).replace("_", " ")
        return Html(f"{label} {esc(within(words(by)))}") if by else label
    over = promise.used - promise.promised
    return (
        Html(f"{label} {esc(t('by {time}', time=spoken(promise, over, WRITER)))}")
        if promise.verdict == "missed" and over > 0
        else label
    )


def _from(view: View, promise: Promise) -> Html:
    level, time = view.link(promise.level), esc(spoken(promise, promise.promised, WRITER))
    if promise.calendar:
        calendar = view.link(promise.calendar)
        return told("{time} in {calendar}, agreed in {level}", time=time, calendar=calendar, level=level)
    return told("{time} around the clock, agreed in {level}", time=time, level=level)
