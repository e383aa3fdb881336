"""`itsm major list`: open major incidents, incidents that look like one, and reviews that are owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from itsm_gitops.graph.loaded import present_data, present_name
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.major import (
    RUNNING,
    MajorPolicy,
    MajorStatus,
    is_undecided,
    major_policy,
    major_status,
)
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.timeline import value_in

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

LOOKS_LIKE, OWES_REVIEW = "looks_like", "review_owed"
_SAID = ("commander", "comms_lead", "bridge", "business_impact")


@dataclass(frozen=True, slots=True)
class MajorRow:
    """One incident that wants attention.

    ``group`` is the category of its process, ``looks_like`` where nobody decided yet, ``review_owed`` where it is over
    and the review is not held. ``because`` says why it looks like one. ``people`` are who leads and informs, as said.
    """

    id: str
    title: str
    service: str
    group: str
    status: MajorStatus | None
    because: str
    people: Mapping[str, str]
    review_due: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; times are RFC 3339, UTC."""
        status = self.status
        return {
            "id": self.id,
            "title": self.title,
            "service": self.service or None,
            "group": self.group,
            "state": status.title if status else None,
            "since": _text(status.since) if status else None,
            "last_word": (status.said or None) if status else None,
            "last_word_at": _text(status.said_at) if status else None,
            "next_update_by": _text(status.next_by) if status else None,
            "late": status.is_late(int(clock.now().timestamp())) if status else False,
            "because": self.because or None,
            "review_due": self.review_due or None,
            **{name: self.people.get(name) for name in _SAID},
        }


def _text(at: int | None) -> str | None:
    return None if at is None else clock.format_time(datetime.fromtimestamp(at, UTC))


def list_major(repo: Repository, at: str | None = None) -> list[MajorRow]:
    """Return the running major incidents, those that look like one, and those whose review is owed, in this order."""
    store = repo.store(at)
    names = set(store.book.playing(meaning.INCIDENT))
    rows = [row for entry in store.of_kinds(names) if (row := _row(store, entry)) is not None]
    repo.gaps = {g.path: g for g in store.gaps(names)}
    order = (RUNNING, LOOKS_LIKE, OWES_REVIEW)
    return sorted(rows, key=lambda r: (order.index(r.group), r.id))


def _row(store: Store, entry: Entry) -> MajorRow | None:
    kind = store.book.kinds[entry.kind]
    policy = major_policy(store.book, kind)
    if policy is None or _is_terminal(kind, entry):
        return None  # a closed one has its review: the life cycle demands it
    data = store.data(entry.id)
    status, because = major_status(policy, data), ""
    group = _group(policy, data)
    if not group and is_undecided(policy, data):
        because = policy.reason(_Subject(store, data))
        group = LOOKS_LIKE if because or status is not None else ""
    if not group:
        return None
    about = value_in(data, policy.group)
    people = {n: str(about[n]) for n in _SAID if about.get(n)} if isinstance(about, Mapping) else {}
    service, due = entry.columns.get("service"), data.get("review_due")
    return MajorRow(entry.id, entry.title, str(service or ""), group, status, because, people, str(due or ""))


def _is_terminal(kind: Kind, entry: Entry) -> bool:
    return kind.workflow is not None and kind.workflow.is_terminal(entry.state)


def _group(policy: MajorPolicy, data: Mapping[str, Any]) -> str:
    if policy.stage(data) == RUNNING:
        return RUNNING
    return OWES_REVIEW if policy.was_declared(data) and not value_in(data, "review.reviewed_at") else ""


class _Subject(DocumentSubject):
    """An incident as criteria ask about it."""

    def __init__(self, store: Store, data: Mapping[str, Any]) -> None:
        super().__init__(data, partial(_item, store))


def _item(store: Store, name: str) -> Mapping[str, Any] | None:
    entry = store.entries.get(present_name(store, name))
    if entry is None or store.book.kinds[entry.kind].is_record:
        return None
    return present_data(store, entry)
