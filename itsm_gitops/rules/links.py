"""Family K, relations by themselves: their types, how often each is stated, and circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from itsm_gitops.graph.asking import impact_graph
from itsm_gitops.graph.circles import mixed_circles
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import CIRCLE, NETWORK, SOURCES, Hit, Rule


def type_pointer(edge: Edge) -> Pointer:
    """Return where the type of a link stands."""
    return (*edge.pointer[:2], "type")


def type_is_known(ctx: NetworkContext) -> Iterator[Hit]:
    """Look up the type of every link."""
    usable = {n for n, t in ctx.book.links.items() if t.in_links}
    for entry, edge in ctx.links:
        known = ctx.book.links.get(edge.relation)
        if edge.relation in usable or (known is None and edge.relation in ctx.book.inverses):
            continue
        hint = "a field of the document expresses this" if known else did_you_mean(edge.relation, usable)
        yield Hit(f"there is no link type '{edge.relation}'", type_pointer(edge), hint, entry.path)


def no_self_link(ctx: NetworkContext) -> Iterator[Hit]:
    """Compare the ends of every relation."""
    for entry, edge in ctx.edges:
        if edge.target == entry.id:
            yield Hit(f"'{entry.id}' is linked to itself", edge.pointer, "", entry.path)


def no_double_link(ctx: NetworkContext) -> Iterator[Hit]:
    """Report the later of two equal links, and of a symmetric link stored on both sides."""
    symmetric = {n for n, t in ctx.book.links.items() if t.symmetric}
    seen: dict[tuple[str, str, str], str] = {}
    for entry, edge in _with_partners(ctx, symmetric):
        one, other = entry.id, edge.target
        if edge.relation in symmetric and other < one:
            one, other = other, one
        key = (edge.relation, one, other)
        if key in seen and (ctx.subjects is None or entry.id in ctx.subjects):
            where = "above" if seen[key] == entry.id else f"in {seen[key]}"
            message = f"'{edge.relation}' {edge.target} is already stated {where}"
            yield Hit(message, edge.pointer, "", entry.path)
        seen.setdefault(key, entry.id)


def _with_partners(ctx: NetworkContext, symmetric: Collection[str]) -> Iterator[tuple[Entry, Edge]]:
    """Yield the links of the subjects and of those that they are joined to by symmetric ones, by identifier."""
    if ctx.subjects is None:
        yield from ctx.links
        return
    named = {edge.target for _, edge in ctx.links if edge.relation in symmetric}
    for name in sorted({entry.id for entry in ctx.judged} | named):
        entry = ctx.entries.get(name)
        for edge in ctx.edges_of(entry) if entry else ():
            if entry and edge.pointer[0] == "links":
                yield entry, edge


def no_inverse_link(ctx: NetworkContext) -> Iterator[Hit]:
    """Report links whose type is an inverse name."""
    for entry, edge in ctx.links:
        link = ctx.book.inverses.get(edge.relation)
        if link is not None and edge.relation not in ctx.book.links:
            message = f"'{edge.relation}' is derived from '{link.name}' and never stored"
            hint = f"store it in {edge.target}: {{type: {link.name}, target: {entry.id}}}"
            yield Hit(message, type_pointer(edge), hint, entry.path)


def not_too_many(ctx: NetworkContext) -> Iterator[Hit]:
    """Count the targets of bounded link types."""
    bounded = {n: t.max for n, t in ctx.book.links.items() if t.max}
    counts: dict[tuple[str, str], int] = {}
    for entry, edge in ctx.links:
        limit = bounded.get(edge.relation)
        if limit:
            count = counts[entry.id, edge.relation] = counts.get((entry.id, edge.relation), 0) + 1
            if count > limit:
                message = f"at most {limit} link of type '{edge.relation}' may start here"
                yield Hit(message, edge.pointer, "", entry.path)


def no_circle(ctx: NetworkContext) -> Iterator[Hit]:
    """Report each circle of an acyclic relation once, at its first member's link."""
    for name, link in ctx.book.links.items():
        if not link.acyclic:
            continue
        circles = (
            ctx.network.cycles(name)
            if ctx.subjects is None
            else ctx.network.cycles_from(name, ctx.subjects)[0]
        )
        for circle in circles:
            entry, after = ctx.entries[circle[0]], circle[1]
            edge = next(e for e in entry.edges if e.relation == name and e.target == after)
            way = " → ".join([*circle, circle[0]])
            yield Hit(f"'{name}' runs in a circle: {way}", edge.pointer, "", entry.path)


