"""Family D: items in use that name something which is out of use for good, by whatever field or link.

A team that is gone answers for nothing, a supplier that is gone delivers nothing. What leans on another item so that it
fails with it (D001), agreements (D025), offerings of services (D005) and organisations (D029) have rules of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.agreements import USING
from itsm_gitops.rules.cmdb import DEPENDENCIES
from itsm_gitops.rules.context import NetworkContext, day
from itsm_gitops.rules.rule import NETWORK, TARGETS, Hit, Rule

# What a retired end takes nothing from: an agreement or a calendar is for others as well, one party is known by two names.
_LOOSE = frozenset(("applies_to", "same_as", "same_party_as", "uses", "agreed_with", "underpins"))
_LAST_DAYS = ("until", "end")  # of an entry of a list, or of an agreement


def nothing_in_use_names_what_is_gone(ctx: NetworkContext) -> Iterator[Hit]:
    """Look at the stage of life at both ends of the relations of items."""
    for entry, edge in ctx.edges:
        kind = ctx.book.kinds[entry.kind]
        if kind.is_record or edge.relation in _LOOSE or edge.pointer[0] in USING:
            continue
        target = ctx.entries.get(edge.target)
        if target is None or ctx.book.kinds[target.kind].is_record or not facts.is_retired(ctx.book, target):
            continue
        if not _is_used(ctx, entry) or _has_its_rule(ctx, entry, edge, target):
            continue
        if not _is_over(ctx, ctx.data(entry), edge):
            yield Hit(f"'{edge.target}' is {facts.stage(ctx.book, target)}", edge.pointer, "", entry.path)


def _is_used(ctx: NetworkContext, entry: Entry) -> bool:
    return not (facts.is_retired(ctx.book, entry) or facts.plays(ctx.book, entry, meaning.PLANNED))


def _has_its_rule(ctx: NetworkContext, entry: Entry, edge: Edge, target: Entry) -> bool:
    """Whether another rule tells of it, or the relation says nothing that the end of the other would break."""
    link = ctx.book.links.get(edge.relation)
    if edge.relation in DEPENDENCIES or (link is not None and link.symmetric):
        return True
    if meaning.ORGANISATION in ctx.book.kinds[target.kind].plays:
        return meaning.ORGANISATION not in ctx.book.kinds[entry.kind].plays
    return facts.is_a(ctx.book, entry, meaning.OFFERING) and facts.is_a(ctx.book, target, meaning.SERVICE)


def _is_over(ctx: NetworkContext, data: Any, edge: Edge) -> bool:
    """Whether what names the other has ended by its own last day: a layer of a rota, a contract."""
    for step in (*edge.pointer, None):
        if isinstance(data, dict) and any(_has_passed(data.get(name), ctx.today) for name in _LAST_DAYS):
            return True
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return False


def _has_passed(value: Any, today: date) -> bool:
    moment = clock.parse_time(value) if isinstance(value, str) else None
    last = moment.date() if moment else day(value)
    return last is not None and last < today


RULES = (
    Rule(
        "D031",
        "In use and names what is out of use",
        scope=NETWORK,
        severity=WARNING,
        why="A team that is gone answers for nothing, and hours, rooms or suppliers that are gone hold for nobody.",
        hint="name what took its place, or retire this as well",
        bad="# a server in production\nowner: old-team   # which is retired",
        good="# a server in production\nowner: it-operations",
        reach=(TARGETS,),
        check=nothing_in_use_names_what_is_gone,
    ),
)
