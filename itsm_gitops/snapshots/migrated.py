"""An older snapshot as it would be in the words of today: read through the migrations that came after it.

The files are rewritten as `itsm migrate` rewrites them, so what is compared with them differs by what people did,
and not by the words. Nothing of it is stored: commits, and everything that holds digests of them, stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.documents.rewriting import WordAt, replace_words, with_words
from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.model.errors import ItsmError, Refused
from itsm_gitops.model.migration_edits import ADD, DROP, LEFT, REPLACE, WordEdit
from itsm_gitops.model.migration_places import edits_of
from itsm_gitops.model.migrations import (
    KIND,
    BookShape,
    Migration,
    migrations_of,
    pending,
    vocabulary,
)
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots.config import read_rulebook
from itsm_gitops.snapshots.snapshot import Snapshot


class Rewritten(NamedTuple):
    """A file after a migration: its bytes, at how many places they differ, and which places were left alone."""

    content: bytes
    places: int
    left: tuple[WordEdit, ...] = ()


class MigrationStep(NamedTuple):
    """One migration, and the shape of the rule book before it."""

    migration: Migration
    shape: BookShape

    def may_concern(self, raw: bytes) -> bool:
        """Whether a file contains the old word (the last part of a dotted one); an escape may hide it."""
        sign = self.migration.old.rpartition(".")[2].encode()
        if b"\\" in raw or sign in raw:
            return True
        # Bytes know capitals of ASCII only; of other letters whoever reads the file can tell.
        return self.shape.has_levels(self.migration) and (not sign.isascii() or sign.lower() in raw.lower())


def steps(migrations: Sequence[Migration], shape: BookShape) -> tuple[MigrationStep, ...]:
    """Return migrations, in order, each with the shape that it meets; ``shape`` is that before the first."""
    found = []
    for migration in migrations:
        found.append(MigrationStep(migration, shape))
        shape = shape.after(migration)
    return tuple(found)


def rewritten(step: MigrationStep, path: str, raw: bytes) -> Rewritten:
    """Return a file as one migration leaves it; a file that cannot be read stays as it is.

    Raises Refused where the words cannot be written there.
    """
    if not step.may_concern(raw):
        return Rewritten(raw, 0)
    data = _data(path, raw)
    edits = edits_of(step.migration, step.shape, path, data)
    left = tuple(e for e in edits if e.deed == LEFT)
    content, structural = raw, [e for e in edits if e.deed in (ADD, DROP)]
    if structural:
        content = documents.edit(content, _structural(structural))
        data = _data(path, content)
        edits = edits_of(step.migration, step.shape, path, data)
    words = [WordAt(e.pointer, e.value, e.at_key) for e in edits if e.deed == REPLACE]
    if words:
        fresh = replace_words(content, words, is_json=path.endswith(".json"))
        if fresh is None or _data(path, fresh) != with_words(data, words):
            raise Refused(
                f"{path}: '{step.migration.old}' cannot be replaced there", "edit the file by hand first"
            )
        content = fresh
    return Rewritten(content, len(words) + len(structural), left)


def _structural(edits: Sequence[WordEdit]) -> list[documents.Edit]:
    """Return edits of lists and keys, the last place first, so that none moves another; each place once."""
    adds: list[documents.Edit] = [documents.Append(e.pointer, e.value) for e in edits if e.deed == ADD]
    drops = {e.pointer for e in edits if e.deed == DROP}
    whole = [p for p in drops if not any(p[:n] in drops for n in range(len(p)))]
    whole.sort(
        key=lambda p: [(isinstance(s, str), str(s) if isinstance(s, str) else f"{s:09d}") for s in p],
        reverse=True,
    )
    return [*adds, *(documents.Remove(p) for p in whole)]


def _data(path: str, raw: bytes) -> Any:
    if path.startswith("schemas/"):
        loaded = documents.load_rule_file(raw, is_json=path.endswith(".json"))
    else:
        loaded = documents.load(raw)
    return None if loaded.problems else loaded.data


class MigratedSnapshot:
    """A snapshot whose files are read through migrations."""

    def __init__(self, below: Snapshot, taken: Sequence[MigrationStep]) -> None:
        self.below = below
        self._steps = taken
        self.name = below.name

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files below; without their hashes, which are those of other bytes."""
        return [info._replace(oid="") for info in self.below.files(*roots)]

    def read(self, path: str) -> bytes:
        """Return one file in the words of today; raises what reading it raises."""
        return self._through(path, self.below.read(path))

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield files in the words of today."""
        for path, raw in self.below.read_many(paths):
            yield path, self._through(path, raw)

    def _through(self, path: str, raw: bytes) -> bytes:
        for step in self._steps:
            try:
                raw = rewritten(step, path, raw).content
            except ItsmError:
                return raw  # in its old words it differs from today's, which is what a judge must see
        return raw


def between(before: Snapshot, after: Snapshot) -> Snapshot:
    """Return a snapshot in the words of a later one, for who shows what changed; as it is where that is not known."""
    try:
        old = read_rulebook(before)
        fresh = pending(migrations_of(read_rulebook(after)), migrations_of(old))
        return MigratedSnapshot(before, steps(fresh, BookShape.of(old))) if fresh else before
    except ItsmError:
        return before


class MigrationFault(NamedTuple):
    """Why a migration of a request is not believed: what is wrong, and where."""

    path: str
    message: str
    migration: Migration


class TakenMigrations(NamedTuple):
    """How the base of a comparison is read: through these steps, or, where there are faults, as it is."""

    steps: tuple[MigrationStep, ...] = ()
    faults: tuple[MigrationFault, ...] = ()

    def of(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot read through the migrations that it lacks."""
        return MigratedSnapshot(snapshot, self.steps) if self.steps else snapshot


