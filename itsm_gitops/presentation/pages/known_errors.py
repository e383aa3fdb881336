"""The page of known errors: how each shows itself, what can be done until it is fixed, and what is affected now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import prose, urls
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, dots, esc, join, link
from itsm_gitops.presentation.moments import day_and_month, full_day
from itsm_gitops.presentation.navigation import known_errors_title
from itsm_gitops.presentation.pages.catalogue import narrowing
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import (
    explore_link,
    explore_url,
    heading,
    paragraph,
    section,
    workaround_chip,
)
from itsm_gitops.presentation.pages.tables import reference
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

_MOST_ERRORS, _MOST_RETIRED = 500, 200
_COMMAND = re.compile(r"<code>([^<]+)</code>(?!</pre>)")
_WORD, _WHOLE = re.compile(r"(?<!\S)(?=\S*-)\S{1,40}(?!\S)"), r"<span>\g<0></span>"
_FEW = 4  # are seen at once
_OPENED = 3  # errors at most whose workarounds need no click
_LONG_TEXT = 900  # letters of a workaround that is opened on demand wherever it stands


def known_errors_page(view: View) -> ListPage:
    """Return the known errors in force with their services, then the retired ones."""
    entries = sorted(view.of_role(meaning.KNOWN_ERROR), key=lambda e: (e.opened, e.id), reverse=True)
    current = [e for e in entries if facts.is_offered(view.book, e)]
    retired = [e for e in entries if facts.is_retired(view.book, e)]
    title = t(known_errors_title(view.audience))
    lead = esc(t("Faults whose cause is known, with a workaround until they are fixed."))
    find = narrowing(t("Find a known error")) if len(current) + len(retired) >= _FEW else EMPTY
    body = join(
        [
            heading([], title, lead=lead),
            find,
            section("Published", _errors(view, current[:_MOST_ERRORS]))
            if retired
            else _errors(view, current),
            EMPTY if current else paragraph("There are none."),
            section("Retired", _errors(view, retired[:_MOST_RETIRED])),
            _rest(view, max(0, len(current) - _MOST_ERRORS) + max(0, len(retired) - _MOST_RETIRED)),
        ]
    )
    return ListPage(urls.KNOWN_ERRORS, title, urls.KNOWN_ERRORS, body)


def _rest(view: View, number: int) -> Html:
    """Return the way to the known errors that the page has no room for."""
    kind = view.book.player(meaning.KNOWN_ERROR)
    if kind is None or not number:
        return EMPTY
    return explore_link(and_more(number), kind=kind.name, status="all")


def _errors(view: View, entries: Sequence[Entry]) -> Html:
    """Return known errors with their symptom, by which people recognise theirs."""
    items = "".join(_error(view, entry, folded=len(entries) > _OPENED) for entry in entries)
    return Html(f"<ul class=it-errors>{items}</ul>") if items else EMPTY


def _error(view: View, entry: Entry, *, folded: bool) -> str:
    about = dots([esc(entry.id), reference(view, entry, "service"), _since(view, entry)])
    css = '"it-error it-error--retired"' if facts.is_retired(view.book, entry) else "it-error"
    return (
        f"<li class={css}><p class=it-line__title>{link(view.url(entry.id), esc(entry.title or entry.id))}</p>"
        f"{about}<div class=it-error__what>{_text(view, entry, 'symptom')}{_affected(view, entry)}"
        f"{_meanwhile(view, entry, folded=folded)}</div></li>"
    )


def _text(view: View, entry: Entry, field: str) -> Html:
    text = view.store.data(entry.id).get(field)
    return prose.render(text, view.id_link) if isinstance(text, str) else EMPTY


def _since(view: View, entry: Entry) -> Html:
    """Return the day since which a fault has been known."""
    moment = clock.parse_time(entry.opened)
    if moment is None:
        return EMPTY
    day: date = in_zone(moment, view.zone).date()
    shown = day_and_month(day) if day.year == view.today.year else full_day(day)
    return told("since {day}", day=Html(f"<time datetime={day}>{shown}</time>"))


def _affected(view: View, entry: Entry) -> Html:
    """Return how many open incidents a known error is behind; nothing where none is."""
    near = (view.entries.get(r.other) for r in view.network.related(entry.id))
    hit = {e.id for e in near if facts.is_a(view.book, e, meaning.INCIDENT) and e and view.is_open(e)}
    if not hit:
        return EMPTY
    said = counted(len(hit), "Affects {count} open incident", "Affects {count} open incidents")
    way = (
        link(view.url(next(iter(hit))), esc(said))
        if len(hit) == 1
        else link(explore_url(q=entry.id), esc(said))
    )
    return Html(f"<p class=it-error__hit>{way}</p>")


def _meanwhile(view: View, entry: Entry, *, folded: bool) -> Html:
    """Return what readers can do until a known error is fixed; the state where it is over, or nobody knows.

    Steps and commands stay as they are written: nobody follows half of them.
    """
    text = view.store.data(entry.id).get("workaround") if facts.is_offered(view.book, entry) else None
    if not isinstance(text, str) or not text.strip():
        mark = workaround_chip(view, entry)
        return EMPTY if facts.is_retired(view.book, entry) or not mark else Html(f"<p>{mark}</p>")
    steps = _in_whole_words(prose.render(text, view.id_link))
    name = esc(t("Workaround"))
    if folded or len(text) > _LONG_TEXT:
        return Html(f'<details class="it-fold it-workaround"><summary>{name}</summary>{steps}</details>')
    return Html(f"<div class=it-workaround><p class=it-workaround__name>{name}</p>{steps}</div>")


def _in_whole_words(html: Html) -> Html:
    """Return HTML in which commands break between their words only: ``--idle`` is never cut after a hyphen."""
    return Html(_COMMAND.sub(lambda m: f"<code>{_WORD.sub(_WHOLE, m.group(1))}</code>", html))
