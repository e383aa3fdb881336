"""What a request must have: every rule of the policy that applies, spelt out for its items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.changes.digest import Content
from itsm_gitops.changes.facts import AUTHORISATION, affected, facts
from itsm_gitops.changes.policy import AFFECTED, OWNER, SERVICES, ApprovalRule, Override, Policy, matches
from itsm_gitops.changes.types import Requirement
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.roles import names
from itsm_gitops.repository import Store

CHANGE = "change"
_ROOTS = ("records/", "cmdb/")

Data = Mapping[str, Any]


class Asked(NamedTuple):
    """A requirement and what judging it needs.

    ``data`` is the record that roles are filled for, ``owners`` who owns the subject. ``override``
    is there where its conditions hold. ``error`` says why the requirement cannot be judged.
    """

    requirement: Requirement
    data: Data
    owners: tuple[str, ...] = ()
    override: Override | None = None
    error: str = ""


class Touched(NamedTuple):
    """One document of the request; ``before`` is None where it is new, ``after`` where it is gone."""

    path: str
    id: str
    kind: Kind
    before: Data | None
    after: Data | None

    @property
    def data(self) -> Data:
        """The document as it would be, or as it was where it is removed."""
        return self.after if self.after is not None else self.before or {}


@dataclass
class Request:
    """A request in the light of its base: the old rule book and CMDB, the new documents."""

    policy: Policy
    base: Store
    head: Store
    content: Content
    broken: dict[str, str] = field(default_factory=dict)

    @cached_property
    def touched(self) -> list[Touched]:
        """The documents that the request touches, by path; those that cannot be read are ``broken``."""
        found = []
        for path, change in self.content.changes.items():
            kind = self.base.book.kind_at(path)
            if not path.startswith(_ROOTS) or not path.endswith(".yaml") or kind is None:
                continue
            before, after = _data(self.base, path), _data(self.head, path)
            if after is None and change.status != "D":
                self.broken[path] = f"{path} cannot be read as a {kind.name}, so nobody can judge it"
            identifier = path.rpartition("/")[2].removesuffix(".yaml")
            found.append(Touched(path, identifier, kind, before, after))
        return found

    @cached_property
    def changes(self) -> list[Touched]:
        """The change records among them."""
        return [t for t in self.touched if t.kind.name == CHANGE]

    @cached_property
    def items(self) -> list[Touched]:
        """The items of the CMDB among them."""
        return [t for t in self.touched if not t.kind.is_record]

    @cached_property
    def _dependents(self) -> Mapping[str, Mapping[str, str]]:
        return ImpactGraph(Network(self.base)).dependents if self.policy.hops else {}

    def affected(self, change: Touched) -> list[str]:
        """Return the items a change affects: named, edited in the same request, and depending on them.

        Only a change that is more than prepared answers for the edits beside it.
        """
        found = dict.fromkeys(affected(change.data))
        if change.data.get("state") not in self.policy.preparation:
            found.update(dict.fromkeys(t.id for t in self.items if t.kind.operational))
        excluded = {e.get("ci") for e in change.data.get("excluded_cis") or () if isinstance(e, dict)}
        edge = list(found)
        for _ in range(self.policy.hops):
            edge = [d for i in edge for d in self._dependents.get(i, ()) if d not in found]
            important = [d for d in edge if self._criticality(d) in self.policy.hop_criticality]
            found.update(dict.fromkeys(sorted(set(important) - excluded)))
        return list(found)

    def _criticality(self, identifier: str) -> object:
        entry = self.base.entries.get(identifier)
        return entry.columns.get("criticality") if entry else None

    def facts(self, change: Touched) -> Data:
        """Return the facts of one change record."""
        return facts(self.policy, self.base, change.before, change.after, self.affected(change))

    def protected(self, path: str) -> bool:
        """Whether a path has a rule of its own that protects it."""
        return any(r.covers(path) for r in self.policy.protected)

    @cached_property
    def owned(self) -> list[Touched]:
        """The edited items that somebody has to own; people and teams are protected instead."""
        return [t for t in self.items if "owner" in t.kind.fields or not self.protected(t.path)]

    def owners(self, identifier: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return who owns an item, before and after: ``(note, owners)``, one or two of them.

        Where the request gives an item to somebody else, the old owner has to agree and the new one
        too: otherwise whoever writes the request could choose who approves it.
        """
        edited = next((t for t in self.items if t.id == identifier), None)
        entry = self.base.entries.get(identifier)
        before = names(self.base.data(identifier).get("owner")) if entry else []
        after = names((edited.after or {}).get("owner")) if edited else before
        found = [("", tuple(before))] if entry else []
        if after and after != before:
            found.append(("new owner" if entry else "", tuple(after)))
        return found or [("", ())]


