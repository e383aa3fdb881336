"""Priority: derived from impact and urgency by the matrix of the rule book, unless overridden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Priority(NamedTuple):
    """A record's priority. ``name`` is the matrix's word (``P1``), ``title`` the one for people.

    ``overridden`` says whether somebody set it by hand against the matrix.
    """

    name: str
    title: str
    overridden: bool = False


def derive(policy: Mapping[str, Any], impact: Any, urgency: Any) -> str:
    """Return what the matrix of ``policy`` (priority.yaml) gives; empty where it gives nothing."""
    if not isinstance(impact, str) or not isinstance(urgency, str):
        return ""
    found = policy.get("matrix", {}).get(impact, {}).get(urgency, "")
    return found if isinstance(found, str) else ""


def priority(policy: Mapping[str, Any], data: Mapping[str, Any]) -> Priority | None:
    """Return the priority of a record, whatever is wrong with its fields; None when it has none.

    An override counts where it names a priority of the policy; else the matrix decides.
    """
    known = policy.get("priorities", {})
    override = data.get("priority_override")
    set_by_hand = override.get("priority") if isinstance(override, dict) else None
    if isinstance(set_by_hand, str) and set_by_hand in known:
        return Priority(set_by_hand, known[set_by_hand]["title"], overridden=True)
    name = derive(policy, data.get("impact"), data.get("urgency"))
    return Priority(name, known.get(name, {}).get("title", name)) if name else None


def rank(policy: Mapping[str, Any], name: str) -> int:
    """Return the place of a priority, 0 the most urgent; unknown ones come after all others."""
    order = list(policy.get("priorities", {}))
    return order.index(name) if name in order else len(order)
