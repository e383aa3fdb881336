"""Licence positions: how many of each licence were bought, how many are installed by the CMDB, how many are free.

What counts as one follows from the metric: an item each, its instances, its processor cores, or a person. Items are
counted that name the licence (``licences``), and those of the same product (and version, where the licence has one)
that name none; they count for the first such licence. What does not exist yet or is out of use does not count. Where
nothing in the CMDB can be counted (consumption, concurrent use) the number that somebody counted (``in_use``) stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsm_gitops.graph.loaded import Loaded
from itsm_gitops.graph.network import of_role
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry

_FREE = "open-source"
UNCOUNTED = frozenset(("concurrent", "consumption", _FREE, "site"))
PEOPLE = frozenset(("user", "named-user"))
# The field of an item that says how many it is, by metric; one where the metric or the field is missing.
_SIZE = {"core": "cpu_cores", "instance": "instances"}
# Fields of an item that decide what is counted.
COUNTED = frozenset(("licences", "contract", "product", "version", "cpu_cores", "instances", "links"))
_COVERED = "covered_by"


@dataclass(frozen=True, slots=True)
class LicencePosition:
    """One licence in force. ``installed`` is None where the CMDB cannot tell, ``stated`` where nobody counted.

    ``items`` are what was counted, each with how many it is. ``cost`` is as the licence says it. ``overdraft`` says that
    more may be used than were bought, ``unlimited`` that nobody need count.
    """

    entry: Entry
    metric: str
    entitled: int
    installed: int | None
    stated: int | None
    items: Mapping[str, int]
    cost: Mapping[str, Any]
    overdraft: bool
    unlimited: bool = False

    @property
    def used(self) -> int | None:
        """How many are in use: as the CMDB counts them, else as somebody counted."""
        return self.stated if self.installed is None else self.installed

    @property
    def free(self) -> int | None:
        """How many are left; negative where more are in use than were bought, None where nobody knows or need know."""
        return None if self.used is None or self.unlimited else self.entitled - self.used

    @property
    def exceeded(self) -> bool:
        """Whether more are in use than were bought and may be."""
        return self.free is not None and self.free < 0 and not self.overdraft


def licence_positions(loaded: Loaded) -> list[LicencePosition]:
    """Return the position of every licence that is not retired or only planned, by identifier."""
    licences = [e for e in of_role(loaded, meaning.LICENCE) if in_existence(loaded, e)]
    if not licences:
        return []
    by_name = _users(loaded, licences)
    return [_position(loaded, e, by_name.get(e.id, ())) for e in licences]


def in_existence(loaded: Loaded, entry: Entry) -> bool:
    """Whether an item exists: it is neither retired nor only planned."""
    return not facts.is_inactive(loaded.book.kinds[entry.kind], entry.columns)


def covered_items(loaded: Loaded, agreements: Sequence[Entry]) -> dict[str, list[str]]:
    """Return the items in existence that name each of some agreements as what covers them, by identifier."""
    kinds = loaded.book.kinds
    return {
        a.id: [e.id for e in _naming(loaded, a) if kinds[e.kind].operational and in_existence(loaded, e)]
        for a in agreements
    }


def _naming(loaded: Loaded, agreement: Entry) -> list[Entry]:
    """Return the items and people that name an agreement as what covers them, by identifier."""
    # Where a part of a snapshot is judged, records are not looked through for it.
    into = getattr(loaded, "items_into", loaded.into)
    sources = {source for source, edge in into(agreement.id) if edge.relation == _COVERED}
    found = (loaded.entries[source] for source in sorted(sources))
    return [e for e in found if not loaded.book.kinds[e.kind].is_record]


def _users(loaded: Loaded, licences: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the items and people in existence that use each licence."""
    kinds_of_licence = loaded.book.playing(meaning.LICENCE)
    found: dict[str, dict[str, Entry]] = {}
    products: dict[str, list[Entry]] = {}
    for licence in licences:
        for entry in _naming(loaded, licence):
            if entry.kind not in kinds_of_licence and in_existence(loaded, entry):
                found.setdefault(licence.id, {})[entry.id] = entry
        if licence.columns.get("product"):
            products.setdefault(str(licence.columns["product"]).casefold(), []).append(licence)
    kinds = [k.name for k in loaded.book.kinds.values() if k.operational and "product" in k.fields]
    for entry in loaded.of_kinds(kinds) if products else ():
        own = products.get(str(entry.columns.get("product", "")).casefold(), ())
        licence_of = next((x for x in own if _fits(x, entry)), None)
        if licence_of is not None and not _names_a_licence(entry) and in_existence(loaded, entry):
            found.setdefault(licence_of.id, {})[entry.id] = entry
    return {name: [users[i] for i in sorted(users)] for name, users in found.items()}


def _names_a_licence(entry: Entry) -> bool:
    return any(e.relation == _COVERED and e.pointer[0] != "contract" for e in entry.edges)


def _fits(licence: Entry, item: Entry) -> bool:
    version = licence.columns.get("version")
    return not version or str(version) == str(item.columns.get("version"))


def _position(loaded: Loaded, licence: Entry, users: Sequence[Entry]) -> LicencePosition:
    columns = licence.columns
    metric = str(columns.get("metric", ""))
    people = loaded.book.playing(meaning.PERSON)
    counted = [e for e in users if (e.kind in people) == (metric in PEOPLE)]
    sizes = {e.id: _size(e, metric) for e in counted}
    installed = None if metric in UNCOUNTED or not counted else sum(sizes.values())
    cost = loaded.data(licence.id).get("cost")
    return LicencePosition(
        entry=licence,
        metric=metric,
        entitled=_whole(columns.get("quantity")) or 0,
        installed=installed,
        stated=_whole(columns.get("in_use")),
        items=sizes,
        cost=cost if isinstance(cost, Mapping) else {},
        overdraft=columns.get("over_allocation_allowed") is True,
        unlimited=metric == _FREE,
    )


def _size(entry: Entry, metric: str) -> int:
    size = _whole(entry.columns.get(_SIZE.get(metric, "")))
    return 1 if size is None else size


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
