"""Tracked fields and backdated entries: values in the timeline, and when its entries happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from itsm_gitops.model.additions import fresh
from itsm_gitops.model.diff import same
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.timeline import (
    AT,
    CORRECTS,
    HAPPENED,
    REASON,
    SET,
    STATE,
    WAS,
    data_then,
    moments,
    seconds,
    told_value,
    told_values,
    value_in,
)
from itsm_gitops.rules.context import ChangeContext, Data, DocumentContext, Pair, moment
from itsm_gitops.rules.rule import CHANGE, Hit, Rule

_TOLERANCE = timedelta(days=1)


def value_is_last_told(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare each tracked field with its last value in the timeline."""
    last = told_values(ctx.timeline)
    for name in ctx.flow.track:
        if name not in last or name.split(".")[0] in ctx.refused:
            continue
        value, told = value_in(ctx.data, name), last[name]
        if not same(value, told):
            here = "is not there" if value is None else f"is '{_shown(value)}'"
            there = "removed it" if told is None else f"set it to '{_shown(told)}'"
            pointer = tuple(name.split(".")) if value is not None else ("timeline",)
            yield Hit(f"{name} {here}, but the timeline {there}", pointer)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def times_of_their_own_hold(ctx: DocumentContext) -> Iterator[Hit]:
    """Check the entries that happened at another time than they were written, and those that correct others."""
    written = {seconds(e[AT]) for e in ctx.timeline if CORRECTS not in e}
    for index, entry in enumerate(ctx.timeline):
        if HAPPENED not in entry and CORRECTS not in entry:
            continue
        if not entry.get(REASON):
            yield Hit(
                "an earlier time needs a reason",
                ("timeline", index),
                "add `reason`: why it is written later",
            )
        if CORRECTS in entry and HAPPENED not in entry:
            message = "the correction does not say when it happened"
            yield Hit(message, ("timeline", index, CORRECTS), "add `happened`")
        if CORRECTS in entry and seconds(entry[CORRECTS]) not in written:
            message = f"no entry was written at {entry[CORRECTS]}"
            yield Hit(message, ("timeline", index, CORRECTS), "name the `at` of the entries that it corrects")
        happened, at = moment(entry.get(HAPPENED)), moment(entry[AT])
        if happened is not None and at is not None and happened > at + _TOLERANCE:
            yield Hit(
                f"{entry[HAPPENED]} was still ahead when this was written", ("timeline", index, HAPPENED)
            )
    yield from _order(ctx)


