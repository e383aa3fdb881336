"""What the page of a rota shows: who is called now and next, its turns as a picture and a list, and who takes turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from itsm_gitops.graph.on_call import on_call, rota_of, whole_turn
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.rotas import Turn
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import day, field_at, often, value
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import DAY_NAMES, day_and_month, day_letters, short_name
from itsm_gitops.presentation.pages.going_on import short
from itsm_gitops.presentation.pages.hours import sentences
from itsm_gitops.presentation.pages.on_call import person
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.remainder import and_more, folded
from itsm_gitops.presentation.view import View

# Told by the sections here.
FIELDS = frozenset({"layers", "overrides", "time_zone"})
_WEEKS, _WEEK = 5, 7 * 24
_MOST_TURNS = 7  # below the picture; the rest opens
_DAY = timedelta(days=1)
_TINTS = 4  # people that the picture tells apart by colour
_SHORTENED = 6  # hours of a bar that has room for initials
# Pixels where the picture has its full width: an hour, a letter, a time of day, the edges of a bar.
_HOUR, _LETTER, _TIME, _EDGES = 7.4, 6.6, 38, 19


def now_and_next(view: View, entry: Entry) -> list[tuple[str, Html]]:
    """Return who is called now and who follows, each with the moment at which that changes."""
    found = next(iter(on_call(view.store, entry.id, view.now)), None)
    if found is None or found.turn is None:
        return []
    facts = [("Now", _whose(view, found.turn, told("until {end}", end=short(view, found.turn.end))))]
    if found.following:
        since = told("from {start}", start=short(view, found.following.start))
        facts.append(("Next", _whose(view, found.following, since)))
    return facts


def _whose(view: View, turn: Turn, when: Html) -> Html:
    return Html(f"{_first(view, turn)}<small>{join([when, *_backups(view, turn)], DOT)}</small>")


def _first(view: View, turn: Turn) -> Html:
    return person(view, turn.people[0]) if turn.people else chip("Nobody", "bad")


def _backups(view: View, turn: Turn) -> list[Html]:
    names = join([person(view, p) for p in turn.people[1:]], ", ")
    return [told("backup: {people}", people=names)] if names else []


def turns(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the sections of a rota: its turns of five weeks, then its layers; nothing of a rota that cannot be read."""
    rota = rota_of(view.store, entry.id)
    if rota is None:
        return EMPTY
    today = view.now.astimezone(view.zone).date()
    monday = today - timedelta(days=today.weekday())
    days = [monday + n * _DAY for n in range(7 * _WEEKS + 1)]
    start, end = (moment_of(d, "00:00", view.zone) for d in (days[0], days[-1]))
    found = rota.turns(start, end)
    file = link(urls.rota_ics(entry.id), esc(t("Calendar file (.ics)")))
    note = Html(f"<p class=it-next>{file}</p>")
    # What the picture cuts at its edges has its own beginning and end in the list.
    ahead = [one for one in found if one.end > view.now]
    ahead = [whole_turn(rota, one.start) if {one.start, one.end} & {start, end} else one for one in ahead]
    reasons = list(_reasons(data))
    later = _list(view, ahead[_MOST_TURNS:], reasons)
    rest = folded(and_more(len(ahead) - _MOST_TURNS), later) if later else EMPTY
    listed = _list(view, ahead[:_MOST_TURNS], reasons)
    decided = [o for _, o in reasons if (at := clock.parse_time(str(o["end"]))) and at > end]
    return join(
        [
            section("Turns", _picture(view, found, days, today), "turns"),
            section("Next turns", join([listed, rest, note]), "next-turns"),
            section(
                "Later overrides",
                value(view, decided, field_at(view.kind(entry), "overrides").schema) if decided else EMPTY,
            ),
            _layers(view, data),
        ]
    )


