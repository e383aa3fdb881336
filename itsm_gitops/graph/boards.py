"""The agenda of a change advisory board on a day, computed from a snapshot; the meetings that are planned and were held.

The agenda is derived each time and stored nowhere. What the board decided stands in the record of its meeting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from itsm_gitops.graph.calendars import Calendars, Hold
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.loaded import Loaded
from itsm_gitops.graph.network import Network, of_role
from itsm_gitops.graph.planned import planned_changes
from itsm_gitops.graph.risk import LEVELS, RiskBook
from itsm_gitops.graph.schedule import Freeze, freezes_ahead
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import in_zone, local_time
from itsm_gitops.model.windows import zone

# How far back where no meeting is known, and how far ahead for what is planned until the next one.
_WEEK = timedelta(days=7)
_INSTANT = timedelta(microseconds=1)
# By how many planned changes a freeze holds: none, one, several.
_IN_FORCE = (
    "{first} to {last}, holds no planned change",
    "{first} to {last}, holds {count} planned change",
    "{first} to {last}, holds {count} planned changes",
)
_PROPOSED = (
    "proposed: {first} to {last}, would hold no planned change",
    "proposed: {first} to {last}, would hold {count} planned change",
    "proposed: {first} to {last}, would hold {count} planned changes",
)
_GOOD = "successful"
_EMERGENCY = "emergency"
_CAB = "change_advisory_board"


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One matter: a record or item, with its title and why the board looks at it.

    ``reason`` is that in English; ``text`` is the same with ``{name}`` for each of ``values``, for other languages.
    ``only`` are the items that a freeze is for (none for all), ``held`` the freezes that forbid a planned change, ``name``
    what the days of a freeze are called.
    """

    id: str
    title: str
    reason: str
    text: str = ""
    values: tuple[tuple[str, date | str], ...] = ()
    only: tuple[str, ...] = ()
    held: tuple[Hold, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class BoardAgenda:
    """The agenda of a board on a day. ``since`` is when it last met (UTC), the other fields are its parts in order."""

    day: date
    board: str
    meeting: str
    since: datetime
    until: datetime
    waiting: tuple[AgendaItem, ...]
    went_wrong: tuple[AgendaItem, ...]
    emergencies: tuple[AgendaItem, ...]
    reviews: tuple[AgendaItem, ...]
    ahead: tuple[AgendaItem, ...]
    freezes: tuple[AgendaItem, ...]

    @property
    def parts(self) -> tuple[tuple[str, str, tuple[AgendaItem, ...]], ...]:
        """Name, title and matters of each part, in the order in which they are spoken about."""
        return (
            ("waiting", "Waiting for a decision, highest risk first", self.waiting),
            ("went_wrong", "Went wrong since the last meeting", self.went_wrong),
            ("emergencies", "Emergencies since the last meeting", self.emergencies),
            ("reviews", "Outstanding reviews", self.reviews),
            ("ahead", "Planned until the next meeting", self.ahead),
            ("freezes", "Freezes ahead", self.freezes),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the agenda as JSON data."""
        rows = {
            name: [{"id": i.id, "title": i.title, "reason": i.reason} for i in items]
            for name, _, items in self.parts
        }
        return {
            "day": self.day.isoformat(),
            "board": self.board or None,
            "meeting": self.meeting or None,
            "since": clock.format_time(self.since),
            "until": clock.format_time(self.until),
            **rows,
        }

    def as_markdown(self) -> str:
        """Return the agenda as prose for the field ``agenda`` of a meeting."""
        return "".join(f"**{title}**\n\n{_listed(items)}\n\n" for _, title, items in self.parts)

    def as_text(self) -> str:
        """Return the agenda as plain text for a calendar."""
        return "\n\n".join(f"{title}:\n{_listed(items)}" for _, title, items in self.parts)


def _listed(items: Sequence[AgendaItem]) -> str:
    return "\n".join(f"- {i.id} {i.title}: {i.reason}" for i in items) or "- Nothing."


def board_agenda(
    network: Network, timezone: str, now: datetime, day: date | None = None, board: str = ""
) -> BoardAgenda:
    """Compute the agenda of a board on a day (default: that of its next planned meeting, else today).

    ``board`` is a team (default: that of the meeting), ``timezone`` the IANA name of the zone in which days are counted.
    """
    here = zone(timezone)
    meetings = [m for m in meetings_of(network.loaded) if m.decides_on_changes and not m.cancelled]
    meetings = [m for m in meetings if not board or m.board == board]
    chosen = day or next((m.day(here) for m in meetings if m.planned), now.astimezone(here).date())
    own = next((m for m in meetings if m.day(here) == chosen), None)
    board = board or (own.board if own else "")
    held = [m for m in meetings if m.day(here) < chosen and m.board == board and m.took_place]
    start = datetime(chosen.year, chosen.month, chosen.day, tzinfo=here).astimezone(UTC)
    since = held[-1].starts if held else start - _WEEK
    later = [m.starts for m in meetings if m.starts > start + timedelta(days=1) and m.board == board]
    until = later[0] if later else start + _WEEK
    made = _Matters(network, timezone, since, start, until)
    return BoardAgenda(
        chosen, board, own.id if own else "", since, until,
        made.waiting(), made.went_wrong(), made.emergencies(), made.reviews(), made.ahead(), made.freezes(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoardMeeting:
    """One meeting. ``starts`` and ``ends`` are moments in UTC, ``steps`` counts the entries of its timeline.

    ``planned`` says that it has not begun, ``took_place`` that it did, ``decides_on_changes`` that it is one of a
    change advisory board.
    """

    entry: Entry
    board: str
    starts: datetime
    ends: datetime
    place: str
    decides_on_changes: bool
    planned: bool
    took_place: bool
    cancelled: bool
    steps: int

    @property
    def id(self) -> str:
        """The identifier of its record."""
        return self.entry.id

    def day(self, here: tzinfo) -> date:
        """Return the day on which it begins in a time zone."""
        return in_zone(self.starts, here).date()


def meetings_of(loaded: Loaded) -> list[BoardMeeting]:
    """Return every meeting that has a beginning, the earliest first; cancelled ones, too."""
    found = (_meeting(loaded, entry) for entry in of_role(loaded, meaning.MEETING))
    return sorted((m for m in found if m is not None), key=lambda m: (m.starts, m.id))


def _meeting(loaded: Loaded, entry: Entry) -> BoardMeeting | None:
    data = loaded.data(entry.id)
    starts = clock.parse_time(str(data.get("starts_at", "")))
    if starts is None:
        return None
    ends = clock.parse_time(str(data.get("ends_at", ""))) or starts
    flow = loaded.book.kinds[entry.kind].workflow
    cancelled = facts.is_cancelled(loaded.book, entry)
    begun = flow is not None and entry.state != flow.initial
    return BoardMeeting(
        entry=entry,
        board=str(data.get("board", "")),
        starts=starts.astimezone(UTC),
        ends=max(starts, ends).astimezone(UTC),
        place=str(data.get("place", "")),
        decides_on_changes=data.get("type") == _CAB,
        planned=not begun and not cancelled,
        took_place=begun and not cancelled,
        cancelled=cancelled,
        steps=len(data.get("timeline") or ()),
    )


class _Matters:
    """Gathers the matters of one agenda from the changes of a snapshot."""

    def __init__(
        self, network: Network, timezone: str, since: datetime, start: datetime, until: datetime
    ) -> None:
        self._network, self._book, self._timezone = network, network.book, timezone
        self._since, self._start, self._until = since, start, until
        self._changes = network.of_role(meaning.CHANGE)
        self._zone = zone(timezone)
        self._calendars = Calendars(network.loaded)
        self._planned = {c.id: c for c in planned_changes(network)}
        self._risks = RiskBook(network, ImpactGraph(network), start)

    def waiting(self) -> tuple[AgendaItem, ...]:
        """Return the open changes that could be authorised next and were brought forward for it."""
        found = [
            (self._risk(e), e)
            for e in self._changes
            if facts.is_open(self._book, e) and self._may_be_authorised(e)
        ]
        found.sort(
            key=lambda pair: (-LEVELS.index(pair[0]) if pair[0] in LEVELS else 0, pair[1].opened, pair[1].id)
        )
        return tuple(self._marked(self._waits(e, risk)) for risk, e in found)

    def _waits(self, entry: Entry, risk: str) -> AgendaItem:
        starts = clock.parse_time(str(entry.columns.get("planned_start") or ""))
        if starts is None:
            return self._item(entry, "risk {risk}, no window yet", risk=risk)
        return self._item(entry, "risk {risk}, planned for {start}", risk=risk, start=starts)

    def _may_be_authorised(self, entry: Entry) -> bool:
        kind = self._book.kinds[entry.kind]
        flow = kind.workflow
        if (
            flow is None
            or entry.state == flow.initial
            or facts.state_plays(kind, entry.state, meaning.AUTHORISED)
        ):
            return False
        steps = flow.steps_from(entry.state, self._network.data(entry.id))
        return any(facts.state_plays(kind, step.target, meaning.AUTHORISED) for step in steps)

    def _risk(self, entry: Entry) -> str:
        return self._risks.assess(entry, self._network.data(entry.id)).effective or "unknown"

    def went_wrong(self) -> tuple[AgendaItem, ...]:
        """Return the changes that ended since the last meeting and did not end as planned."""
        found = []
        for entry in self._recent():
            outcome = self._network.data(entry.id).get("outcome")
            if outcome and outcome != _GOOD:
                found.append(self._item(entry, "{outcome}", outcome=str(outcome)))
        return tuple(found)

    def emergencies(self) -> tuple[AgendaItem, ...]:
        """Return the emergency changes that were opened since the last meeting."""
        return tuple(
            self._item(e, "{state}, opened {day}", state=e.state, day=self._day(e.opened))
            for e in sorted(self._changes, key=lambda e: (e.opened, e.id))
            if e.columns.get("type") == _EMERGENCY and self._within(e.opened)
        )

    def _day(self, text: str) -> date | str:
        moment = clock.parse_time(text)
        return in_zone(moment, self._zone).date() if moment else text

    def reviews(self) -> tuple[AgendaItem, ...]:
        """Return the changes that were carried out and are still open, with whether their review is written."""
        return tuple(
            self._item(e, "review written, ready to close" if self._network.data(e.id).get("review") else "no review yet")
            for e in sorted(self._changes, key=lambda e: e.id)
            if facts.is_open(self._book, e) and facts.is_carried_out(self._book, e)
        )  # fmt: skip

    def ahead(self) -> tuple[AgendaItem, ...]:
        """Return the changes whose window lies between this meeting and the next."""
        return tuple(
            self._marked(self._item(self._network.entries[c.id], "from {start}", start=c.window.start))
            for c in sorted(self._planned.values(), key=lambda c: (c.window.start, c.id))
            if c.window.touches(self._start, self._until)
        )

    def freezes(self) -> tuple[AgendaItem, ...]:
        """Return the freezes ahead, with their days in the site's time zone and what they hold; proposed ones say so."""
        return tuple(self._freeze(f) for f in freezes_ahead(self._network, self._start))

    def _freeze(self, freeze: Freeze) -> AgendaItem:
        texts = _PROPOSED if freeze.calendar.proposed else _IN_FORCE
        item = self._item(
            self._network.entries[freeze.calendar.id],
            texts[min(len(freeze.held), 2)],
            first=in_zone(freeze.window.start, self._zone).date(),
            last=in_zone(freeze.window.end - _INSTANT, self._zone).date(),
            count=f"{len(freeze.held)}",
        )
        only = tuple(sorted(freeze.calendar.applies_to))
        said = f"{item.reason}; only for {', '.join(only)}" if only else item.reason
        return replace(item, only=only, reason=said, name=freeze.window.name)

    def _marked(self, item: AgendaItem) -> AgendaItem:
        """Return a planned change with the freezes that forbid it at its time."""
        held = tuple(self._calendars.held(self._planned[item.id])) if item.id in self._planned else ()
        words = [
            f"in the {'proposed ' if h.calendar.proposed else ''}freeze {h.calendar.name or h.calendar.id}"
            for h in held
        ]
        return replace(item, held=held, reason=", ".join([item.reason, *words]))

    def _item(self, entry: Entry, text: str, **values: date | str) -> AgendaItem:
        """Return a matter; states and outcomes are written with spaces."""
        said = {name: self._in_words(value) for name, value in values.items()}
        return AgendaItem(entry.id, entry.title, text.format(**said), text, tuple(values.items()))

    def _in_words(self, value: date | str) -> str:
        if isinstance(value, datetime):
            return local_time(value, self._timezone)
        return f"{value:%Y-%m-%d}" if isinstance(value, date) else value.replace("_", " ")

    def _recent(self) -> list[Entry]:
        return [e for e in sorted(self._changes, key=lambda e: e.id) if self._within(e.updated)]

    def _within(self, text: str) -> bool:
        moment = clock.parse_time(text)
        return moment is not None and self._since <= moment < self._start + timedelta(days=1)
