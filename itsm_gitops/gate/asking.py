"""What the policy asks to authorise one change of a snapshot, before there is any request for it.

The same rules, facts and roles as the gate's, with the snapshot as both sides: the change as it is
written there counts as what is asked for. Who has a part in the request itself (its authors) is known
only once there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from itsm_gitops.gate.conditions import Touched
from itsm_gitops.gate.digest import Content
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import Policy, read_policy
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.gate.request_documents import RequestDocuments
from itsm_gitops.gate.requirements import AppliedRequirement, required
from itsm_gitops.gate.separation import Provenance, separate
from itsm_gitops.gate.summary import describe
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.facts import authorised_states
from itsm_gitops.model.meaning import CHANGE
from itsm_gitops.model.standing import ApprovalNeed, Asking
from itsm_gitops.model.templates import APPROVED
from itsm_gitops.snapshots import Store

_NOTHING = Asking("", ())


class _Cmdb(Store):
    """The items of a loaded snapshot without its records: the gate reads no others either."""

    def __init__(self, full: Store) -> None:
        super().__init__(full.snapshot, full.book, full.config)
        self._full = full
        items = [k.name for k in full.book.kinds.values() if not k.is_record]
        self._entries = {e.id: e for e in full.of_kinds(items)}
        self._by_path = dict(full.by_path)
        self.broken = full.broken

    def data(self, identifier: str) -> dict[str, Any]:
        """Return a document of the whole snapshot."""
        return self._full.data(identifier)

    def naming(self, identifier: str, folder: str) -> list[str]:
        """Return the records of the whole snapshot that name another."""
        return self._full.naming(identifier, folder)


class _Proposal(Request):
    """One change as if it were brought in today, all else being as it is."""

    def __init__(
        self, policy: Policy, store: Store, graph: ImpactGraph, change: Touched, now: datetime
    ) -> None:
        super().__init__(policy, store, store, Content({}, ""), now)
        self.documents = RequestDocuments((change,), {}, frozenset())
        self._graph = graph


class _Asker:
    """Everything that is the same for all changes of a snapshot."""

    def __init__(self, store: Store, policy: Policy, now: datetime) -> None:
        self._store = _Cmdb(store)
        self._policy = policy
        self._now = now
        self._graph = ImpactGraph(Network(self._store))
        self._directory = Directory(self._store, now)

    def __call__(self, entry: Entry, data: Mapping[str, Any]) -> Asking:
        kind = self._store.book.kinds[entry.kind]
        if CHANGE not in kind.plays:
            return _NOTHING
        states = authorised_states(self._store.book, kind)
        asked_for = {**data, "state": states[0]} if states and self._is_prepared(entry) else data
        change = Touched(entry.path, entry.id, kind, None, asked_for)
        request = _Proposal(self._policy, self._store, self._graph, change, self._now)
        asked, _, _ = required(request)
        parts = separate(self._policy, self._directory, (), Provenance(), {entry.id: [data]}).apart()
        needs = [self._need(a, frozenset(parts)) for a in asked if a.requirement.count or a.error]
        by_template = request.facts(change)["template"] == APPROVED
        return Asking(describe(request, change), tuple(needs), by_template)

    def _is_prepared(self, entry: Entry) -> bool:
        return entry.state in self._policy.preparation

    def _need(self, asked: AppliedRequirement, apart: frozenset[str]) -> ApprovalNeed:
        need, directory = asked.requirement, self._directory
        narrowed = directory.narrowed(need.role, asked.data, asked.item)
        holders = directory.fill(need.role, narrowed, asked.owners) if need.role and not asked.error else {}
        could = [
            person
            for person, holding in holders.items()
            if person not in apart and (holding.direct or any(g not in apart for g in holding.givers))
        ]
        return ApprovalNeed(
            need.rule, need.why, need.role, asked.item, need.count, tuple(could), need.signed, asked.error
        )


def asking(store: Store, now: datetime) -> Callable[[Entry, Mapping[str, Any]], Asking]:
    """Return what says what the policy asks to authorise a change: of its entry and its document.

    Nothing where the rule book has no changes, or a policy that cannot be used (that is a finding of
    its own).
    """
    try:
        policy = read_policy(store.book.policy(POLICY))
        if store.book.playing(CHANGE):
            return _Asker(store, policy, now)
    except RuleBookError:
        pass
    return _nothing


def _nothing(_entry: Entry, _data: Mapping[str, Any]) -> Asking:
    return _NOTHING