def _data(store: Store, path: str) -> Data | None:
    entry = store.by_path.get(path)
    return store.data(entry.id) if entry else None


def required(request: Request) -> tuple[list[Asked], list[ApprovalRule], list[str]]:
    """Return what is asked for, the rules that do not apply, and the paths that no rule covers."""
    asked: dict[tuple[Any, ...], Asked] = {}
    covered: set[str] = set()
    idle = []
    for rule in (*request.policy.protected, *request.policy.rules):
        paths = [p for p in request.content.changes if rule.covers(p)]
        documents = [] if rule in request.policy.protected else _documents(request, rule)
        if not paths and not documents:
            idle.append(rule)
            continue
        covered.update(paths, (t.path for t in documents))
        for found in _spell_out(request, rule, documents):
            _keep(asked, found)
    work = any(t.path in covered and request.facts(t)["stage"] == AUTHORISATION for t in request.changes)
    left = [p for p in request.content.changes if p not in covered and not (work and _is_work(p))]
    return list(asked.values()), idle, left


def _is_work(path: str) -> bool:
    """Whether a path is none of this tool's own: what a change beside it is there to authorise."""
    return not path.startswith((*_ROOTS, "schemas/")) and path != "itsm.yaml"


def _documents(request: Request, rule: ApprovalRule) -> list[Touched]:
    kinds = request.base.book.members(names(rule.when.get("kind")))
    return [
        t
        for t in request.touched
        if t.kind.name in kinds and (t.kind.name != CHANGE or matches(rule.when, request.facts(t)))
    ]


def _keep(asked: dict[tuple[Any, ...], Asked], new: Asked) -> None:
    """Ask the same people for the same thing once, as strictly as any rule does."""
    need = new.requirement
    strict = (need.role, need.subject, new.owners, need.signed, need.distinct, new.error)
    known = asked.get(strict)
    # What may be overridden under one rule must not be waived by it under another.
    if known is None or need.count > known.requirement.count:
        asked[strict] = new
    elif known.override is not None and new.override is None:
        asked[strict] = known._replace(override=None)


def _spell_out(request: Request, rule: ApprovalRule, documents: list[Touched]) -> Iterator[Asked]:
    if not rule.require.each:
        if not documents:
            yield Asked(_requirement(rule, "", ""), {})
        for document in documents:
            override = _override(request, rule, document)
            yield Asked(_requirement(rule, document.id, ""), document.data, (), override)
    elif rule.require.each in (AFFECTED, SERVICES):
        for document in documents:
            yield from _for_affected(request, rule, document)
    else:
        for item in request.owned:
            if item in documents or not documents:
                yield from _for_item(request, rule, item.id, item.data, None)


def _for_affected(request: Request, rule: ApprovalRule, change: Touched) -> Iterator[Asked]:
    items = request.affected(change)
    if rule.require.each == SERVICES:
        items = [i for i in items if i in request.base.entries and request.base.entries[i].kind == "service"]
    if not items:
        error = f"{change.id} names no service and no item, so nobody can be asked"
        yield Asked(_requirement(rule, change.id, ""), change.data, error=error)
    for item in items:
        yield from _for_item(request, rule, item, change.data, _override(request, rule, change))


def _for_item(
    request: Request, rule: ApprovalRule, item: str, data: Data, override: Override | None
) -> Iterator[Asked]:
    if rule.require.role != OWNER:
        yield Asked(_requirement(rule, item, ""), data, (), override)
        return
    for note, owners in request.owners(item):
        error = "" if owners else f"nobody owns {item}, so nobody can be asked; give it an owner first"
        if item not in request.base.entries and item not in request.head.entries:
            error = f"there is no '{item}', so nobody can be asked"
        yield Asked(_requirement(rule, item, note), data, owners, override, error)


def _override(request: Request, rule: ApprovalRule, document: Touched) -> Override | None:
    if rule.override is None or document.kind.name != CHANGE:
        return None
    return rule.override if matches(rule.override.when, request.facts(document), unknown=False) else None


def _requirement(rule: ApprovalRule, subject: str, note: str) -> Requirement:
    extra = f" ({note})" if note else ""
    return Requirement(
        name=f"{rule.name}: {subject}{extra}" if subject else f"{rule.name}{extra}",
        role=rule.require.role,
        subject=subject,
        count=rule.require.count,
        why=rule.why,
        signed=rule.require.signed,
        rule=rule.name,
        distinct=rule.require.distinct,
    )
