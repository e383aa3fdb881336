"""Major incidents: how soon they are declared and mitigated, and whether updates and reviews came when they were due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.major import MajorPolicy, major_policy, major_times
from itsm_gitops.model.report import (
    COUNT,
    DURATION,
    ITEM,
    MONTH,
    RECORD,
    SHARE,
    TEXT,
    Cell,
    Column,
    Key,
    Row,
    Table,
)
from itsm_gitops.model.timeline import seconds, value_in
from itsm_gitops.model.wording import Phrase, plural
from itsm_gitops.reports import trends
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.tables import SPREAD_BARS, SPREAD_COLUMNS, share, spread
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels.life import Case

_MOST = 100
_WORDS = {True: "held in time", False: "late", None: ""}
_NEXT, _DUE, _HELD = "next_update_by", "review_due", "review.reviewed_at"

Data = Mapping[str, Any]


class MajorCase(NamedTuple):
    """A major incident: its record, its document and the policy that says what its states mean."""

    case: Case
    data: Data
    policy: MajorPolicy


class Kept(NamedTuple):
    """How often something was done in time, of how many times that it came due."""

    in_time: int
    due: int


def time_to_declare(one: MajorCase) -> int | None:
    """Time to declare.

    The time from the first state of an incident until it was declared a major incident, in calendar time. None
    where no entry of the timeline tells of it.

    Source: ITIL 4, incident management: major incidents have a procedure of their own, which begins with declaring one.
    """
    return major_times(one.policy, one.data)["declare"]


def time_to_mitigate(one: MajorCase) -> int | None:
    """Time to mitigate.

    The time from the beginning of the disruption (started_at, else the first state) until users could work again
    (mitigated_at), in calendar time. None where nobody says so.

    Source: Google, Site Reliability Engineering: time to mitigate, ahead of the repair; DORA, recovery time.
    """
    return major_times(one.policy, one.data)["mitigate"]


def updates_in_time(one: MajorCase, until: int) -> Kept:
    """Updates kept in time.

    Each promise of a next update that came due, as a share those that were kept: the next update, or the end of
    the major incident, came no later than promised.

    Source: ITIL 4, incident management: communication during major incidents at agreed intervals.
    """
    field = f"{one.policy.group}.{_NEXT}"
    changes = [(c.at, seconds(c.value)) for c in one.case.replay.values if c.field == field]
    kept = due = 0
    for (_, promised), (at, _) in pairwise(changes):
        if promised is not None:
            due += 1
            kept += at <= promised
    last = changes[-1][1] if changes else None
    due += last is not None and last < until  # the promised update never came
    return Kept(kept, due)


def review_in_time(one: MajorCase, today: date) -> bool | None:
    """Reviews in time.

    The major incidents whose review was held by its day, as a share of those whose review was held or whose day is
    over. None where no day is set, or it is still ahead.

    Source: ITIL 4, incident management: review after each major incident.
    """
    due, held = value_in(one.data, _DUE), clock.parse_time(str(value_in(one.data, _HELD) or ""))
    try:
        last = date.fromisoformat(due) if isinstance(due, str) else None
    except ValueError:
        last = None
    if last is None:
        return None
    if held is not None:
        return held.date() <= last
    return False if last < today else None


def major(log: Log) -> ReportDraft:
    """Return how major incidents were led: times, updates and reviews, in all, by month and one by one."""
    found = _major_cases(log)
    updates = _sum([updates_in_time(m, log.until) for m in found])
    return ReportDraft(
        _headline(len(found), updates),
        (time_to_declare, time_to_mitigate, updates_in_time, review_in_time),
        (_times(found), _promises(log, found), _by_month(log, found), _latest(log, found)),
        trends.happened(
            log,
            "Major incidents",
            COUNT,
            lambda p: len(trends.during(p, (m.case for m in found), lambda c: c.opened)),
            -1,
        ),
        _main(len(found), updates),
        _keys(log, found, updates),
    )


def _keys(log: Log, found: Sequence[MajorCase], updates: Kept) -> tuple[Key, ...]:
    """Return how many major incidents there were, and which of what was promised was kept."""
    if not found:
        return ()
    today = log.now.astimezone(log.zone).date()
    held = [answer for m in found if (answer := review_in_time(m, today)) is not None]
    shares = (("Updates kept", updates.in_time, updates.due), ("Reviews kept", sum(held), len(held)))
    return (
        Key(len(found), "Major incidents"),
        *(Key(share(part, whole), title, SHARE, whole) for title, part, whole in shares if whole),
    )


def _main(count: int, updates: Kept) -> Key:
    if not updates.due:
        return Key(count, plural(count, "major incident", "major incidents"))
    one, several = (
        "major incident, {kept} of {due} updates in time",
        "major incidents, {kept} of {due} updates in time",
    )
    return Key(count, plural(count, one, several, kept=updates.in_time, due=updates.due))


def _headline(count: int, updates: Kept) -> Phrase:
    if not count:
        return Phrase("no major incident was declared")
    if not updates.due:
        return plural(count, "{count} major incident", "{count} major incidents")
    return plural(
        count,
        "{count} major incident, {kept} of {due} updates in time",
        "{count} major incidents, {kept} of {due} updates in time",
        kept=updates.in_time,
        due=updates.due,
    )


def _major_cases(log: Log) -> list[MajorCase]:
    found = []
    for case in log.opened(*log.playing(meaning.INCIDENT)):
        policy = major_policy(log.book, log.book.kinds[case.entry.kind])
        if policy is None or not _may_be(case, policy):
            continue
        data = log.store.data(case.entry.id)
        if policy.was_declared(data):
            found.append(MajorCase(case, data, policy))
    return found


def _may_be(case: Case, policy: MajorPolicy) -> bool:
    """Whether an incident may have been a major one: only such documents are read."""
    told = any(c.field == policy.flow.state_field for c in case.replay.values)
    return told or case.replay.started is not None or case.replay.mitigated is not None


def _sum(some: Sequence[Kept]) -> Kept:
    return Kept(sum(k.in_time for k in some), sum(k.due for k in some))


def _times(found: Sequence[MajorCase]) -> Table:
    rows: list[Row] = []
    for title, ask in (("Declared", time_to_declare), ("Mitigated", time_to_mitigate)):
        values = [seconds for m in found if (seconds := ask(m)) is not None]
        if values:
            rows.append((title, *spread(values)))
    return Table("times", "Times", (Column("step", "Step", TEXT), *SPREAD_COLUMNS), tuple(rows), SPREAD_BARS)


def _promised(log: Log, some: Sequence[MajorCase]) -> tuple[Cell, ...]:
    updates = _sum([updates_in_time(m, log.until) for m in some])
    today = log.now.astimezone(log.zone).date()
    reviews = [answer for m in some if (answer := review_in_time(m, today)) is not None]
    return (
        len(some),
        updates.due,
        updates.in_time,
        share(updates.in_time, updates.due),
        len(reviews),
        sum(reviews),
        share(sum(reviews), len(reviews)),
    )


_PROMISED = (
    Column("count", "Count", COUNT),
    Column("updates", "Updates due", COUNT),
    Column("updates_kept", "In time", COUNT),
    Column("updates_share", "Updates kept", SHARE),
    Column("reviews", "Reviews due", COUNT),
    Column("reviews_kept", "Held in time", COUNT),
    Column("reviews_share", "Reviews kept", SHARE),
)


def _promises(log: Log, found: Sequence[MajorCase]) -> Table:
    services = list(dict.fromkeys(m.case.text(meaning.SERVICE) for m in found))
    rows: list[Row] = [
        (service, *_promised(log, [m for m in found if m.case.text(meaning.SERVICE) == service]))
        for service in sorted(services)
    ]
    columns = (Column("service", "Service", ITEM), *_PROMISED)
    return Table("services", "By service", columns, tuple(rows), wholes=_due(rows))


def _due(rows: Sequence[Row]) -> dict[str, Sequence[int]]:
    updates, reviews = ([int(row[at] or 0) for row in rows] for at in (2, 5))
    return {"updates_share": updates, "reviews_share": reviews}


def _by_month(log: Log, found: Sequence[MajorCase]) -> Table:
    rows: list[Row] = []
    for month in log.months(log.first_day(m.case for m in found)) if found else ():
        some = [m for m in found if month.start <= m.case.opened < month.end]
        rows.append((month.name, *_promised(log, some)))
    columns = (Column("month", "Month", MONTH), *_PROMISED)
    return Table("months", "By month", columns, tuple(rows), wholes=_due(rows))


def _latest(log: Log, found: Sequence[MajorCase]) -> Table:
    rows: list[Row] = []
    for one in sorted(found, key=lambda m: (-m.case.opened, m.case.entry.id))[:_MOST]:
        updates = updates_in_time(one, log.until)
        rows.append(
            (
                one.case.entry.id,
                one.case.entry.title,
                time_to_declare(one),
                time_to_mitigate(one),
                updates.in_time,
                updates.due,
                _WORDS[review_in_time(one, log.now.astimezone(log.zone).date())],
            )
        )
    columns = (
        Column("record", "Record", RECORD),
        Column("title", "Title", TEXT),
        Column("declare_s", "Declared", DURATION),
        Column("mitigate_s", "Mitigated", DURATION),
        Column("updates_kept", "In time", COUNT),
        Column("updates", "Updates due", COUNT),
        Column("review", "Review", TEXT),
    )
    return Table("latest", "The latest", columns, tuple(rows))
