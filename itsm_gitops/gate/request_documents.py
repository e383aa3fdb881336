"""The documents that a request touches: as they were, as they would be, and those that nobody can judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.gate.conditions import Touched
from itsm_gitops.gate.digest import Content
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.kinds import Kind
from itsm_gitops.snapshots import Store

_ROOTS = ("records/", "cmdb/")

Data = Mapping[str, Any]


class RequestDocuments(NamedTuple):
    """The documents of a request by path, why some cannot be judged, and the paths of records that it archives."""

    touched: tuple[Touched, ...]
    broken: Mapping[str, str]
    archived: frozenset[str]


def documents_of(base: Store, head: Store, content: Content, renamed: frozenset[str]) -> RequestDocuments:
    """Return the documents that a request touches; those that cannot be read are ``broken`` as well.

    Finished records that are archived are no part of it: their paths are ``archived``. Nor is what differs by the
    words of a migration only (``renamed``): what is decided on is the migration, a file of the protected rule book.
    """
    old, new = (_documents_at(store, content.changes) for store in (base, head))
    touched, broken, archived = [], {}, set()
    for path, change in content.changes.items():
        kind = base.book.kind_at(path)
        if not path.startswith(_ROOTS) or not path.endswith(".yaml") or kind is None or path in renamed:
            continue
        before, after = old.get(path), new.get(path)
        identifier = path.rpartition("/")[2].removesuffix(".yaml")
        if change.status != "D":
            why = _fault(base, path, kind, identifier, after)
            if why:
                broken[path] = why
        elif before is not None and _leaves(head, content, identifier) and _is_finished(kind, before):
            archived.add(path)
            continue
        touched.append(Touched(path, identifier, kind, before, after))
    return RequestDocuments(tuple(touched), broken, frozenset(archived))


def _leaves(head: Store, content: Content, identifier: str) -> bool:
    """Whether the request archives a record: a list that it changes names it.

    The record stays in history as it was; what is decided on is the list.
    """
    record = head.archived.get(identifier)
    return record is not None and record.path in content.changes


def _fault(base: Store, path: str, kind: Kind, identifier: str, after: Data | None) -> str:
    """Return why a document cannot be judged, or an empty string: what it is must not depend on who looks at it."""
    article = "an" if kind.name[0] in "aeiou" else "a"
    try:
        proper = base.book.path_for(kind, identifier)
    except NotFound:
        proper = ""
    if after is None:
        return f"{path} cannot be read as {article} {kind.name}, so nobody can judge it"
    if path != proper:
        where = f"; its place is {proper}" if proper else ""
        return f"{path} is not where {article} {kind.name} of that name belongs{where}"
    return ""


def _is_finished(kind: Kind, data: Data) -> bool:
    """Whether a record has reached a state that nothing leaves."""
    flow, state = kind.workflow, data.get(kind.state_field)
    return kind.is_record and flow is not None and isinstance(state, str) and flow.is_terminal(state)


def _documents_at(store: Store, paths: Iterable[str]) -> Mapping[str, Data]:
    """Return the usable documents among some paths; thousands of records are asked for in one go."""
    entries = [store.by_path[p] for p in paths if p in store.by_path]
    records = [e for e in entries if store.book.kinds[e.kind].is_record]
    found = {e.path: store.data(e.id) for e in entries if not store.book.kinds[e.kind].is_record}
    return {**found, **{e.path: data for e, data in store.read_documents(records)}}
