"""Reads timelines: when each entry happened, which values it set, and the values before.

An entry may carry more than a state and words:

- ``set`` holds the values that fields got with it, ``was`` those that they had before (a field in ``was`` alone was
  removed, one in ``set`` alone was not there). Fields have dotted names: ``major.state``.
- ``happened`` is when it happened, where that is not when it was written (``at``).
- ``corrects`` names the ``at`` of earlier entries: all that was written at that moment happened at ``happened``
  instead. The last correction counts.
- ``reason`` says why: why a value changed, why a time is another one.

``at`` never goes back, so timelines only grow; clocks, reports and rules read what happened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from itsm_gitops.model.clock import format_time, parse_time
from itsm_gitops.model.untyped import as_mapping, as_text

AT, STATE, COMMENT = "at", "state", "comment"
SET, WAS, REASON, HAPPENED, CORRECTS = "set", "was", "reason", "happened", "corrects"
Data = Mapping[str, Any]
_VALUE_MAX = 200


class ValueChange(NamedTuple):
    """A field got another value at a moment (seconds since 1970, UTC); None stands for no value."""

    at: int
    field: str
    was: Any
    value: Any


class SupplierCase(NamedTuple):
    """A case at a supplier: when it was opened, answered and closed there (seconds since 1970, UTC)."""

    supplier: str
    opened: int
    answered: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What can be replayed of a record: its states, values and comments over time, and what it declares.

    ``steps`` are the states reached and when (seconds since 1970, UTC), never earlier than the step before; ``values``
    the changes of fields, in the order of the timeline; ``comment`` when the first comment was written; ``started``
    and ``mitigated`` when the disruption began and when users could work again, as declared.
    """

    steps: Sequence[tuple[int, str]] = ()
    values: Sequence[ValueChange] = ()
    comment: int | None = None
    started: int | None = None
    mitigated: int | None = None
    supplier_cases: Sequence[SupplierCase] = ()


NO_REPLAY = Replay()


def entries_of(timeline: Any) -> list[Data]:
    """Return the entries of a timeline that can be used at all."""
    if not isinstance(timeline, list):
        return []
    return [e for e in timeline if e.__class__ is dict or isinstance(e, Mapping)]  # the first is much faster


def seconds(text: Any) -> int | None:
    """Return an RFC 3339 time as seconds since 1970; None for anything else."""
    return _seconds(text) if isinstance(text, str) else None


@lru_cache(maxsize=1024)  # see clock.parse_time
def _seconds(text: str) -> int | None:
    moment = parse_time(text)
    return int(moment.timestamp()) if moment else None


def said_in(entries: Iterable[Data]) -> set[str]:
    """Return the keys that some entry of a timeline has: most have few, and most questions are about the others."""
    return set().union(*entries)


def moments(entries: Sequence[Data]) -> list[int | None]:
    """Return when each entry happened (seconds since 1970, UTC), None where nothing tells."""
    if said_in(entries).isdisjoint((HAPPENED, CORRECTS)):
        return [seconds(entry.get(AT)) for entry in entries]  # nearly always
    corrected: dict[int, int] = {}
    for entry in entries:
        if CORRECTS in entry:
            wrong, right = seconds(entry[CORRECTS]), seconds(entry.get(HAPPENED))
            if wrong is not None and right is not None:
                corrected[wrong] = right
    found: list[int | None] = []
    for entry in entries:
        written = seconds(entry.get(AT))
        if CORRECTS not in entry and written is not None:
            if written in corrected:
                written = corrected[written]
            elif HAPPENED in entry:
                written = seconds(entry[HAPPENED]) or written
        found.append(written)
    return found


def state_steps(timeline: Any) -> Iterator[tuple[int, str]]:
    """Yield the usable steps of a timeline. One that happened before the one ahead of it counts as at the same time."""
    entries = entries_of(timeline)
    return iter(_steps(entries, moments(entries)))


def _steps(entries: Sequence[Data], happened: Sequence[int | None]) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    latest: int | None = None
    for entry, at in zip(entries, happened, strict=True):
        state = entry.get(STATE)
        if state.__class__ is str and state and at is not None:
            if latest is None or at > latest:
                latest = at
            found.append((latest, state))
    return tuple(found)


