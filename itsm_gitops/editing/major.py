"""`itsm major`: declare, decline, update, stand down and review a major incident.

Each verb is one entry of the timeline: the step of the life cycle within the incident, who leads, what users were told
and when they hear the next word. Which states the verbs lead to follows from their categories (`model/major.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.assign import apply, reader
from itsm_gitops.editing.change import Written, refuse_closed, save
from itsm_gitops.editing.fields import SET, UNSET, Assignment
from itsm_gitops.editing.opening import Opened, open_document
from itsm_gitops.editing.tracking import Occasion, occasion, timeline_entry, with_changes
from itsm_gitops.git.actor import acting
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.inner_life import inner_state, targets
from itsm_gitops.model.major import DECLINED, OVER, RUNNING, MajorPolicy, major_policy
from itsm_gitops.model.moments import read_time, relative
from itsm_gitops.model.rulebook import MAJOR_INCIDENTS
from itsm_gitops.model.timeline import COMMENT
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

NO_MORE = "none"  # of --next: no further word is promised
_REASON = "reason"


def declare(
    repo: Repository,
    fragment: str,
    *,
    reason: str,
    commander: str | None = None,
    comms: str | None = None,
    impact: str | None = None,
    bridge: str | None = None,
    word: str = "",
    following: str | None = None,
    by: str | None = None,
    at: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Declare a major incident: who commands (default: who declares it), who informs, what the business cannot do.

    ``word`` is the first public word, ``following`` when the next one comes (default: as the policy says). Raises
    Refused where the life cycle has no such step.
    """
    document, policy = opened(repo, fragment)
    who = acting(repo, by)
    values = {
        "commander": commander or who,
        "comms_lead": comms,
        "business_impact": impact,
        "bridge": bridge,
        "next_update_by": _next_word(repo, policy, following),
    }
    return _step(
        repo, document, policy, RUNNING, values, reason=reason, word=word, by=who, at=at, dry_run=dry_run
    )


