"""Why an item is not well, at the head of its page: what is behind it, and what users were told of that."""

from __future__ import annotations

from itsm_gitops.graph.status import OPERATIONAL
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import situation
from itsm_gitops.presentation.chips import look_of
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, shorten, words
from itsm_gitops.presentation.pages import going_on
from itsm_gitops.presentation.remainder import opening
from itsm_gitops.presentation.view import View


def reason(view: View, entry: Entry) -> Html:
    """Say since when an item is not well and why, what users were told of it, and when the next word comes."""
    health = view.health.get(entry.id)
    if health is None or (not health.causes and health.status == OPERATIONAL):
        return EMPTY
    reason = view.reason(health)
    why = f": {reason}" if reason else ""
    well = health.status == OPERATIONAL
    text = f"{t('At risk')}{why}" if well else f"{words(health.status)}{why}"
    when = EMPTY
    if not well:
        shown = going_on.since_when(view, situation.since(view, entry.id), situation.until(view, entry.id))
        when = Html(f", {shown}") if shown else EMPTY
    causes = situation.worst_first(view, health.causes)
    items = join([_cause(view, view.entries[i]) for i in causes[: going_on.MOST_CAUSES]])
    rest = [view.link(i) for i in causes[going_on.MOST_CAUSES :]]
    listed = Html(f"<ul>{items}</ul>{opening(rest) if rest else ''}") if items else EMPTY
    return Html(
        f'<div class="it-notice it-notice--{look_of(health.status)}"><p><strong>{esc(text)}</strong>{when}</p>{listed}</div>'
    )


def _cause(view: View, entry: Entry) -> Html:
    """Return a record that is behind the status of an item, an incident with what users were told of it."""
    lines: list[Html] = []
    number = Html(f" <span class=it-id>{esc(entry.id)}</span>") if view.kind(entry).is_record else EMPTY
    title = link(view.url(entry.id), esc(shorten(entry.title or entry.id, 160)))
    if meaning.INCIDENT in view.kind(entry).plays:
        one = situation.trouble_of(view, entry, ())
        lines = going_on.word_lines(view, one.word, one.next_by, is_promised=one.is_declared)
    return Html(
        f"<li><p class=it-line__title>{title}{number}</p>{join([Html(f'<p>{row}</p>') for row in lines])}</li>"
    )
