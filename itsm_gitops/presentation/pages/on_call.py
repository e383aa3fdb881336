"""Who is on call: on the pages of services, teams, people and records, and the calendar file of a rota.

A page is as old as its build, so it says until when what it says is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from itsm_gitops.graph.escalation import TIME_USED, CallStep, ladder
from itsm_gitops.graph.ics import domain
from itsm_gitops.graph.on_call import OnCall, named, on_call, rota_of, turns_of, whole_turn
from itsm_gitops.graph.on_call_ics import rota_calendar
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.standing import Course
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import WRITER, t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, words
from itsm_gitops.presentation.pages import going_on
from itsm_gitops.presentation.view import View

_FILE_DAYS = 92
_NEXT_TURN = timedelta(days=183)  # how far ahead somebody's next turn is looked for
_METRICS = {"response": "Response", "resolution": "Resolution"}
_CALLED = {meaning.SERVICE, meaning.TEAM}


def called(view: View, entry: Entry) -> Html:
    """Return who is on call for a service or a team when the page is made; nothing where nobody may be named."""
    if not _CALLED & set(view.kind(entry).plays):
        return EMPTY
    known = [(team, name) for team, name in named(view.store, entry.id) if name in view.entries]
    if not known:
        return EMPTY
    if any(rota_of(view.store, name) for _, name in known):
        lines = [_line(view, c) for c in on_call(view.store, entry.id, view.now)]
    else:  # somebody for good: the page does not depend on when it is made
        lines = [Html(f"<li>{view.link(name)}</li>") for _, name in known]
    return Html(f"<ul class=it-list>{''.join(lines)}</ul>")


def own_turn(view: View, entry: Entry) -> Html:
    """Return until when a person is on call, or their next turn, for each rota that names them; nothing where none does."""
    named_by = {r.other for r in view.network.related(entry.id) if not r.outgoing}
    rotas = sorted(i for i in named_by if facts.is_a(view.book, view.entries.get(i), meaning.ROTA))
    lines = join([_own_line(view, rota, entry.id) for rota in rotas])
    return Html(f"<ul class=it-list>{lines}</ul>") if lines else EMPTY


def _own_line(view: View, name: str, person: str) -> Html:
    rota = rota_of(view.store, name)
    turn = next(turns_of(rota, person, view.now, view.now + _NEXT_TURN), None) if rota else None
    if rota is None or turn is None:
        return EMPTY
    whole = whole_turn(rota, turn.start)
    start, end = view.moment(whole.start), view.moment(whole.end)
    if whole.start <= view.now:
        said = told("On call now, until {end}", end=end)
    else:
        said = told("On call from {start} to {end}", start=start, end=end)
    return Html(f"<li>{said}<br>{view.link(name)}</li>")


def _line(view: View, one: OnCall) -> Html:
    """Return who is called now, until when, and who follows, with the rota."""
    if one.turn is None:
        return Html(f"<li>{chip('Unknown', 'bad') if one.unknown else person(view, one.people[0])}</li>")
    now = [
        told("Now {people}", people=_people(view, one.people)),
        told("until {end}", end=going_on.short(view, one.turn.end)),
    ]
    then = [told("Then {people}", people=_people(view, one.following.people))] if one.following else []
    then.append(told("Rota: {rota}", rota=view.link(one.rota)))
    return join([Html(f"<li>{join(line, DOT)}</li>") for line in (now, then)])


def _people(view: View, people: Sequence[str]) -> Html:
    if not people:
        return chip("Nobody", "bad")
    first, *backups = (person(view, p) for p in people)
    return join([first, *([told("backup {people}", people=join(backups, ", "))] if backups else [])], DOT)


def person(view: View, name: str) -> Html:
    """Return the link to who is called, or the name where nothing stands behind it."""
    return view.link(name) if name in view.entries else esc(name)


def calls(view: View, entry: Entry, course: Course) -> Html:
    """Return who is called about an open record, now and next.

    Empty where one of them may not be named to this audience.
    """
    if not view.is_open(entry):
        return EMPTY
    found = ladder(view.store, entry, course, view.now)
    if any(p not in view.entries for step in found.steps for p in step.people):
        return EMPTY
    later: dict[tuple[str, ...], list[CallStep]] = {}
    for step in found.steps:
        if _is_later(step):
            later.setdefault(tuple(step.people), []).append(step)
    lines = dict.fromkeys(
        _call_later(view, later[tuple(step.people)])
        if _is_later(step)
        else _call(view, step, now=step is found.called)
        for step in found.steps
    )
    return Html(f"<ol class=it-calls>{join(lines)}</ol>") if lines else EMPTY


def _is_later(step: CallStep) -> bool:
    """Whether somebody is called once a part of a time is used up."""
    return step.why == TIME_USED and not step.reached


def _call_later(view: View, steps: Sequence[CallStep]) -> Html:
    """Return somebody who is called once parts of times are used up, and when that is."""
    who = Html(", ".join(view.link(p) for p in steps[0].people))
    on = [
        told("on {time}", time=view.moment(s.at)) if s.at else esc(t("when the time is used up"))
        for s in steps
    ]
    return Html(f"<li>{who} {join(Html(f'<small>{one}</small>') for one in dict.fromkeys(on))}")


def _call(view: View, step: CallStep, *, now: bool) -> Html:
    who = Html(", ".join(view.link(p) for p in step.people))
    about = {n: t(metric_title(str(v))) if n == "metric" else v for n, v in step.about.items()}
    when = Html(f", {view.moment(step.at)}") if step.at else EMPTY
    name = Html(f"<strong>{who}</strong>") if now else who
    return Html(f"<li>{name} <small>{esc(t(step.why, **about))}{when}</small>")


def metric_title(metric: str) -> str:
    """Return what a clock of a service level counts, in English words."""
    return _METRICS.get(metric, words(metric))


def rota_file(view: View, entry: Entry, base: str) -> bytes:
    """Return the calendar file of a rota, three months from the first of this month; ``base`` is where the site will be."""
    start = view.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rota = rota_of(view.store, entry.id)
    found = rota.turns(start, start + timedelta(days=_FILE_DAYS)) if rota else []
    url = base + view.url(entry.id) if base else ""
    return rota_calendar(
        found, entry.id, entry.title, domain(view.config.identity), start, url, WRITER
    ).encode()
