"""Family K: relations between documents, those of fields and those of ``links``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from itsm_gitops.graph.asking import impact_graph
from itsm_gitops.graph.circles import mixed_circles
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.kinds import ANY_INDEX
from itsm_gitops.model.roots import claimant
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import CIRCLE, NETWORK, SOURCES, TARGETS, Hit, Rule

# Comparing a name with all others takes milliseconds: done for so many findings at most.
_SUGGESTIONS = 50


def type_pointer(edge: Edge) -> Pointer:
    """Return where the type of a link stands."""
    return (*edge.pointer[:2], "type")


class _Near:
    """Suggests identifiers of the same family: for a record's those of the same kind and month."""

    def __init__(self, ctx: NetworkContext) -> None:
        self._ctx = ctx
        self._known: dict[str, str] = {}

    def __call__(self, target: str) -> str:
        if target not in self._known:
            if len(self._known) >= _SUGGESTIONS:
                return ""
            self._known[target] = self._near(target, self._pool(target))
        return self._known[target]

    def _near(self, target: str, pool: list[str]) -> str:
        """Say which names are near, none of them one of a document that cannot be used."""
        while True:
            hint = did_you_mean(target, pool)
            gone = [n for n in pool if n in hint and n not in self._ctx.entries] if hint else []
            if not gone:
                return hint
            pool = [n for n in pool if n not in gone]

    def _pool(self, target: str) -> list[str]:
        if not target[:1].isupper():
            return self._ctx.item_ids
        alike = target[: target.find("-") + 5]  # the prefix, the year and the month
        return self._ctx.like(alike)


def target_exists(ctx: NetworkContext) -> Iterator[Hit]:
    """Report targets that no document has as its identifier (a broken document does exist)."""
    near = _Near(ctx)
    for entry, edge in ctx.edges:
        if edge.target in ctx.entries or edge.open or ctx.store.may_exist(edge.target):
            continue
        if edge.target in ctx.store.archived:
            continue
        moved = ctx.store.aliases.get(edge.target)
        if moved:
            # Finished records keep the name that was right in their time; whoever reads it knows it as an alias.
            if not _is_finished(ctx, entry):
                hint = f"write '{moved}'; its aliases keep the old name for records that are closed"
                said = f"'{edge.target}' is called '{moved}' now"
                yield Hit(said, edge.pointer, hint, entry.path, severity=WARNING)
            continue
        near_names = "; ".join(filter(None, (_in_root(ctx, edge), near(edge.target))))
        yield Hit(f"there is no '{edge.target}'", edge.pointer, near_names, entry.path)


def _is_finished(ctx: NetworkContext, entry: Entry) -> bool:
    kind = ctx.book.kinds[entry.kind]
    return kind.is_record and kind.workflow is not None and kind.workflow.is_done(entry.state)


def _in_root(ctx: NetworkContext, edge: Edge) -> str:
    """Say in which root a document would be, were there one."""
    root = claimant(ctx.config.roots, edge.target)
    return (
        f"root '{root.name}' has none at {root.short}; itsm roots update {root.name} takes a newer commit"
        if root
        else ""
    )


def ends_fit(ctx: NetworkContext) -> Iterator[Hit]:
    """Compare the kinds at both ends with what the field or the link type allows."""
    known = ctx.book.links
    ends = {n: (ctx.book.members(t.sources), ctx.book.members(t.targets)) for n, t in known.items()}
    fields = _FieldTargets(ctx)
    fine: set[tuple[str, Pointer, str]] = set()
    for entry, edge in ctx.edges:
        target = ctx.entries.get(edge.target)
        if target is None or (entry.kind, edge.pointer, target.kind) in fine:
            continue
        if edge.pointer[0] != "links":
            wanted = fields.of(entry.kind, edge.pointer)
            if target.kind not in wanted:
                allowed = " or ".join(_article(k) for k in sorted(wanted)[:4])
                message = f"'{edge.target}' is {_article(target.kind)}, not {allowed}"
                yield Hit(message, edge.pointer, "", entry.path)
            else:
                fine.add((entry.kind, edge.pointer, target.kind))
        elif edge.relation in ends and known[edge.relation].in_links:
            sources, targets = ends[edge.relation]
            if entry.kind not in sources:
                said = f"'{edge.relation}' cannot start at {_article(entry.kind)}"
                yield Hit(said, type_pointer(edge), _fitting(ctx, entry, target), entry.path)
            elif target.kind not in targets:
                said = f"'{edge.relation}' cannot lead to {_article(target.kind)} ('{edge.target}')"
                yield Hit(said, edge.pointer, _fitting(ctx, entry, target), entry.path)


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('-', ' ')}"


