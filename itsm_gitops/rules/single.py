"""Judging one document before it is written: the same rules, on the part of the snapshot it needs."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops import documents
from itsm_gitops.model import clock, ids
from itsm_gitops.model.entry import edges_of
from itsm_gitops.model.findings import Finding, sort_key
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Document, Repository, Store, load_store
from itsm_gitops.repository.overlay import Overlay
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.engine import configured, locate
from itsm_gitops.rules.judge import DocumentJudge, Verdict, run, unreadable
from itsm_gitops.rules.registry import NETWORK


def check_document(repo: Repository, path: str, raw: bytes) -> list[Finding]:
    """Return what the rules say about a document if it held ``raw``, located and sorted.

    The document is judged together with the CMDB and the records it names; rules about what
    happened between two commits need `check` with a base.
    """
    now = clock.now()
    snapshot = Overlay(repo.snapshot(), path, raw, list(_named(repo.book, path, raw)))
    judge = DocumentJudge(now)

    def visit(store: Store, document: Document) -> list[Verdict]:
        return judge(store, document) if document.path == path else []

    store, verdicts = load_store(snapshot, jobs=1, visit=visit, book=repo.book, config=repo.config)
    context = NetworkContext(store, now, {v.path: v.refused for v in verdicts if v.refused})
    found = [f for v in verdicts for f in v.findings]
    found += unreadable(store)
    found += run(NETWORK, context)
    own = configured((f for f in found if f.path == path), repo.config, now, store)
    return sorted(set(locate(snapshot, own)), key=sort_key)


def _named(book: RuleBook, path: str, raw: bytes) -> Iterator[str]:
    """Yield the paths of the records that a document names."""
    kind, data = book.kind_at(path), documents.load(raw).data
    if kind is None or not isinstance(data, dict):
        return
    for edge in edges_of(kind, data):
        parsed = ids.parse_record_id(edge.target)
        other = book.by_prefix.get(parsed[0]) if parsed else None
        if other is not None:
            yield book.path_for(other, edge.target)
