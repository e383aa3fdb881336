"""`itsm merge-file`, what Git calls for a document that both sides changed, and its installation in a clone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from itsm_gitops.editing.merge_documents import MergedDocument, Sides, merge_documents
from itsm_gitops.git import porcelain
from itsm_gitops.git.merge_driver import (
    ATTRIBUTES,
    LINES,
    SETTINGS,
    is_installed,
    lacks_attributes,
    published_side,
)
from itsm_gitops.model.errors import ItsmError, NotFound
from itsm_gitops.model.kinds import Kind
from itsm_gitops.repository import Repository


class Installed(NamedTuple):
    """What was set up: whether the attributes of the repository were written, and the settings of the clone."""

    attributes: bool
    settings: bool


def merge_files(base: Path, ours: Path, theirs: Path, path: str, names: tuple[str, str]) -> MergedDocument:
    """Merge three files that hold versions of the document at ``path`` (seen from here); nothing is written.

    Raises NotFound for a file that is not there.
    """
    sides = Sides(*(_read(p) for p in (base, ours, theirs)))
    repo, kind = _kind(path or str(ours))
    return merge_documents(sides, kind, names, lambda: _published(repo))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{path} cannot be read: {error.strerror}", "itsm merge-file BASE OURS THEIRS"
        ) from error


def _kind(path: str) -> tuple[Repository | None, Kind | None]:
    """Return the repository around a path and the kind of the document; none where the rule book cannot say."""
    place = Path(path).absolute()
    start = next(p for p in place.parents if p.is_dir())
    try:
        repo = Repository.open(start)
        return repo, repo.book.kind_at(place.resolve().relative_to(repo.root).as_posix())
    except (ItsmError, ValueError):
        return None, None


def _published(repo: Repository | None) -> str:
    try:
        return published_side(repo.git) if repo is not None and repo.git is not None else ""
    except ItsmError:
        return ""


def install(repo: Repository) -> Installed:
    """Make Git merge documents of this clone by meaning; what is set up already stays. Raises GitError.

    The attributes are a file of the repository: they are to be committed.
    """
    attributes = lacks_attributes(repo.root)
    if attributes:
        from itsm_gitops.documents import write_atomic

        target = repo.root / ATTRIBUTES
        old = target.read_bytes() if target.is_file() else None
        text = (old or b"").rstrip(b"\n")
        lines = "\n".join(LINES).encode()
        write_atomic(target, (text + b"\n" if text else b"") + lines + b"\n", expected=old)
    settings = not is_installed(repo.history)
    if settings:
        porcelain.configure(repo.root, SETTINGS)
    return Installed(attributes, settings)
