"""When users could not work: the times of an incident in which it hit something, as declared and replayed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from itsm_gitops.model.entry import Entry
from itsm_gitops.service_levels.life import Case

IMPACT = "impact"
Times = list[tuple[int, int]]


def disrupted(case: Case, until: int) -> Times:
    """Return the times (seconds since 1970, UTC) in which an incident disrupted something.

    The open times of the incident; the first one begins with the disruption where that is declared (started_at), and
    the one in which users could work again (mitigated_at) ends then. One that was cancelled by then was none.
    """
    if case.cancelled is not None and case.cancelled <= until:
        return []
    found = [(s.start, until if s.end is None else min(s.end, until)) for s in case.worked]
    started, mitigated = case.replay.started, case.replay.mitigated
    if found and started is not None:
        found[0] = (started, max(started, found[0][1]))
    if mitigated is None:
        return found
    last = max((i for i, (start, _) in enumerate(found) if start <= mitigated), default=-1)
    # States of one opening follow each other: what comes after mitigation is paper work until it is reopened.
    return [(a, min(b, mitigated)) for a, b in found[: last + 1]] + _reopened(case, found, mitigated)


def _reopened(case: Case, found: Times, mitigated: int) -> Times:
    """Return the open times after a reopening that came after mitigation."""
    first = next((at for at in case.reopenings if at > mitigated), None)
    return [] if first is None else [(a, b) for a, b in found if a >= first]


def outages(case: Case, until: int) -> Iterator[tuple[Entry, Times]]:
    """Yield the times of an incident by the impact that it had then: its summary with that impact, and the times."""
    times = disrupted(case, until)
    terms = case.terms(IMPACT)
    if len(terms) < 2 or not times:
        yield case.entry, times
        return
    starts = [min(terms[0][0], times[0][0]), *(at for at, _ in terms[1:])]
    for start, end, (_, impact) in zip(starts, [*starts[1:], until], terms, strict=True):
        cut = [(max(a, start), min(b, end)) for a, b in times if max(a, start) < min(b, end)]
        yield replace(case.entry, columns={**case.entry.columns, IMPACT: impact}), cut
