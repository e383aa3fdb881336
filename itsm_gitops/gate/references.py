"""What the references of a rule's conditions lead to (``offering.approval.required``), and the cost of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itsm_gitops.gate.conditions import Touched
from itsm_gitops.gate.policy import COST_FROM
from itsm_gitops.model.decisions import is_reference
from itsm_gitops.model.meaning import OFFERING
from itsm_gitops.model.roles import follow
from itsm_gitops.snapshots import Store

Data = Mapping[str, Any]


def led_to(base: Store, head: Store, document: Touched, when: Data) -> Data:
    """Return what the references of a rule's conditions lead to, and the cost where it has a limit.

    What a record said before counts beside what it would say, and an item is what it is on the target branch:
    nobody escapes a rule by editing the item, or by naming another, in the same request.
    """
    sides = [d for d in (document.before, document.after) if d is not None]

    def item(identifier: str) -> Data | None:
        return _item(base, head, identifier)

    found: dict[str, Any] = {}
    for path in filter(is_reference, when):
        found[path] = _all(follow(side, path, item) for side in sides)
    if COST_FROM in when:
        references = [r.pointer[0] for r in document.kind.references if OFFERING in _roles(base, r.targets)]
        paths = ["cost.amount", *(f"{field}.cost.amount" for field in references)]
        values = [follow(side, path, item) for side in sides for path in paths]
        amounts = [v for v in _all(v or [] for v in values) or () if isinstance(v, int | float)]
        # No cost stands anywhere: free where something is ordered, otherwise unknown.
        ordered = any(v is not None for v in values)
        found["cost"] = max(amounts, default=0 if ordered else None)
    return found


def _roles(base: Store, kinds: Iterable[str]) -> frozenset[str]:
    book = base.book
    return frozenset(role for k in kinds if k in book.kinds for role in book.kinds[k].plays)


def _item(base: Store, head: Store, identifier: str) -> Data | None:
    """Return an item of the target branch, of the request where it is new there."""
    store = base if identifier in base.entries else head
    entry = store.entries.get(identifier)
    return store.data(identifier) if entry is not None else None


def _all(values: Iterable[list[Any] | None]) -> list[Any] | None:
    """Put what several records lead to together; None where one of them leads nowhere."""
    parts = list(values)
    return None if None in parts else [v for part in parts for v in part or ()]