class _FieldTargets:
    """The kinds that each reference field accepts, remembered by kind and field."""

    def __init__(self, ctx: NetworkContext) -> None:
        self._ctx = ctx
        self._known: dict[tuple[str, Pointer], frozenset[str]] = {}

    def of(self, kind: str, pointer: Pointer) -> frozenset[str]:
        field = (
            pointer if len(pointer) == 1 else tuple(ANY_INDEX if isinstance(p, int) else p for p in pointer)
        )
        if (kind, field) not in self._known:
            for reference in self._ctx.book.kinds[kind].references:
                members = self._ctx.book.members(reference.targets)
                self._known[kind, reference.pointer] = members
        return self._known[kind, field]


def _fitting(ctx: NetworkContext, source: Entry, target: Entry) -> str:
    """Say which link types may join these two."""
    book = ctx.book
    fits = [
        name
        for name, link in book.links.items()
        if link.in_links
        and source.kind in book.members(link.sources)
        and target.kind in book.members(link.targets)
    ]
    return "these fit: " + ", ".join(fits[:6]) if fits else ""


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


def target_is_alive(ctx: NetworkContext) -> Iterator[Hit]:
    """Look at what open records point at (a change's items are family C's)."""
    open_states = {
        name: frozenset(filter(kind.workflow.is_open, kind.workflow.states))
        for name, kind in ctx.book.kinds.items()
        if kind.workflow is not None and name not in ctx.operational
    }
    changes = ctx.book.playing(meaning.CHANGE)
    for entry, edge in ctx.edges:
        if entry.state not in open_states.get(entry.kind, ()):
            continue
        target = ctx.entries.get(edge.target)
        if target is None or (entry.kind in changes and edge.relation == facts.AFFECTS):
            continue
        gone = _gone(ctx, target)
        if gone:
            yield Hit(f"'{edge.target}' is {gone}", edge.pointer, "", entry.path)


def _gone(ctx: NetworkContext, target: Entry) -> str:
    """Return the state of something cancelled or retired, or an empty string for something alive."""
    if facts.is_retired(ctx.book, target) and not ctx.book.kinds[target.kind].is_record:
        return facts.stage(ctx.book, target)
    given_up = target.kind not in ctx.operational and facts.is_cancelled(ctx.book, target)
    return target.state if given_up else ""


def person_is_known(ctx: NetworkContext) -> Iterator[Hit]:
    """Report unknown handles, where the directory is closed."""
    if ctx.config.directory != "closed":
        return
    near = _Near(ctx)
    for entry, edge in ctx.edges:
        if edge.open and edge.target not in ctx.entries and not ctx.store.may_exist(edge.target):
            yield Hit(
                f"nobody is called '{edge.target}'",
                edge.pointer,
                near(edge.target),
                entry.path,
            )


RULES = (
    Rule(
        "K001",
        "Link to something that does not exist",
        scope=NETWORK,
        why="A dangling link hides the relation it was meant to record.",
        hint="correct the identifier, or create what it names first",
        bad="service: paymnts",
        good="service: payments",
        reach=(TARGETS,),
        check=target_exists,
    ),
    Rule(
        "K002",
        "Link to the wrong kind of thing",
        scope=NETWORK,
        why="Each relation joins certain kinds; anything else would be read wrongly by impact and reports.",
        hint="use a relation that fits, or link to something else",
        bad="# in an incident\nlinks:\n  - {type: depends_on, target: payments-db}",
        good="# in an incident\ncis: [payments-db]",
        reach=(TARGETS,),
        check=ends_fit,
    ),
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
    Rule(
        "K009",
        "Open record points at something given up",
        scope=NETWORK,
        severity=WARNING,
        why="Work that waits for a cancelled record or concerns a retired item will not be finished.",
        hint="link to what replaced it, or close the record",
        bad="# an open incident\nlinks:\n  - {type: resolved_by, target: CHG-261101-CANCE}",
        good="# an open incident\nlinks:\n  - {type: resolved_by, target: CHG-261120-AB3DE}",
        reach=(TARGETS,),
        check=target_is_alive,
    ),
    Rule(
        "K010",
        "Person who is not in the directory",
        scope=NETWORK,
        why="itsm.yaml says `directory: closed`: everybody who is named has a file under cmdb/people or cmdb/teams.",
        hint="correct the handle, add the person, or set `directory: open`",
        bad="assignee: nobody-knows",
        good="assignee: anna-berg",
        reach=(TARGETS,),
        check=person_is_known,
    ),
)
