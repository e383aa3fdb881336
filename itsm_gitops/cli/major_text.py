"""Major incidents on a terminal: the list of them, and the draft of a review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from itsm_gitops.cli.render import Style, wrap
from itsm_gitops.cli.times import local
from itsm_gitops.model import clock
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.commands.major import MajorRow
    from itsm_gitops.editing.major_review import ReviewDraft


_TIMES = {
    "notice": "noticed after",
    "declare": "declared after",
    "mitigate": "users could work again after",
    "stand_down": "stood down after",
}


def listed_lines(rows: list[MajorRow], style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield the lines of a list of major incidents; ``zone`` is the time zone of the times."""
    from itsm_gitops.commands.major import LOOKS_LIKE, OWES_REVIEW
    from itsm_gitops.model.major import RUNNING

    titles = {RUNNING: "Running", LOOKS_LIKE: "Not decided yet", OWES_REVIEW: "Review owed"}
    for group, title in titles.items():
        found = [r for r in rows if r.group == group]
        if found:
            yield style.bold(title)
        for row in found:
            service = f"  {row.service}" if row.service else ""
            yield f"  {style.name(safe_text(row.id))}{style.dim(safe_text(service))}"
            yield from (f"    {line}" for line in wrap(safe_text(row.title), columns - 4))
            for text in _about(row, zone):
                yield from (f"    {line}" for line in wrap(safe_text(text), columns - 4))
            yield ""
    running = sum(r.group == RUNNING for r in rows)
    yield f"{running or 'no'} major incident{'s' if running != 1 else ''} running"


def _about(row: MajorRow, zone: str) -> Iterator[str]:
    """Yield the lines of a list of major incidents; ``zone`` is the time zone of the times."""
    from itsm_gitops.commands.major import LOOKS_LIKE, OWES_REVIEW

    status = row.status
    if row.group == LOOKS_LIKE:
        if status is not None:
            yield f"proposed {_local(status.since, zone)}"
        if row.because:
            yield f"this looks like a major incident because {row.because}"
        yield f"itsm major declare {row.id} --reason TEXT, or decline it"
    elif row.group == OWES_REVIEW:
        yield f"the review is due {row.review_due}" if row.review_due else "no day is set for the review"
        yield f"itsm major review {row.id}"
    elif status is not None:
        leads, informs = row.people.get("commander", "nobody"), row.people.get("comms_lead", "nobody")
        yield f"since {_local(status.since, zone)}; {leads} commands, {informs} informs"
        if status.said:
            yield f"last word {_local(status.said_at, zone)}: {' '.join(status.said.split())}"
        if status.next_by is not None:
            late = status.is_late(int(clock.now().timestamp()))
            said = "the next word was promised for" if late else "next word by"
            yield f"{said} {_local(status.next_by, zone)}"
        else:
            yield f'nobody says when the next word comes: itsm major update {row.id} "…" --next 30m'


def _local(at: int | None, zone: str) -> str:
    return "?" if at is None else local(clock.format_time(datetime.fromtimestamp(at, UTC)), zone)


def review_lines(draft: ReviewDraft, style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield the lines of a prefilled review."""
    from itsm_gitops.model.wording import duration

    yield f"{style.name(draft.id)}  {safe_text(draft.title)}"
    yield ""
    yield style.bold("What happened")
    for event in draft.events:
        head = f"  {_local(event.at, zone)}  {safe_text(event.by)}  "
        yield style.dim(head.rstrip())
        yield from (f"    {line}" for line in wrap(safe_text(event.what), columns - 4))
    yield ""
    yield style.bold("How long it took")
    for name, words in _TIMES.items():
        seconds = draft.times.get(name)
        yield f"  {words} {duration(seconds) if seconds is not None else 'not known'}"
    for title, found in (("Written", draft.written), ("Prefilled", draft.fields)):
        left = {k: v for k, v in found.items() if title == "Written" or k not in draft.written}
        if left:
            yield ""
            yield style.bold(title)
            for name, value in left.items():
                text = f"{name}: {_brief(value)}"
                yield from (f"  {line}" for line in wrap(safe_text(text), columns - 2))
    if draft.missing:
        yield ""
        yield style.bold("Missing")
        for name, about in draft.missing.items():
            yield from (f"  {line}" for line in wrap(safe_text(f"{name}: {about}"), columns - 2))
        yield style.dim(f"  itsm major review {draft.id} --set summary=… --set root_cause=… --action '…'")


def _brief(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(v.get("action", v)) if isinstance(v, dict) else str(v) for v in value)
    return " ".join(str(value).split())
