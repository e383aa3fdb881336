"""The derived facts of a record (priority, health, agreement clocks), each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.promises import MISSED, RUNNING, spoken
from itsm_gitops.model.standing import Promise
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import definition_list
from itsm_gitops.presentation.language import WRITER, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.moments import duration
from itsm_gitops.presentation.pages.on_call import calls, metric_title
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.record_head import open_clock
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View

_NAMED = 6
# Nobody asks how long a meeting or a change took to resolve.
_RESOLVED = {meaning.INCIDENT, meaning.PROBLEM, meaning.REQUEST}


def derived_facts(view: View, entry: Entry) -> Html:
    """Return a section with what follows from a record and its surroundings; nothing where nothing does."""
    hits = list(_hits(view, entry))
    agreed = list(_facts(view, entry))
    rows = [(title, content, False) for title, content in (*hits, *agreed)]
    title = "Impact and service level" if hits and agreed else "Impact" if hits else "Service level"
    return section(title, definition_list(rows), "worked-out") if rows else EMPTY


def _facts(view: View, entry: Entry) -> Iterator[tuple[str, Html]]:
    if view.course is None:
        return
    course = view.course(entry.id)
    at_head = open_clock(view, entry)
    for promise in course.promises:
        yield metric_title(promise.metric), _verdict(view, promise, promise is at_head)
    agreed = list(dict.fromkeys(_from(view, p) for p in course.promises))
    if agreed:
        yield "Agreed in", join(agreed, "<br>")
    is_work = bool(_RESOLVED & set(view.kind(entry).plays))
    called = calls(view, entry, course) if is_work else EMPTY
    if called:
        yield "Escalation", called
    if course.resolved_after and is_work:
        waited = t(", {time} of it waiting", time=duration(course.waited)) if course.waited else ""
        yield "Time to resolve", Html(f"{esc(duration(course.resolved_after))}<small>{esc(waited)}</small>")


def _hits(view: View, entry: Entry) -> Iterator[tuple[str, Html]]:
    """Yield what a record makes unwell now."""
    hits = view.hit_by.get(entry.id, [])
    if not hits:
        return
    lines = [Html(f"{view.link(h.id)} {chip(words(h.status), h.status)}") for h in hits]
    listed = join([Html(f"<li>{one}") for one in lines[:_NAMED]])
    more = Html(f"<li>{opening(lines[_NAMED:])}") if len(hits) > _NAMED else EMPTY
    yield t("Affected now"), Html(f"<ul class=it-list>{listed}{more}</ul>")


def _verdict(view: View, promise: Promise, is_at_head: bool) -> Html:
    """Return what became of a promise and what was promised; the head of the page has until when one runs."""
    over = promise.used - promise.promised
    if promise.verdict == MISSED:
        said = t("Missed by {time}", time=spoken(promise, over, WRITER)) if over > 0 else t("Missed")
        label = chip(said, "bad")
    elif promise.verdict == RUNNING and promise.due is not None and not is_at_head:
        label = told("Until {end}", end=view.moment(datetime.fromtimestamp(promise.due, UTC)))
    else:
        label = esc(words("paused" if promise.paused_by else promise.verdict))
    time = t("{time} promised", time=spoken(promise, promise.promised, WRITER))
    return Html(f"{label} <small>{esc(time)}</small>")


def _from(view: View, promise: Promise) -> Html:
    """Return where promises were made, and in whose hours they count."""
    level = view.link(promise.level)
    if promise.calendar:
        return told("{level} ({calendar})", calendar=view.link(promise.calendar), level=level)
    return told("{level}, around the clock", level=level)
