"""`itsm cab agenda`: what a change advisory board speaks about on a day, computed; `itsm cab record`: what it decided.

The agenda is derived each time and stored nowhere. What the board decided stands in the record of the meeting and flows
back into the changes: as advice (`cab`) and as a note. It authorises nothing: that is for the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.change import Written, save
from itsm_gitops.editing.opening import open_document
from itsm_gitops.editing.tracking import Occasion, timeline_entry
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.planned import planned_changes
from itsm_gitops.graph.risk import LEVELS, RiskBook
from itsm_gitops.graph.schedule import preview_freezes
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.local_time import local_time
from itsm_gitops.model.windows import zone
from itsm_gitops.model.words import a_kind, counted
from itsm_gitops.repository.actor import acting

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository, Store

# How far back where no meeting is known, and how far ahead for freezes and for what is planned until the next one.
_WEEK = timedelta(days=7)
_AHEAD = timedelta(days=28)
_GOOD = "successful"
_EMERGENCY = "emergency"
_CAB = "change_advisory_board"
_ADVICE = "cab"


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One matter: a record or item, with its title and why the board looks at it."""

    id: str
    title: str
    reason: str


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
            ("reviews", "Reviews that are owed", self.reviews),
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
        lines = []
        for _, title, items in self.parts:
            lines += [f"**{title}**", "", *(f"- {i.id} {i.title}: {i.reason}" for i in items)]
            lines += [] if items else ["- Nothing."]
            lines.append("")
        return "\n".join(lines)


def agenda(repo: Repository, day: str = "", board: str = "", at: str | None = None) -> BoardAgenda:
    """Compute the agenda of a board on a day (default: its next planned meeting, else today).

    ``board`` is a team (default: that of the meeting). Raises UsageError for a day that is none.
    """
    store = repo.store(at)
    meetings = [m for m in _meetings(store) if not board or m.board == board]
    here = zone(repo.config.timezone)
    now = clock.now()
    chosen = (
        _day(day) if day else next((m.day(here) for m in meetings if m.open), now.astimezone(here).date())
    )
    own = next((m for m in meetings if m.day(here) == chosen), None)
    board = board or (own.board if own else "")
    held = [
        m for m in meetings if m.starts.astimezone(here).date() < chosen and m.board == board and m.took_place
    ]
    start = datetime(chosen.year, chosen.month, chosen.day, tzinfo=here).astimezone(UTC)
    since = held[-1].starts if held else start - _WEEK
    later = [m.starts for m in meetings if m.starts > start + timedelta(days=1) and m.board == board]
    until = later[0] if later else start + _WEEK
    made = _Matters(store, since, start, until)
    return BoardAgenda(
        chosen, board, own.id if own else "", since, until,
        made.waiting(), made.went_wrong(), made.emergencies(), made.reviews(), made.ahead(), made.freezes(),
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"'{text}' is no day", "write 2026-11-24") from error


@dataclass(frozen=True, slots=True)
class _Meeting:
    id: str
    board: str
    starts: datetime
    open: bool
    took_place: bool

    def day(self, here: Any) -> date:
        return self.starts.astimezone(here).date()


def _meetings(store: Store) -> list[_Meeting]:
    """Return the meetings of boards that decide about changes, by their beginning; those given up are left out."""
    found = []
    for entry in store.of_kinds(set(store.book.playing(meaning.MEETING))):
        data = store.data(entry.id)
        starts = clock.parse_time(str(data.get("starts_at", "")))
        if starts is None or data.get("type") != _CAB or facts.is_cancelled(store.book, entry):
            continue
        flow = store.book.kinds[entry.kind].workflow
        begun = bool(flow and entry.state != flow.initial)
        found.append(_Meeting(entry.id, str(data.get("board", "")), starts.astimezone(UTC), not begun, begun))
    return sorted(found, key=lambda m: (m.starts, m.id))


