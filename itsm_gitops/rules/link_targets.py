"""Family K, what relations lead to: whether it exists, is of a kind that fits, is in use, and who is named."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.errors import did_you_mean, is_slip
from itsm_gitops.model.findings import INFO, WARNING, Pointer
from itsm_gitops.model.kinds import ANY_INDEX
from itsm_gitops.model.roots import claimant
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.links import type_pointer
from itsm_gitops.rules.rule import NETWORK, TARGETS, Hit, Rule

# Comparing a name with all others takes milliseconds: done for so many findings at most.
_SUGGESTIONS = 50


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


def target_is_alive(ctx: NetworkContext) -> Iterator[Hit]:
    """Look at what open records point at (a change's items are family C's)."""
    open_states = cache(partial(_open_states, ctx))
    changes = ctx.book.playing(meaning.CHANGE)
    for entry, edge in ctx.edges:
        if entry.state not in open_states(entry.kind):
            continue
        target = ctx.entries.get(edge.target)
        if target is None or (entry.kind in changes and edge.relation == facts.AFFECTS):
            continue
        gone = _gone(ctx, target)
        if gone:
            yield Hit(f"'{edge.target}' is {gone}", edge.pointer, "", entry.path)


def _open_states(ctx: NetworkContext, name: str) -> frozenset[str]:
    """Return the states in which a kind is open; none for classes that can fail, which are never done."""
    flow = ctx.book.kinds[name].workflow
    return (
        frozenset(filter(flow.is_open, flow.states)) if flow and name not in ctx.operational else frozenset()
    )


def _gone(ctx: NetworkContext, target: Entry) -> str:
    """Return the state of something cancelled or retired, or an empty string for something alive."""
    if facts.is_retired(ctx.book, target) and not ctx.book.kinds[target.kind].is_record:
        return facts.stage(ctx.book, target)
    given_up = target.kind not in ctx.operational and facts.is_cancelled(ctx.book, target)
    return target.state if given_up else ""


def everybody_is_known(ctx: NetworkContext) -> bool:
    """Whether all people and teams that are named must have a file."""
    return ctx.config.directory == "closed"


def person_is_known(ctx: NetworkContext) -> Iterator[Hit]:
    """Report unknown handles, where the directory is closed."""
    if not everybody_is_known(ctx):
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


def name_is_no_slip(ctx: NetworkContext) -> Iterator[Hit]:
    """Report handles that nobody has and that are nearly called like somebody, where the directory is open.

    Finished records say who it was in their time, and nobody waits for them.
    """
    if everybody_is_known(ctx):
        return
    names = [e.id for e in ctx.of_role(meaning.PERSON, meaning.TEAM)]
    slips: dict[str, str] = {}
    for entry, edge in ctx.edges:
        name = edge.target
        if not edge.open or name in ctx.entries or name in ctx.store.aliases or ctx.store.may_exist(name):
            continue
        if name not in slips and len(slips) < _SUGGESTIONS:
            slips[name] = did_you_mean(name, names) if is_slip(name, names) else ""
        if slips.get(name) and not _is_finished(ctx, entry):
            yield Hit(f"nobody is called '{name}'", edge.pointer, slips[name], entry.path)


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
    Rule(
        "K013",
        "Name that is nearly the one of somebody else",
        scope=NETWORK,
        severity=INFO,
        why="An open directory takes names that have no file, and a slip of the pen is one: the work waits for nobody.",
        hint="correct the handle, or add the person",
        bad="assignee: ana-berg   # anna-berg has a file",
        good="assignee: anna-berg",
        reach=(TARGETS,),
        check=name_is_no_slip,
    ),
)
