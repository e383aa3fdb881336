"""The history of a service on its page: how much of some last days it was available, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Available, ServiceIncident
from itsm_gitops.model.last_word import LastWord, words_of
from itsm_gitops.model.report import EXACT_SHARE, Column
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation import prose, situation
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import short_day
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
    """Return how much of the last days a service was available, with its goal, and what the figures mean below them."""
    history = view.histories.get(service)
    if history is None or not history.available:
        return EMPTY
    goal = goal_of(view, service)
    if any(one.down for one in history.available):
        shown = list(_unlike(history.available))
        figures = Html(f"<dl>{join([_figure(view, one, goal) for one in shown])}</dl>")
    else:
        figures = _never_down(view, history.available, goal)
    meant = join([Html(f"<dt>{esc(t(m.name))}</dt><dd>{esc(t(m.definition))}</dd>") for m in view.measures])
    always = [
        t("{share} in {days} days", share=said(_SHARE, one.always), days=one.days)
        for one in history.available
        if one.always is not None and one.always != one.agreed
    ]
    around = (
        f"<p>{esc(t('Available around the clock: {shares}.', shares=', '.join(always)))}</p>"
        if always
        else ""
    )
    worn = f"<p>{esc(t('Degraded days count as available: only outages are downtime.'))}</p>"
    defined = (
        f"<details class=it-fold><summary>{esc(t('What the figures mean'))}</summary>{around}<dl>{meant}</dl>{worn}</details>"
        if meant
        else around
    )
    return Html(f"<div class=it-available>{figures}{defined}</div>")


def _unlike(available: Sequence[Available]) -> Iterator[Available]:
    """Yield the times, the shortest first, without one that says the same as the one before it."""
    said_before: tuple[object, ...] = ()
    for one in sorted(available, key=lambda one: one.days):
        says = (one.agreed, one.down)
        if says != said_before:
            yield one
        said_before = says


def goal_of(view: View, service: str) -> float | None:
    """Return which share of the agreed time a service shall be available; None where none was promised."""
    goal = view.kept.get(service, {}).get(f"{_SHARE.name}_goal")
    return goal if isinstance(goal, float) else None


def _never_down(view: View, available: Sequence[Available], goal: float | None) -> Html:
    """Return the sentence for a service that was never down: every figure is the same."""
    longest = max(available, key=lambda one: one.days)
    if longest.since:
        text = told("Available 100% of the agreed hours since {day}", day=short_day(view, longest.since))
    else:
        text = esc(t("Available 100% of the agreed hours of the last {days} days", days=longest.days))
    aim = f", {esc(t('goal {share}', share=said(_SHARE, goal)))}" if goal is not None else ""
    return Html(f"<p>{text}{aim}.</p>")


def _figure(view: View, one: Available, goal: float | None) -> Html:
    """Return the share of one time: with its goal, marked where it is missed, and how long the service was down."""
    name = (
        told("Since {day}", day=short_day(view, one.since))
        if one.since
        else esc(t("{days} days", days=one.days))
    )
    about = []
    missed = goal is not None and one.agreed is not None and one.agreed < goal
    if goal is not None:
        about.append(t("goal {share} missed" if missed else "goal {share}", share=said(_SHARE, goal)))
    about.append(t("{time} down", time=duration(one.down * 60)) if one.down else t("no outage"))
    below = join([Html(f"<small>{esc(one)}</small>") for one in about])
    css = " class=it-available__missed" if missed else ""
    return Html(f"<div{css}><dt>{name}</dt><dd><b>{esc(said(_SHARE, one.agreed))}</b>{below}</dd></div>")


def incidents(view: View, entry: Entry) -> Html:
    """Return what happened to a service, the latest first: title, start, end, duration, cause and updates."""
    history = view.histories.get(entry.id)
    listed = history.incidents if history else ()
    recent = _since(view, entry.id, listed)[:_MOST]
    items = join([_incident(view, one) for one in recent])
    if not items:
        return EMPTY
    more = EMPTY
    if len(listed) > len(recent):
        text = counted(len(listed) - len(recent), "and {count} older one", "and {count} older ones")
        kind = view.kind(view.entries[listed[0].id]).name
        more = explore_link(text, service=entry.id, kind=kind, status="all")
    return section("What happened", Html(f"<ol class=it-story>{items}</ol>{more}"), "happened")


def _since(view: View, service: str, listed: Sequence[ServiceIncident]) -> Sequence[ServiceIncident]:
    """Return the incidents that were felt in the days of the bar above them; all where none was."""
    days = view.past.get(service)
    if not days:
        return listed
    begin = moment_of(date.fromisoformat(days[0].day), "00:00", view.zone).timestamp()
    return [one for one in listed if one.end is None or one.end >= begin] or listed


def _incident(view: View, one: ServiceIncident) -> Html:
    entry = view.entries[one.id]
    data = view.store.data(one.id)
    title = link(view.url(one.id), esc(shorten(entry.title or one.id, 160)))
    begin = situation.moment(one.start)
    if one.end is None:
        when = told("since {start}, for {time}", start=short(view, begin), time=lasting(view, begin))
    else:
        when = told(
            "{start} to {end}, {time} of it"
            if one.seconds + 60 <= one.end - one.start
            else "{start} to {end}, {time}",
            start=short(view, begin),
            end=until(view, begin, situation.moment(one.end)),
            time=esc(duration(one.seconds)),
        )
    causes = Html(", ".join(_causes(view, entry)))
    cause = Html(f"<span>{told('Cause: {cause}', cause=causes)}</span>") if causes else EMPTY
    return Html(
        f"<li><p class=it-line__title>{title}<p class=it-line__about>{chip(words(one.status), one.status)} <span>{when}</span>"
        f"{cause}</p>{_updates(view, one.id, words_of(data))}"
    )


def _causes(view: View, entry: Entry) -> Iterator[str]:
    for relation in _CAUSES:
        named = [
            link(url, esc(shorten(view.title(e.target), 80)))
            for e in entry.edges
            if e.relation == relation and (url := view.url(e.target))
        ]
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
