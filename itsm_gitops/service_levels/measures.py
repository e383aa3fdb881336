"""The measures of one record: how long each step took, and whether it met the targets of its service level.

The docstrings are the definitions that readers of reports see.
"""

from __future__ import annotations

from itsm_gitops.service_levels.life import Case

MET, MISSED, RUNNING = "met", "missed", "running"


def time_to_respond(case: Case) -> int | None:
    """Time to respond.

    The time from the first state in the timeline to the first state in the category active, waiting or
    done, in calendar time. A record that was cancelled before anybody began has none.

    Source: ITIL 4, service level management: response time is the time until work begins; ServiceNow,
    response: from new to in progress.
    """
    began = next((s.start for s in case.spans if s.category in ("active", "waiting", "done")), None)
    return None if began is None else began - case.opened


def time_to_resolve(case: Case) -> int | None:
    """Time to resolve.

    The time from the first state in the timeline to the last time the record became done, in calendar
    time. Reopening a record starts no new clock: its last resolution counts. Cancelled records have
    none. Time on hold is in it, and shown apart.

    Source: ITIL 4, incident management: time from the report to the restoration of the service;
    ServiceNow, "resolve time": from opened to resolved.
    """
    return None if case.resolved is None else case.resolved - case.opened


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


def verdict(used: int, allowed: int, *, stopped: bool | None) -> str:
    """Promise kept or missed.

    A promise of a service level is met when its clock stops within the time allowed, and missed when it
    runs beyond that, even while the record is still open. The clock of a response stops when work begins,
    that of a resolution when the record is resolved for good. It counts only the hours of the service
    level's calendar and stands still in its pause states. Records that were cancelled before count for
    nothing.

    Source: ServiceNow, service level agreements: achieved, breached, in progress; iTop, time to own and
    time to resolve.
    """
    if stopped is None:
        return ""
    if used > allowed:
        return MISSED
    return MET if stopped else RUNNING
