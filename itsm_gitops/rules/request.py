"""Judging a request by what it can have altered: the files that differ, and the documents that its change reaches.

The findings are those of the full check with the same base: all in changed files, and those elsewhere that head has
and base has not. Each document that the change can have altered (`reach.py`) is judged on both sides; the rest of
the repository says the same of itself before and after, and nobody reads it. Where the rule book is part of the
change, or a rule does not say what it depends on, everything is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from itsm_gitops.model.archive import is_list
from itsm_gitops.model.errors import MissingObject, RuleBookError
from itsm_gitops.model.findings import Finding
from itsm_gitops.repository.index.for_request import IndexAnswers
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.repository.request_files import RequestFiles
from itsm_gitops.repository.request_pool import RequestPool
from itsm_gitops.repository.request_text import Unsearchable
from itsm_gitops.rules.book import CONFIG
from itsm_gitops.rules.changes import Range
from itsm_gitops.rules.context import ChangeContext
from itsm_gitops.rules.judge import run
from itsm_gitops.rules.registry import rules
from itsm_gitops.rules.request_side import RequestedSide, reach_between
from itsm_gitops.rules.rule import CHANGE, NETWORK
from itsm_gitops.rules.sound_book import is_sound
from itsm_gitops.snapshots import Config, Snapshot, read_config, read_rulebook

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
        base, head = (
            RequestedSide(pool, side, config, self.now) for side in (self.files.base, self.files.head)
        )
        reach = reach_between(base, head)
        pool.index = IndexAnswers.of(self.files.tree, config) if self.files.tree else None
        pool.text.expect([*reach.expected(), *(() if pool.index else reach.named())])
        index = pool.index.store if isinstance(pool.index, IndexAnswers) else None
        if not is_sound(snapshot, config, self.now, index, self.files):
            return None  # the rule book comes first
        found = list(head.findings(reach))
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

    def _context(self, head: RequestedSide, config: Config) -> ChangeContext:
        status = {d.path: d.status for d in self.files.differences.values()}
        repo, book = self.files.repo, head.store.book
        span = Range(repo, self.commit, self.files.base, self.files.head, book, config, status)
        return span.context(head.context(frozenset()))


def _key(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.path, finding.message, finding.pointer)
