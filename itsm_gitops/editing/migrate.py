"""`itsm migrate`: one word of the rule book is renamed or removed, in the rule book and in all documents.

Decisions
---------

Timelines are rewritten, not mapped when they are read: every reader of a snapshot (lists, clocks, schemas, other
tools) finds the words of its own rule book in it and needs no history. What was written then is in Git, whose
commits nobody touches, so every digest that evidence and approvals hold of them stays right.

All or nothing: every file is rewritten in memory or aside first, and read back; only then files are replaced, each
only if it still holds what was read. Whatever fails puts those that were written back. A process that is killed in
between leaves a working tree that Git can restore, because nothing begins with uncommitted changes.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

from itsm_gitops import documents
from itsm_gitops.documents import delete_atomic, write_atomic
from itsm_gitops.editing.tool_words import may_be_read, packaged, reader_of
from itsm_gitops.editing.validation import DocumentRejected
from itsm_gitops.git.actor import acting
from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model import clock, ids
from itsm_gitops.model.errors import ItsmError, NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.findings import ERROR, Finding
from itsm_gitops.model.migrations import (
    FIELD,
    FOLDER,
    KIND,
    LINK,
    STATE,
    VALUE,
    BookShape,
    Migration,
    migrations_of,
    vocabulary,
)
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Snapshot, read_rulebook
from itsm_gitops.snapshots.migrated import MigratedSnapshot, MigrationStep, Rewritten, rewritten

META = "schemas/meta/migration.schema.json"
_EXAMPLES = 5
_NAMES = {STATE: ids.is_word, FIELD: ids.is_word, KIND: ids.is_item_id, LINK: ids.is_word}


class LeftAlone(NamedTuple):
    """A place of the rule book that says the old word and was not touched, with its line."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What a migration would do: how many documents it changes, the first of them, and the files of the rule book.

    ``left`` are places of the rule book that were left alone because they speak of other kinds as well.
    """

    migration: Migration
    documents: int
    places: int
    examples: tuple[str, ...]
    rule_files: tuple[str, ...]
    left: tuple[LeftAlone, ...]


def planned(
    sort: str, subject: str, new: str, *, old: str = "", removed: bool = False, reason: str = ""
) -> Migration:
    """Return the migration that somebody asks for on a command line.

    ``subject`` is ``KIND:STATE``, ``KIND.FIELD`` (of a value too, whose word is ``old``), or the name of a kind or a
    link type. Raises UsageError where it is written otherwise.
    """
    kind, field = "", ""
    if sort == STATE:
        kind, colon, old = subject.partition(":")
        if not (kind and colon and old):
            raise UsageError(f"'{subject}' names no state", "write KIND:STATE, for example change:assess")
    elif sort in (FIELD, VALUE):
        kind, dot, field = subject.partition(".")
        if not (kind and dot and field):
            raise UsageError(f"'{subject}' names no field", "write KIND.FIELD, for example incident.location")
        if sort == FIELD:
            old, field = field, ""
            above = old.rpartition(".")[0]
            new = f"{above}.{new}" if above and new and "." not in new else new
    else:
        old = subject
    return Migration(sort, old, new, kind, field, removed=removed, reason=reason)


def plan(repo: Repository, migration: Migration) -> MigrationPlan:
    """Return what a migration would do; nothing is written.

    Raises NotFound, UsageError or Refused where it makes no sense, and DocumentRejected where the rule book that
    comes of it would be wrong.
    """
    return _Work(repo, migration).plan()


def migrate(repo: Repository, migration: Migration, *, by: str | None = None) -> MigrationPlan:
    """Carry a migration out and return what was done; raises what `plan` raises, and Refused or ChangedMeanwhile.

    Needs a working tree without uncommitted changes of documents or of the rule book. Nothing is committed.
    """
    require_committed(repo)
    done = migrations_of(repo.book)
    now = clock.now().replace(microsecond=0)
    last = clock.parse_time(done[-1].at) if done else None
    moment = max(now, last + timedelta(seconds=1)) if last else now  # their order is that of their times
    full = replace(
        migration,
        at=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        by=acting(repo, by),
        reason=migration.reason or migration.sentence,
    )
    return _Work(repo, full).write()


def require_committed(repo: Repository) -> None:
    """Raise Refused where documents or the rule book have changes that are not committed."""
    changed = repo.history.run("status", "--porcelain", "-z", "--", "schemas", "records", "cmdb").split(b"\0")
    if any(changed):
        first = changed[0][3:].decode("utf-8", "replace")
        raise Refused(
            f"there are uncommitted changes ({first})",
            "commit or stash them first: a migration is one change, and Git can take it back as one",
        )


class _Work:
    def __init__(self, repo: Repository, migration: Migration) -> None:
        self.repo = repo
        self.migration = migration
        self.snapshot: Snapshot = repo.snapshot()
        _check_words(repo, migration)
        self.step = MigrationStep(migration, BookShape.of(repo.book))
        self.rules: dict[str, tuple[bytes, bytes]] = {}
        self.left: list[LeftAlone] = []

    def plan(self) -> MigrationPlan:
        """Return what would be done."""
        self._rule_book()
        count, places = 0, 0
        examples: list[str] = []
        for path, _, result in self._documents():
            count, places = count + 1, places + result.places
            examples += [path] if len(examples) < _EXAMPLES else []
        if not count and not self.rules:
            raise NotFound(f"nothing says {self.migration.sort} '{self.migration.old}'", "")
        if not self.migration.new and count:
            raise Refused(
                f"{'1 document uses' if count == 1 else f'{count:,} documents use'} {self.migration.sort} {self.migration.subject}: {', '.join(examples)}"
                + (", …" if count > len(examples) else ""),
                "say what it becomes (--becomes WORD), or edit them first",
            )
        return MigrationPlan(
            self.migration, count, places, tuple(examples), tuple(sorted(self.rules)), tuple(self.left)
        )

    def write(self) -> MigrationPlan:
        """Write everything, or nothing."""
        done = self.plan()
        added = dict(self._added())
        with all_or_nothing(self.repo.root) as undo:
            for path, raw, result in self._documents():
                undo.write(path, result.content, raw)
            for path, (old, new) in sorted(self.rules.items()):
                undo.write(path, new, old)
            for path, content in added.items():
                undo.write(path, content, None)
        return done

    def _added(self) -> Iterator[tuple[str, bytes]]:
        """Yield the new files: the migration itself, and its schema where the rule book is older than migrations."""
        taken = {i.path for i in self.snapshot.files("schemas")}
        word = ids.slug(self.migration.subject.replace(":", "-").replace(".", "-").replace("_", "-"))
        stem = f"{FOLDER}{self.migration.at[:10]}-{self.migration.sort}-{word}"
        path = next(
            p
            for n in range(1, len(taken) + 2)
            if (p := f"{stem}{f'-{n}' if n > 1 else ''}.yaml") not in taken
        )
        if META not in taken:
            yield META, packaged(META)
        yield path, documents.dump(self.migration.file()).encode()

    def _rule_book(self) -> None:
        """Rewrite the rule book in memory, and see to it that it is one."""
        paths = [i.path for i in self.snapshot.files("schemas") if i.mode == REGULAR]
        wanted = [p for p in paths if p.endswith((".json", ".yaml"))]
        for path, raw in self.snapshot.read_many(wanted):
            result = rewritten(self.step, path, raw)
            if result.content != raw:
                self.rules[path] = (raw, result.content)
            if result.left:
                places = documents.locate(raw)
                self.left += [LeftAlone(path, places.nearest(e.pointer).line) for e in result.left]
        self._require_right()

    def _require_right(self) -> None:
        from itsm_gitops.rules import book_errors

        after = MigratedSnapshot(self.snapshot, (self.step,))
        book = read_rulebook(after)
        shown = self.migration
        if shown.sort == KIND:
            gone, there = shown.old not in book.kinds, not shown.new or shown.new in book.kinds
        else:
            words = vocabulary(book, shown)
            old, new = shown.old.rpartition(".")[2], shown.new.rpartition(".")[2]
            gone, there = words is None or old not in words, words is None or not new or new in words
        if not (gone and there):
            raise Refused(
                f"{shown.sort} '{shown.subject}' is described where other kinds share it (schemas/common.schema.json)",
                "describe it in the schema of the kind first",
            )
        if _roles(self.repo.book, shown) - _roles(book, shown):
            raise Refused(
                "this rule book is so old that names say what states and kinds are",
                "write `roles` into the life cycles and `plays` into the schemas first (handbook, Life cycles)",
            )
        known = {_key(f) for f in book_errors(self.snapshot)}
        fresh = [f for f in book_errors(after) if f.severity == ERROR and _key(f) not in known]
        if fresh:
            raise DocumentRejected(fresh)

    def _documents(self) -> Iterator[tuple[str, bytes, Rewritten]]:
        """Yield path, bytes and result of every document that the migration changes, one after the other."""
        step = self.step
        if not self.migration.new:  # find who uses it
            step = MigrationStep(replace(self.migration, new="-", removed=False), step.shape)
        infos = self.snapshot.files("cmdb", "records")
        paths = (i.path for i in infos if i.mode == REGULAR and i.path.endswith(".yaml"))
        for path, raw in self.snapshot.read_many(paths):
            if not self.step.may_concern(raw):
                continue
            problems = documents.load(raw).problems
            if problems:
                first = problems[0]
                raise Refused(
                    f"{path}:{first.line}:{first.column}: {first.message}",
                    "a document that nobody can read cannot be migrated; repair it first",
                )
            result = rewritten(step, path, raw)
            if result.places:
                self._refuse_repeated(path, result)
                yield path, raw, result

    def _refuse_repeated(self, path: str, result: Rewritten) -> None:
        """Refuse to make one state of two that follow each other in a timeline: an entry would say nothing."""
        if self.migration.sort != STATE or not self.migration.removed:
            return
        data = documents.load(result.content).data
        states = [e["state"] for e in data.get("timeline", ()) if "state" in e]
        if any(one == other for one, other in pairwise(states)):
            raise Refused(
                f"{path} went from '{self.migration.old}' to '{self.migration.new}' or back: as one state, "
                "its timeline would say the same twice",
                "choose another state, or rename this one",
            )


def _roles(book: RuleBook, migration: Migration) -> set[tuple[str, str, str]]:
    """Return what kinds and states mean, under the names that they have after a migration."""
    kinds = {migration.old: migration.new or migration.old} if migration.sort == KIND else {}
    states = {migration.old: migration.new or migration.old} if migration.sort == STATE else {}
    found = {(kinds.get(n, n), "", role) for n, kind in book.kinds.items() for role in kind.plays}
    for name, kind in book.kinds.items():
        for state in kind.stages.states.values() if kind.stages else ():
            if migration.removed and state.name == migration.old:
                continue
            found |= {
                (kinds.get(name, name), states.get(state.name, state.name), role) for role in state.roles
            }
    return found


def _key(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.path, finding.message


def _check_words(repo: Repository, migration: Migration) -> None:
    """Raise NotFound, Refused or UsageError where the words of a migration are not valid."""
    words = vocabulary(repo.book, migration)
    old, new = migration.old.rpartition(".")[2], migration.new.rpartition(".")[2]
    if migration.sort == FIELD and migration.new.rpartition(".")[0] not in (
        "",
        migration.old.rpartition(".")[0],
    ):
        raise UsageError("a field keeps its place", f"write the new name alone: {new}")
    known = (
        repo.book.kinds if migration.sort == KIND else repo.book.links if migration.sort == LINK else words
    )
    if known is not None and old not in known:
        raise NotFound(f"there is no {migration.sort} '{old}'", did_you_mean(old, known))
    reader = reader_of(old) if may_be_read(repo.book, migration) else ""
    if reader:
        raise Refused(
            f"the tool itself reads the {migration.sort} '{old}' ({reader})",
            "it keeps its name; a title or a description in the schema may show people another one",
        )
    if not migration.new:
        return
    fits = _NAMES.get(migration.sort)
    if fits is not None and not fits(new):
        mark = "hyphens" if migration.sort == KIND else "underscores"
        raise UsageError(f"'{new}' cannot be a name", f"lower-case letters, digits and {mark}, letter first")
    if old == new:
        raise UsageError(f"'{new}' is the name it has", "")
    if words is not None and migration.removed != (new in words):
        if migration.removed:
            raise NotFound(f"there is no {migration.sort} '{new}'", did_you_mean(new, words))
        raise Refused(
            f"there is a {migration.sort} '{new}' already",
            f"two become one with: itsm migrate remove {migration.sort} … --becomes {new}",
        )


class Undo:
    """Writes files, and puts all of them back where something fails. The old bytes wait in a file without a name."""

    def __init__(self, root: Path, spool: IO[bytes]) -> None:
        self._root = root
        self._spool = spool
        self._written: list[
            tuple[str, int, int]
        ] = []  # path, where its bytes begin, the size of the old ones

    def write(self, path: str, content: bytes, expected: bytes | None) -> None:
        """Write a file that holds ``expected`` (None: that is not there)."""
        write_atomic(self._root / path, content, expected=expected, durable=False)
        start, size = self._spool.tell(), -1 if expected is None else len(expected)
        self._spool.write((expected or b"") + content)
        self._written.append((path, start, size))

    def put_back(self) -> None:
        """Give every file that was written its old bytes, unless somebody has changed it meanwhile."""
        end = self._spool.tell()
        for path, start, size in reversed(self._written):
            self._spool.seek(start)
            both = self._spool.read(end - start)
            old, new = both[: max(size, 0)], both[max(size, 0) :]
            end = start
            with contextlib.suppress(ItsmError, OSError):
                if size < 0:
                    delete_atomic(self._root / path, expected=new, durable=False)
                else:
                    write_atomic(self._root / path, old, expected=new, durable=False)


@contextlib.contextmanager
def all_or_nothing(root: Path) -> Iterator[Undo]:
    """Yield what writes files; if the block fails, all of them are put back as they were."""
    with tempfile.TemporaryFile() as spool:
        undo = Undo(root, spool)
        try:
            yield undo
        except BaseException:
            undo.put_back()
            raise