def value_changes(timeline: Any) -> Iterator[ValueChange]:
    """Yield the changes of values. One that happened before the one ahead of it of its field counts as at the same time."""
    entries = entries_of(timeline)
    return _value_changes(entries, moments(entries)) if tells_values(said_in(entries)) else iter(())


def tells_values(said: Collection[str]) -> bool:
    """Whether entries with such keys change values of fields."""
    return SET in said or WAS in said


def _value_changes(entries: Sequence[Data], happened: Sequence[int | None]) -> Iterator[ValueChange]:
    latest: dict[str, int] = {}
    for entry, at in zip(entries, happened, strict=True):
        if at is None:
            continue
        new, old = as_mapping(entry.get(SET)), as_mapping(entry.get(WAS))
        for name in dict.fromkeys([*new, *old]):
            latest[name] = max(at, latest.get(name, at))
            yield ValueChange(latest[name], name, old.get(name), new.get(name))


def replay_of(data: Data) -> Replay:
    """Return what can be replayed of a record; runs while documents are read, in any process."""
    entries = entries_of(data.get("timeline"))
    said, happened = said_in(entries), moments(entries)
    values = _value_changes(entries, happened) if tells_values(said) else ()
    commented = (at for e, at in zip(entries, happened, strict=True) if e.get(COMMENT) and at)
    major = as_mapping(data.get("major"))
    return Replay(
        _steps(entries, happened),
        tuple(c for c in values if _plain(c.was) and _plain(c.value)),
        next(commented, None) if COMMENT in said else None,
        seconds(data.get("started_at")) or seconds(major.get("started_at")),
        seconds(data.get("mitigated_at")) or seconds(major.get("mitigated_at")),
        tuple(_supplier_cases(data.get("supplier_cases"))),
    )


def _plain(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, bool | int | float)
        or (isinstance(value, str) and len(value) <= _VALUE_MAX)
    )


def _supplier_cases(raw: Any) -> Iterator[SupplierCase]:
    for case in raw if isinstance(raw, list) else ():
        if isinstance(case, Mapping) and isinstance(case.get("supplier"), str):
            opened = seconds(case.get("opened_at"))
            if opened is not None:
                answered, closed = seconds(case.get("answered_at")), seconds(case.get("closed_at"))
                yield SupplierCase(case["supplier"], opened, answered, closed)


def packed(replay: Replay) -> Any:
    """Return a replay as JSON data; the states alone where there is no more, as nearly always."""
    steps = [list(step) for step in replay.steps]
    times = (replay.comment, replay.started, replay.mitigated)
    if times == (None, None, None) and not replay.values and not replay.supplier_cases:
        return steps
    values, cases = [list(v) for v in replay.values], [list(c) for c in replay.supplier_cases]
    return [steps, values, replay.comment, replay.started, replay.mitigated, cases]


def unpacked(raw: Any) -> Replay:
    """Return the replay that was packed."""
    if not raw or isinstance(raw[0][0], int):
        return Replay(tuple((at, state) for at, state in raw))
    steps, values, comment, started, mitigated, cases = raw
    return Replay(
        tuple((at, state) for at, state in steps),
        tuple(ValueChange(*v) for v in values),
        comment,
        started,
        mitigated,
        tuple(SupplierCase(*c) for c in cases),
    )


def terms(changes: Iterable[ValueChange], field: str, now: Any) -> list[tuple[int | None, Any]]:
    """Return the values of a field over time: from when (None: from the beginning), and the value.

    ``now`` is the value that it has; it counts from the beginning where no entry names the field, as in records
    from before it was tracked.
    """
    own = [c for c in changes if c.field == field]
    if not own:
        return [(None, now)]
    return [(None, own[0].was), *((c.at, c.value) for c in own)]


def value_at(changes: Iterable[ValueChange], field: str, now: Any, moment: int) -> Any:
    """Return the value that a field had at a moment (seconds since 1970); see ``terms``."""
    found = None
    for start, value in terms(changes, field, now):
        if start is None or start <= moment:
            found = value
    return found