def decline(
    repo: Repository,
    fragment: str,
    *,
    reason: str,
    by: str | None = None,
    at: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Say that an incident is no major incident, or after all not one, and why."""
    document, policy = opened(repo, fragment)
    return _step(
        repo,
        document,
        policy,
        DECLINED,
        {"next_update_by": ""},
        reason=reason,
        by=acting(repo, by),
        at=at,
        dry_run=dry_run,
    )


def stand_down(
    repo: Repository,
    fragment: str,
    *,
    reason: str,
    word: str = "",
    mitigated: str | None = None,
    review_due: str | None = None,
    by: str | None = None,
    at: str | None = None,
    dry_run: bool = False,
) -> Written:
    """End a major incident: the last public word, when users could work again, and the day by which the review is held."""
    document, policy = opened(repo, fragment)
    values = {"next_update_by": "", "mitigated_at": mitigated}
    top: dict[str, str | None] = {}
    if "review_due" in document.kind.fields and not document.data.get("review_due"):
        day = (clock.now() + timedelta(days=policy.review_days)).date() if policy.review_days else None
        top["review_due"] = review_due or (day.isoformat() if day else None)
    elif review_due:
        top["review_due"] = review_due
    return _step(
        repo,
        document,
        policy,
        OVER,
        values,
        top,
        reason=reason,
        word=word,
        by=acting(repo, by),
        at=at,
        dry_run=dry_run,
    )


def update(
    repo: Repository,
    fragment: str,
    word: str,
    *,
    following: str | None = None,
    by: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Say a public word about a running major incident, and when the next one comes."""
    document, policy = opened(repo, fragment)
    if policy.stage(document.data) != RUNNING:
        raise Refused(
            f"{document.id} is not a running major incident",
            f"itsm note {document.id} --comment TEXT says something; itsm major declare {document.id} declares it",
        )
    if not word.strip():
        raise UsageError("the update is empty", f'itsm major update {document.id} "what users should know"')
    values = {"next_update_by": _next_word(repo, policy, following) or ""}
    new = apply(document, reader(repo), _assignments(document, policy, values))
    return _told(
        repo, document, new, occasion(acting(repo, by), None, None, repo.config.timezone), word, dry_run
    )


def opened(repo: Repository, fragment: str) -> tuple[Opened, MajorPolicy]:
    """Return a document and the policy of major incidents; raises Refused where its kind has no such process."""
    document = open_document(repo, fragment)
    policy = major_policy(repo.book, document.kind)
    if policy is None:
        raise Refused(
            f"{document.id} has no major incident process: it is {a_kind(document.kind)}",
            f"{MAJOR_INCIDENTS} names the life cycle, x-itsm.inner_workflows of the schema has it",
        )
    return document, policy


def _step(
    repo: Repository,
    document: Opened,
    policy: MajorPolicy,
    category: str,
    values: dict[str, str | None],
    top: dict[str, str | None] | None = None,
    *,
    reason: str,
    word: str = "",
    by: str,
    at: str | None,
    dry_run: bool,
) -> Written:
    """Make the step to the state of a category."""
    if not reason.strip():
        raise UsageError(
            "the step needs a reason", "--reason TEXT: whoever reviews it later wants to know why"
        )
    now = inner_state(policy.flow, document.data)
    leading = targets(policy.flow, now, category)
    if not leading:
        state = policy.flow.states.get(now)
        said = f"is {state.title.lower()} already" if state else "was never declared"
        raise Refused(
            f"{document.id} {said}", "itsm show says what happened; itsm major list shows the open ones"
        )
    refuse_closed(document, [policy.group], "the major incident process")
    step = {policy.flow.state_field.partition(".")[2]: leading[0], _REASON: " ".join(reason.split())[:500]}
    given = _assignments(document, policy, {**step, **values})
    given += [Assignment((n,), SET, v) for n, v in (top or {}).items() if v]
    new = apply(document, reader(repo), given)
    return _told(repo, document, new, occasion(by, at, reason, repo.config.timezone), word, dry_run)


def _assignments(document: Opened, policy: MajorPolicy, values: Mapping[str, str | None]) -> list[Assignment]:
    """Return the assignments of fields of the process; None leaves a field alone, an empty text takes it away."""
    there = document.data.get(policy.group) or {}
    return [
        Assignment((policy.group, name), SET if text else UNSET, text)
        for name, text in values.items()
        if text or (text is not None and name in there)
    ]


def _told(
    repo: Repository, document: Opened, new: dict[str, Any], about: Occasion, word: str, dry_run: bool
) -> Written:
    """Write the data with one entry that tells of all of it."""
    told = with_changes(document, new, about)
    if word.strip():
        entries: Sequence[Any] = told.get("timeline", ())
        if len(entries) == len(document.data.get("timeline", ())):
            said = timeline_entry(document, about, **{COMMENT: word.strip()})
            told = {**told, "timeline": [*entries, said]}
        else:
            # After who and when, ahead of the values: as people read it.
            last = entries[-1]
            head = {k: v for k, v in last.items() if k in ("at", "by")}
            told = {**told, "timeline": [*entries[:-1], {**head, COMMENT: word.strip(), **last}]}
    return save(repo, document, told, dry_run=dry_run)


def _next_word(repo: Repository, policy: MajorPolicy, text: str | None) -> str | None:
    """Return when the next word comes, as RFC 3339 text: ``30m``, ``14:30`` … (default: as the policy says).

    None where neither says so, and where no further word is promised.
    """
    if text is None:
        if not policy.update_minutes:
            return None
        return clock.format_time(clock.now() + timedelta(minutes=policy.update_minutes))
    wanted = text.strip()
    if wanted.lower() == NO_MORE:
        return None
    moment = _moment(wanted, repo.config.timezone)
    if moment is None:
        raise UsageError(f"--next: '{text}' is not a time", "write 30m, 2h, '2026-11-22 14:30', or none")
    if moment <= clock.now():
        raise UsageError(f"--next: '{text}' is past", "the next update comes later than now: --next 30m")
    return clock.format_time(moment)


def _moment(text: str, zone: str) -> datetime | None:
    ahead = relative(f"+{text.lstrip('+')}")
    if ahead is not None:
        return ahead
    span = read_time(text, zone)
    return span.start.astimezone(UTC) if span else None
