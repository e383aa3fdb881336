"""The terms of contracts at a moment: until when each lasts, by which day notice must be given, what it costs and covers.

Both days are those of `itsm due`: the duties that the schema gives the date on which a contract ends. A contract that
renews itself lasts until the end of the period it is in, and its day of notice is the next that has not passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from itsm_gitops.graph.licences import covered_items, in_existence
from itsm_gitops.graph.loaded import Loaded
from itsm_gitops.graph.network import of_role
from itsm_gitops.model import meaning
from itsm_gitops.model.duties import Due, DueDay, DueTerms, dues_of, shifted
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind

_END = "end"
_SUPPLIER = "supplied_by"


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """One contract. ``ends`` and ``notice`` are None where it has no such day; ``renews``: it renews by itself.

    ``suppliers`` are the other parties, ``items`` what names it as what covers it, ``cost`` is as the contract says it.
    ``renewed_to`` is the end of the period that ``notice`` is about, where it is too late for the one that ends first.
    """

    entry: Entry
    suppliers: tuple[str, ...]
    ends: DueDay | None
    notice: DueDay | None
    renews: bool
    cost: Mapping[str, Any]
    items: tuple[str, ...]
    renewed_to: str = ""


def contract_terms(loaded: Loaded, now: datetime, zone: tzinfo) -> list[ContractTerms]:
    """Return the terms of every contract that is neither retired nor only planned, by identifier."""
    contracts = [e for e in of_role(loaded, meaning.CONTRACT) if in_existence(loaded, e)]
    covered = covered_items(loaded, contracts) if contracts else {}
    return [
        terms_of(loaded.book.kinds[e.kind], e, loaded.data(e.id), now, zone, tuple(covered[e.id]))
        for e in contracts
    ]


def terms_of(
    kind: Kind,
    entry: Entry,
    data: Mapping[str, Any],
    now: datetime,
    zone: tzinfo,
    items: tuple[str, ...] = (),
) -> ContractTerms:
    """Return the terms of one contract; ``data`` is its document."""
    dues = [d for d in dues_of(kind, data) if d.pointer == (_END,)]
    notice = next((d for d in dues if d.terms.sign == -1), None)
    months = notice.months if notice else 0
    last = shifted(data.get(_END), 0)
    # The end of a contract that renews is no duty, so it need not be among the dues.
    ends = Due(DueTerms((_END,), "end of the term"), (_END,), last, months) if last else None
    cost = data.get("cost")
    ends_at, notice_at = (due.at(now, zone) if due else None for due in (ends, notice))
    # The first end after the day of notice is the one that the notice is about.
    ended = ends.at(notice_at.end, zone) if ends and notice_at else None
    return ContractTerms(
        entry=entry,
        suppliers=tuple(e.target for e in entry.edges if e.relation == _SUPPLIER),
        ends=ends_at,
        notice=notice_at,
        renews=months > 0,
        cost=cost if isinstance(cost, Mapping) else {},
        items=items,
        renewed_to=ended.day if ended and ends_at and ended.day != ends_at.day else "",
    )