def no_mixed_circle(ctx: NetworkContext) -> Iterator[Hit]:
    """Report each circle in which failure travels along several relations, at the first of its relations."""
    for circle in mixed_circles(impact_graph(ctx.network), ctx.subjects)[0]:
        path = ctx.entries[circle.holder].path
        yield Hit(f"failure runs in a circle: {circle.way}", circle.pointer, "", path)


RULES = (
    Rule(
        "K003",
        "Unknown link type",
        scope=NETWORK,
        why="Only words of the vocabulary mean something to impact, reports and the site.",
        hint="use a word of schemas/policies/links.yaml",
        bad="links:\n  - {type: dependson, target: payments-db}",
        good="links:\n  - {type: depends_on, target: payments-db}",
        reach=(),
        check=type_is_known,
    ),
    Rule(
        "K004",
        "Link to itself",
        scope=NETWORK,
        why="Nothing depends on, causes or duplicates itself.",
        hint="remove the link",
        bad="# payments-db\nlinks:\n  - {type: depends_on, target: payments-db}",
        good="# payments-db\nlinks:\n  - {type: runs_on, target: db-server-1}",
        reach=(),
        check=no_self_link,
    ),
    Rule(
        "K005",
        "Link stated twice",
        scope=NETWORK,
        why="One fact has one place; a symmetric link is stored on one side only.",
        hint="remove one of the two (itsm check --fix removes an identical one)",
        bad="links:\n  - {type: runs_on, target: db-server-1}\n  - {type: runs_on, target: db-server-1, note: again}",
        good="links:\n  - {type: runs_on, target: db-server-1}",
        fixable=True,
        reach=(SOURCES,),
        check=no_double_link,
    ),
    Rule(
        "K006",
        "Inverse link written",
        scope=NETWORK,
        why="A link is stored once, on its source; the other direction is derived and can never disagree.",
        hint="itsm check --fix moves it to the other document",
        bad="# payments-db\nlinks:\n  - {type: used_by, target: payments}",
        good="# payments\nlinks:\n  - {type: depends_on, target: payments-db}",
        fixable=True,
        reach=(),
        check=no_inverse_link,
    ),
    Rule(
        "K007",
        "Too many links of one type",
        scope=NETWORK,
        why="The vocabulary bounds this relation: a record has one parent, and duplicates one record.",
        hint="keep the one that is meant",
        bad="links:\n  - {type: child_of, target: INC-261122-AAAAA}\n  - {type: child_of, target: INC-261122-BBBBB}",
        good="links:\n  - {type: child_of, target: INC-261122-AAAAA}",
        reach=(),
        check=not_too_many,
    ),
    Rule(
        "K008",
        "Links that run in a circle",
        scope=NETWORK,
        why="If each depends on the next one, impact and order of work have no beginning.",
        hint="remove the link that is wrong",
        bad="# payments depends_on payments-db, payments-db depends_on payments",
        good="# payments depends_on payments-db",
        reach=(CIRCLE,),
        check=no_circle,
    ),
    Rule(
        "K012",
        "Failure that runs in a circle",
        scope=NETWORK,
        severity=WARNING,
        why="If each needs the next one, by whatever relation, nothing of it can be started first after all have failed.",
        hint="remove the relation that is wrong; if it is so, break the circle before it breaks you",
        bad="# payments depends_on payments-db, payments-db runs_on db-server-1, db-server-1 depends_on payments",
        good="# payments depends_on payments-db, payments-db runs_on db-server-1",
        reach=(CIRCLE,),
        check=no_mixed_circle,
    ),
)
