"""Who is on call: on the pages of services and teams, and the turns of a rota as a calendar and a table.

A page is as old as its build, so it says until when what it says is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from itsm_gitops.graph.escalation import CallStep, ladder
from itsm_gitops.graph.ics import domain
from itsm_gitops.graph.on_call import OnCall, named, on_call, rota_of, turns_of, whole_turn
from itsm_gitops.graph.on_call_ics import rota_calendar
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rotas import Turn
from itsm_gitops.model.standing import Course
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import WRITER, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import day_and_month, day_letters
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.remainder import and_more, folded
from itsm_gitops.presentation.view import View

_WEEKS = 5
_MOST_TURNS = 8  # beside the calendar; the rest opens
_FILE_DAYS = 92
_NEXT_TURN = timedelta(days=183)  # how far ahead somebody's next turn is looked for
_DAY = timedelta(days=1)
_METRICS = {"response": "Response", "resolution": "Resolution"}
_CALLED = {meaning.SERVICE, meaning.TEAM, meaning.ROTA}
_TINTS = 4  # people that the calendar of a rota tells apart by colour
_HEAD = ("From", "To", "On call", "Backup")


def called(view: View, entry: Entry) -> Html:
    """Return who is on call for a service, a team or a rota when the page is made; nothing where nobody may be named."""
    if not _CALLED & set(view.kind(entry).plays):
        return EMPTY
    known = [(team, name) for team, name in named(view.store, entry.id) if name in view.entries]
    if not known:
        return EMPTY
    if any(rota_of(view.store, name) for _, name in known):
        lines = [_line(view, c, entry.id) for c in on_call(view.store, entry.id, view.now)]
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


def _line(view: View, one: OnCall, page: str) -> Html:
    """Return who is called now, until when, and who follows; with the rota, unless this is its ``page``."""
    if one.turn is None:
        return Html(f"<li>{_person(view, one.people[0])}</li>")
    who = _people(view, one.people)
    end = view.moment(one.turn.end)
    if one.following:
        then = _people(view, one.following.people)
        said = told("{people} until {end}, then {others}", people=who, end=end, others=then)
    else:
        said = told("{people} until {end}", people=who, end=end)
    source = Html(f"<br>{view.link(one.rota)}") if one.rota != page else EMPTY
    return Html(f"<li>{said}{source}</li>")


def _people(view: View, people: Sequence[str]) -> Html:
    if not people:
        return chip("Nobody", "bad")
    first, *backups = (_person(view, p) for p in people)
    more = Html(f" ({told('backup: {people}', people=join(backups, ', '))})") if backups else EMPTY
    return Html(f"{first}{more}")


def _person(view: View, person: str) -> Html:
    return view.link(person) if person in view.entries else esc(person)


def calls(view: View, entry: Entry, course: Course) -> Html:
    """Return who is called about an open record, now and next.

    Empty where one of them may not be named to this audience.
    """
    if not view.is_open(entry):
        return EMPTY
    found = ladder(view.store, entry, course, view.now)
    if any(p not in view.entries for step in found.steps for p in step.people):
        return EMPTY
    steps = join([_call(view, step, now=step is found.called) for step in found.steps])
    return Html(f"<ol class=it-calls>{steps}</ol>") if steps else EMPTY


def _call(view: View, step: CallStep, *, now: bool) -> Html:
    who = Html(", ".join(view.link(p) for p in step.people))
    about = {n: t(metric_title(str(v))) if n == "metric" else v for n, v in step.about.items()}
    when = Html(f", {view.moment(step.at)}") if step.at else EMPTY
    name = Html(f"<strong>{who}</strong>") if now else who
    return Html(f"<li>{name} <small>{esc(t(step.why, **about))}{when}</small>")


def metric_title(metric: str) -> str:
    """Return what a clock of a service level counts, in English words."""
    return _METRICS.get(metric, words(metric))


def _name(view: View, person: str) -> Html:
    return esc(view.title(person) if person in view.entries else person)


def turns(view: View, entry: Entry) -> Html:
    """Return the turns of a rota of five weeks as a calendar and as a table, and the way to its calendar file."""
    if meaning.ROTA not in view.kind(entry).plays:
        return EMPTY
    rota = rota_of(view.store, entry.id)
    if rota is None:
        return EMPTY
    today = view.now.astimezone(view.zone).date()
    monday = today - timedelta(days=today.weekday())
    days = [monday + n * _DAY for n in range(7 * _WEEKS + 1)]
    edges = [moment_of(d, "00:00", view.zone) for d in days]
    found = rota.turns(edges[0], edges[-1])
    first_called = list(dict.fromkeys(turn.people[0] for turn in found if turn.people))
    weeks = []
    for week in range(_WEEKS):
        cells = []
        for place in range(7 * week, 7 * week + 7):
            near = [one for one in found if one.start < edges[place + 1] and edges[place] < one.end]
            mark = " it-grid__day--today" if days[place] == today else ""
            # What began before the first day is cut there, and does not begin on it.
            items = "".join(
                _event(view, one, edges[place] <= one.start and one.start > edges[0], first_called)
                for one in near
            )
            cells.append(
                f'<td class="it-grid__day{mark}" data-day={days[place]}><p><time datetime="{days[place]}">{day_and_month(days[place])}</time></p><ul>{items}</ul></td>'
            )
        weeks.append(f"<tr>{''.join(cells)}</tr>")
    head = day_letters()
    grid = Html(
        f'<div class="it-rota"><table class="it-grid"><caption class="it-vh">{esc(t("Turns by day"))}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(weeks)}</tbody></table></div>"
    )
    file = Html(f"<p>{link(urls.rota_ics(entry.id), esc(t('Calendar file (.ics)')))}</p>")
    ahead = [one for one in found if one.end > view.now]
    # What the picture cuts at its edges has its own beginning and end in the table.
    ahead = [
        whole_turn(rota, one.start) if {one.start, one.end} & {edges[0], edges[-1]} else one for one in ahead
    ]
    later = ahead[_MOST_TURNS:]
    rest = folded(and_more(len(later)), _table(view, later)) if later else EMPTY
    return section("Turns", join([grid, _table(view, ahead[:_MOST_TURNS]), rest, file]), "turns")


def _event(view: View, turn: Turn, begins: bool, first_called: list[str]) -> str:
    person = _name(view, turn.people[0]) if turn.people else esc(t("Nobody"))
    time = f'<span class="it-ev__time">{turn.start.astimezone(view.zone):%H:%M}</span> ' if begins else ""
    look = f"who{first_called.index(turn.people[0]) % _TINTS}" if turn.people else "nobody"
    backups = (
        f'<span class="it-vh"> ({told("backup: {people}", people=join([_name(view, p) for p in turn.people[1:]], ", "))})</span>'
        if turn.people[1:]
        else ""
    )
    return f'<li class="it-ev it-ev--{look}">{time}{person}{backups}</li>'


def _table(view: View, found: Sequence[Turn]) -> Html:
    backed_up = any(turn.people[1:] for turn in found)
    names = [t(title) for title in (_HEAD if backed_up else _HEAD[:-1])]
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in names)
    rows = []
    for turn in found:
        first = _people(view, turn.people[:1])
        mark = f" {chip('Override', 'waiting')}" if turn.override else ""
        backups = Html(", ".join(_person(view, p) for p in turn.people[1:]))
        cells = (view.moment(turn.start), view.moment(turn.end), Html(f"{first}{mark}"), backups)
        rows.append(
            "".join(f'<td data-label="{esc(n)}">{c}</td>' for n, c in zip(names, cells, strict=False))
        )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return Html(
        f'<div class="it-scroll"><table class="it-table"><caption class="it-vh">{esc(t("Turns"))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def rota_file(view: View, entry: Entry, base: str) -> bytes:
    """Return the calendar file of a rota, three months from the first of this month; ``base`` is where the site will be."""
    start = view.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rota = rota_of(view.store, entry.id)
    found = rota.turns(start, start + timedelta(days=_FILE_DAYS)) if rota else []
    url = base + view.url(entry.id) if base else ""
    return rota_calendar(
        found, entry.id, entry.title, domain(view.config.identity), start, url, WRITER
    ).encode()