def _reasons(data: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """Yield what was decided by hand, each with the moment at which it begins."""
    overrides = data.get("overrides")
    for one in overrides if isinstance(overrides, list) else ():
        start = clock.parse_time(str(one.get("start"))) if isinstance(one, dict) else None
        if start is not None and "end" in one:
            yield start, one


def _list(view: View, found: Sequence[Turn], reasons: Sequence[tuple[datetime, Mapping[str, Any]]]) -> Html:
    """Return turns as lines: when, who, and who backs them up."""
    items = []
    for turn in found:
        now = f" {chip('Now', 'active')}" if turn.start <= view.now < turn.end else ""
        why = next((str(o.get("reason", "")) for at, o in reversed(reasons) if at == turn.start), "")
        said = f"{t('Override')}: {why}" if why else t("Override")
        swap = f"<small>{esc(said)}</small>" if turn.override else ""
        backup = join(_backups(view, turn))
        items.append(
            f"<li><span class=it-turns__who>{_first(view, turn)}</span>"
            + (f" <span class=it-turns__backup>{backup}</span>" if backup else "")
            + f"<span class=it-turns__when>{_when(view, turn)}{now}</span>{swap}"
        )
    return Html(f"<ol class=it-turns>{''.join(items)}</ol>") if items else EMPTY


def _when(view: View, turn: Turn) -> Html:
    """Return from when to when a turn lasts, with the days of the week; those of all turns have the same form."""
    first, last = in_zone(turn.start, view.zone), in_zone(turn.end, view.zone)
    end = f"{last:%H:%M}" if first.date() == last.date() else _weekday_and_time(last)
    said = t("{start} to {end}", start=_weekday_and_time(first), end=end)
    spans = f"{clock.format_time(turn.start)}/{clock.format_time(turn.end)}"
    return Html(f"<span class=it-span-of><time datetime={spans}>{esc(said)}</time></span>")


def _weekday_and_time(one: datetime) -> str:
    return f"{short_name(DAY_NAMES[one.weekday()])} {day_and_month(one)}, {one:%H:%M}"


def _picture(view: View, found: Sequence[Turn], days: Sequence[date], today: date) -> Html:
    """Return the weeks one below the other, in each a bar for each turn from hour to hour.

    The list below it says the same in words, so it is not read out.
    """
    first_called = list(dict.fromkeys(turn.people[0] for turn in found if turn.people))
    rows = []
    for week in range(_WEEKS):
        some = days[7 * week : 7 * week + 7]
        heads = []
        for one in some:
            shown = day_and_month(one) if one == days[0] or one.day == 1 else str(one.day)
            mark = " class=it-rota__today" if one == today else ""
            heads.append(f"<td colspan=24 data-day={one}{mark}><span>{shown}</span></td>")
        bars = "".join(_bars(view, found, some[0], first_called))
        rows.append(f"<tr class=it-rota__days>{''.join(heads)}</tr><tr class=it-rota__bars>{bars}</tr>")
    names = day_letters().replace("<th scope", "<th colspan=24 scope")
    return Html(
        f"<div class=it-rota aria-hidden=true><table class=it-rota__weeks><colgroup><col span={_WEEK}></colgroup>"
        f"<thead><tr>{names}</tr></thead><tbody>{''.join(rows)}</tbody></table>{_legend(view, found, first_called)}</div>"
    )


def _legend(view: View, found: Sequence[Turn], first_called: Sequence[str]) -> str:
    """Return whose the colours and the initials of the picture are."""
    known = [(_look(who, first_called), _name(view, who)) for who in first_called]
    keys = [(look, f"{name} ({_initials(name)})") for look, name in known]
    keys += [("nobody", t("Nobody"))] if not all(turn.people for turn in found) else []
    keys += [("swap", t("Override"))] if any(turn.override for turn in found) else []
    items = "".join(
        f'<li><span class="it-cal__key it-rota__{look}"></span>{esc(said)}</li>' for look, said in keys
    )
    return f"<ul class=it-cal__legend>{items}</ul>"


def _look(who: str, first_called: Sequence[str]) -> str:
    return f"who{first_called.index(who) % _TINTS}"


def _bars(view: View, found: Sequence[Turn], monday: date, first_called: list[str]) -> Iterator[str]:
    """Yield the bars of a week, as cells that span their hours."""
    for turn in found:
        left, right = (_hour(view, moment, monday) for moment in (turn.start, turn.end))
        if right <= left:
            continue
        look = _look(turn.people[0], first_called) if turn.people else "nobody"
        swap = " it-rota__swap" if turn.override else ""
        name = _name(view, turn.people[0]) if turn.people else t("Nobody")
        begins = in_zone(turn.start, view.zone)
        long = right - left
        has_begun = left == 0 and begins.date() != monday
        said = _said(name, "" if has_begun else f"{begins:%H:%M}", long) if long >= _SHORTENED else ""
        yield f'<td colspan={long}><span class="it-rota__bar it-rota__{look}{swap}" title="{esc(name)}">{said}</span></td>'


def _said(name: str, time: str, hours: int) -> str:
    """Return what a bar says: its beginning where there is room for it, the name or its initials.

    A name has its initials with it: a narrow picture shows these.
    """
    room = hours * _HOUR - _EDGES
    short = _initials(name)
    named = len(name) * _LETTER <= room
    wide = len(name if named else short) * _LETTER
    moment = f"<i>{time}</i> " if time and wide + _TIME <= room else ""
    return (
        f'{moment}<b data-short="{esc(short)}">{esc(name)}</b>' if named else f"{moment}<b>{esc(short)}</b>"
    )


def _hour(view: View, moment: datetime, monday: date) -> int:
    """Return how many hours after the beginning of a week a moment is on its clocks, within the week."""
    local = in_zone(moment, view.zone)
    hours = 24 * (local.date() - monday).days + local.hour + (local.minute >= 30)
    return min(max(hours, 0), _WEEK)


def _name(view: View, who: str) -> str:
    return view.title(who) if who in view.entries else who


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def _layers(view: View, data: Mapping[str, Any]) -> Html:
    """Return who takes turns in each layer, how long a turn is, and when it changes."""
    layers = [one for one in data.get("layers") or () if isinstance(one, dict)]
    # The first layer that has somebody is called first, the others are backups.
    always = [not one.get("hours") and one.get("holidays") not in _HOLIDAYS for one in layers]
    times = [
        "Around the clock, as backup"
        if any(always[:n])
        else "When nobody above is called, else as backup"
        if n
        else "Around the clock"
        for n in range(len(layers))
    ]
    rows = [_layer(view, one, time) for one, time in zip(layers, times, strict=True)]
    titles = ("Layer", "People", "Turn", "Hand-over", "When")[: 4 if all(always) else 5]
    head = "".join(f"<th scope=col>{esc(t(title))}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row[: len(titles)])}</tr>" for row in rows)
    listed = Html(
        f'<table class="it-plain it-layers"><caption class=it-vh>{esc(t("Layers"))}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
    zone = t("Hand-overs are in the time zone {zone}.", zone=data.get("time_zone", ""))
    return section("Layers", Html(f"{listed}<p class=it-muted>{esc(zone)}</p>"), "layers") if rows else EMPTY


def _layer(view: View, layer: Mapping[str, Any], always: str) -> list[Html]:
    """Return the row of a layer; ``always`` says when it is called where it has no hours."""
    people = [person(view, p) for p in layer.get("people") or () if isinstance(p, str)]
    turn, first = layer.get("turn"), str(layer.get("from", ""))
    every = often(turn) if isinstance(turn, Mapping) else ""
    time = str(layer.get("hand_over", "00:00"))
    weekly = isinstance(turn, Mapping) and turn.get("unit") == "week" and _weekday(first)
    hand_over = t("{day}, {time}", day=t(_weekday(first)), time=time) if weekly else time
    until = (
        Html(f"<small>{told('until {end}', end=day(view, str(layer['until'])))}</small>")
        if "until" in layer
        else EMPTY
    )
    hours = sentences(layer.get("hours"))
    holidays = layer.get("holidays")
    called = [*map(esc, hours or [t(always)])]
    called += [esc(t(_HOLIDAYS[holidays]))] if holidays in _HOLIDAYS else []
    return [
        Html(f"<b>{esc(layer.get('name', ''))}</b>"),
        join(people, ", "),
        Html(f"{esc(words(every))}{until}"),
        esc(hand_over),
        join(called, "<br>"),
    ]


_HOLIDAYS = {"off": "Not on holidays", "only": "On holidays only"}


def _weekday(text: str) -> str:
    """Return the name of the day of a date, nothing for what is none."""
    day = clock.parse_day(text)
    return DAY_NAMES[day.weekday()] if day else ""
