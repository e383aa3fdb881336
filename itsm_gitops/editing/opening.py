"""Finding and reading one document. Commands that only look need nothing of what changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


class Opened(NamedTuple):
    """One document as it is on disk."""

    id: str
    path: str
    kind: Kind
    raw: bytes
    data: dict[str, Any]


def open_document(
    repo: Repository, fragment: str, at: str | None = None, *, in_roots: bool = False
) -> Opened:
    """Find and read the document that ``fragment`` means; raises NotFound, Ambiguous, ItsmError.

    With ``in_roots`` it may be one of a root, which nobody writes to.
    """
    path = repo.locate(fragment, at, in_roots=in_roots)
    snapshot = repo.whole(at) if in_roots else repo.snapshot(at)
    return read_document(repo.book, path, snapshot.read(path))


def read_document(book: RuleBook, path: str, raw: bytes) -> Opened:
    """Make a document of bytes; raises ItsmError where they cannot be used."""
    from itsm_gitops.documents import load

    kind = book.kind_at(path)
    loaded = load(raw)
    if kind is None or not isinstance(loaded.data, dict):
        first = loaded.problems[0] if loaded.problems else None
        where = f"{path}:{first.line}:{first.column}: {first.message}" if first else f"{path} cannot be used"
        raise ItsmError(where, f"itsm check {path} says more")
    return Opened(path.rsplit("/", 1)[-1].removesuffix(".yaml"), path, kind, raw, loaded.data)


def timeline(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the timeline's entries that can be used."""
    entries = data.get("timeline")
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
