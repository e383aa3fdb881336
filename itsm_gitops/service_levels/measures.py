"""The measures of one record: how long each step took, and whether it met the targets of its service level.

The docstrings are the definitions that readers of reports see.
"""

from __future__ import annotations

from itertools import pairwise

from itsm_gitops.model.workflow import CANCELLED
from itsm_gitops.service_levels.life import Case

TEAM_FIELD = "assigned_team"

MET, MISSED, RUNNING = "met", "missed", "running"


def work_began(case: Case) -> int | None:
    """Return when work on a record began (seconds since 1970): its first state in the category active or done.

    Putting it aside (on hold, awaiting approval) is no work. None where nobody has begun.
    """
    return next((s.start for s in case.spans if s.category in ("active", "done")), None)


def time_to_respond(case: Case) -> int | None:
    """Time to respond.

    The time from the first state in the timeline to the first state in the category active or done, in
    calendar time: putting a record on hold is no work on it. A record that was cancelled before anybody
    began has none.

    Source: ITIL 4, service level management: response time is the time until work begins; ServiceNow,
    response: from new to in progress.
    """
    began = work_began(case)
    return None if began is None else began - case.opened


def time_to_resolve(case: Case) -> int | None:
    """Time to resolve.

    The time from the first state in the timeline to the last time the record became done, in calendar
    time, without the time in which it was resolved and not reopened yet: that time nobody waited for.
    Cancelled records have none. Time on hold is in it, and shown apart.

    Source: ITIL 4, incident management: time from the report to the restoration of the service;
    ServiceNow, "resolve time": from opened to resolved.
    """
    if case.resolved is None:
        return None
    return sum(s.end - s.start for s in case.worked if s.end is not None)


def time_to_restore(case: Case) -> int | None:
    """Time to restore.

    The time from the beginning of the disruption (started_at, else the first state in the timeline) until
    users could work again (mitigated_at, else the time of resolution, without the time in which it was
    resolved before it was reopened), in calendar time. Records that are open and not mitigated have none.

    Source: ITIL 4, incident management: mean time to restore service (MTRS); DORA, failed deployment
    recovery time.
    """
    started = case.opened if case.replay.started is None else case.replay.started
    if case.replay.mitigated is not None and case.category != CANCELLED:
        return max(0, case.replay.mitigated - started)
    taken = time_to_resolve(case)
    return None if taken is None else max(0, taken + case.opened - started)


def time_on_hold(case: Case) -> int | None:
    """Time on hold.

    The part of the time to resolve that a record spent in states of the category waiting: on hold, or
    awaiting approval.

    Source: ServiceNow, on hold: the pause of a service level's clock.
    """
    if case.resolved is None:
        return None
    waits = [s for s in case.spans if s.category == "waiting" and s.end is not None]
    return sum(s.end - s.start for s in waits if s.end is not None)


def time_of_work(case: Case) -> int | None:
    """Working time.

    The time to resolve without the time on hold: as long as the record was in the hands of IT.

    Source: ServiceNow, elapsed time of a service level without its pauses.
    """
    whole, held = time_to_resolve(case), time_on_hold(case)
    return None if whole is None or held is None else whole - held


def team_times(case: Case, until: int) -> dict[str, int]:
    """Time by team.

    The time in which work was to be done (open, without the time between a resolution and reopening) while
    a team had the record, in calendar time. Teams come in the order in which they first had it.

    Source: ITIL 4, service level management: operational level agreements bind the teams behind a service;
    ServiceNow, reassignment and time worked by group.
    """
    found: dict[str, int] = {}
    held = case.terms(TEAM_FIELD)
    for (start, team), (end, _) in zip(held, [*held[1:], (until, None)], strict=True):
        if isinstance(team, str) and team:
            spans = ((max(start, s.start), min(end, until if s.end is None else s.end)) for s in case.worked)
            found[team] = found.get(team, 0) + sum(max(0, b - a) for a, b in spans)
    return found


def reassignments(case: Case) -> int:
    """Reassignment rate.

    How often a record went from one team to another, as an average over the records that were resolved.
    The first assignment counts for none.

    Source: ServiceNow, the field "reassignment count"; ITIL 4, service desk.
    """
    teams = [team for _, team in case.terms(TEAM_FIELD) if isinstance(team, str) and team]
    return sum(a != b for a, b in pairwise(teams))


def verdict(used: int, allowed: int, *, stopped: bool | None) -> str:
    """Promise kept or missed.

    A promise of a service level is met when its clock stops within the time allowed, and missed when it
    runs beyond that, even while the record is still open. The clock of a response stops when work begins
    (or as the service level says: with the first assignment, the first comment), that of a resolution when
    the record is resolved for good. A clock runs in the hours of the service level's calendar, while work is
    to be done (not between a resolution and reopening), not in its pause states and reasons, and only while
    its promise applies: while the record has the priority, and the service, that it was made for. A promise
    that was missed before another one took its place stays missed; one that was not counts for nothing. What
    was opened before the first day of a service level is not judged by it, nor what was cancelled before.

    Source: ServiceNow, service level agreements: achieved, breached, in progress; iTop, time to own and
    time to resolve.
    """
    if stopped is None:
        return ""
    if used > allowed:
        return MISSED
    return MET if stopped else RUNNING
