"""One side of a request, or of an edit, while it is judged: what the rules say of what a change can have altered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.graph.ownership import HEADER, PLACES
from itsm_gitops.model.findings import ERROR, Finding
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.repository.request_files import RequestSide
from itsm_gitops.repository.request_pool import RequestPool
from itsm_gitops.rules.context import Data, NetworkContext
from itsm_gitops.rules.judge import DocumentJudge, irregular_finding, odd_name, run_rule
from itsm_gitops.rules.reach import Reach
from itsm_gitops.rules.registry import rules
from itsm_gitops.rules.rule import CMDB, DOCUMENT, NETWORK, PEOPLE, Rule
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.outside import outside
from itsm_gitops.snapshots.store import is_document


class RequestedSide:
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

    def findings(self, reach: Reach) -> Iterator[Finding]:
        """Yield what the rules say of this side."""
        yield from self.of_changed_files()
        yield from self.documents(reach)
        yield from self.network(reach)

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
        paths.update(*map(self.store.paths_of, names))
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
            return self.written_owners
        return True


class _Refused(Mapping[str, frozenset[str]]):
    """The fields that schemas refuse, by path of the document, worked out when somebody asks."""

    def __init__(self, side: RequestedSide) -> None:
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


def reach_between(base: RequestedSide, head: RequestedSide) -> Reach:
    """Return what the difference of both sides can have altered."""
    return Reach(
        base.store,
        head.store,
        lambda store, name: bool((base if store is base.store else head).refused_of(name)),
    )