class _Matters:
    """Gathers the matters of one agenda from the changes of a snapshot."""

    def __init__(self, store: Store, since: datetime, start: datetime, until: datetime) -> None:
        self._store, self._book = store, store.book
        self._since, self._start, self._until = since, start, until
        self._changes = store.of_kinds(set(store.book.playing(meaning.CHANGE)))
        self._network = Network(store)
        self._risks = RiskBook(self._network, ImpactGraph(self._network), start)

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
        return tuple(AgendaItem(e.id, e.title, f"risk {risk}, {self._window(e)}") for risk, e in found)

    def _may_be_authorised(self, entry: Entry) -> bool:
        kind = self._book.kinds[entry.kind]
        flow = kind.workflow
        if (
            flow is None
            or entry.state == flow.initial
            or facts.state_plays(kind, entry.state, meaning.AUTHORISED)
        ):
            return False
        steps = flow.steps_from(entry.state, self._store.data(entry.id))
        return any(facts.state_plays(kind, step.target, meaning.AUTHORISED) for step in steps)

    def _risk(self, entry: Entry) -> str:
        return self._risks.assess(entry, self._store.data(entry.id)).effective or "unknown"

    def _window(self, entry: Entry) -> str:
        starts = clock.parse_time(str(entry.columns.get("planned_start") or ""))
        return f"planned for {self._local(starts)}" if starts else "no window yet"

    def went_wrong(self) -> tuple[AgendaItem, ...]:
        """Return the changes that ended since the last meeting and did not end as planned."""
        found = []
        for entry in self._recent():
            outcome = self._store.data(entry.id).get("outcome")
            if outcome and outcome != _GOOD:
                found.append(AgendaItem(entry.id, entry.title, str(outcome).replace("_", " ")))
        return tuple(found)

    def emergencies(self) -> tuple[AgendaItem, ...]:
        """Return the emergency changes that were opened since the last meeting."""
        return tuple(
            AgendaItem(e.id, e.title, f"{e.state.replace('_', ' ')}, opened {e.opened[:10]}")
            for e in sorted(self._changes, key=lambda e: (e.opened, e.id))
            if e.columns.get("type") == _EMERGENCY and self._within(e.opened)
        )

    def reviews(self) -> tuple[AgendaItem, ...]:
        """Return the changes that were carried out and are still open, with whether their review is written."""
        return tuple(
            AgendaItem(e.id, e.title, "review is there, to be closed" if self._store.data(e.id).get("review") else "no review yet")
            for e in sorted(self._changes, key=lambda e: e.id)
            if facts.is_open(self._book, e) and facts.is_carried_out(self._book, e)
        )  # fmt: skip

    def ahead(self) -> tuple[AgendaItem, ...]:
        """Return the changes whose window lies between this meeting and the next."""
        return tuple(
            AgendaItem(c.id, self._store.entries[c.id].title, f"from {self._local(c.window.start)}")
            for c in sorted(planned_changes(self._network), key=lambda c: (c.window.start, c.id))
            if c.window.touches(self._start, self._until)
        )

    def freezes(self) -> tuple[AgendaItem, ...]:
        """Return the freezes of the next weeks, with what they hold."""
        return tuple(
            AgendaItem(
                f.calendar.id,
                self._store.entries[f.calendar.id].title,
                f"{f.window.start:%Y-%m-%d} to {f.window.end:%Y-%m-%d}, holds {counted(len(f.held), 'planned change')}",
            )
            for f in preview_freezes(self._network, self._start)
            if f.window.start <= self._start + _AHEAD
        )

    def _local(self, moment: datetime) -> str:
        return local_time(moment, self._store.config.timezone)

    def _recent(self) -> list[Entry]:
        return [e for e in sorted(self._changes, key=lambda e: e.id) if self._within(e.updated)]

    def _within(self, text: str) -> bool:
        moment = clock.parse_time(text)
        return moment is not None and self._since <= moment < self._start + timedelta(days=1)


def record_decisions(
    repo: Repository, fragment: str, by: str | None = None, *, dry_run: bool = False
) -> list[Written]:
    """Write what a meeting decided into the changes it was about, each once; return what was written.

    Where the change has a field for the board's advice and the decision is one of its words, that is set; a note names
    the meeting in any case, by which a second run knows that it is done. Raises Refused where the record is no meeting,
    has no decisions, or did not take place yet.
    """
    store = repo.store()
    entry = store.find(fragment)
    if not facts.is_a(store.book, entry, meaning.MEETING):
        raise Refused(
            f"{entry.id} is {a_kind(store.book.kinds[entry.kind])}", "itsm cab record takes a meeting"
        )
    data = store.data(entry.id)
    flow = store.book.kinds[entry.kind].workflow
    if flow and entry.state == flow.initial:
        raise Refused(f"{entry.id} has not taken place yet", f"itsm move {entry.id} says that it has")
    decisions = [d for d in data.get("decisions") or () if isinstance(d, Mapping)]
    if not decisions:
        raise Refused(f"{entry.id} has no decisions", f"itsm set {entry.id} decisions+='{{\"about\": …}}'")
    return _record(repo, store, entry, data, decisions, acting(repo, by), dry_run=dry_run)


def _record(
    repo: Repository,
    store: Store,
    meeting: Entry,
    data: Mapping[str, Any],
    decisions: Iterable[Mapping[str, Any]],
    by: str,
    *,
    dry_run: bool,
) -> list[Written]:
    done = []
    for decision in decisions:
        about = store.entries.get(str(decision.get("about")))
        if about is None or not facts.is_a(store.book, about, meaning.CHANGE):
            continue
        document = open_document(repo, about.id)
        if any(meeting.id in str(e.get("note", "")) for e in document.data.get("timeline") or ()):
            continue
        word, reason = str(decision.get("decision")), str(decision.get("reason") or "")
        said = f"{word.replace('_', ' ').capitalize()} by the board ({meeting.id})."
        new = dict(document.data)
        new |= _advice(document.kind.fields, word, str(data.get("starts_at", ""))[:10], reason)
        note = f"{said} {reason}".strip()
        new["timeline"] = [*new.get("timeline", ()), timeline_entry(document, Occasion(by), note=note)]
        done.append(save(repo, document, new, dry_run=dry_run))
    return done


def _advice(fields: Mapping[str, Any], word: str, day: str, reason: str) -> dict[str, Any]:
    """Return the field for the board's advice, where there is one and the decision is a word of it."""
    parts = fields.get(_ADVICE, {}).get("properties", {})
    if word not in parts.get("decision", {}).get("enum", ()):
        return {}
    return {_ADVICE: {"date": day, "decision": word, **({"notes": reason} if reason else {})}}
