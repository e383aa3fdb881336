"""`itsm link` and `itsm unlink`: typed links, stored once, on the side the vocabulary says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.change import Written, refuse_closed, save
from itsm_gitops.editing.opening import Opened, open_document, read_document
from itsm_gitops.model.entry import edges_of
from itsm_gitops.model.errors import Incomplete, NotFound, Refused, Withheld, did_you_mean
from itsm_gitops.model.link_types import LinkType
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.text import typed_text
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


def link(
    repo: Repository,
    source: str,
    relation: str,
    target: str,
    *,
    note: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Link two documents and return the one in which the link is stored.

    ``relation`` is a name of the vocabulary or the name of its inverse; an inverse is stored the
    other way round. Raises NotFound for unknown words and documents, Refused where the link is
    there already, where the vocabulary does not allow it, or where it would close a circle.
    """
    holder, new = linked(repo, source, relation, target, note=note)
    return save(repo, holder, new, dry_run=dry_run)


def linked(
    repo: Repository,
    source: str,
    relation: str,
    target: str,
    *,
    note: str | None = None,
    pending: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Opened, dict[str, Any]]:
    """Return the document that stores a link, and its data with it; see `link`.

    ``pending`` is the data, by path, of documents that are changed in the same step and not written yet.
    """
    kind, holder, other = _sides(repo, source, relation, target)
    so_far = holder._replace(data=dict((pending or {}).get(holder.path, holder.data)))
    new = add_link(repo.book, kind, so_far, other, note)
    if kind.acyclic:
        _refuse_circle(repo, kind, holder, other)
    refuse_closed(holder, ["links"], "adding a link")
    return holder, new


def add_link(
    book: RuleBook, kind: LinkType, holder: Opened, other: Opened, note: str | None = None
) -> dict[str, Any]:
    """Return the data of ``holder`` with a link to ``other``; raises Refused where it may not be."""
    _refuse_kinds(book, kind, holder, other)
    for one, two in ((holder, other), (other, holder)) if kind.symmetric else ((holder, other),):
        if _stored(one, kind.name, two.id):
            raise Refused(f"{one.id} {kind.title.lower()} {two.id} already")
    if kind.max and len(_targets(holder, kind.name)) >= kind.max:
        raise Refused(
            f"{holder.id} can have {kind.max} link of type '{kind.name}' and has it already",
            f"itsm unlink {holder.id} {kind.name} {_targets(holder, kind.name)[0]}",
        )
    entry = {"type": kind.name, "target": other.id, **({"note": typed_text(note)} if note else {})}
    return {**holder.data, "links": [*holder.data.get("links", ()), entry]}


def unlink(repo: Repository, source: str, relation: str, target: str, *, dry_run: bool = False) -> Written:
    """Remove a link, whichever of the two documents stores it, and return that one."""
    kind, holder, other = _sides(repo, source, relation, target)
    sides = ((holder, other), (other, holder)) if kind.symmetric else ((holder, other),)
    for one, two in sides:
        if _stored(one, kind.name, two.id):
            refuse_closed(one, ["links"], "removing a link")
            kept = [e for e in one.data["links"] if not _matches(e, kind.name, two.id)]
            new = (
                {k: v for k, v in one.data.items() if k != "links"}
                if not kept
                else {**one.data, "links": kept}
            )
            return save(repo, one, new, dry_run=dry_run)
    fields = [
        e for e in edges_of(holder.kind, holder.data) if e.relation == kind.name and e.target == other.id
    ]
    if fields:
        field = str(fields[0].pointer[0])
        sign = "-=" + other.id if len(fields[0].pointer) > 1 else "="
        raise Refused(
            f"the field '{field}' of {holder.id} says this, not a link", f"itsm set {holder.id} {field}{sign}"
        )
    raise NotFound(f"{holder.id} has no link '{kind.name}' to {other.id}", _links_of(holder))


