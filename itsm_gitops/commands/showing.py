"""`itsm show`: one document with derived facts, links both ways and what can happen next."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.clocks import RecordClocks, clock_json, promising, step_json
from itsm_gitops.commands.neighbours import NeighbourReader, Related, paths_of
from itsm_gitops.editing.opening import Opened, read_document, timeline
from itsm_gitops.editing.steps import Step, next_steps, state_of
from itsm_gitops.model import clock, ids
from itsm_gitops.model.entry import summarise
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.major import is_undecided, major_policy
from itsm_gitops.model.priority import Priority, priority
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.model.standing import Promise
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.words import fields_of
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.snapshot import root_of

if TYPE_CHECKING:
    from itsm_gitops.graph.escalation import Ladder
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Snapshot, Store
    from itsm_gitops.snapshots.mentions import Search


@dataclass(frozen=True, slots=True)
class DocumentView:
    """Everything `itsm show` says about a document.

    ``root`` names the root that it is from (empty: this repository). ``incoming_left`` counts documents that mention this one and were not read, ``not_searched``
    are folders in which nobody looked for such documents. ``age_seconds`` is how long it is open or took. ``clocks`` are the promises of service levels, ``looks_like``
    says why it looks like a major incident that nobody declared or declined. ``calls`` are who is called about it while
    it is open.
    """

    document: Opened
    priority: Priority | None
    opened: str
    updated: str
    age_seconds: int | None
    related: tuple[Related, ...]
    incoming_left: int
    not_searched: tuple[str, ...]
    steps: tuple[Step, ...]
    root: str = ""
    clocks: tuple[Promise, ...] = ()
    looks_like: str = ""
    calls: Ladder | None = None

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON data; ``data`` is the document as stored."""
        document = self.document
        derived = {
            "priority": self.priority.name if self.priority else None,
            "opened": self.opened or None,
            "updated": self.updated or None,
            "age_seconds": self.age_seconds,
            "clocks": [clock_json(p) for p in self.clocks],
            "looks_like_major_incident": self.looks_like or None,
            "calls": [step_json(s) for s in self.calls.steps] if self.calls else None,
        }
        return {
            "id": document.id,
            "kind": document.kind.name,
            "path": document.path,
            **({"root": self.root} if self.root else {}),
            "data": document.data,
            "derived": {k: v for k, v in derived.items() if v},
            "related": [fields_of(r) for r in self.related],
            "related_not_read": self.incoming_left,
            "related_not_searched": list(self.not_searched),
            "next": [
                {"state": s.state, "step": s.name, "title": s.title, "needs": [n.field for n in s.needs]}
                for s in self.steps
            ],
        }


def show(
    repo: Repository,
    fragment: str,
    *,
    at: str | None = None,
    links: bool | None = None,
    search: Search | None = None,
    clocks: bool = True,
) -> DocumentView:
    """Find a document and everything around it.

    ``links`` says where to look for links that other documents store: True everywhere, False
    nowhere, None in all but very large folders. ``search`` is such a search that has been started
    already. Without ``clocks`` only those of open records are read, which takes the agreements, too. ``repo.gaps`` gets what is around it and cannot be read. Raises NotFound, Ambiguous, or ItsmError for a document that cannot be read.
    """
    snapshot = repo.whole(at)
    path = repo.locate(fragment, at, in_roots=True)
    if search is None and links is not False:
        search = start_search(repo, snapshot, path, everywhere=links is True)
    book = _book(repo, snapshot, at)
    document = read_document(book, path, snapshot.read(path))
    reader = NeighbourReader(book, snapshot, repo.gaps)
    related = reader.outgoing(document)
    left = 0
    skipped: list[str] = []
    if search is not None:
        mentions = search.result()
        incoming, left = reader.incoming(document, mentions)
        related, skipped = related + incoming, mentions.skipped
    root = root_of(snapshot, path)
    indexed = search.store if search is not None else None
    promises, calls = ((), None) if root else _clocks(repo, book, document, at, indexed, finished=clocks)
    times = [str(e["at"]) for e in timeline(document.data) if clock.parse_time(e.get("at", ""))]
    return DocumentView(
        document=document,
        priority=priority(book.policy(PRIORITY), document.data),
        opened=times[0] if times else "",
        updated=times[-1] if times else "",
        age_seconds=_age(document),
        related=tuple(related),
        incoming_left=left,
        not_searched=tuple(skipped),
        steps=() if root else tuple(next_steps(document.kind, document.data)),
        root=root,
        clocks=promises,
        calls=calls,
        looks_like=_looks_like(book, snapshot, document),
    )


