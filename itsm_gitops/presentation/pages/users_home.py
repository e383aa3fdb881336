"""The start page of those who use services: staff and customers. Their words, no priorities, nothing about infrastructure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from itsm_gitops.graph.status import OUTAGE
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import agenda, situation, urls
from itsm_gitops.presentation.agenda import Span
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link, shorten
from itsm_gitops.presentation.moments import duration
from itsm_gitops.presentation.pages import announced, going_on, hero, well
from itsm_gitops.presentation.pages.acts import buttons
from itsm_gitops.presentation.pages.parts import (
    first_words,
    incomplete,
    paragraph,
    section,
    workaround_chip,
)
from itsm_gitops.presentation.pages.plan import lasts
from itsm_gitops.presentation.remainder import and_more, joined, opening
from itsm_gitops.presentation.view import View

_DAYS_AHEAD, _DAYS_BACK = 14, 14
_MOST, _MOST_KNOWN = 8, 4

# What can be done, in the words of those who come; the first ones are for those who may file something.
_ACTIONS = (
    (urls.REPORT, "Report a problem"),
    (urls.CATALOGUE, "Request something"),
    (urls.KNOWN_ERRORS, "See known problems"),
)
_TWO = "it-lines it-lines--few it-lines--two"
_OF_FORMS = (urls.REPORT, urls.CATALOGUE)


def body(view: View, pages: frozenset[str]) -> Html:
    """Return the article; ``pages`` are the addresses that exist."""
    services = situation.services_of(view)
    return join(
        [
            hero.hero(view, services, _actions(view, pages)),
            incomplete(view),
            going_on.not_well(view, services, plain=True, headed=True),
            announced.banners(view),
            _planned(view),
            _known(view, pages),
            well.working(view, services),
            _solved(view, services),
        ]
    )


def _actions(view: View, pages: frozenset[str]) -> Html:
    # What can be requested is requested by a form.
    return buttons(
        (way for way in _ACTIONS if way[0] in pages and (view.audience.forms or way[0] not in _OF_FORMS)),
        main=view.audience.forms,
    )


def _planned(view: View) -> Html:
    """Return the planned work of the next days that interrupts something, with what it interrupts and for how long."""
    end = view.now + timedelta(days=_DAYS_AHEAD)
    spans = [s for s in agenda.changes(view) if s.end > view.now and s.start < end and _is_firm(view, s.id)]
    hit = situation.interruptions(view, [s.id for s in spans])
    found = [s for s in spans if s.id in hit]
    items = [_work(view, s, hit[s.id]) for s in found[:_MOST]]
    shown = _lines(items, _TWO) or paragraph("No interruption is planned in the next two weeks.")
    text = t("All planned work")
    if len(found) > _MOST:
        text = f"{text}: {and_more(len(found) - _MOST)}"
    more = Html(f'<p class="it-next">{link(urls.CALENDAR, esc(text))}</p>')
    return section("Planned work", Html(f"{shown}{more}"), "work")


def _is_firm(view: View, change: str) -> bool:
    entry = view.entries[change]
    return facts.is_firm(view.book, entry.kind, entry.state)


def _work(view: View, span: Span, services: Sequence[str]) -> str:
    named = joined([view.link(s) for s in services], _MOST)
    title = link(view.url(span.id), esc(shorten(span.title, 120)))
    outage = view.store.data(span.id).get("outage")
    minutes = outage.get("minutes") if isinstance(outage, dict) else None
    about = [going_on.from_to(view, span.start, span.end)]
    if isinstance(minutes, int) and minutes > 0:
        about.append(esc(t("interruption of {time}", time=duration(minutes * 60))))
    return (
        f"<li{lasts(span)}><div><p class=it-line__title>{named or title}{dots(about)}"
        + (dots([title]) if named else "")
        + "</div>"
    )


def _solved(view: View, services: Sequence[Entry]) -> Html:
    """Return what was solved in the last days, the latest first: whoever was hit wants to know what it was."""
    start = int((view.now - timedelta(days=_DAYS_BACK)).timestamp())
    found: dict[str, tuple[int, int, str, list[str]]] = {}
    for service in services:
        history = view.histories.get(service.id)
        for one in history.incidents if history else ():
            if one.end is None or one.end < start:
                continue
            end, seconds, status, hit = found.get(one.id, (0, 0, "", []))
            worst = OUTAGE if OUTAGE in (status, one.status) else one.status
            found[one.id] = max(end, one.end), max(seconds, one.seconds), worst, [*hit, service.id]
    over = [(i, some) for i, some in found.items() if not view.is_open(view.entries[i])]
    over.sort(key=lambda pair: (-pair[1][0], pair[0]))
    items = [_past_one(view, i, *some) for i, some in over[:_MOST]]
    rest = [link(view.url(i), esc(shorten(view.title(i), 120))) for i, _ in over[_MOST:]]
    more = Html(f"<p>{opening(rest)}") if rest else EMPTY
    return section("Solved in the last two weeks", Html(f"{_lines(items, _TWO)}{more}"), "solved")


def _past_one(view: View, identifier: str, end: int, seconds: int, status: str, hit: Sequence[str]) -> str:
    title = link(view.url(identifier), esc(shorten(view.title(identifier), 120)))
    ended: datetime = situation.moment(end)
    said = told(
        "solved {moment}, after {time}", moment=going_on.short(view, ended), time=esc(duration(seconds))
    )
    services = joined([view.link(s) for s in hit], _MOST)
    return (
        f"<li><div><p class=it-line__title>{title}<p class=it-line__about>{chip(status.capitalize(), status)}"
        f" <span>{said}</span><p class=it-line__about><span>{services}</span></div>"
    )


def _known(view: View, pages: frozenset[str]) -> Html:
    """Return the known problems with what can be done meanwhile."""
    found = [e for e in view.of_role(meaning.KNOWN_ERROR) if facts.is_offered(view.book, e)]
    found.sort(key=lambda e: (e.opened, e.id), reverse=True)
    items = []
    for entry in found[:_MOST_KNOWN]:
        title = link(view.url(entry.id), esc(shorten(entry.title or entry.id, 120)))
        items.append(
            f"<li><div><p class=it-line__title>{title}</p>{first_words(view, entry, 'symptom')}"
            f"<p class=it-line__about>{workaround_chip(view, entry)}</div>"
        )
    more = EMPTY
    if items and urls.KNOWN_ERRORS in pages:
        more = Html(f'<p class="it-next">{link(urls.KNOWN_ERRORS, esc(t("All known problems")))}</p>')
    return section("Known problems", Html(f"{_lines(items, _TWO)}{more}"), "known-errors")


def _lines(items: Sequence[str], css: str) -> Html:
    return Html(f'<ul class="{css}">{"".join(items)}</ul>') if items else EMPTY
