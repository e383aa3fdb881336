"""What is like a record before it is filed: open records and known errors of its group, by the measure of the site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.graph.similar import GROUPS, Similar
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.text import one_paragraph

if TYPE_CHECKING:
    from itsm_gitops.editing.create import NewDocument
    from itsm_gitops.snapshots import Store

_LONGEST = 160  # terminal cells: a longer workaround does not fit beside a similar record


class Likeness(NamedTuple):
    """A record that is like a draft. ``relation`` is the link type by which the draft can name it, empty where there is none.

    ``workaround`` is what a known error says to do, whole and on one line; empty where it is steps or long
    (``has_workaround`` says that there is one).
    """

    entry: Entry
    relation: str
    workaround: str
    has_workaround: bool


def alike(store: Store, draft: NewDocument) -> list[Likeness]:
    """Return what is like a draft of an incident, the most similar first: open ones, problems, known errors on offer.

    Only what is open or on offer is compared, so that this takes no longer as years of records gather.
    """
    book = store.book
    if meaning.INCIDENT not in draft.kind.plays:
        return []
    group = next(roles for roles in GROUPS if meaning.INCIDENT in roles)
    kinds = [kind for role in group for kind in book.playing(role)]
    kept = [e for e in store.of_kinds(_kept(book, kinds)) if facts.is_offered(book, e)]
    entries = list({e.id: e for e in (*store.of_kinds(kinds, open_only=True), *kept)}.values())
    own = summarise(draft.kind, draft.path, draft.data)
    found = Similar(book, [*entries, own, *store.of_kinds(book.playing(meaning.SERVICE))]).of(own)
    by_id = {e.id: e for e in entries}
    return [_likeness(store, draft.kind, by_id[a.id]) for a in found if a.id in by_id]


def _kept(book: RuleBook, kinds: Iterable[str]) -> list[str]:
    """Return the kinds of which readers can be offered what is not open: years of the others need not be looked through."""
    stages = {name: book.kinds[name].stages for name in kinds}
    return [
        name
        for name, life in stages.items()
        if life is None or life.playing(meaning.PUBLISHED) or life.playing(meaning.PRODUCTION)
    ]


def _likeness(store: Store, kind: Kind, entry: Entry) -> Likeness:
    book = store.book
    relation, text = "", None
    if meaning.KNOWN_ERROR in book.kinds[entry.kind].plays:
        links = (t for t in book.links.values() if book.members(t.targets) == {entry.kind})
        relation = next((t.name for t in links if kind.name in book.members(t.sources)), "")
        text = store.data(entry.id).get("workaround")
    workaround = text.strip() if isinstance(text, str) else ""
    return Likeness(entry, relation, one_paragraph(workaround, _LONGEST), bool(workaround))