def value_in(data: Any, name: str) -> Any:
    """Return what a document holds under a dotted name; None where it holds nothing."""
    for step in name.split("."):
        if not isinstance(data, Mapping):
            return None
        data = data.get(step)
    return data


def told_values(entries: Iterable[Data]) -> dict[str, Any]:
    """Return the last value that a timeline tells of each field that an entry names; None: it was removed."""
    told: dict[str, Any] = {}
    for one in entries:
        new, old = as_mapping(one.get(SET)), as_mapping(one.get(WAS))
        for name in (*old, *new):
            told[name] = new.get(name)
    return told


def told_value(entries: Iterable[Data], name: str, otherwise: Any) -> Any:
    """Return the last value of a field in a timeline (None: removed); ``otherwise`` where no entry names it."""
    return told_values(entries).get(name, otherwise)


def times_of(timeline: Any) -> tuple[str, str, str]:
    """Return when a record was opened, when its timeline was last written, and when it reached its last state.

    As RFC 3339 text as written; backdated and corrected times in UTC. Empty where there is none.
    """
    entries = entries_of(timeline)
    if not entries:
        return "", "", ""
    if HAPPENED not in said_in(entries):
        dated = [e for e in entries if as_text(e.get(AT))]
        entered = next((e[AT] for e in reversed(dated) if STATE in e), "")
        return (dated[0][AT], dated[-1][AT], entered) if dated else ("", "", "")
    happened = moments(entries)
    shown = [_shown(e, at) for e, at in zip(entries, happened, strict=True)]
    updated = next((as_text(e.get(AT)) for e in reversed(entries) if as_text(e.get(AT))), "")
    entered = next(
        (t for e, t in zip(reversed(entries), reversed(shown), strict=True) if STATE in e and t), ""
    )
    return next((t for t in shown if t), ""), updated, entered


def _shown(one: Data, at: int | None) -> str:
    """Return the time of an entry as text: as written where it happened then."""
    written = as_text(one.get(AT))
    if at is None or seconds(written) == at:
        return written
    return format_time(datetime.fromtimestamp(at, UTC))


class EntryChange(NamedTuple):
    """One field that an entry changed: its dotted name, the old value and the new one; None for no value."""

    field: str
    was: Any
    value: Any


def changes_of_entry(one: Data) -> list[EntryChange]:
    """Return the fields that an entry changed."""
    new, old = as_mapping(one.get(SET)), as_mapping(one.get(WAS))
    return [EntryChange(name, old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old])]


def changes_in_words(one: Data) -> list[str]:
    """Return what an entry says of values in words, one a field: ``impact high → low``, ``assignee removed: anna``."""
    found = []
    for name, was, value in changes_of_entry(one):
        words = name.replace("_", " ").replace(".", " ")
        if value is None:
            found.append(f"{words} removed: {_in_words(was)}")
        elif was is not None:
            found.append(f"{words} {_in_words(was)} → {_in_words(value)}")
        else:
            found.append(f"{words} → {_in_words(value)}")
    return found


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_in_words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    return " ".join(str(value).split())


def data_then(data: Data, timeline: Sequence[Data], place: int, *, with_entry: bool = True) -> Data:
    """Return a document as it was at a timeline entry, as far as the entries after it tell.

    ``place`` counts entries from 0. With ``with_entry`` its own values are set, else it is the document before it.
    """
    later = timeline[place + 1 if with_entry else place :]
    if not any(SET in e or WAS in e for e in later):
        return data
    then = dict(data)
    for entry in reversed(later):
        old = as_mapping(entry.get(WAS))
        for name in as_mapping(entry.get(SET)).keys() | old.keys():
            put_value(then, name, old.get(name))
    return then


def put_value(data: dict[str, Any], name: str, value: Any) -> None:
    """Set a field by its dotted name, or take it away; groups on the way are copied, not written into."""
    first, _, rest = name.partition(".")
    if rest:
        inner = data.get(first)
        group = dict(inner) if isinstance(inner, Mapping) else {}
        put_value(group, rest, value)
        value = group or None
    if value is None:
        data.pop(first, None)
    else:
        data[first] = value
