"""What a snapshot could not read, and who may go on without it.

A gap is a file that is there and cannot be used (broken, with conflict markers, a pointer of Git LFS, a link, a
folder or a pipe where a document should be, without permission) or one that is missing for a technical reason
(left out by a sparse checkout, not fetched by a partial clone). It is never the same as a document that nobody
wrote.

- Whoever *shows* goes on and says what is missing: ``Repository.gaps`` collects it, the command line prints it.
- Whoever *decides* asks ``require`` (``Store.require_complete``) for the kinds that the decision reads, before
  anything is written, and stops at a gap that may hold one of them. A gap whose kind nobody can know (a whole
  folder) may hold all kinds whose folders lie in it.
- What says how a service is stays silent about a gap no longer than it must: it says ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itsm_gitops.documents import Problem
from itsm_gitops.git.modes import DRAFT, FILE, reason
from itsm_gitops.model.errors import Incomplete, ItsmError, Withheld
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.words import counted
from itsm_gitops.snapshots.snapshot import CMDB, CONFIG, RECORDS, Snapshot, absent_of

_FAMILIES = (CMDB, RECORDS)
_UNREAD = "P014"
WITHHELD = ""  # the code of no rule: nothing is wrong with what is confidential in a root
_PERMISSIONS = "check its permissions"
RESTORE_FOLDER = "bring the folder itself back (git status says what was here); another repository is read as a root: itsm roots"
_REPLACE = "replace it by what it stands for"
_NAMED = 5  # places that an error names
_SUFFIX = ".yaml"
_ALL = "itsm check says what is wrong with everything that cannot be read"


@dataclass(frozen=True, slots=True)
class Gap:
    """A file or folder that could not be read.

    ``line`` and ``column`` count from 1 and are 0 where there is no such place. ``kinds`` are the kinds of the
    documents it may hold; ``id`` is the identifier that its name states, empty for a folder. ``count`` is how
    many files are missing there.
    """

    path: str
    reason: str
    hint: str = ""
    code: str = ""
    line: int = 0
    column: int = 0
    kinds: frozenset[str] = frozenset()
    id: str = ""
    count: int = 1

    @property
    def place(self) -> str:
        """``path:line:column``, or the path alone."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path

    @property
    def text(self) -> str:
        """The place, what is wrong there, and the code of the rule about it."""
        return f"{self.place}: {self.reason}" + (f" ({self.code})" if self.code else "")

    def holds(self, path: str) -> bool:
        """Whether this is the place of a file, or a folder that it lies in."""
        return path == self.path or path.startswith(f"{self.path}/")

    def as_row(self) -> tuple[Any, ...]:
        """Return it as plain values, which ``gap_of`` reads."""
        values = [getattr(self, name) for name in Gap.__match_args__]
        return tuple(tuple(sorted(v)) if isinstance(v, frozenset) else v for v in values)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; ``kind`` and ``id`` are null where its path does not tell."""
        kind = next(iter(self.kinds)) if len(self.kinds) == 1 else None
        about = {"path": self.path, "line": self.line or None, "column": self.column or None}
        return {**about, "reason": self.reason, "kind": kind, "id": self.id or None}


def gap_of(row: Sequence[Any]) -> Gap:
    """Return the gap that ``Gap.as_row`` wrote."""
    values: list[Any] = [frozenset(v) if isinstance(v, tuple | list) else v for v in row]
    return Gap(*values)


def unread(snapshot: Snapshot, path: str) -> Problem:
    """Return the problem of a file whose bytes are not to be had, with the reason that reading it gives."""
    try:
        snapshot.read(path)
    except Withheld as error:
        return Problem(WITHHELD, error.message, error.hint, 1, 1)
    except ItsmError as error:
        reason = error.message.removeprefix(f"{path} cannot be read: ")
        return Problem(_UNREAD, f"this file cannot be read: {reason}", error.hint or _PERMISSIONS, 1, 1)
    return Problem(_UNREAD, "this file could not be read a moment ago", "try again", 1, 1)


def file_gap(book: RuleBook, path: str, problem: Problem) -> Gap:
    """Return the gap of one file that is there and cannot be used."""
    kind = book.kind_at(path)
    return Gap(
        path=path,
        reason=problem.message,
        hint=problem.hint,
        code=problem.code,
        line=problem.line,
        column=problem.column,
        kinds=frozenset([kind.name]) if kind else frozenset(),
        id=path.rpartition("/")[2].removesuffix(_SUFFIX),
    )


def in_root(gap: Gap, root: str) -> Gap:
    """Return a gap with the name of the root that it is in, if it is in one."""
    hint = f"repair it in root '{root}', then itsm roots update {root}"
    return replace(gap, reason=f"in root '{root}': {gap.reason}", hint=hint) if root else gap


def irregular_gap(book: RuleBook, path: str, mode: str) -> Gap | None:
    """Return the gap of what is not a regular file; None for what could be no document and no folder of them."""
    family, name = path.partition("/")[0], path.rpartition("/")[2]
    if family not in _FAMILIES or mode == DRAFT:
        return None
    why = reason(mode)
    if mode == FILE:
        return folder_gap(book, path, why, RESTORE_FOLDER)
    if path.endswith(_SUFFIX):
        return file_gap(book, path, Problem("P013", why, _REPLACE, 1, 1))
    # Documents may lie behind it; a link with the ending of another kind of file hides none.
    return None if "." in name else folder_gap(book, path, why, _REPLACE)


def in_place_of_folders(book: RuleBook, paths: Iterable[str]) -> list[str]:
    """Return the paths of files that stand where the rule book has a folder, or a record has its year or month.

    Everything that the folder held is gone then. A file in place of a year or month is one named by digits alone.
    """
    folders = {place for folder in book.by_folder for place in (folder, *_parents(folder + "/"))} - {""}
    return [
        path
        for path in paths
        if not path.endswith(_SUFFIX)
        and (path in folders or (path.rpartition("/")[2].isdecimal() and book.kind_at(f"{path}/x{_SUFFIX}")))
    ]


def folder_gap(book: RuleBook, path: str, reason: str, hint: str, count: int = 1) -> Gap:
    """Return the gap of a folder: it may hold all kinds whose folders it holds, or whose folder holds it."""
    names = frozenset(book.by_folder[f].name for f in book.by_folder if _overlap(f, path))
    return Gap(path=path, reason=reason, hint=hint, kinds=names, count=count)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def absent_gaps(book: RuleBook, absent: Sequence[str], present: Iterable[str]) -> list[Gap]:
    """Return the gaps of files that are not checked out: one for each folder of which nothing is here.

    A folder of one file is that file.
    """
    folders = {parent for path in present for parent in _parents(path)}
    places: dict[str, list[str]] = {}
    for path in absent:
        place = next((p for p in _parents(path) if p not in folders), path)
        places.setdefault(place, []).append(path)
    hint = "git sparse-checkout disable brings back what was left out"
    found = []
    for place, paths in places.items():
        count = len(paths)
        if count == 1:
            problem = Problem(_UNREAD, "this file is not checked out (sparse checkout)", hint, 0, 0)
            found.append(file_gap(book, paths[0], problem))
        else:
            reason = f"{counted(count, 'file')} in here {'is' if count == 1 else 'are'} not checked out (sparse checkout)"
            found.append(folder_gap(book, place, reason, hint, count))
    return found


def snapshot_gaps(book: RuleBook, snapshot: Snapshot) -> list[Gap]:
    """Return what is known to be missing of a snapshot before any document is read."""
    absent = absent_of(snapshot)
    gaps = absent_gaps(book, absent, (i.path for i in snapshot.files())) if absent else []
    return gaps + root_gaps(book, snapshot)


def root_gaps(book: RuleBook, snapshot: Snapshot) -> list[Gap]:
    """Return the roots of a snapshot that cannot be read."""
    asked: Callable[[RuleBook], list[Gap]] | None = getattr(snapshot, "root_gaps", None)
    return asked(book) if asked else []


def _parents(path: str) -> list[str]:
    """Return the folders above a path, the topmost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def require(gaps: Collection[Gap], purpose: str) -> None:
    """Raise Incomplete, which names the places, when there are any; ``purpose`` says what cannot be decided."""
    if not gaps:
        return
    listed = sorted(gaps, key=lambda g: g.path)
    lines = [f"{purpose} cannot be decided, because {_amount(listed)} cannot be read:"]
    lines += [g.text for g in listed[:_NAMED]]
    if len(listed) > _NAMED:
        lines.append(f"and {len(listed) - _NAMED} more")
    raise Incomplete("\n".join(lines), "; ".join(filter(None, (listed[0].hint, _ALL))), tuple(listed))


def _amount(gaps: Sequence[Gap]) -> str:
    return counted(sum(g.count for g in gaps), "file")


def warning(gaps: Iterable[Gap]) -> tuple[str, str]:
    """Return the line and the hint that tell people what is missing in what they were shown."""
    listed = sorted(gaps, key=lambda g: g.path)
    roots, files = [g for g in listed if g.path == CONFIG], [g for g in listed if g.path != CONFIG]
    said = [g.reason for g in roots]
    if files:
        total = sum(g.count for g in files)
        named = ", ".join(g.place for g in files[:_NAMED]) + (", …" if len(files) > _NAMED else "")
        left = "is left out" if total == 1 else "are left out"
        said.insert(0, f"{counted(total, 'file')} cannot be read and {left}: {named}")
    return "; ".join(said), _ALL if files else roots[0].hint


def as_json(gaps: Iterable[Gap]) -> list[Mapping[str, Any]]:
    """Return gaps as JSON data, sorted by path."""
    return [g.as_json() for g in sorted(gaps, key=lambda g: g.path)]
