"""A request in the light of its base: the facts of its documents, who owns them, and what is protected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from itsm_gitops.gate.affected import AffectedItems
from itsm_gitops.gate.conditions import (
    AUTHORISATION,
    FOR_INCIDENT,
    PROGRESS,
    Beside,
    Touched,
    Urgency,
    allows_work,
    computed_risk,
    controlled_edit,
    facts,
    of_any,
    stage_of_record,
)
from itsm_gitops.gate.digest import Content
from itsm_gitops.gate.door import Door
from itsm_gitops.gate.files import files_of_items
from itsm_gitops.gate.freezes import FROZEN, LiftedFreeze, exempt_type, frozen_now, frozen_window, lifted
from itsm_gitops.gate.policy import ApprovalRule, Policy
from itsm_gitops.gate.request_documents import RequestDocuments, documents_of
from itsm_gitops.gate.urgency import urgency
from itsm_gitops.gate.weakening import Weakening, weakenings
from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.risk import AskedProof, RiskBook
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.door import in_roots
from itsm_gitops.model.facts import affected_places, authorised_states
from itsm_gitops.model.meaning import CALENDAR, PERSON, TEAM
from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.snapshots import Store

_ANYTHING = "itsm-gitops"  # what is looked for: a link or a module might lead there
_FILES = ("100644", "100755")

Data = Mapping[str, Any]


@dataclass
class Request:
    """A request in the light of its base: the old rule book and CMDB, the new documents.

    ``proof`` says since when changes were announced; without it their timelines are believed. ``urgent`` and
    ``asked`` (when authorisation was asked for: by the timeline, and proven) are there, by path, for changes whose
    facts were asked for.
    """

    policy: Policy
    base: Store
    head: Store
    content: Content
    now: datetime
    text: Callable[[str], str] = str  # what a blob holds; for files that are no documents
    proof: AskedProof | None = None
    renamed: frozenset[str] = frozenset()  # paths that differ by the words of a migration only
    urgent: dict[str, Urgency] = field(default_factory=dict)
    asked: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    _facts: dict[str, Data] = field(default_factory=dict)

    @cached_property
    def documents(self) -> RequestDocuments:
        """The documents that the request touches, and those of them that nobody can judge."""
        return documents_of(self.base, self.head, self.content, self.renamed)

    @property
    def touched(self) -> tuple[Touched, ...]:
        """The documents that the request touches, by path, without records that it archives."""
        return self.documents.touched

    @property
    def broken(self) -> Mapping[str, str]:
        """Why documents cannot be judged, by path."""
        return self.documents.broken

    @property
    def archived(self) -> frozenset[str]:
        """The paths of finished records that the request archives."""
        return self.documents.archived

    @cached_property
    def changes(self) -> list[Touched]:
        """The change records among them."""
        return [t for t in self.touched if t.is_change]

    @cached_property
    def decided(self) -> list[Touched]:
        """The records whose authors and requesters must not decide: changes, and others that are to be authorised."""
        return [t for t in self.touched if t.is_change or self.facts(t)["stage"] == AUTHORISATION]

    @cached_property
    def items(self) -> list[Touched]:
        """The items of the CMDB among them."""
        return [t for t in self.touched if not t.kind.is_record]

    @cached_property
    def work(self) -> tuple[str, ...]:
        """The files that a change in the same request has to authorise: no rule of the policy is for them."""
        rules = self.policy.rules
        return tuple(
            p
            for p in self.content.changes
            if not in_roots(p) and not self.protected(p) and not any(r.covers(p) for r in rules)
        )

    @cached_property
    def files_of_items(self) -> Mapping[str, list[str]]:
        """The items to which files of the request belong, with those files."""
        return files_of_items(self.base, [p for p in self.content.changes if not in_roots(p)])

    @cached_property
    def unnamed_items(self) -> tuple[str, ...]:
        """Those of them that no change in the request names: their owners know nothing of it yet."""
        named = {i for c in self.changes if c.after is not None for i in affected_places(c.kind, c.after)}
        return tuple(i for i in self.files_of_items if i not in named)

    @cached_property
    def _beside(self) -> Beside:
        edited = [(t.id, t.kind.name) for t in self.items if t.kind.operational]
        edited += [(i, self.base.entries[i].kind) for i in self.files_of_items]
        return Beside(tuple(dict.fromkeys(edited)), self.work)

    @cached_property
    def _graph(self) -> ImpactGraph:
        return ImpactGraph(Network(self.base))

    @cached_property
    def _affected(self) -> AffectedItems:
        return AffectedItems(self.policy, self.base, lambda: self._graph)

    def affected(self, change: Touched) -> list[str]:
        """Return the items a change affects: named, edited in the same request (or their files), and depending on them.

        Only a change that is more than prepared answers for the edits and files beside it.
        """
        beside: list[str] = []
        if change.data.get("state") not in self.policy.preparation:
            beside = [*(t.id for t in self.items if t.kind.operational), *self.files_of_items]
        return self._affected.of(change, beside)

    def excluded(self, change: Touched) -> list[str]:
        """Return the important items that a change says it does not touch, and does not touch otherwise."""
        return self._affected.excluded(change, self.affected(change))

    def facts(self, change: Touched) -> Data:
        """Return the facts of a document; a change has more of them than other records."""
        if not change.is_change:
            frozen = not change.kind.is_record and self._edit_is_frozen(change)
            return {**of_any(change), "stage": stage_of_record(self.policy, change), FROZEN: frozen}
        known = self._facts.get(change.path)
        if known is None:
            items = self.affected(change)
            urgent = self.urgent[change.path] = urgency(
                self.policy, self.base, self.head, change, lambda: self._affected.at_risk(items), self.now
            )
            known = facts(self.policy, self.base, self.head, change, items, self._beside, urgent)
            if self._brings_files(change, known):
                known = {**known, "stage": AUTHORISATION, "brings_files": True}
            in_freeze = self._window_is_frozen(change, known, items)
            known = self._facts[change.path] = {**known, **self._risk(change, known), FROZEN: in_freeze}
        return known

    def _brings_files(self, change: Touched, known: Data) -> bool:
        """Whether an authorised change takes the files that carry it out, which nobody saw when its plan was approved.

        Those who approved the plan are asked about them: whoever reports progress could otherwise bring any file.
        """
        going_on = known["stage"] == PROGRESS and allows_work(self.base, change.kind, change.after)
        return going_on and bool(self.work)

    @cached_property
    def _calendars(self) -> Calendars:
        return Calendars(self.base)

    @cached_property
    def lifted(self) -> list[LiftedFreeze]:
        """The freezes in force that the request takes away, or makes shorter or narrower."""
        if not any(CALENDAR in t.kind.plays for t in self.items):
            return []
        return lifted(self._calendars, Calendars(self.head), self.now)

    @cached_property
    def weakened(self) -> list[Weakening]:
        """The rules that the request makes weaker, and the roles that it gives to others."""
        deciders = any({PERSON, TEAM}.intersection(t.kind.plays) for t in self.items)
        if not deciders and not {POLICY, ROLES} & self.content.changes.keys():
            return []
        return weakenings(self.policy, self.base, self.head, self.now)

    def _window_is_frozen(self, change: Touched, known: Data, items: Iterable[str]) -> bool | None:
        """Whether a freeze holds a change; None for an authorised one without a window."""
        urgent = known[FOR_INCIDENT] is True
        frozen = frozen_window(self._calendars, self.policy, change.data, items, urgent=urgent)
        if frozen is not None:
            return frozen
        return None if change.data.get("state") in authorised_states(self.base.book, change.kind) else False

    def _edit_is_frozen(self, item: Touched) -> bool:
        """Whether a freeze holds an item that the request edits, now that the edit would land.

        A change beside it that is in the freeze itself asks the same people, and its override counts.
        """
        holding = item.kind.operational and frozen_now(self._calendars, self.now, item.id)
        if not holding or not controlled_edit(self.base.book, item):
            return False
        beside = [c for c, items in self._authorised if item.id in items]
        if any(self.facts(c)[FROZEN] is True for c in beside):
            return False
        types = {exempt_type(self.policy, c.data, urgent=self.facts(c)[FOR_INCIDENT] is True) for c in beside}
        return any(types.isdisjoint(freeze.exempt_types) for freeze in holding)

    @cached_property
    def _authorised(self) -> list[tuple[Touched, frozenset[str]]]:
        """The changes that this request has authorised, with the items that they affect."""
        return [(c, frozenset(self.affected(c))) for c in self.changes if self.authorises(c)]

    def _risk(self, change: Touched, known: Data) -> Data:
        """Return the risk that counts where a change is asked for; by the policy and the CMDB of base.

        Past changes are not read for it, so that the gate takes no longer in a large repository:
        what they teach is rule C012's to say.
        """
        entry = self.head.by_path.get(change.path)
        if change.after is None or entry is None or known["stage"] != AUTHORISATION:
            return {"risk_override": False}
        risks = RiskBook(self._graph.network, self._graph, self.now, self.proof)
        asked = risks.asked(entry, change.after)
        if asked is not None:
            self.asked[change.path] = asked
        return computed_risk(risks, entry, change.after, known["risk"])

    def authorises(self, change: Touched) -> bool:
        """Whether a change that this request has authorised covers the work beside it."""
        return self.facts(change)["stage"] == AUTHORISATION and allows_work(
            self.base, change.kind, change.after
        )

    def protected(self, path: str) -> bool:
        """Whether a path has a rule of its own that protects it, or imitates one that has."""
        return bool(self.door.rules(path))

    @cached_property
    def door(self) -> Door:
        """The protected paths, in every spelling."""
        return Door(self.policy, self._texts)

    def covered_by(self, rule: ApprovalRule, path: str) -> bool:
        """Whether a rule is for a path; a protected one is for every spelling of its paths."""
        return rule in self.door.rules(path) if rule in self.policy.protected else rule.covers(path)

    def _texts(self, path: str) -> Iterator[str]:
        """Yield what a file holds before and after; what cannot be read might hold anything."""
        change = self.content.changes[path]
        for mode, oid in ((change.old_mode, change.old_blob), (change.new_mode, change.new_blob)):
            if set(oid) != {"0"}:
                yield self.text(oid) if mode in _FILES else _ANYTHING

    @cached_property
    def owned(self) -> list[Touched]:
        """The edited items that somebody has to own; people and teams are protected instead."""
        return [t for t in self.items if "owner" in t.kind.fields or not self.protected(t.path)]

    def owners(self, identifier: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return who owns an item, before and after: ``(note, owners)``, one or two of them.

        Where the request gives an item to somebody else, the old owner has to agree and the new one
        too: otherwise whoever writes the request could choose who approves it.
        """
        entry = self.base.entries.get(identifier)
        before = names(self.base.data(identifier).get("owner")) if entry else []
        after = self._owners_after.get(identifier, before)
        # Who gets an item that nobody owned can only agree to that, not also to what is done to it.
        orphan = entry is not None and not before and not self.changes
        found = [("", tuple(before))] if entry and not (orphan and after) else []
        if after and after != before:
            found.append(("new owner" if entry else "", tuple(after)))
        return found or [("", ())]

    @cached_property
    def _owners_after(self) -> Mapping[str, list[str]]:
        """Who would own the edited items; of one that moves to another class, as it is there."""
        return {t.id: names(t.after.get("owner")) for t in self.items if t.after is not None}
