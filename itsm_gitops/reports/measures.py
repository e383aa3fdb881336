"""The measures: what each figure means and whose word it follows.

The docstrings are the definitions. Reports show them beside the figures (`measure`), so that the
code, the terminal and the site cannot say different things.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from inspect import cleandoc
from typing import Any

from itsm_gitops.model.lifetime import open_before
from itsm_gitops.model.report import Measure
from itsm_gitops.model.timeline import seconds
from itsm_gitops.model.workflow import CANCELLED
from itsm_gitops.reports.log import Bucket
from itsm_gitops.service_levels.life import Case

SUCCESSFUL = ("successful", "successful_with_issues")
FAILED = ("unsuccessful", "backed_out")


def measure(function: Callable[..., Any]) -> Measure:
    """Return a measure as the docstring of its function defines it: name, definition, source."""
    name, *paragraphs = (" ".join(p.split()) for p in cleandoc(function.__doc__ or "").split("\n\n"))
    source = next((p for p in paragraphs if p.startswith("Source: ")), "")
    definition = " ".join(p for p in paragraphs if p != source)
    return Measure(name.rstrip("."), definition, source.removeprefix("Source: "))


def backlog(cases: Sequence[Case]) -> list[Case]:
    """Backlog.

    The records on which work is still to be done at the moment of the report: their state is in the
    category new, active or waiting. What is published for readers, as a known error in force, is
    knowledge, not work, and does not count.

    Source: ServiceNow, "incident backlog": the open incidents at a moment; ITIL 4, measurement and
    reporting: work in hand.
    """
    return [c for c in cases if c.is_open]


def age(case: Case, now: int) -> int:
    """Age.

    The time from the first state in the timeline to the moment of the report, in calendar time. Time
    on hold counts: whoever waits, waits.

    Source: ServiceNow, "age" of open incidents: from opened to now.
    """
    return now - case.opened


def attainment(met: int, missed: int) -> float | None:
    """Attainment.

    The promises that were kept, as a share of those that were kept or missed, of the records that were
    opened in the time of the report. What is still running and within its time is left out.

    Source: ITIL 4, service level management: percentage of targets met.
    """
    return met / (met + missed) if met + missed else None


def availability(agreed: int, down: int) -> float | None:
    """Availability.

    The share of the agreed time in which a service had no outage by its incidents. The agreed time are the
    hours of the calendar of its service level (all hours where it names none) within the time of the report,
    from the first record on. An outage begins when an incident with high impact on the service, or on
    something it cannot do without, was opened (or at started_at, where that is given), and ends when it was
    resolved (or at mitigated_at, when users could work again). Redundancy counts: a service is down when
    fewer parts are up than it needs.

    Source: ITIL 4, availability management: agreed time less downtime, divided by agreed time.
    """
    return (agreed - down) / agreed if agreed else None


def availability_around_the_clock(watched: int, down: int) -> float | None:
    """Availability around the clock.

    The same share of all hours of the time of the report, by day and by night.

    Source: ITIL 4, availability management: uptime divided by uptime and downtime, as operators count it.
    """
    return (watched - down) / watched if watched else None


def mean(values: Sequence[float]) -> float | None:
    """Mean.

    The sum of the values divided by their number: the M of MTTR, as contracts write it. One record that
    stayed open for months moves it; read it beside the median.

    Source: textbook statistics, arithmetic mean.
    """
    return statistics.fmean(values) if values else None


def median(values: Sequence[float]) -> float | None:
    """Median.

    Half of the values are below it, half above: the middle one of an odd number, the mean of the two
    middle ones of an even number. Unlike a mean it is not moved by one record that stayed open for
    months.

    Source: textbook statistics.
    """
    return statistics.median(values) if values else None


def ninetieth(values: Sequence[float]) -> float | None:
    """90th percentile.

    The smallest of the values that nine in ten do not exceed (nearest rank): always a value that
    occurred.

    Source: textbook statistics, nearest-rank method.
    """
    return sorted(values)[math.ceil(0.9 * len(values)) - 1] if values else None


def arrivals(cases: Sequence[Case], buckets: Sequence[Bucket]) -> list[int]:
    """Arrivals.

    The records whose first state lies in the week or month.

    Source: ServiceNow, "new incidents"; ITIL 4, service desk: incoming volume.
    """
    return _counts([c.opened for c in cases], buckets)


def resolutions(cases: Sequence[Case], buckets: Sequence[Bucket]) -> list[int]:
    """Resolutions.

    The records whose last resolution lies in the week or month; a record that was reopened counts on
    the day it was resolved for good. Cancelled records are counted apart.

    Source: ServiceNow, "resolved incidents".
    """
    return _counts([c.resolved for c in cases], buckets)


def cancellations(cases: Sequence[Case], buckets: Sequence[Bucket]) -> list[int]:
    """Cancelled.

    The records that were cancelled or rejected in the week or month: raised twice, in error, or not
    wanted any more.

    Source: ServiceNow, "canceled" as a state of its own beside resolved and closed.
    """
    return _counts([c.cancelled for c in cases], buckets)


def backlog_at(cases: Sequence[Case], buckets: Sequence[Bucket]) -> list[int]:
    """Backlog at the end.

    The records that were open just before a week or month ended, replayed from the timelines. It also
    counts records that were reopened later, so it need not be the sum of what came and went.

    Source: ServiceNow, "incident backlog" as a daily collection; here nothing is collected, every past
    day is computed again.
    """
    spans = ((s.start, s.end) for c in cases for s in c.worked)
    return open_before(spans, [b.end for b in buckets])


def _counts(moments: Iterable[int | None], buckets: Sequence[Bucket]) -> list[int]:
    known = sorted(m for m in moments if m is not None)
    return [bisect_left(known, b.end) - bisect_left(known, b.start) for b in buckets]


def is_successful(case: Case) -> bool:
    """Change success rate.

    The share of closed changes with the outcome successful or successful with issues. Changes that were
    cancelled or never carried out are not among them.

    Source: ITIL 4, change enablement: successful changes; ServiceNow, close codes successful, successful
    with issues, unsuccessful.
    """
    return case.text("outcome") in SUCCESSFUL


def is_failed(case: Case, caused: Sequence[Case]) -> bool:
    """Change failure rate.

    The share of closed changes that were unsuccessful, were backed out, or caused an incident. A change
    that did two of these counts once.

    Source: DORA, change fail rate: changes that degrade a service and need remediation; ITIL 4, change
    enablement.
    """
    return case.text("outcome") in FAILED or bool(caused)


def is_emergency(case: Case) -> bool:
    """Emergency share.

    The share of closed changes of the type emergency.

    Source: ITIL 4, change enablement: emergency changes are to stay few; ServiceNow, change type.
    """
    return case.text("type") == "emergency"


def is_unauthorised(case: Case, authorised: Collection[str]) -> bool:
    """Unauthorised share.

    The share of closed changes on which work began (its actual start, else their first state in which work goes
    on) before they first reached a state in which the work may be done, or that never reached one.

    Source: ITIL 4, change enablement: unauthorised changes; FitSM, PR12: changes are approved before they are
    implemented.
    """
    allowed = next((s.start for s in case.spans if s.state in authorised), None)
    began = seconds(case.text("actual_start"))
    return allowed is None or (began is not None and began < allowed)


def is_out_of_window(case: Case) -> bool:
    """Out of window share.

    The share of closed changes whose work began before their planned window or ended after it. Those that do
    not say when the work was done, or when it was planned, are not among them.

    Source: ITIL 4, change enablement: adherence to the change schedule.
    """
    first, last, began, ended = (
        seconds(case.text(name)) for name in ("planned_start", "planned_end", "actual_start", "actual_end")
    )
    early = first is not None and began is not None and began < first
    return early or (last is not None and ended is not None and ended > last)


def caused_by_change(case: Case, changes: Sequence[Case]) -> bool:
    """Incidents caused by change.

    The incidents with a link "caused by" to a change, by the month in which the incident was opened. An
    incident caused by two changes counts once as an incident, and once for each of the changes.
    Cancelled incidents do not count.

    Source: ITIL 4, change enablement: incidents and problems caused by changes; ServiceNow, the
    incident's field "caused by change".
    """
    return bool(changes) and case.category != CANCELLED
