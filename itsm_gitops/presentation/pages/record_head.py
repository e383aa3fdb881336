"""The facts at the head of a record: by when, whom it waits for, what it is about, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.standing import Promise
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import FACT, Field, value
from itsm_gitops.presentation.language import t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.moments import DAY_NAMES, day_and_month, full_day
from itsm_gitops.presentation.pages.asked import names_who
from itsm_gitops.presentation.pages.clocks import clock_label, pressing_clock
from itsm_gitops.presentation.pages.due import days_left, distance
from itsm_gitops.presentation.view import View

_MOST = 6
# From when until when: the fields, and what both together are called.
_SPANS = (
    ("planned_start", "planned_end", "Planned"),
    ("starts_at", "ends_at", "When"),
    ("deploy_from", "deploy_until", "Deployment"),
)
_TITLES = {"assigned_team": "Team"}
_BY = {"response": "Respond by", "resolution": "Resolve by"}


class HeadFacts(NamedTuple):
    """The strip of facts, and the names of the fields that it shows: nothing else on the page has them."""

    strip: Html
    shown: frozenset[str]


def head_facts(view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field]) -> HeadFacts:
    """Return the facts that people come for, at most six. ``used`` are the fields of the record ``data``.

    Dates of the past are among the details.
    """
    urgent = [*_waits_for(view, entry, data), *_clock(view, entry), *_when(view, entry, data, used)]
    cells = list(urgent)
    for field in used:
        if len(cells) < _MOST and _is_about(view, field):
            shown = value(view, data[field.name], field.schema)
            hit = next((h for h in view.hit_by.get(entry.id, ()) if h.id == data[field.name]), None)
            if hit:
                shown = Html(f"{shown} {chip(words(hit.status), hit.status)}")
            cells.append(((field.name,), _TITLES.get(field.name, field.title), shown))
    strip = "".join(
        f"<div{' class=it-ages__first' if n < len(urgent) else ''}><dt>{esc(t(title))}<dd>{shown}</div>"
        for n, (_, title, shown) in enumerate(cells)
    )
    names = frozenset(name for found, _, _ in cells for name in found)
    return HeadFacts(Html(f"<dl class=it-ages>{strip}</dl>") if strip else EMPTY, names)


_Cell = tuple[tuple[str, ...], str, Html]


def _is_about(view: View, field: Field) -> bool:
    """Whether a field says whose a record is, what it is about, or what was ordered."""
    reference = field.schema.get("x-ref")
    if field.role != FACT or reference is None:
        return False
    orders = any(name in reference.get("to", ()) for name in view.book.playing(meaning.OFFERING))
    return orders or names_who(view, field)


def _clock(view: View, entry: Entry) -> Iterator[_Cell]:
    """Yield until when an open record has to be done by its service level, or by how much that was missed."""
    promise = open_clock(view, entry)
    if promise is None:
        return
    label, metric = clock_label(promise), words(promise.metric)
    if promise.calendar:
        said = told("{label} ({calendar})", label=label, calendar=view.link(promise.calendar))
        label = Html(f"<span class=it-muted>{said}</span>")
    if promise.due is not None:
        until = short_moment(view, datetime.fromtimestamp(promise.due, UTC))
        yield (), _BY.get(promise.metric, metric), Html(f"{until} {label}")
    else:
        yield (), metric, label  # a paused one has no end yet


def open_clock(view: View, entry: Entry) -> Promise | None:
    """Return the clock of an open record that its head shows."""
    return pressing_clock(view, entry) if view.is_open(entry) else None


def _when(view: View, entry: Entry, data: Mapping[str, Any], used: Sequence[Field]) -> Iterator[_Cell]:
    """Yield when an open record is planned or due; of a meeting when it is or was."""
    is_open = view.is_open(entry)
    if not is_open and meaning.MEETING not in view.kind(entry).plays:
        return
    for first, last, title in _SPANS:
        start, end = (clock.parse_time(str(data.get(name, ""))) for name in (first, last))
        if start is None:
            continue
        end = end or start
        shown = join([_window(view, start, end), _ahead(view, start, end) if is_open else EMPTY], " ")
        yield (first, last), title, shown
        return
    for field in used:
        due = field.schema.get("x-due") or {}
        day = clock.parse_day(data.get(field.name)) if due.get("open_only") and "after" not in due else None
        if day is not None:
            yield (field.name,), field.title, Html(f"{_day(view, day)} {_distance(view, day)}")


def _window(view: View, start: datetime, end: datetime) -> Html:
    first, last = in_zone(start, view.zone), in_zone(end, view.zone)
    if start == end:
        return short_moment(view, start)
    until = (
        Html(f"<time datetime={clock.format_time(end)}>{last:%H:%M}</time>")
        if first.date() == last.date()
        else short_moment(view, end)
    )
    return told("{start} to {end}", start=short_moment(view, start), end=until)


def _ahead(view: View, start: datetime, end: datetime) -> Html:
    """Return how far ahead a window is; a script keeps it up to date. What is over and still open is late."""
    if start > view.now:
        day = in_zone(start, view.zone).date()
        said = chip(distance((day - view.today).days), "none")  # a plan that is kept is no alarm
        return Html(f"<span data-plan={day.isoformat()}>{said}</span>")
    return chip("Overdue", "bad") if end < view.now else EMPTY


def _distance(view: View, day: date) -> Html:
    """Return how far ahead the day of a duty is, as the page of all of them does."""
    return Html(f"<span data-due={day.isoformat()}>{days_left((day - view.today).days)}</span>")


def _day(view: View, day: date) -> Html:
    return Html(f"<time datetime={day.isoformat()}>{esc(_short_day(view, day))}</time>")


def _short_day(view: View, day: date) -> str:
    """Return a day with its weekday, and with its year where it is another one: Tue 24 Nov."""
    shown = day_and_month(day) if day.year == view.today.year else full_day(day)
    return t("{weekday} {day}", weekday=t(DAY_NAMES[day.weekday()][:3]), day=shown)


def short_moment(view: View, moment: datetime) -> Html:
    """Return a moment of an open record with its weekday: Tue 24 Nov, 20:30."""
    local = in_zone(moment, view.zone)
    said = t("{day}, {time}", day=_short_day(view, local.date()), time=f"{local:%H:%M}")
    return Html(f"<time datetime={clock.format_time(moment)}>{esc(said)}</time>")


def _waits_for(view: View, entry: Entry, data: Mapping[str, Any]) -> Iterator[_Cell]:
    """Yield who has to approve a request that waits for it, and since when."""
    kind = view.kind(entry)
    state = kind.workflow.states.get(entry.state) if kind.workflow else None
    if meaning.REQUEST not in kind.plays or state is None or state.category != "waiting":
        return
    offering, decided = data.get("offering"), data.get("approval")
    if state.roles or decided or not isinstance(offering, str) or offering not in view.entries:
        return  # it waits for something else: the work was authorised
    approval = view.store.data(offering).get("approval")
    by = approval.get("by") if isinstance(approval, Mapping) and approval.get("required") is True else None
    if not isinstance(by, str) or by not in view.entries:
        return
    began = clock.parse_time(entry.entered)
    since = told(", since {start}", start=short_moment(view, began)) if began else EMPTY
    yield (), "Waiting for", Html(f"{view.link(by)}<small>{since}</small>")
