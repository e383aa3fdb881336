"""Judging edits before they are written: the same rules, on the part of the snapshot that the edits concern.

That part is the CMDB, the documents themselves, the records that they name (along relations that
may not close a circle, as far as those lead), and, where an edit changes what others can see of a
document, the documents that mention it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.model import clock, ids
from itsm_gitops.model.entry import edges_of
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.findings import ERROR, Finding, sort_key
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.repository.edit_files import EditFiles, EditText
from itsm_gitops.repository.request_pool import ITEMS, RequestPool
from itsm_gitops.repository.request_text import Unsearchable
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.judge import DocumentJudge, DocumentVerdict, run, unreadable
from itsm_gitops.rules.locating import locate
from itsm_gitops.rules.registry import replaced, rules
from itsm_gitops.rules.request_side import RequestedSide, reach_between
from itsm_gitops.rules.rule import NETWORK
from itsm_gitops.rules.settings import configured
from itsm_gitops.snapshots import Document, Store
from itsm_gitops.snapshots.mentions import mentioning
from itsm_gitops.snapshots.overlay import Overlay
from itsm_gitops.snapshots.snapshot import absent_of
from itsm_gitops.snapshots.store import identifier_of

# Fields that no other document's rules look at.
_UNSEEN = frozenset(["timeline", "description", "labels", "x", "watchers"])
_CHAIN = 1000  # records that are followed along relations without circles

Contents = Mapping[str, bytes]


_Sides = tuple[list[Finding], list[Finding]]  # of the edited documents, and of those before the edit


class _Around(NamedTuple):
    """The records that edits concern: those that are only needed, and those that must be judged again."""

    named: frozenset[str]
    mentioning: frozenset[str]


def new_findings(
    repo: Repository, after: Contents, before: Contents, *, whole: bool = False
) -> list[Finding]:
    """Return what the rules say of documents with the content ``after`` and did not say ``before``.

    Both map paths to content; a document that is new is missing in ``before``. The findings are
    those of the documents themselves, and errors that the edits bring about elsewhere, located
    and sorted. Rules about what happened between two commits need `check` with a base.

    Only what the edits can have altered is judged, which gives the same findings as judging all of that part of
    the snapshot; ``whole`` judges all of it.
    """
    around = _around(repo, after, before)
    sides = None if whole else _altered(repo, after, before, around)
    found, known = sides if sides is not None else _both(repo, after, before, around)
    snapshot = Overlay(repo.snapshot(), after, around.named | around.mentioning)
    return sorted(set(locate(snapshot, _without(found, known))), key=sort_key)


def standing_findings(
    repo: Repository, path: str, text: bytes, saved: bytes | None, known: Iterable[Finding]
) -> list[Finding]:
    """Return what `check` would say of one document if ``text`` were saved, located in that text and sorted.

    ``known`` is what it says of the document as it is ``saved`` (None: it is new). Only what the difference can alter
    is judged.
    """
    after, before = {path: text}, {} if saved is None else {path: saved}
    around = _around(repo, after, before)
    sides = _altered(repo, after, before, around, always=True)
    sides = sides if sides is not None else _both(repo, after, before, around, always=True)
    found, former = (replaced([f for f in side if f.path == path]) for side in sides)
    unmoved = (
        replace(f, line=0, column=0) if f.pointer else f for f in _without(known, _without(former, found))
    )
    snapshot = Overlay(repo.snapshot(), after, around.named | around.mentioning)
    return sorted(set(locate(snapshot, [*unmoved, *_without(found, former)])), key=sort_key)


def _without(found: Iterable[Finding], known: Iterable[Finding]) -> list[Finding]:
    """Return the findings that others do not have, each as many times as they have it less often."""
    left = Counter(map(_sign, known))
    fresh = []
    for finding in found:
        left[_sign(finding)] -= 1
        if left[_sign(finding)] < 0:
            fresh.append(finding)
    return fresh


def _altered(
    repo: Repository, after: Contents, before: Contents, around: _Around, *, always: bool = False
) -> _Sides | None:
    """Judge on both sides what the edits can have altered; None where everything must be judged.

    The side before is left out where nothing is found after, unless ``always``.
    """
    if repo.config.roots or absent_of(repo.snapshot()) or any(r.reach is None for r in rules(NETWORK)):
        return None
    now = clock.now()
    files = EditFiles(repo, before, after, around.named | around.mentioning)
    drawn = [identifier_of(p) for p in after if p not in before and not p.startswith(ITEMS)]
    pool = RequestPool(files, repo.book, EditText(files, drawn))
    base, head = (RequestedSide(pool, side, repo.config, now) for side in (files.base, files.head))
    try:
        reach = reach_between(base, head)
        found = _counting(head.findings(reach), repo, now, head.store, after)
        known = base.findings(reach) if found or always else []
        return found, list(configured(known, repo.config, now, base.store))
    except (RuleBookError, Unsearchable):
        return None
    finally:
        files.close()


def _both(
    repo: Repository, after: Contents, before: Contents, around: _Around, *, always: bool = False
) -> _Sides:
    """Judge that whole part of the snapshot on both sides."""
    now = clock.now()
    judged, store = _judge(repo, after, after, around, now)
    found = _counting(judged, repo, now, store, after)
    if not found and not always:
        return [], []
    known, store = _judge(repo, before, after, around, now)
    return found, list(configured(known, repo.config, now, store))


def _counting(
    found: Iterable[Finding], repo: Repository, now: datetime, store: Store, edited: Contents
) -> list[Finding]:
    """Return the findings that count, as the settings want them: of the edited documents, and errors elsewhere."""
    every = configured(found, repo.config, now, store)
    return [f for f in every if f.path in edited or f.severity == ERROR]


def _sign(finding: Finding) -> tuple[str, str, str]:
    return (finding.path, finding.code, finding.message)


def _judge(
    repo: Repository, contents: Contents, edited: Iterable[str], around: _Around, now: datetime
) -> tuple[list[Finding], Store]:
    """Return all findings about the edited documents, those that mention them, and the network; and the store."""
    judge, wanted = DocumentJudge(now), {*edited, *around.mentioning}
    snapshot = Overlay(repo.snapshot(), contents, around.named | around.mentioning)

    def visit(store: Store, document: Document) -> list[DocumentVerdict]:
        return judge(store, document) if document.path in wanted else []

    from itsm_gitops.snapshots import loading  # what reads everything is for those who need it

    store, verdicts = loading.load_store(snapshot, jobs=1, visit=visit, book=repo.book, config=repo.config)
    context = NetworkContext(store, now, {v.path: v.refused for v in verdicts if v.refused})
    found = [f for v in verdicts for f in v.findings]
    found += unreadable(store)
    found += run(NETWORK, context)
    return found, store


def _around(repo: Repository, after: Contents, before: Contents) -> _Around:
    """Find the records that edits concern."""
    named = set(_chain(repo, after.values(), after))
    words = {
        w for path, raw in after.items() for w in _seen_by_others(repo.book, path, raw, before.get(path))
    }
    mentions = frozenset(mentioning(repo.snapshot(), words)) - after.keys() if words else frozenset[str]()
    contents = [raw for _, raw in repo.snapshot().read_many(sorted(mentions))]
    named |= set(_chain(repo, contents, after))
    return _Around(frozenset(named) - mentions, mentions)


def _seen_by_others(book: RuleBook, path: str, raw: bytes, former: bytes | None) -> Iterator[str]:
    """Yield the words to search for: the name of a document whose change others can see, new aliases."""
    kind, data = book.kind_at(path), _data(raw)
    old = _data(former) if former is not None else {}
    if kind is None:
        return
    changed = {k for k in data.keys() | old.keys() if data.get(k) != old.get(k)} - _UNSEEN
    aliases = data.get("aliases")
    known = old.get("aliases")
    if isinstance(aliases, list):
        yield from (a for a in aliases if isinstance(a, str) and not (isinstance(known, list) and a in known))
    name = path.rpartition("/")[2].removesuffix(".yaml")
    if not kind.is_record or (former is not None and changed & {kind.state_field, kind.tag, "aliases"}):
        yield from [name] if changed else []


def _chain(repo: Repository, contents: Iterable[bytes], edited: Contents) -> Iterator[str]:
    """Yield the paths of the records that documents name, and of those they lead to without circles."""
    book = repo.book
    acyclic = {name for name, link in book.links.items() if link.acyclic}
    seen: set[str] = set(edited)
    waiting = [(raw, False) for raw in contents]
    while waiting and len(seen) < _CHAIN + len(edited):
        raw, only_acyclic = waiting.pop()
        data = _data(raw)
        for path in _named(book, _kind(book, data), data, acyclic if only_acyclic else None):
            if path not in seen and (repo.root / path).is_file():
                seen.add(path)
                yield path
                waiting += [(below, True) for _, below in repo.snapshot().read_many([path])]


def _kind(book: RuleBook, data: Mapping[str, Any]) -> Kind | None:
    name = data.get("kind", data.get("class"))
    return book.kinds.get(name) if isinstance(name, str) else None


def _data(raw: bytes) -> Mapping[str, Any]:
    data = documents.load(raw).data
    return data if isinstance(data, dict) else {}


def _named(
    book: RuleBook, kind: Kind | None, data: Mapping[str, Any], relations: set[str] | None
) -> Iterator[str]:
    """Yield the paths of the records that a document names, by some relations or by any."""
    for edge in edges_of(kind, data) if kind else ():
        parsed = ids.parse_record_id(edge.target)
        other = book.by_prefix.get(parsed[0]) if parsed else None
        if other is not None and (relations is None or edge.relation in relations):
            yield book.path_for(other, edge.target)
