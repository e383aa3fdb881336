"""Windows that are over: nobody can authorise work for a time that has passed.

An emergency may be written down when it is done: one that has an incident for a reason may lie as far back as the
policy says (`emergencies`). Work that is over already is recorded as such, and is not authorised any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from itsm_gitops.gate.conditions import AUTHORISATION, Touched
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.model import clock
from itsm_gitops.model.facts import state_plays
from itsm_gitops.model.meaning import CARRIED_OUT

_REASON = (
    "the window of {id} ended on {end} UTC, {age} ago, so nothing can be authorised for it; "
    "plan a new window, or record work that is done as done"
)


def lapsed(request: Request) -> Iterator[tuple[str, str]]:
    """Yield each change that asks for work in a window that is over, with the reason why that cannot be."""
    for change in request.changes:
        end = clock.parse_time(str(change.data.get("planned_end", "")))
        if end is None or not _asks_for_work(request, change):
            continue
        urgent = request.urgent[change.path]
        grace = request.policy.emergencies.window_within if urgent.asked and urgent.reason else timedelta(0)
        if end + grace < request.now:
            age = clock.age(end, request.now)
            yield change.id, _REASON.format(id=change.id, end=f"{end:%Y-%m-%d %H:%M}", age=age)


def _asks_for_work(request: Request, change: Touched) -> bool:
    """Whether a change asks for work that is still ahead or going on."""
    if change.after is None or request.facts(change)["stage"] != AUTHORISATION:
        return False
    state = change.after.get("state")
    flow = change.kind.workflow
    ahead = flow is None or flow.is_open(str(state))
    return (
        ahead and state not in request.policy.preparation and not state_plays(change.kind, state, CARRIED_OUT)
    )
