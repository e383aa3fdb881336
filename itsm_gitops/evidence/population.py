"""The population of a period: one row for each change and each merge, from Git and the ledger alone.

Auditors sample from it, so it has to be whole: every merge of the branch since the rules about approvals came, also
those that nobody recorded, and every change record that is on the branch, that a statement names, or both. What was
approved comes from the statements, what was planned and done from the records as they are on the branch.
`digest` identifies a population: who draws a sample states it, so that the draw can be repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from itsm_gitops import documents
from itsm_gitops.evidence.cells import contents_of, review_cell, statement_cells
from itsm_gitops.evidence.ledger import UNREVIEWED, Ledger
from itsm_gitops.evidence.moves import BranchMove, audited_since, first_parents, moves_of
from itsm_gitops.evidence.period import Period, in_period
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.statement import MERGE
from itsm_gitops.gate.types import RESULTS
from itsm_gitops.git.changeset import changeset
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import firm_states
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.facts import stage_of
from itsm_gitops.model.meaning import CHANGE
from itsm_gitops.model.migrations import FOLDER as MIGRATIONS
from itsm_gitops.model.roles import names
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Snapshot, read_rulebook
from itsm_gitops.snapshots.migrated import differing_by_words, reading

CHANGE_ROW, MERGE_ROW = "change", "merge"
NO_EVIDENCE = "NO_EVIDENCE"
COLUMNS = (
    "row", "changes", "title", "type", "risk", "state", "requested_by", "implementers", "target", "merge", "merged_at",
    "result", "required", "approved_by", "approvals", "not_counted", "authors", "kept_apart", "committer", "merged_by",
    "request", "planned_start", "planned_end", "actual_start", "actual_end", "outcome", "reviewed_afterwards",
    "review_due", "recorded_at", "signed_by", "policy", "statement", "exceptions",
)  # fmt: skip
_WINDOW = ("planned_start", "planned_end", "actual_start", "actual_end")
_DOCUMENTS = ("cmdb/", "records/")
_ORDER = (UNREVIEWED, *RESULTS)

Data = Mapping[str, Any]
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class PopulationMerge:
    """One move of a branch with everything recorded about it; ``changes`` are the records it carries."""

    target: str
    move: BranchMove
    review: Statement | None
    changes: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def at(self) -> datetime:
        """When it was merged, as far as anybody recorded it; else the date that its commit bears."""
        return self.move.statement.evaluated_at if self.move.statement else self.move.landed.at

    @property
    def result(self) -> str:
        """Return the result on record; UNREVIEWED where there is none."""
        return self.move.statement.result if self.move.statement else UNREVIEWED

    @property
    def commit(self) -> str:
        """Return the commit that landed."""
        return self.move.landed.commit


class Population:
    """The merges and changes of a period, oldest first."""

    def __init__(self, repo: Repository, ledger: Ledger, tips: Mapping[str, str], period: Period) -> None:
        self.repo = repo
        self.ledger = ledger
        self.tips = tips
        self.period = period

    @cached_property
    def merges(self) -> tuple[PopulationMerge, ...]:
        """Every merge of the period that changed a file or has a statement, oldest first."""
        found = [merge for target, tip in self.tips.items() for merge in self._merges(target, tip)]
        return tuple(sorted(found, key=lambda m: m.at))  # stable: a branch keeps its order

    def _merges(self, target: str, tip: str) -> Iterator[PopulationMerge]:
        git, statements = self.repo.history, self.ledger.of_branch(target)
        line = first_parents(git, tip)
        start = self.period.commit or audited_since(git, tip, line, statements)
        moves = in_period(moves_of(git, tip, statements, start, line=line), self.period).moves
        for move in reversed(moves):
            statement = move.statement
            if statement is not None:
                paths = self._decided(move, names(statement.predicate["assessment"].get("paths")))
                yield PopulationMerge(
                    target, move, self._reviews.get(statement.name), statement.changes, paths
                )
                continue
            touched = changeset(git, move.base, move.landed.commit)
            if touched:
                paths = self._decided(move, [c.path for c in touched])
                carried = tuple(filter(None, map(self._change_at, paths)))
                yield PopulationMerge(target, move, None, carried, paths)

    def _decided(self, move: BranchMove, paths: Sequence[str]) -> tuple[str, ...]:
        """Return the files of a merge without the documents that a migration in it only put into other words."""
        if not any(p.startswith(MIGRATIONS) for p in paths):
            return tuple(paths)
        git, before = self.repo.history, self.repo.snapshot(move.base)
        edited = [
            c.path
            for c in changeset(git, move.base, move.landed.commit)
            if c.status == "M" and c.path.startswith(_DOCUMENTS)
        ]
        try:
            book = read_rulebook(before)
        except ItsmError:
            return tuple(paths)
        words = differing_by_words(before, book, self.repo.snapshot(move.landed.commit), edited)
        return tuple(p for p in paths if p not in words)

    @cached_property
    def begin(self) -> str:
        """Where the audit of the first branch begins: the commit that brought the rules about approvals."""
        target, tip = next(iter(self.tips.items()))
        line = first_parents(self.repo.history, tip)
        return audited_since(self.repo.history, tip, line, self.ledger.of_branch(target))

    @cached_property
    def _reviews(self) -> dict[str, Statement]:
        return {s.original: s for s in self.ledger.statements if s.kind != MERGE}

    @cached_property
    def _contents(self) -> frozenset[str]:
        return contents_of(self.ledger)

    @cached_property
    def tip(self) -> str:
        """The newest commit of the branch that is audited first: its records are the changes."""
        return next(iter(self.tips.values()))

    @cached_property
    def book(self) -> Any:
        """The rule book of that commit."""
        return read_rulebook(self.repo.snapshot(self.tip))

    def _change_at(self, path: str) -> str:
        """Return the identifier of the change that a path is the record of; empty for anything else."""
        kind = self.book.kind_at(path) if path.startswith("records/") and path.endswith(".yaml") else None
        return path.rpartition("/")[2].removesuffix(".yaml") if kind and CHANGE in kind.plays else ""

    @cached_property
    def paths(self) -> dict[str, str]:
        """The files of the change records of the branch, by identifier."""
        listed = ((self._change_at(i.path), i.path) for i in self.repo.snapshot(self.tip).files("records"))
        return {name: path for name, path in listed if name}

    @cached_property
    def records(self) -> dict[str, Data]:
        """The change records of the branch by identifier; of one that cannot be read nothing but that."""
        by_path = {path: name for name, path in self.paths.items()}
        found: dict[str, Data] = {}
        for path, raw in self.repo.snapshot(self.tip).read_many(by_path):
            data = documents.load(raw).data
            found[by_path[path]] = data if isinstance(data, dict) else {"title": f"{path} cannot be read"}
        return found

    def firm(self, data: Data) -> bool:
        """Whether a change is in a state in which its work may be done, or was done."""
        kind = self.book.kinds.get(str(data.get("kind")))
        return kind is not None and stage_of(kind, data) in firm_states(kind)

    def came_with_the_rules(self, change: str) -> bool:
        """Whether a change was authorised already when the rules about approvals came to the branch."""
        try:
            data = documents.load(self._beginning.read(self.paths[change])).data
        except ItsmError:
            return False
        return isinstance(data, dict) and self.firm(data)

    @cached_property
    def _beginning(self) -> Snapshot:
        """What was there when the rules came, in the words of the branch today."""
        before, tip = self.repo.snapshot(self.begin), self.repo.snapshot(self.tip)
        return reading(read_rulebook(before), tip, self.book).of(before)

    @cached_property
    def carried(self) -> dict[str, list[PopulationMerge]]:
        """The merges of the period by the changes that they carry."""
        found: dict[str, list[PopulationMerge]] = {}
        for merge in self.merges:
            for change in merge.changes:
                found.setdefault(change, []).append(merge)
        return found

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """The changes of the period: what its merges carry, and what was planned or done within it."""
        whole = self.period.moment is None and self.period.until is None and self.period.commit is None
        inside = [c for c, data in self.records.items() if whole or self._within(data)]
        return tuple(sorted({*inside, *self.carried}))

    def _within(self, data: Data) -> bool:
        times = [t for t in (clock.parse_time(str(data.get(f, ""))) for f in _WINDOW) if t]
        after, before = self.period.moment, self.period.until
        return (
            bool(times) and (after is None or max(times) >= after) and (before is None or min(times) < before)
        )

    def rows(self, exceptions: Mapping[str, Sequence[str]] | None = None) -> list[Row]:
        """Return the rows: changes by identifier, then merges by time. ``exceptions`` are codes by change or merge."""
        codes = exceptions or {}
        return [
            *(self._change_row(c, codes.get(c, ())) for c in self.changes),
            *(self._merge_row(m, codes.get(m.commit, ())) for m in self.merges),
        ]

    def _change_row(self, change: str, codes: Sequence[str]) -> Row:
        merges = self.carried.get(change, [])
        statements = [m.move.statement for m in merges if m.move.statement]
        bare = NO_EVIDENCE if self.firm(self.records.get(change, {})) else ""
        row = {
            **self._recorded([change]),
            **statement_cells(statements, self._contents),
            "row": CHANGE_ROW,
            "changes": change,
            "target": " ".join(dict.fromkeys(m.target for m in merges)),
            "merge": " ".join(m.commit for m in merges),
            "merged_at": clock.format_time(merges[0].at) if merges else "",
            "result": min((m.result for m in merges), key=_ORDER.index, default=bare),
            "reviewed_afterwards": "; ".join(review_cell(m.review) for m in merges if m.review),
            "exceptions": " ".join(codes),
        }
        return {c: row.get(c, "") for c in COLUMNS}

    def _merge_row(self, merge: PopulationMerge, codes: Sequence[str]) -> Row:
        landed = merge.move.landed
        row = {
            **self._recorded(merge.changes),
            "committer": f"{landed.committer} <{landed.committer_address}>",
            **statement_cells([merge.move.statement] if merge.move.statement else [], self._contents),
            "row": MERGE_ROW,
            "changes": " ".join(merge.changes),
            "target": merge.target,
            "merge": merge.commit,
            "merged_at": clock.format_time(merge.at),
            "result": merge.result,
            "reviewed_afterwards": review_cell(merge.review) if merge.review else "",
            "exceptions": " ".join(codes),
        }
        row["title"] = row["title"] or landed.subject
        return {c: row.get(c, "") for c in COLUMNS}

    def _recorded(self, changes: Iterable[str]) -> dict[str, str]:
        """Return what the records of some changes say, each field once for each."""
        documents_ = [self.records.get(c, {}) for c in changes]
        cells = {
            f: _joined(documents_, f) for f in ("title", "type", "state", "requested_by", *_WINDOW, "outcome")
        }
        cells["implementers"] = "; ".join(
            t for t in (", ".join(names(d.get("implementers"))) for d in documents_) if t
        )
        levels = [d["risk"].get("level", "") for d in documents_ if isinstance(d.get("risk"), dict)]
        return {**cells, "risk": "; ".join(str(level) for level in levels)}


def digest(rows: Iterable[Row]) -> str:
    """Return ``sha256:…`` of a population: of its rows as canonical JSON, without the exceptions."""
    plain = [{k: v for k, v in row.items() if k != "exceptions"} for row in rows]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _joined(documents_: Iterable[Data], field: str) -> str:
    values = [str(d[field]) for d in documents_ if isinstance(d.get(field), str | int | float)]
    return "; ".join(" ".join(v.split()) for v in values)
