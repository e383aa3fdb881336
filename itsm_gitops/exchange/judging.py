"""Judges the documents that an import is about to write, all at once and by the rules of `itsm check`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from itsm_gitops.exchange.packing import pack, unpack
from itsm_gitops.model import clock
from itsm_gitops.model.entry import summarise
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.findings import ERROR, Finding, Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.repository import Repository
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.judge import DocumentJudge, DocumentVerdict, run
from itsm_gitops.rules.rule import NETWORK
from itsm_gitops.rules.settings import configured
from itsm_gitops.snapshots import Document, Store


@dataclass(slots=True)
class Proposal:
    """One document as it would be written. ``before`` is what the file holds now; None for a new one."""

    id: str
    kind: Kind
    path: str
    packed: bytes
    before: Mapping[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The whole document; a new copy each time."""
        found: dict[str, Any] = unpack(self.packed)
        return found

    def put(self, data: Mapping[str, Any]) -> None:
        """Take other data."""
        self.packed = pack(data)

    def at(self, pointer: Pointer) -> Any:
        """Return what stands at a place of the document; None for nothing."""
        node: Any = self.data
        for step in pointer:
            if isinstance(node, dict):
                node = node.get(str(step))
            else:
                node = (
                    node[step]
                    if isinstance(node, list) and isinstance(step, int) and step < len(node)
                    else None
                )
        return node


class _ProposedStore(Store):
    """A store as it would be with the proposals written."""

    def __init__(self, below: Store, proposals: Mapping[str, Proposal]) -> None:
        super().__init__(below.snapshot, below.book, below.config)
        self._below = below
        self._proposals = proposals
        self.problems, self.files = below.problems, below.files
        self.irregular, self.duplicates = below.irregular, below.duplicates
        self.broken, self.pinned = below.broken, dict(below.pinned)
        entries = dict(below.entries)
        for proposal in proposals.values():
            entries[proposal.id] = summarise(proposal.kind, proposal.path, proposal.data)
            self.pinned.pop(proposal.id, None)
        self._entries = dict(sorted(entries.items()))
        self._by_path = {entry.path: entry for entry in self.entries.values()}
        for entry in self.entries.values():
            for alias in entry.aliases:
                self.aliases.setdefault(alias, entry.id)

    def data(self, identifier: str) -> dict[str, Any]:
        """Return a whole document, as proposed where it is."""
        proposal = self._proposals.get(identifier)
        return proposal.data if proposal else self._below.data(identifier)


class ProposalJudge:
    """Says which proposals `check` would refuse, and why. Remembers what it said about a document's bytes."""

    def __init__(self, repo: Repository, store: Store) -> None:
        self._config = repo.config.require()  # severities and the cut-over decide what comes in
        self._store = store
        self._now = clock.now()
        self._verdicts: dict[tuple[str, bytes], DocumentVerdict | None] = {}
        self._old: dict[str, frozenset[tuple[str, str]]] = {}
        self._network: frozenset[tuple[str, str, str]] | None = None

    def errors(self, proposals: Iterable[Proposal]) -> dict[str, list[Finding]]:
        """Return the new errors of each proposal that has some, by its identifier.

        Faults that the file has already are not new. Raises Refused where a document that is not among
        the proposals, nor linked with one, would have a new error.
        """
        by_id = {p.id: p for p in proposals}
        store = _ProposedStore(self._store, by_id)
        verdicts = self._judge(store, by_id)
        refused = {v.path: v.refused for v in verdicts if v.refused}
        findings = [f for v in verdicts for f in v.findings]
        findings += self._errors(run(NETWORK, NetworkContext(store, self._now, refused)), store)
        found: dict[str, list[Finding]] = {}
        elsewhere = []
        for finding in findings:
            entry = store.by_path.get(finding.path)
            if entry is None or entry.id not in by_id:
                elsewhere.append(finding)
            elif (finding.code, finding.message) not in self._before(by_id[entry.id]):
                found.setdefault(entry.id, []).append(finding)
        for finding in self._new(elsewhere):
            for identifier in self._causes(finding, store, by_id):
                found.setdefault(identifier, []).append(finding)
        return found

    def _judge(self, store: Store, proposals: Mapping[str, Proposal]) -> list[DocumentVerdict]:
        judge = DocumentJudge(self._now)
        found = []
        for proposal in proposals.values():
            key = (proposal.id, proposal.packed)
            if key not in self._verdicts or not proposal.kind.is_record:
                document = Document(proposal.path, b"", proposal.data, proposal.kind, ())
                self._verdicts[key] = self._verdict(judge(store, document), store)
            verdict = self._verdicts[key]
            if verdict:
                found.append(verdict)
        return found

    def _verdict(self, verdicts: list[DocumentVerdict], store: Store) -> DocumentVerdict | None:
        """Return what is worth remembering: errors, and which fields the rules must not rely on."""
        for verdict in verdicts:
            errors = tuple(self._errors(verdict.findings, store))
            if errors or verdict.refused:
                return verdict._replace(findings=errors)
        return None

    def _errors(self, findings: Iterable[Finding], store: Store) -> Iterable[Finding]:
        return (f for f in configured(findings, self._config, self._now, store) if f.severity == ERROR)

    def _before(self, proposal: Proposal) -> frozenset[tuple[str, str]]:
        """Return the faults that a file has already."""
        if proposal.before is None:
            return frozenset()
        if proposal.id not in self._old:
            document = Document(proposal.path, b"", dict(proposal.before), proposal.kind, ())
            verdicts = DocumentJudge(self._now)(self._store, document)
            own = {(f.code, f.message) for v in verdicts for f in v.findings}
            own |= {
                (code, message) for code, path, message in self._network_before() if path == proposal.path
            }
            self._old[proposal.id] = frozenset(own)
        return self._old[proposal.id]

    def _network_before(self) -> frozenset[tuple[str, str, str]]:
        if self._network is None:
            findings = run(NETWORK, NetworkContext(self._store, self._now))
            self._network = frozenset((f.code, f.path, f.message) for f in findings)
        return self._network

    def _new(self, findings: list[Finding]) -> list[Finding]:
        return [f for f in findings if (f.code, f.path, f.message) not in self._network_before()]

    def _causes(self, finding: Finding, store: Store, proposals: Mapping[str, Proposal]) -> list[str]:
        """Return the proposals that brought an error to another document: those linked with it."""
        entry = store.by_path.get(finding.path)
        targets = {e.target for e in entry.edges} if entry else set()
        causes = [
            identifier
            for identifier in proposals
            if identifier in targets
            or (entry and any(e.target == entry.id for e in store.entries[identifier].edges))
        ]
        if not causes:
            raise Refused(
                f"the import would break {finding.path}: {finding.message} ({finding.code})",
                "nothing was written",
            )
        return causes
