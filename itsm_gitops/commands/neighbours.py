"""The documents that one document is linked with, both ways, for `itsm show`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from itsm_gitops import documents
from itsm_gitops.editing.opening import Opened, read_document
from itsm_gitops.editing.steps import state_of
from itsm_gitops.model import ids
from itsm_gitops.model.archive import ArchivedRecord
from itsm_gitops.model.entry import edges_of
from itsm_gitops.model.errors import ItsmError, NotFound
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.untyped import as_text
from itsm_gitops.snapshots.archived import read_archived
from itsm_gitops.snapshots.gaps import WITHHELD, Gap, file_gap, in_root, snapshot_gaps, unread
from itsm_gitops.snapshots.snapshot import root_of

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Snapshot
    from itsm_gitops.snapshots.mentions import Mentions

MOST_INCOMING = 40  # that are shown
_MOST_READ = 1_000  # of those that only mention a document


@dataclass(frozen=True, slots=True)
class Related:
    """One relation as seen from the document that is shown.

    ``title`` reads from this end. ``label`` and ``state`` are the other document's. Both are empty where it does not
    exist, cannot be read (``broken``), or has left the tree (``archived`` is the commit in which it can be read).
    ``field`` is the field of this document that stores the relation (``links`` for a link), empty where the other
    document stores it.
    """

    relation: str
    title: str
    id: str
    kind: str
    label: str
    state: str
    outgoing: bool
    field: str = ""
    broken: bool = False
    archived: str = ""


class NeighbourReader:
    """Reads the neighbours of a document, each once."""

    def __init__(self, book: RuleBook, snapshot: Snapshot, gaps: dict[str, Gap]) -> None:
        """``gaps`` gets what cannot be read, by path."""
        self._book = book
        self._snapshot = snapshot
        self._gaps = gaps
        gaps.update((g.path, g) for g in snapshot_gaps(book, snapshot))
        self._known: dict[str, Opened | None] = {}
        self._broken: set[str] = set()

    @cached_property
    def _archived(self) -> Mapping[str, ArchivedRecord]:
        return read_archived(self._snapshot)[0]

    def outgoing(self, document: Opened) -> list[Related]:
        """Return the relations that the document stores, in document order, each once."""
        found: dict[tuple[str, str], Related] = {}
        for edge in edges_of(document.kind, document.data):
            known = self._book.links.get(edge.relation)
            title = known.title if known else edge.relation.replace("_", " ")
            related = self._related(edge.relation, title, edge.target, True)
            found.setdefault((edge.relation, edge.target), replace(related, field=str(edge.pointer[0])))
        return list(found.values())

    def incoming(self, document: Opened, mentions: Mentions) -> tuple[list[Related], int]:
        """Return the relations that other documents store to this one, and how many documents with some are left out.

        Of very many that only mention it nobody finds out whether they link to it: they count as if they did.
        """
        others = [p for p in mentions.paths if p != document.path]
        # Newest records first: their names carry their dates. CMDB items come before them.
        others.sort(key=lambda p: (p.startswith("records/"), _reversed(p)))
        read = others[: MOST_INCOMING if mentions.links else _MOST_READ]
        found: dict[tuple[str, str], Related] = {}
        linking = 0
        for path, raw in self._snapshot.read_many([*read, *mentions.unreadable]):
            try:
                other = read_document(self._book, path, raw)
            except ItsmError:
                self._note(path, raw)
                continue
            edges = [e for e in edges_of(other.kind, other.data) if e.target == document.id]
            linking += bool(edges)
            if not edges or linking > MOST_INCOMING:
                continue
            self._known[other.id] = other
            for edge in edges:
                known = self._book.links.get(edge.relation)
                name = known.inverse if known else edge.relation
                title = known.inverse_title if known else edge.relation.replace("_", " ")
                found.setdefault((name, other.id), self._related(name, title, other.id, False))
        return list(found.values()), max(0, linking + len(others) - len(read) - MOST_INCOMING)

    def _related(self, relation: str, title: str, identifier: str, outgoing: bool) -> Related:
        if identifier not in self._known:
            self._known[identifier] = self._read(identifier)
        other = self._known[identifier]
        if other is None:
            in_a_root = getattr(self._snapshot, "has", None)
            broken = identifier in self._broken or bool(in_a_root and in_a_root(identifier))
            known = None if broken else self._archived.get(identifier)
            at = known.commit[:12] if known else ""
            return Related(relation, title, identifier, "", "", "", outgoing, broken=broken, archived=at)
        label = as_text(other.data.get(other.kind.label))
        return Related(
            relation, title, identifier, other.kind.name, label, state_of(other.kind, other.data), outgoing
        )

    def _read(self, identifier: str) -> Opened | None:
        """Read another document by its exact identifier; None where there is none to be read."""
        for path in paths_of(self._book, identifier, self._snapshot):
            try:
                raw = self._snapshot.read(path)
            except NotFound:
                continue
            except ItsmError:
                self._broken.add(identifier)
                self._note(path)
                continue
            try:
                return read_document(self._book, path, raw)
            except ItsmError:
                self._broken.add(identifier)
                self._note(path, raw)
        return None

    def _note(self, path: str, raw: bytes | None = None) -> None:
        """Remember that a document cannot be read; ``raw`` is None where not even its bytes are to be had."""
        problems = documents.load(raw).problems if raw is not None else ()
        problem = problems[0] if problems else unread(self._snapshot, path)
        if problem.code != WITHHELD:
            self._gaps[path] = in_root(file_gap(self._book, path, problem), root_of(self._snapshot, path))


def paths_of(book: RuleBook, identifier: str, snapshot: Snapshot) -> list[str]:
    """Return every path that a document with this identifier could have."""
    asked = getattr(snapshot, "path_in_root", None)
    in_a_root: str = asked(identifier) if asked else ""
    if in_a_root:
        return [in_a_root]
    parsed = ids.parse_record_id(identifier)
    if parsed:
        kind = book.by_prefix.get(parsed[0])
        return [book.path_for(kind, identifier)] if kind else []
    if not ids.is_item_id(identifier):
        return []
    # Only the folders: a kind is built when it is looked up, and most are not needed.
    return [f"{folder}/{identifier}.yaml" for folder in book.by_folder if folder.startswith("cmdb/")]


def _reversed(path: str) -> tuple[int, ...]:
    return tuple(-ord(c) for c in path)