def _order(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the times at which the states were reached."""
    latest: int | None = None
    for index, (entry, at) in enumerate(zip(ctx.timeline, moments(ctx.timeline), strict=True)):
        if STATE not in entry or at is None:
            continue
        if latest is not None and at < latest:
            yield Hit(
                f"'{entry[STATE]}' happened before the state above it",
                ("timeline", index),
                "correct its time",
            )
        latest = at if latest is None else max(latest, at)


def _news(pair: Pair) -> tuple[list[Data], list[int]]:
    """Return the timeline of head, and the positions of the entries that base does not have."""
    old, new = (pair.base or {}).get("timeline"), (pair.head or {}).get("timeline")
    entries = new if isinstance(new, list) else []
    return entries, fresh(old if isinstance(old, list) else [], entries)


def change_is_told(ctx: ChangeContext) -> Iterator[Hit]:
    """Look for an entry for each tracked field that differs, by the life cycle of base."""
    for pair in ctx.both:
        flow, base, head = pair.kind.workflow, pair.base or {}, pair.head or {}
        if flow is None or not pair.kind.is_record or flow.is_terminal(str(base.get(flow.state_field))):
            continue  # another rule finds changes of closed records
        entries, news = _news(pair)
        for name in flow.track:
            before, after = value_in(base, name), value_in(head, name)
            told = any(name in entries[i].get(part, {}) for i in news for part in (SET, WAS))
            if not told and not same(before, after):
                pointer = tuple(name.split(".")) if after is not None else ()
                was = f"was '{_shown(before)}' in base" if before is not None else "was not there in base"
                yield Hit(
                    f"{name} {was}, and the timeline does not record the change", pointer, "", pair.path
                )


def change_begins_at_base(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare what each new entry says of the value before it with the value that there was.

    Clocks and roles are replayed from these words: an entry that tells of another past would change it.
    """
    for pair in ctx.both:
        flow, base = pair.kind.workflow, pair.base or {}
        if flow is None or not pair.kind.is_record or flow.is_terminal(str(base.get(flow.state_field))):
            continue
        entries, news = _news(pair)
        for name in flow.track:
            for index in news:
                new, old = entries[index].get(SET, {}), entries[index].get(WAS, {})
                if name not in new and name not in old:
                    continue
                # What the timeline told last counts as what it had, as it does for who writes an entry.
                value = told_value(entries[:index], name, value_in(base, name))
                if not same(old.get(name), value):
                    here, there = (
                        f"'{_shown(v)}'" if v is not None else "nothing" for v in (old.get(name), value)
                    )
                    message = f"{name} was {there} before this entry, and it says {here}"
                    yield Hit(message, ("timeline", index), "", pair.path)


def change_is_reasoned(ctx: ChangeContext) -> Iterator[Hit]:
    """Look for the reason that the life cycle of base asks for, in the entries since base."""
    for pair in ctx.both:
        flow, head = pair.kind.workflow, pair.head or {}
        entries, news = _news(pair)
        if flow is None or not flow.reason_for:
            continue
        for index in news:
            entry = entries[index]
            fields = [*entry.get(SET, {}), *entry.get(WAS, {})]
            if not fields or entry.get(REASON):
                continue
            wanted = flow.wants_reason(
                dict.fromkeys(fields), data_then(head, entries, index, with_entry=False)
            )
            for name in wanted:
                yield Hit(f"the change of {name} needs a reason", ("timeline", index), "", pair.path)


RULES = (
    Rule(
        "W020",
        "Tracked field differs from the timeline",
        stateful=True,
        why="Clocks and rules replay these values from the timeline; two answers would be one too many.",
        hint="use itsm set, which writes both (itsm set ID FIELD=VALUE also writes the present value into the timeline)",
        bad="impact: low\ntimeline:\n  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: high}, was: {impact: low}}",
        good="impact: high\ntimeline:\n  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: high}, was: {impact: low}}",
        said=(SET, WAS),
        check=value_is_last_told,
    ),
    Rule(
        "W021",
        "Backdated or corrected time that is not valid",
        stateful=True,
        why="Backdated and corrected times move clocks: they need a reason and an order.",
        hint="itsm note, move and set take --at with --reason; itsm correct writes a correction",
        bad="timeline:\n  - {at: 2026-11-22T10:00:00Z, by: anna, state: resolved, happened: 2026-11-22T09:00:00Z}",
        good="timeline:\n  - {at: 2026-11-22T10:00:00Z, by: anna, state: resolved, happened: 2026-11-22T09:00:00Z, reason: No network.}",
        said=(HAPPENED, CORRECTS),
        check=times_of_their_own_hold,
    ),
    Rule(
        "W125",
        "Change of a tracked field that the timeline does not record",
        scope=CHANGE,
        severity=WARNING,
        why="Later readers, and every clock, would take the new value for the one it always had.",
        hint="take the value back and use itsm set, which writes the entry too",
        bad="# base: impact: high\nimpact: low",
        good="# base: impact: high\nimpact: low\ntimeline:\n"
        "  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: low}, was: {impact: high}, reason: One user.}",
        check=change_is_told,
    ),
    Rule(
        "W127",
        "Entry that tells of another past",
        scope=CHANGE,
        severity=WARNING,
        why="Clocks and roles are replayed from what entries say was there before: a wrong word there changes the past.",
        hint="write under `was` what base has (itsm set does so); where two branches changed it, one after the other",
        bad="# base: impact: high\nimpact: low\ntimeline:\n"
        "  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: low}, was: {impact: medium}}",
        good="# base: impact: high\nimpact: low\ntimeline:\n"
        "  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: low}, was: {impact: high}}",
        check=change_begins_at_base,
    ),
    Rule(
        "W126",
        "Change of a tracked field without the required reason",
        scope=CHANGE,
        why="The life cycle asks why this changes (reason_for), so that nobody turns clocks back in silence.",
        hint="add `reason` to the entry (itsm set --reason TEXT)",
        bad="timeline:\n  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: low}, was: {impact: high}}",
        good="timeline:\n  - {at: 2026-11-22T10:00:00Z, by: anna, set: {impact: low}, was: {impact: high}, reason: One user.}",
        check=change_is_reasoned,
    ),
)
