"""The timeline entries of edits: the values that a change sets, those it takes away, why, and when it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.editing.opening import Opened, timeline
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.moments import TimeRange, local_doubt, read_time
from itsm_gitops.model.text import typed_text
from itsm_gitops.model.timeline import (
    AT,
    CORRECTS,
    HAPPENED,
    REASON,
    SET,
    WAS,
    moments,
    seconds,
)
from itsm_gitops.model.tracked import untold
from itsm_gitops.model.workflow import Workflow

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who does something (a handle), when it happened (None: now) and why (empty where nobody says)."""

    by: str
    at: datetime | None = None
    reason: str = ""


def occasion(by: str, at: str | None, reason: str | None, zone: str) -> Occasion:
    """Read when and why something happened, as people write it in a time zone.

    Raises UsageError for what is no time, lies ahead, or exists twice or never in that zone, and for a time without
    a reason.
    """
    why = typed_text(reason or "").strip()
    if not at:
        return Occasion(by, None, why)
    moment = past_moment(at, zone)
    if not why:
        raise UsageError("an earlier time needs a reason", "say why it is written only now: --reason TEXT")
    return Occasion(by, moment, why)


def past_moment(text: str, zone: str) -> datetime:
    """Read a time that is not ahead; raises UsageError."""
    span = read_time(text, zone)
    if span is None:
        raise UsageError(
            f"--at: '{text}' is not a time", "write 2026-11-22 20:00, -30m or 2026-11-22T20:00:00Z"
        )
    doubt = local_doubt(text, zone)
    if doubt:
        raise UsageError(f"--at: {doubt}", "write it with its offset, as 2026-11-22T20:00:00+01:00")
    if span.start > clock.now():
        raise UsageError(f"--at: '{text}' has not happened yet", "the timeline says what has happened")
    return span.start


def timeline_entry(document: Opened, about: Occasion, **what: Any) -> dict[str, Any]:
    """Return a new entry for the end of the timeline; texts as they were typed, empty values left out.

    It is written now, or at the time of the last entry where that one is later (another machine's clock).
    """
    written = [clock.parse_time(str(e.get(AT))) for e in timeline(document.data)[-1:]]
    moment = max([clock.now(), *(m for m in written if m)])
    found: dict[str, Any] = {AT: clock.format_time(moment), "by": about.by}
    if about.at is not None and about.at < moment:
        found[HAPPENED] = clock.format_time(about.at)
    for key, value in what.items():
        if value:
            found[key] = typed_text(value) if isinstance(value, str) else value
    if about.reason:
        found[REASON] = about.reason
    return found


def differences(
    document: Opened, after: Data, removed: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that tracked fields get, and those they had; those of ``removed`` fields are always told."""
    flow, before = document.kind.workflow, document.data
    if flow is None or not document.kind.is_record:
        return {}, {}
    return untold(flow.track, timeline(before), before, after, removed)


def refuse_unreasoned(document: Opened, flow: Workflow | None, fields: Sequence[str], reason: str) -> None:
    """Raise Refused where the life cycle requires a reason for a change and none is given."""
    wanted = flow.wants_reason(fields, document.data) if flow is not None and not reason else ()
    if wanted:
        names = " and ".join(f"'{name}'" for name in wanted)
        raise Refused(
            f"changing {names} of {document.id} needs a reason",
            "add --reason TEXT: whoever reads the record later wants to know why",
        )


def with_changes(document: Opened, after: Data, about: Occasion) -> dict[str, Any]:
    """Return new data with a timeline entry for the tracked fields that change; unchanged data where none does."""
    new, old = differences(document, after)
    if not new and not old:
        return dict(after)
    refuse_unreasoned(document, document.kind.workflow, list({**old, **new}), about.reason)
    told = timeline_entry(document, about, **{SET: new, WAS: old})
    return {**after, "timeline": [*after.get("timeline", ()), told]}


def correction(document: Opened, wrong: TimeRange, about: Occasion) -> dict[str, Any]:
    """Return the entry that corrects the time of the entries written within a second or a minute.

    Raises Refused where no entry or several times match, and where the states would no longer follow
    each other in time.
    """
    entries = timeline(document.data)
    own = [e for e in entries if CORRECTS not in e]
    written = {
        t: e[AT]
        for e in own
        if (m := clock.parse_time(str(e.get(AT)))) and wrong.holds(m) and (t := seconds(e[AT]))
    }
    if len(written) != 1 or about.at is None:
        listed = "\n".join(f"  {e.get(AT)}  {e.get('state', '')}".rstrip() for e in own)
        what = "several entries" if written else "no entry"
        raise Refused(
            f"{what} of {document.id} {'were' if written else 'was'} written then", f"there are:\n{listed}"
        )
    right = {CORRECTS: clock.format_time(datetime.fromtimestamp(next(iter(written)), UTC))}
    found = timeline_entry(
        document, Occasion(about.by, None, about.reason), **right, **{HAPPENED: clock.format_time(about.at)}
    )
    order = [
        m for e, m in zip(entries, moments([*entries, found]), strict=False) if "state" in e and m is not None
    ]
    if order != sorted(order):
        raise Refused(
            f"the states of {document.id} would no longer follow each other",
            "correct the other times first, or take a moment between its neighbours",
        )
    return found
