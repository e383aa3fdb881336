"""Judging a request by what it can have altered: the files that differ, and the documents that its change reaches.

The findings are those of the full check with the same base: all in changed files, and those elsewhere that head has
and base has not. Each document that the change can have altered (`reach.py`) is judged on both sides; the rest of
the repository says the same of itself before and after, and nobody reads it. Where the rule book is part of the
change, or a rule does not say what it depends on, everything is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from itsm_gitops.graph.ownership import HEADER, PLACES
from itsm_gitops.model.archive import is_list
from itsm_gitops.model.errors import MissingObject, RuleBookError
from itsm_gitops.model.findings import ERROR, Finding
from itsm_gitops.repository import Config, Snapshot, read_config, read_rulebook
from itsm_gitops.repository.index.for_request import IndexAnswers
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.repository.modes import REGULAR
from itsm_gitops.repository.outside import outside
from itsm_gitops.repository.request_files import RequestFiles, RequestSide
from itsm_gitops.repository.request_pool import RequestPool
from itsm_gitops.repository.request_text import Unsearchable
from itsm_gitops.repository.store import is_document
from itsm_gitops.rules.book import CONFIG, BookContext
from itsm_gitops.rules.changes import Range
from itsm_gitops.rules.context import ChangeContext, Data, NetworkContext
from itsm_gitops.rules.judge import DocumentJudge, book_findings, irregular_finding, odd_name, run, run_rule
from itsm_gitops.rules.reach import Reach
from itsm_gitops.rules.registry import RULES, rules
from itsm_gitops.rules.rule import CHANGE, CMDB, DOCUMENT, NETWORK, PEOPLE, Rule

# From so many changed documents on, reading everything once is less work than asking for each.
_CHANGES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class RequestReport:
    """What judging a request gave; ``paths`` are the files that were judged, ``store`` is that of head."""

    findings: list[Finding]
    store: LazyStore
    snapshot: Snapshot
    config: Config
    commit: str
    paths: tuple[str, ...]


def judge_request(files: RequestFiles, now: datetime) -> RequestReport | None:
    """Judge what changed between both sides; None where only judging everything can tell. Raises GitError."""
    try:
        return _Judgement(files, files.commit, now).report()
    except (RuleBookError, Unsearchable, MissingObject):
        return None


def _concerns_all(path: str) -> bool:
    """Whether a file has a say in what is right of any document: the rule book, settings, lists of archived records."""
    return path == CONFIG or path.startswith("schemas/") or is_list(path)


class _Judgement:
    def __init__(self, files: RequestFiles, commit: str, now: datetime) -> None:
        self.files = files
        self.commit = commit
        self.now = now

    def report(self) -> RequestReport | None:
        paths = self.files.differences
        if len(paths) > _CHANGES_MAX or any(_concerns_all(p) for p in paths):
            return None
        if any(rule.reach is None for rule in rules(NETWORK)):
            return None
        head = self.files.head.below
        config = read_config(head)
        book = read_rulebook(head)
        config.require(head.name)
        if config.roots:  # what documents link to is in several repositories
            return None
        pool = RequestPool(self.files, book)
        try:
            return self._judge(pool, head, config)
        finally:
            pool.text.close()

    def _judge(self, pool: RequestPool, snapshot: Snapshot, config: Config) -> RequestReport | None:
        base, head = (_Side(pool, side, config, self.now) for side in (self.files.base, self.files.head))
        reach = Reach(
            base.store,
            head.store,
            lambda store, name: bool((base if store is base.store else head).refused_of(name)),
        )
        pool.index = IndexAnswers.of(self.files.tree, config) if self.files.tree else None
        pool.text.expect([*reach.expected(), *(() if pool.index else reach.named())])
        if book_findings(BookContext.read(snapshot, config, self.now, RULES), config, self.now) is None:
            return None  # the rule book comes first
        found = [*head.of_changed_files(), *head.documents(reach), *head.network(reach)]
        changed = frozenset(self.files.differences)
        kept = [f for f in found if f.path in changed]
        others = [f for f in found if f.path not in changed]
        if others:
            before = {_key(f) for f in (*base.network(reach), *base.documents(reach))}
            kept += [f for f in others if _key(f) not in before]
        kept += run(CHANGE, self._context(head, config))
        judged = (
            {p for p, _ in head.judged}
            | {f.path for f in kept}
            | {p for p in changed if self.files.head.info(p)}
        )
        return RequestReport(kept, head.store, self.files.head, config, self.commit, tuple(sorted(judged)))

    def _context(self, head: _Side, config: Config) -> ChangeContext:
        status = {d.path: d.status for d in self.files.differences.values()}
        repo, book = self.files.repo, head.store.book
        span = Range(repo, self.commit, self.files.base, self.files.head, book, config, status)
        return span.context(head.context(frozenset()))


class _Side:
    """One side of a request while it is judged."""

    def __init__(self, pool: RequestPool, side: RequestSide, config: Config, now: datetime) -> None:
        self.store = LazyStore(pool, side, config)
        self.items = LazyStore(pool, side, config, items_only=True)
        self.now = now
        self.judged: set[tuple[str, str]] = set()
        self._judge = DocumentJudge(now)
        self._refused = _Refused(self)
        self._seen: dict[str, Data] = {}

    def refused_of(self, identifier: str) -> frozenset[str]:
        """Return the fields of a document that its schema refuses."""
        entry = self.store.entries.get(identifier)
        return self._refused.get(entry.path) or frozenset() if entry else frozenset()

    def refused_at(self, path: str) -> frozenset[str]:
        """Return the fields of the document at a path that its schema refuses."""
        return self._judge.refused(self.store.document(path))

    def context(self, subjects: frozenset[str], places: frozenset[str] = frozenset()) -> NetworkContext:
        """Return the context in which network rules judge some documents and files."""
        return NetworkContext(self.store, self.now, self._refused, subjects, places, self._seen)

    def of_changed_files(self) -> Iterator[Finding]:
        """Yield what cannot be read among the changed files, and names that cannot be shown."""
        for path in self.store.side.changes():
            mode = self.store.mode(path)
            if mode != REGULAR:
                yield irregular_finding(path, mode)
            elif is_document(path):
                for p in self.store.document(path).problems:
                    yield Finding(p.code, ERROR, path, p.message, p.hint, (), p.line, p.column)
            if not path.isprintable():
                yield odd_name(path)

    def documents(self, reach: Reach) -> Iterator[Finding]:
        """Yield what the document rules say of the changed documents and of those that the change reaches."""
        words = {word for rule in rules(DOCUMENT) for word in rule.reach or ()}
        names = frozenset().union(*(reach.of(word) for word in words))
        paths = {p for p in self.store.side.changes() if is_document(p) and self.store.mode(p) == REGULAR}
        paths |= {e.path for e in (self.store.entries.get(n) for n in names) if e is not None}
        for path in sorted(paths):
            self.judged.add((path, ""))
            for verdict in self._judge(self.items, self.store.document(path)):
                yield from verdict.findings

    def network(self, reach: Reach) -> Iterator[Finding]:
        """Yield what the network rules say of what the change reaches."""
        for rule in rules(NETWORK):
            if self._is_asked(rule, reach):
                words = rule.reach or ()
                subjects = reach.changed.union(*(reach.of(word) for word in words))
                yield from run_rule(rule, self.context(subjects, self._places))

    @cached_property
    def _places(self) -> frozenset[str]:
        """The changed files, and those that have such a name in other letters, on both sides."""
        side = self.store.side
        paths = side.request.differences
        return frozenset(paths).union(*(side.in_any_case(p) for p in paths))

    @cached_property
    def written_owners(self) -> bool:
        """Whether a CODEOWNERS is there that this tool once wrote."""
        head = HEADER.encode()
        return any((outside(self.store.side.below, p) or b"").startswith(head) for p in PLACES.values())

    def _is_asked(self, rule: Rule, reach: Reach) -> bool:
        """Whether a rule about everything together can say something else than before."""
        if rule.reach == (PEOPLE,):
            return reach.touches_people
        if rule.reach == (CMDB,):
            return any(
                (outside(self.store.side.below, p) or b"").startswith(HEADER.encode())
                for p in PLACES.values()
            )
        return True


class _Refused(Mapping[str, frozenset[str]]):
    """The fields that schemas refuse, by path of the document, worked out when somebody asks."""

    def __init__(self, side: _Side) -> None:
        self._side = side
        self._known: dict[str, frozenset[str]] = {}

    def __getitem__(self, path: str) -> frozenset[str]:
        if path not in self._known:
            self._known[path] = self._side.refused_at(path)
        return self._known[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _key(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.path, finding.message, finding.pointer)