def _links_of(document: Opened) -> str:
    links = [e for e in document.data.get("links", ()) if isinstance(e, dict)]
    if not links:
        return f"{document.id} has no links"
    return "its links: " + ", ".join(f"{e.get('type')} {e.get('target')}" for e in links[:8])


def _sides(repo: Repository, source: str, relation: str, target: str) -> tuple[LinkType, Opened, Opened]:
    """Return the link type, the document that stores such a link, and the other one."""
    kind, forward = find_link(repo.book, relation)
    # The end that stores nothing may be in a root.
    first = open_document(repo, source, in_roots=not forward)
    second = open_document(repo, target, in_roots=forward)
    if first.id == second.id:
        raise Refused(f"{first.id} cannot be linked to itself")
    return (kind, first, second) if forward else (kind, second, first)


def find_link(book: RuleBook, word: str) -> tuple[LinkType, bool]:
    """Return the link type a word names and whether it is its own name, not its inverse's."""
    wanted = word.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted in book.links:
        return book.links[wanted], True
    if wanted in book.inverses:
        return book.inverses[wanted], False
    near = did_you_mean(wanted, [*book.links, *book.inverses])
    raise NotFound(f"there is no link type '{word}'", near or "itsm explain links lists them")


def _refuse_kinds(book: RuleBook, kind: LinkType, holder: Opened, other: Opened) -> None:
    """Raise Refused where the vocabulary does not allow this type between these kinds."""
    if not kind.in_links:
        fields = [r for r in holder.kind.references if r.relation == kind.name]
        hint = f"itsm set {holder.id} {fields[0].pointer[0]}={other.id}" if fields else "itsm explain links"
        raise Refused(f"'{kind.name}' is stored in a field, not as a link", hint)
    for end, document, allowed in (("from", holder, kind.sources), ("to", other, kind.targets)):
        if document.kind.name not in book.members(allowed):
            raise Refused(
                f"'{kind.name}' does not go {end} {a_kind(document.kind)} ({document.id})",
                f"{_possible(book, holder, other)}",
            )


def _possible(book: RuleBook, holder: Opened, other: Opened) -> str:
    found = [n for n, k in book.links.items() if _allows(book, k, holder, other)]
    found += [i for i, k in book.inverses.items() if _allows(book, k, other, holder)]
    return f"possible between these two: {', '.join(found)}" if found else "nothing links these two kinds"


def _allows(book: RuleBook, kind: LinkType, holder: Opened, other: Opened) -> bool:
    return (
        kind.in_links
        and holder.kind.name in book.members(kind.sources)
        and other.kind.name in book.members(kind.targets)
    )


def _refuse_circle(repo: Repository, kind: LinkType, holder: Opened, other: Opened) -> None:
    """Raise Refused where following the links of this type from ``other`` leads back to ``holder``."""
    came = {other.id: ""}
    queue = [other]
    snapshot = repo.whole()
    for document in queue:
        for target in _targets(document, kind.name):
            if target == holder.id:
                way = [holder.id, document.id]
                while came[way[-1]]:
                    way.append(came[way[-1]])
                raise Refused(
                    f"this would close a circle of '{kind.name}'",
                    f"{holder.id} → {' → '.join(reversed(way))}",
                )
            if target not in came:
                came[target] = document.id
                try:
                    path = repo.locate(target, in_roots=True)
                    queue.append(read_document(repo.book, path, snapshot.read(path)))
                except (NotFound, Incomplete, Withheld):
                    continue  # a broken link is another rule's finding


def _targets(document: Opened, relation: str) -> list[str]:
    return [e.target for e in edges_of(document.kind, document.data) if e.relation == relation]


def _stored(document: Opened, relation: str, target: str) -> bool:
    return any(_matches(e, relation, target) for e in document.data.get("links", ()))


def _matches(entry: Any, relation: str, target: str) -> bool:
    return isinstance(entry, dict) and entry.get("type") == relation and entry.get("target") == target