def differing_by_words(
    before: Snapshot, old: RuleBook, after: Snapshot, paths: Sequence[str]
) -> frozenset[str]:
    """Return which of some documents of both snapshots are what a migration between them makes of them, byte for byte.

    ``old`` is the rule book of the first. None where a migration is not believed, or a rule book cannot be read.
    """
    try:
        taken = reading(old, after, read_rulebook(after)) if paths else TakenMigrations()
    except ItsmError:
        return frozenset()
    if not taken.steps:
        return frozenset()
    fresh = dict(after.read_many(paths))
    return frozenset(path for path, raw in taken.of(before).read_many(paths) if fresh.get(path) == raw)


_SHOWN = 5


def reading(old: RuleBook, head: Snapshot, new: RuleBook) -> TakenMigrations:
    """Return how a snapshot with the rule book ``old`` is read by who compares it with ``head``.

    A migration is believed only where it was carried out: its old word was there, is gone from the rule book and
    from every document of head, and its new one was not there before unless the migration says that two words
    became one. Otherwise a file could say that a closed record never changed. With one fault none is believed.
    """
    fresh = pending(migrations_of(new), migrations_of(old))
    if not fresh:
        return TakenMigrations()
    taken = steps(fresh, BookShape.of(old))
    faults = [*_words_faults(fresh, old, new), *_unfollowed(fresh, head, BookShape.of(new))]
    return TakenMigrations((), tuple(faults)) if faults else TakenMigrations(taken)


def _words_faults(fresh: Sequence[Migration], old: RuleBook, new: RuleBook) -> Iterator[MigrationFault]:
    """Yield the migrations whose words were not, or still are, in the rule book."""
    made: set[tuple[str, str, str, str]] = set()
    for index, migration in enumerate(fresh):
        slot = _slot(migration)
        try:
            before = vocabulary(old, _with_kind(migration, _former_kind(fresh[:index], migration.kind)))
        except ItsmError as error:
            # Of a kind that got its name in this request only what may be renamed at all can be told.
            if isinstance(error, Refused) or (KIND, "", "", migration.kind) not in made:
                yield MigrationFault(migration.path, error.message, migration)
            before = None
        word, target = migration.old.rpartition(".")[2], migration.new.rpartition(".")[2]
        if before is not None and word not in before and (*slot, word) not in made:
            yield MigrationFault(migration.path, f"there was no {migration.sort} '{word}'", migration)
        if (
            before is not None
            and target in before
            and not migration.removed
            and not _freed(fresh[:index], migration)
        ):
            yield MigrationFault(
                migration.path,
                f"'{target}' was there before, so two words became one; say `removed: true`",
                migration,
            )
        made.add((*slot, target))
        if _restored(fresh[index + 1 :], migration):
            continue
        try:
            after = vocabulary(new, _with_kind(migration, _later_kind(fresh[index + 1 :], migration.kind)))
        except ItsmError:
            continue
        if after is not None and word in after:
            yield MigrationFault(
                migration.path, f"the rule book still has the {migration.sort} '{word}'", migration
            )


def _unfollowed(fresh: Sequence[Migration], head: Snapshot, shape: BookShape) -> Iterator[MigrationFault]:
    """Yield the first files of head that a migration would still change."""
    wanted = []
    for index, migration in enumerate(fresh):
        if not _restored(fresh[index + 1 :], migration):
            kind = _later_kind(fresh[index + 1 :], migration.kind)
            wanted.append(MigrationStep(_with_kind(migration, kind), shape))
    if not wanted:
        return
    count = 0
    paths = (i.path for i in head.files("cmdb", "records") if i.mode == REGULAR and i.path.endswith(".yaml"))
    for path, raw in head.read_many(paths):
        for step in wanted:
            # A word that is only removed has nothing in its place: its migration is followed where nobody has it.
            migration = (
                step.migration if step.migration.new else replace(step.migration, new="-", removed=False)
            )
            if _concerned(MigrationStep(migration, step.shape), path, raw):
                count += 1
                if count <= _SHOWN:
                    yield MigrationFault(path, f"'{migration.old}' is still here", step.migration)


def _concerned(step: MigrationStep, path: str, raw: bytes) -> bool:
    """Whether a migration would change a file; where it cannot, it has something to change there."""
    try:
        return rewritten(step, path, raw).places > 0
    except ItsmError:
        return True


def _with_kind(migration: Migration, kind: str) -> Migration:
    return replace(migration, kind=kind) if kind != migration.kind else migration


def _later_kind(later: Sequence[Migration], kind: str) -> str:
    for other in later:
        if other.sort == KIND and other.old == kind:
            kind = other.new
    return kind


def _former_kind(earlier: Sequence[Migration], kind: str) -> str:
    for other in reversed(earlier):
        if other.sort == KIND and other.new == kind:
            kind = other.old
    return kind


def _slot(migration: Migration) -> tuple[str, str, str]:
    return migration.sort, migration.kind, migration.field


def _restored(later: Sequence[Migration], migration: Migration) -> bool:
    """Whether later migrations take this one back: what had the old word has it again.

    Where another word takes the place of the old one, nobody could tell from the rule book and the documents whether
    that was carried out: words that change their places are no renaming.
    """
    word = migration.new
    for other in later:
        if _slot(other) == _slot(migration) and other.old == word:
            word = other.new
    return word == migration.old


def _freed(earlier: Sequence[Migration], migration: Migration) -> bool:
    """Whether an earlier migration took the new word away, so that it may come again."""
    return any(_slot(m) == _slot(migration) and m.old == migration.new for m in earlier)
