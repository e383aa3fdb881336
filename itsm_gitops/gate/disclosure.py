"""What reviewers should know of a request because its author alone says so, or says nothing: one line each.

The rules of the policy cannot doubt an answer, or know what a file is for. Whoever approves can, where they see it:
what a change leaves out, the lowest answers about its risk, files beside what it names, an incident that is no
reason for the hurry, a timeline that says more than the commits show, work outside its window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from itsm_gitops.gate.affected import exclusions
from itsm_gitops.gate.conditions import AUTHORISATION, PROGRESS, Touched
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.model import clock
from itsm_gitops.model.door import in_roots
from itsm_gitops.model.facts import affected_places, state_plays
from itsm_gitops.model.meaning import RUNNING
from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import RISK
from itsm_gitops.model.text import shorten

_LISTED = 4
_MOST = 40  # lines of one request: evidence keeps them
_LENGTH = 240
_LATE = timedelta(hours=1)  # a difference in time from which on it is worth a word


def notes(request: Request) -> tuple[str, ...]:
    """Return one line for each thing that reviewers should look at themselves; of very many the first ones."""
    lines = [*_files(request), *(line for change in request.changes for line in of_change(request, change))]
    more = len(lines) - _MOST
    return (*lines[:_MOST], *([f"and {more} more notes like these"] if more > 0 else ()))


def of_change(request: Request, change: Touched) -> Iterator[str]:
    """Yield the lines about one change, whatever files are beside it."""
    if change.after is None:
        return
    stage = request.facts(change)["stage"]
    if stage == AUTHORISATION:
        yield from _excluded(request, change)
        yield from _low_answers(request, change)
        yield from _moved(request, change)
        urgent = request.urgent.get(change.path)
        yield from (
            f"{change.id}: {why}" for why in (urgent.refusals if urgent and urgent.asked else ())[:_LISTED]
        )
    if stage in (AUTHORISATION, PROGRESS):
        yield from _outside_window(request, change)


def _excluded(request: Request, change: Touched) -> Iterator[str]:
    left_out = exclusions(change)
    if left_out:
        lines = [_exclusion(request, item, reason) for item, reason in left_out.items()]
        count = f"{len(lines)} item{'s' if len(lines) > 1 else ''}"
        yield f"{change.id} leaves out {count} that it says it does not touch: {_listed(lines, '; ')}"


def _exclusion(request: Request, item: str, reason: str) -> str:
    entry = request.base.entries.get(item)
    if entry is None:
        return f"{item} (not in the CMDB)"
    owners = names(request.base.data(item).get("owner"))
    about = [str(entry.columns.get("criticality", "")), f"of {', '.join(owners)}" if owners else ""]
    known = ", ".join(a for a in about if a)
    return f"{item}{f' ({known})' if known else ''}: {shorten(reason, 80)}"


def _low_answers(request: Request, change: Touched) -> Iterator[str]:
    questions = request.base.book.policy(RISK).get("questions", ())
    risk = change.data.get("risk")
    answers = risk.get("answers") if isinstance(risk, Mapping) else None
    if not isinstance(answers, Mapping) or not questions:
        return
    low = []
    for question in questions:
        points = [int(a["points"]) for a in question["answers"]]
        given = next((a for a in question["answers"] if a["value"] == answers.get(question["id"])), None)
        if given is not None and int(given["points"]) == min(points) < max(points):
            low.append(f"{question['id']} {given['value']}")
    if low:
        yield (
            f"{change.id} answers {len(low)} of {len(questions)} questions about its risk with the lowest answer: "
            f"{_listed(low)}"
        )


def _moved(request: Request, change: Touched) -> Iterator[str]:
    asked = request.asked.get(change.path)
    if asked and asked[1] - asked[0] >= _LATE:
        typed, proven = asked
        yield (
            f"{change.id} was asked for on {typed:%Y-%m-%d %H:%M} by its timeline, but as it is now the commits have "
            f"it since {proven:%Y-%m-%d %H:%M} UTC; its lead time counts from then"
        )


def _outside_window(request: Request, change: Touched) -> Iterator[str]:
    """Yield a line about work that began or ended outside the planned window."""
    data = change.data
    start, end, began, ended = (
        clock.parse_time(str(data.get(k, "")))
        for k in ("planned_start", "planned_end", "actual_start", "actual_end")
    )
    if start is None or end is None:
        return
    now_running = state_plays(change.kind, data.get("state"), RUNNING)
    was_running = change.before is not None and state_plays(change.kind, change.before.get("state"), RUNNING)
    if began is None and now_running and not was_running:
        began = request.now
    yield from _outside(change.id, start, end, began, ended)


def _outside(
    identifier: str, start: datetime, end: datetime, began: datetime | None, ended: datetime | None
) -> Iterator[str]:
    if began is not None and began > end:
        yield f"{identifier}: the work began {clock.age(end, began)} after its window had ended ({end:%Y-%m-%d %H:%M} UTC)"
    elif began is not None and start - began > _LATE:
        yield f"{identifier}: the work began {clock.age(began, start)} before its window ({start:%Y-%m-%d %H:%M} UTC)"
    elif ended is not None and ended - end > _LATE:
        yield f"{identifier}: the work ended {clock.age(end, ended)} after its window ({end:%Y-%m-%d %H:%M} UTC)"


def _files(request: Request) -> Iterator[str]:
    """Yield a line about files that belong to no item, and one for each item that no change names."""
    changes = [c for c in request.changes if c.after is not None]
    if not changes:
        return
    belongs = request.files_of_items
    owned = {f for some in belongs.values() for f in some}
    loose = [p for p in request.content.changes if not in_roots(p) and p not in owned]
    named = {i for c in changes for i in affected_places(c.kind, c.data)}
    if loose:
        what = "file belongs" if len(loose) == 1 else "files belong"
        yield f"{len(loose)} {what} to no item and so to nobody who is asked for it: {_listed(loose)}"
    for item, some in belongs.items():
        if item not in named:
            what = "file belongs" if len(some) == 1 else "files belong"
            yield f"{len(some)} {what} to {item}, which no change here names; its owner is asked: {_listed(some)}"


def _listed(words: Sequence[str], between: str = ", ") -> str:
    shown = between.join(words[:_LISTED])
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return shorten(shown, _LENGTH) + more
