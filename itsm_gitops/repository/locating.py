"""Finding a document by what somebody calls it: an identifier, a part of one, an old number, or a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from itsm_gitops import documents
from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model import ids
from itsm_gitops.model.errors import Ambiguous, Incomplete, ItsmError, NotFound, Refused
from itsm_gitops.snapshots.archived import missing, read_archived
from itsm_gitops.snapshots.names import naming
from itsm_gitops.snapshots.snapshot import (
    CMDB,
    RECORDS,
    Snapshot,
    WorkingTree,
    absent_of,
    refuse_unread,
    root_of,
)
from itsm_gitops.snapshots.store import SUFFIX, identifier_of, is_document


def find(root: Path, snapshot: Snapshot, fragment: str) -> str:
    """Return the path of the document of a snapshot that ``fragment`` means; raises NotFound or Ambiguous.

    ``root`` is the folder of the repository. In the working tree a whole identifier costs one look; a fragment a
    listing of names; only an alias (which must be whole) makes every file be read, and that is the last resort.
    """
    if isinstance(getattr(snapshot, "below", snapshot), WorkingTree):
        for path in _guesses(root, fragment.strip()):
            # Not through a symbolic link: reading would refuse it.
            if (root / path).is_file() and not (root / path).is_symlink():
                return path
    if isinstance(snapshot, WorkingTree):  # documents of roots may be meant as well where there are roots
        found = _indexed(root, fragment)
        if found is not None:
            return found
        near = naming(root, fragment.strip())
        if near:
            return near[ids.find(fragment, near)]
    files = (i.path for i in snapshot.files(CMDB, RECORDS) if i.mode == REGULAR and is_document(i.path))
    paths: dict[str, str] = {}
    for path in files:
        paths.setdefault(identifier_of(path), path)
    try:
        return paths[ids.find(fragment, paths)]
    except NotFound as error:
        found = by_alias(snapshot, sorted(paths.values()), fragment.strip())
        if found is None:
            raise missing(fragment, read_archived(snapshot)[0], error) from error
        return found


def _indexed(root: Path, fragment: str) -> str | None:
    """Return the path of the one document that a fragment means, by the names in the index; None where it cannot tell.

    Raises Ambiguous.
    """
    from itsm_gitops.repository.index.names import paths_like

    paths: dict[str, str] = {}
    for path in paths_like(root, fragment.strip()) or ():
        paths.setdefault(identifier_of(path), path)
    try:
        return paths[ids.find(fragment, paths)]
    except NotFound:
        return None  # an old number, or nothing: all names are wanted


def _guesses(root: Path, fragment: str) -> Iterator[str]:
    """Yield the paths that a whole identifier (or a path) can have."""
    if is_document(fragment) and ".." not in fragment:
        yield fragment
    parsed = ids.parse_record_id(fragment.upper())
    if parsed:
        year, month = parsed[1].year, parsed[1].month
        name = f"{year}/{month:02d}/{fragment.upper()}{SUFFIX}"
    elif ids.is_item_id(fragment.lower()):
        name = f"{fragment.lower()}{SUFFIX}"
    else:
        return
    family = RECORDS if parsed else CMDB
    base = root / family
    if base.is_dir():
        for folder in sorted(base.iterdir()):
            yield f"{family}/{folder.name}/{name}"


def by_alias(snapshot: Snapshot, paths: list[str], alias: str) -> str | None:
    """Return the first document that has this alias, looking at bytes before parsing."""
    wanted = alias.lower()
    sought = wanted.encode("utf-8", "surrogateescape")
    for path, raw in snapshot.read_many(paths):
        if wanted and sought in raw.lower() and b"aliases" in raw:
            data = documents.load(raw).data
            names = data.get("aliases") if isinstance(data, dict) else None
            if isinstance(names, list) and any(isinstance(n, str) and n.lower() == wanted for n in names):
                return path
    return None


def refuse_absent(snapshot: Snapshot, fragment: str) -> None:
    """Raise Incomplete where a name means a document that a sparse checkout leaves out: it is there, and not here."""
    absent = {identifier_of(path): path for path in absent_of(snapshot) if is_document(path)}
    try:
        path = absent[ids.find(fragment, absent)] if absent else ""
    except (NotFound, Ambiguous):
        return
    if path:
        folder = path.rpartition("/")[0]
        hint = f"git sparse-checkout add {folder} brings it, --at HEAD reads what was committed"
        raise Incomplete(f"{path} is not checked out (sparse checkout)", hint)


def refuse_root(root: Path, whole: Snapshot, fragment: str) -> None:
    """Raise Refused where a name means a document of a root."""
    try:
        other = root_of(whole, find(root, whole, fragment))
    except NotFound:
        refuse_unread(whole, fragment)
        return
    except ItsmError:
        return
    if other:
        hint = f"change it there; itsm roots update {other} brings its newest commit here"
        raise Refused(f"'{fragment}' is a document of root '{other}', which is only read here", hint)
