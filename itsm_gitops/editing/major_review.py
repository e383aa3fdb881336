"""The review of a major incident: what the timeline tells already, and the review that is written with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.editing.change import Written, refuse_closed, save
from itsm_gitops.editing.fields import schema_at
from itsm_gitops.editing.major import opened
from itsm_gitops.editing.opening import Opened, timeline
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.major import RUNNING, MajorPolicy, major_times
from itsm_gitops.model.timeline import COMMENT, SET, STATE, changes_in_words, moments
from itsm_gitops.model.wording import duration

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

REVIEW, ACTIONS, HELD = "review", "action_items", "reviewed_at"
_PEOPLE = ("commander", "comms_lead", "scribe")
_SHORT = 300


class ReviewEvent(NamedTuple):
    """A moment of the story (seconds since 1970, UTC): who did what."""

    at: int
    by: str
    what: str


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What is known before anybody sits down: the story, the times, and the fields of the review that follow from them.

    ``missing`` are the fields that people have to write, with what belongs there. ``written`` is the review that there
    is already.
    """

    id: str
    title: str
    events: tuple[ReviewEvent, ...]
    times: Mapping[str, int | None]
    fields: Mapping[str, Any]
    missing: Mapping[str, str]
    written: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; times are seconds."""
        story = [{"at": _utc(e.at), "by": e.by, "what": e.what} for e in self.events]
        return {
            "id": self.id,
            "title": self.title,
            "timeline": story,
            "times": {f"{name}_seconds": value for name, value in self.times.items()},
            "prefilled": dict(self.fields),
            "missing": dict(self.missing),
            "review": dict(self.written) or None,
        }


def draft_review(repo: Repository, fragment: str) -> ReviewDraft:
    """Return what the timeline of a major incident says of its review; raises Refused where nobody declared it."""
    document, policy = opened(repo, fragment)
    return _draft(document, policy)


def _draft(document: Opened, policy: MajorPolicy) -> ReviewDraft:
    if not policy.was_declared(document.data):
        raise Refused(f"{document.id} never was a major incident, so it has no review", "itsm major list")
    fields = _prefilled(document, policy)
    kept = document.data.get(REVIEW) or {}
    schema = schema_at(document.kind, (REVIEW,))
    missing = {
        name: str(schema["properties"][name].get("description", ""))
        for name in schema.get("required", ())
        if name not in fields and name not in kept
    }
    return ReviewDraft(
        document.id,
        str(document.data.get(document.kind.label, "")),
        tuple(_story(document.data)),
        major_times(policy, document.data),
        fields,
        missing,
        kept,
    )


def _story(data: Mapping[str, Any]) -> list[ReviewEvent]:
    entries = timeline(data)
    found = []
    for entry, at in zip(entries, moments(entries), strict=True):
        words = [f"→ {entry[STATE]}"] if entry.get(STATE) else []
        words += changes_in_words(entry) if entry.get(SET) else []
        words += [" ".join(str(entry[n]).split())[:_SHORT] for n in (COMMENT, "note") if entry.get(n)]
        if at is not None and words:
            found.append(ReviewEvent(at, str(entry.get("by", "")), "; ".join(words)))
    return sorted(found, key=lambda e: e.at)


def _prefilled(document: Opened, policy: MajorPolicy) -> dict[str, Any]:
    """Return the fields of the review that follow from the record; what is written already stays."""
    data, times = document.data, major_times(policy, document.data)
    about = data.get(policy.group) or {}
    found: dict[str, Any] = {}
    impact = str(about.get("business_impact", "")).strip()
    lasted = times.get("mitigate")
    if impact or lasted is not None:
        length = f"It lasted {duration(lasted)}." if lasted is not None else ""
        found["impact"] = "\n".join(p for p in (impact, length) if p)
    noticed = times.get("notice")
    if noticed is not None:
        by = str(data.get("origin", "")).replace("_", " ")
        found["detection"] = f"Noticed {duration(noticed)} after it began{f' ({by})' if by else ''}."
    if isinstance(data.get("resolution_notes"), str):
        found["resolution"] = data["resolution_notes"].strip()
    people = [str(about[n]) for n in _PEOPLE if about.get(n)]
    if people:
        found["reviewed_by"] = list(dict.fromkeys(people))
    found[HELD] = clock.format_time(clock.now())
    known = set(schema_at(document.kind, (REVIEW,)).get("properties", {}))
    return {name: value for name, value in found.items() if name in known}


def write_review(
    repo: Repository,
    fragment: str,
    texts: Mapping[str, str],
    actions: Sequence[str] = (),
    *,
    dry_run: bool = False,
) -> Written:
    """Write the review: what is prefilled, the texts by their fields, and the actions (``OWNER DATE WHAT``).

    Raises UsageError for what is missing or malformed, and with it says what to add.
    """
    document, policy = opened(repo, fragment)
    draft = _draft(document, policy)
    if policy.stage(document.data) == RUNNING:
        hint = f"itsm major stand-down {document.id} --reason TEXT"
        raise Refused(f"{document.id} is still running: stand it down before its review", hint)
    refuse_closed(document, [REVIEW], "writing the review")
    known = schema_at(document.kind, (REVIEW,)).get("properties", {})
    given: dict[str, Any] = {n: t.strip() for n, t in texts.items() if t.strip()}
    unknown = [n for n in given if n not in known]
    if unknown:
        raise UsageError(f"a review has no field '{unknown[0]}'", f"fields: {', '.join(known)}")
    if actions:
        before = list(draft.written.get(ACTIONS, ()))
        given[ACTIONS] = [*before, *map(read_action, actions)]
    merged = {**draft.fields, **draft.written, **given}
    review = {name: merged[name] for name in known if name in merged}
    lacking = [n for n in draft.missing if n not in review]
    if lacking:
        lines = "\n".join(f"  {_option(n)}  {draft.missing[n]}" for n in lacking)
        raise UsageError(f"the review lacks {', '.join(lacking)}", f"add\n{lines}")
    return save(repo, document, {**document.data, REVIEW: review}, dry_run=dry_run)


def _option(name: str) -> str:
    return '--action "OWNER DATE WHAT"' if name == ACTIONS else f"--set {name}=TEXT"


def read_action(text: str) -> dict[str, Any]:
    """Read an action: who does it, by when, what (``dba-lead 2026-12-11 Rebuild the index``)."""
    parts = text.split(maxsplit=2)
    due = clock.parse_day(parts[1]) if len(parts) == 3 else None
    if due is None:
        raise UsageError(
            f"'{text}' is not an action", 'write OWNER DATE WHAT, as "dba-lead 2026-12-11 Rebuild the index"'
        )
    return {"action": parts[2], "owner": parts[0], "due": due.isoformat(), "done": False}


def _utc(at: int) -> str:
    return clock.format_time(datetime.fromtimestamp(at, UTC))
