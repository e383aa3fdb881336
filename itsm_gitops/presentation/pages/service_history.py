"""The history of a service on its page: how much of some last days it was available, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Available, ServiceIncident
from itsm_gitops.model.last_word import LastWord, words_of
from itsm_gitops.model.report import EXACT_SHARE, Column
from itsm_gitops.presentation import prose, situation
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import day
from itsm_gitops.presentation.language import counted, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, shorten, words
from itsm_gitops.presentation.moments import duration, said
from itsm_gitops.presentation.pages.going_on import lasting, short, until
from itsm_gitops.presentation.pages.parts import explore_link, section
from itsm_gitops.presentation.remainder import and_more
from itsm_gitops.presentation.view import View

_MOST, _MOST_UPDATES = 8, 30
_CAUSES = ("caused_by", "cause_is")
_SHARE = Column("availability", "Available", EXACT_SHARE)


def availability(view: View, service: str) -> Html:
    """Return how much of the last days a service was available, with what the figures mean beside them."""
    history = view.histories.get(service)
    if history is None or not history.available:
        return EMPTY
    cells = join([_figure(view, one) for one in history.available])
    meant = join([Html(f"<dt>{esc(t(m.name))}</dt><dd>{esc(t(m.definition))}</dd>") for m in view.measures])
    defined = (
        f"<details class=it-fold><summary>{esc(t('What the figures mean'))}</summary><dl>{meant}</dl></details>"
        if meant
        else ""
    )
    return Html(f"<div class=it-available><dl>{cells}</dl>{defined}</div>")


def _figure(view: View, one: Available) -> Html:
    about = [t("of agreed hours")]
    if one.always is not None and one.always != one.agreed:
        about.append(t("{share} around the clock", share=said(_SHARE, one.always)))
    about.append(t("{time} down", time=duration(one.down * 60)) if one.down else t("no outage"))
    since = told("since {day}, the first record", day=day(view, one.since)) if one.since else EMPTY
    below = join([Html(f"<small>{part}</small>") for part in (*map(esc, about), since) if part])
    return Html(
        f"<div><dt>{esc(t('{days} days', days=one.days))}</dt>"
        f"<dd><b>{esc(said(_SHARE, one.agreed))}</b>{below}</dd></div>"
    )


def incidents(view: View, entry: Entry) -> Html:
    """Return what happened to a service, the latest first: title, start, end, duration, cause and updates."""
    history = view.histories.get(entry.id)
    listed = history.incidents if history else ()
    items = join([_incident(view, one) for one in listed[:_MOST]])
    if not items:
        return EMPTY
    more = EMPTY
    if len(listed) > _MOST:
        text = counted(len(listed) - _MOST, "and {count} older one", "and {count} older ones")
        kind = view.kind(view.entries[listed[0].id]).name
        more = explore_link(text, service=entry.id, kind=kind, status="all")
    return section("What happened", Html(f"<ol class=it-story>{items}</ol>{more}"), "happened")


def _incident(view: View, one: ServiceIncident) -> Html:
    entry = view.entries[one.id]
    data = view.store.data(one.id)
    title = link(view.url(one.id), esc(shorten(entry.title or one.id, 160)))
    begin = situation.moment(one.start)
    if one.end is None:
        when = told("since {start}, for {time}", start=short(view, begin), time=lasting(view, begin))
    else:
        when = told(
            "{start} to {end}, {time}",
            start=short(view, begin),
            end=until(view, begin, situation.moment(one.end)),
            time=esc(duration(one.seconds)),
        )
    causes = Html(", ".join(_causes(view, entry)))
    cause = Html(f"<p>{told('Cause: {cause}', cause=causes)}") if causes else EMPTY
    return Html(
        f"<li><p class=it-line__title>{title}<p class=it-line__about>{chip(words(one.status), one.status)} <span>{when}</span>"
        f"{cause}{_updates(view, one.id, words_of(data))}"
    )


def _causes(view: View, entry: Entry) -> Iterator[str]:
    for relation in _CAUSES:
        named = [view.link(e.target) for e in entry.edges if e.relation == relation and view.url(e.target)]
        if named:
            yield from dict.fromkeys(named)
            return


def _updates(view: View, incident: str, said: Sequence[LastWord]) -> Html:
    """Return what users were told, behind a line that opens it."""
    if not said:
        return EMPTY
    items = "".join(
        f"<li>{short(view, situation.moment(w.at)) if w.at is not None else EMPTY}{prose.render(w.text, view.id_link)}"
        for w in said[::-1][:_MOST_UPDATES]
    )
    if len(said) > _MOST_UPDATES:  # its own page has all
        items += f"<li>{link(view.url(incident), esc(and_more(len(said) - _MOST_UPDATES)))}"
    text = counted(len(said), "{count} update", "{count} updates")
    return Html(f"<details class=it-fold><summary>{esc(text)}</summary><ul>{items}</ul></details>")