def _clocks(
    repo: Repository,
    book: RuleBook,
    document: Opened,
    at: str | None,
    indexed: Store | None,
    *,
    finished: bool,
) -> tuple[tuple[Promise, ...], Ladder | None]:
    """Return the clocks of a record as they stand now, and who is called; none where something they need cannot be read.

    ``indexed`` are the documents of the working tree where the index was asked already. Those of a former snapshot are of the record and the agreements as they were there, like those of a list.
    """
    flow = document.kind.workflow
    if not document.kind.is_record or flow is None:
        return (), None
    done = flow.is_done(state_of(document.kind, document.data))
    if not finished and done:
        return (), None
    kept = dict(repo.gaps)
    try:
        if at is None:
            store = indexed or repo.store()
            repo.gaps.update((gap.path, gap) for gap in store.unreadable)
        else:  # of the records of that time, nothing but this one is asked for
            store = repo.load(PartialSnapshot(repo.snapshot(at), (document.path,)))[0]
        course = RecordClocks(store).course(document.id)
        entry = store.entries.get(document.id) if at is None and not done else None
        if entry is None:
            return course.promises, None
        from itsm_gitops.graph.escalation import ladder  # for open records only

        return course.promises, ladder(store, entry, course, clock.now())
    except ItsmError:
        return (), None  # itsm check names what is wrong
    finally:
        # Of what is around the document and of what promises something, and of nothing else.
        wanted = promising(book)
        repo.gaps = {**{path: gap for path, gap in repo.gaps.items() if wanted & gap.kinds}, **kept}


def _looks_like(book: RuleBook, snapshot: Snapshot, document: Opened) -> str:
    """Return why an incident looks like a major one, empty where somebody decided or no criterion holds."""
    policy = major_policy(book, document.kind)
    flow = document.kind.workflow
    if policy is None or flow is None or not is_undecided(policy, document.data):
        return ""
    if flow.is_terminal(state_of(document.kind, document.data)):
        return ""
    return policy.reason(DocumentSubject(document.data, partial(_item, book, snapshot)))


def _item(book: RuleBook, snapshot: Snapshot, name: str) -> Mapping[str, Any] | None:
    """Return the data of an item of exactly this name; None where there is no usable one."""
    for path in paths_of(book, name, snapshot) if ids.is_item_id(name) else ():
        with suppress(ItsmError):
            return read_document(book, path, snapshot.read(path)).data
    return None


def start_search(repo: Repository, snapshot: Snapshot, path: str, *, everywhere: bool = False) -> Search:
    """Start to look for documents that link to the one at ``path``, or mention it."""
    from itsm_gitops.snapshots.mentions import SEARCHED_FOLDER_MAX, Search

    identifier = path.rsplit("/", 1)[-1].removesuffix(".yaml")
    indexed = repo.indexed if snapshot.name == repo.snapshot().name and repo.ask_early() else None
    return Search(snapshot, identifier, 0 if everywhere else SEARCHED_FOLDER_MAX, indexed)


def _book(repo: Repository, snapshot: Snapshot, at: str | None) -> RuleBook:
    if at is None:
        return repo.book
    from itsm_gitops.snapshots import read_rulebook

    return read_rulebook(snapshot)


def _age(document: Opened) -> int | None:
    """Return how long ago an open record was opened, or how long a finished one took, in seconds; None where nobody knows.

    What is noted after the last state does not make it take longer.
    """
    entry = summarise(document.kind, document.path, document.data)
    first, last = clock.parse_time(entry.opened), clock.parse_time(entry.entered or entry.updated)
    if first is None or last is None or document.kind.workflow is None:
        return None
    open_now = document.kind.workflow.is_open(entry.state)
    return max(0, int(((clock.now() if open_now else last) - first).total_seconds()))
