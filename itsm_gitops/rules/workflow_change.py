"""Family W between two snapshots: what may happen to a record. The life cycles are those of base."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from itsm_gitops.graph.linked import item_of
from itsm_gitops.model.additions import added, between, fresh, overtaking, touched
from itsm_gitops.model.findings import INFO, WARNING
from itsm_gitops.model.subjects import DocumentSubject, Item
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.rules.context import ChangeContext, Data, Pair
from itsm_gitops.rules.rule import CHANGE, Hit, Rule
from itsm_gitops.rules.workflow import allowed, route

_NOTES = frozenset({"at", "by", "note"})
_OVERTAKES = "was added before one of base that tells of the same field"


def moves_of(pair: Pair) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Yield each step since base: state before, state after, and its place in head."""
    flow, base, head = pair.kind.workflow, pair.base or {}, pair.head or {}
    if flow is None:
        return
    before = base.get(flow.state_field)
    old, new = base.get("timeline"), head.get("timeline")
    if isinstance(old, list) and isinstance(new, list):
        for index in fresh(old, new):
            entry = new[index]
            if "state" in entry:
                if before != entry["state"]:
                    yield str(before), entry["state"], ("timeline", index, "state")
                before = entry["state"]
        return
    after = head.get(flow.state_field)
    if isinstance(before, str) and isinstance(after, str) and before != after:
        yield before, after, (flow.state_field,)


def _refused(pair: Pair, item: Item) -> Iterator[tuple[Workflow, str, str, tuple[str | int, ...], list[str]]]:
    """Yield the steps that the life cycle does not know, with the way that leads there."""
    flow = pair.kind.workflow
    if flow is None or _rewritten(pair) is not None:
        return
    data = pair.head or {}
    subject = DocumentSubject(data, item)
    for before, after, pointer in moves_of(pair):
        known = before in flow.states and after in flow.states
        if known and flow.step(before, after, data, subject) is None:
            yield flow, before, after, pointer, route(flow, before, after, data)


def move_is_legal(ctx: ChangeContext) -> Iterator[Hit]:
    """Follow the steps since base through the life cycle of base."""
    item = partial(item_of, ctx.head)
    for pair in ctx.both:
        for flow, before, after, pointer, way in _refused(pair, item):
            if not way:
                hint = _renamed_by_hand(ctx, pair) or allowed(flow, before, pair.head or {})
                yield Hit(f"'{before}' cannot become '{after}'", pointer, hint, pair.path)


def no_state_is_skipped(ctx: ChangeContext) -> Iterator[Hit]:
    """Report steps that the life cycle makes only through other states."""
    item = partial(item_of, ctx.head)
    for pair in ctx.both:
        for _, before, after, pointer, way in _refused(pair, item):
            if way:
                message = f"'{before}' becomes '{after}' without {', '.join(way[1:-1])}"
                yield Hit(message, pointer, f"the way is: {' → '.join(way)}", pair.path)


def _renamed_by_hand(ctx: ChangeContext, pair: Pair) -> str:
    """Return the way to rename a state where head's rule book does not know one of base any more; else empty."""
    flow, now = pair.kind.workflow, ctx.head.book.kinds.get(pair.kind.name)
    after = now.workflow if now is not None else None
    if flow is None or after is None:
        return ""
    gone = [s for s in flow.states if s not in after.states]
    fresh = [s for s in after.states if s not in flow.states]
    if not gone:
        return ""
    new = fresh[0] if len(gone) == len(fresh) == 1 else "NEW"
    return (
        f"the life cycle has no '{gone[0]}' any more: itsm migrate state {pair.kind.name}:{gone[0]} {new}, on the "
        "rule book as it was, renames it everywhere and is accepted"
    )


def _rewritten(pair: Pair) -> tuple[int, str] | None:
    """Return place and kind of the first difference to base's timeline; None where entries were only added.

    What came with a merge may stand between entries of base, but tells of nothing that one further down tells of.
    """
    old = (pair.base or {}).get("timeline")
    new = (pair.head or {}).get("timeline")
    if not isinstance(old, list) or not isinstance(new, list):
        return None
    if added(old, new) is not None:
        place = overtaking(old, new)
        return None if place is None else (place, _OVERTAKES)
    for index, entry in enumerate(old):
        if index >= len(new):
            return index, "was removed"
        if entry != new[index]:
            return index, "was changed"
    return None


def timeline_is_append_only(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the timeline of base with the beginning of head's."""
    for pair in ctx.both:
        found = _rewritten(pair)
        if found:
            index, what = found
            length = len((pair.head or {})["timeline"])
            pointer = ("timeline", index) if index < length else ("timeline",)
            hint = _renamed_by_hand(ctx, pair)
            yield Hit(f"entry {index + 1} of the timeline {what}", pointer, hint, pair.path)


def entries_are_at_the_end(ctx: ChangeContext) -> Iterator[Hit]:
    """Name the entries that stand before entries of base, and say more than a note."""
    for pair in ctx.both:
        old, new = (pair.base or {}).get("timeline"), (pair.head or {}).get("timeline")
        if _rewritten(pair) is not None or not isinstance(old, list) or not isinstance(new, list):
            continue
        for index in between(old, new):
            if new[index].keys() - _NOTES:
                message = (
                    f"this entry was added before others, which base has since {new[index + 1].get('at')}"
                )
                # What changes a value changes the clocks of the past: somebody has to look.
                severity = WARNING if any(touched(new[index])) else ""
                yield Hit(message, ("timeline", index), "", pair.path, severity=severity)


def _differences(base: Data, head: Data) -> Iterator[tuple[str, Any, Any]]:
    """Yield the top-level fields that differ, in head's order, then those that are gone."""
    for name, value in head.items():
        if name not in base or base[name] != value:
            yield name, base.get(name), value
    for name, value in base.items():
        if name not in head:
            yield name, value, None


def immutable_is_unchanged(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the immutable fields of base's life cycle."""
    for pair in ctx.both:
        flow = pair.kind.workflow
        base, head = pair.base or {}, pair.head or {}
        for name in flow.immutable if flow else ():
            if name in base and base[name] != head.get(name):
                said = f"was '{base[name]}' in base" if name in head else "was removed"
                yield Hit(f"{name} {said}; it never changes", (name,) if name in head else (), "", pair.path)


def closed_is_left_alone(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare everything but the fields that may change after closing."""
    for pair in ctx.both:
        flow = pair.kind.workflow
        base, head = pair.base or {}, pair.head or {}
        if flow is None or not flow.is_terminal(str(base.get(flow.state_field))):
            continue
        free = {*flow.editable_when_closed, *flow.immutable, flow.state_field}
        if any(True for _ in moves_of(pair)):
            continue  # leaving the terminal state is the finding
        for name, old, value in _differences(base, head):
            if (
                name not in free
                and not _renamed(ctx, old, value)
                and not (name == "timeline" and _rewritten(pair))
            ):
                what = "changed" if value is not None else "removed"
                pointer = (name,) if name in head else ()
                yield Hit(f"the record was closed in base; '{name}' was {what}", pointer, "", pair.path)


def _renamed(ctx: ChangeContext, old: Any, new: Any) -> bool:
    """Whether a value differs only in names that documents had before and have as aliases now."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return all(a == b or _renamed(ctx, a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return all(a == new[key] or _renamed(ctx, a, new[key]) for key, a in old.items())
    return isinstance(old, str) and isinstance(new, str) and ctx.head.store.aliases.get(old) == new


def deleted_is_unlinked(ctx: ChangeContext) -> Iterator[Hit]:
    """Report every link in head to a document that base had, at the link; not where it is only called otherwise now."""
    for pair in _gone(ctx):
        for entry, edge in ctx.head.into(pair.id) if not _present_name(ctx, pair) else ():
            message = f"'{edge.target}' was deleted, but this still links to it"
            yield Hit(message, edge.pointer, "", entry.path)


def nothing_is_deleted(ctx: ChangeContext) -> Iterator[Hit]:
    """Report deleted documents that no link in head reveals; as a note where another has the name as an alias."""
    for pair in _gone(ctx):
        now = _present_name(ctx, pair)
        if now:
            said = f"'{pair.id}' is called '{now}' now"
            yield Hit(said, (), "", pair.path, line=1, column=1, severity=INFO)
        elif not ctx.head.into(pair.id):
            yield Hit(f"'{pair.id}' was deleted", (), "", pair.path, line=1, column=1)


def _gone(ctx: ChangeContext) -> Iterator[Pair]:
    """Yield the documents of base that are no more in the tree and not archived."""
    for pair in ctx.pairs:
        if pair.head is None and pair.id not in ctx.head.store.archived:
            yield pair


def _present_name(ctx: ChangeContext, pair: Pair) -> str:
    return ctx.head.store.aliases.get(pair.id) or ""


def identifier_is_new(ctx: ChangeContext) -> Iterator[Hit]:
    """Report added documents whose path was deleted before base."""
    for pair in ctx.pairs:
        if pair.base is None and pair.path in ctx.reused:
            message = f"'{pair.id}' was used before and deleted in commit {ctx.reused[pair.path][:10]}"
            yield Hit(message, ("id",), "", pair.path)


RULES = (
    Rule(
        "W101",
        "Illegal move",
        scope=CHANGE,
        why="The life cycle has no way from the state in base to the state in head.",
        hint="take the state back; itsm move shows what is allowed",
        bad="# base: state: closed\nstate: in_progress",
        good="# base: state: resolved\nstate: in_progress",
        instead_of="W006",
        check=move_is_legal,
    ),
    Rule(
        "W102",
        "Skipped state",
        scope=CHANGE,
        why="Each state on the way exists for a reason: work, an approval, a check.",
        hint="make the steps one after the other (itsm move), each with its own timeline entry",
        bad="# base: state: draft\nstate: scheduled",
        good="# base: state: draft\nstate: assess",
        instead_of="W006",
        check=no_state_is_skipped,
    ),
    Rule(
        "W103",
        "Timeline rewritten",
        scope=CHANGE,
        why="History is only ever added to: clocks, reviews and audits rely on it.",
        hint="restore the entry and add a new one that corrects it",
        bad="# base: - {at: 2026-11-20T09:00:00Z, by: anna, note: Restarted.}\n- {at: 2026-11-20T09:00:00Z, by: anna, note: Nothing done.}",
        good="- {at: 2026-11-20T09:00:00Z, by: anna, note: Restarted.}\n- {at: 2026-11-20T10:00:00Z, by: anna, note: It was the other node.}",
        check=timeline_is_append_only,
    ),
    Rule(
        "W128",
        "Entry added before others",
        scope=CHANGE,
        severity=INFO,
        why="Two people wrote at the same time and a merge put their entries in order; clocks may count what came between.",
        hint="nothing is to be done where a merge brought it; else write it at the end, with happened and reason",
        bad="# base: - {at: 2026-11-20T10:00:00Z, by: anna, note: Restarted.}\n- {at: 2026-11-20T09:00:00Z, by: ben, comment: We are on it.}\n"
        "- {at: 2026-11-20T10:00:00Z, by: anna, note: Restarted.}",
        good="- {at: 2026-11-20T10:00:00Z, by: anna, note: Restarted.}\n- {at: 2026-11-20T10:05:00Z, by: ben, comment: We are on it.}",
        check=entries_are_at_the_end,
    ),
    Rule(
        "W104",
        "Immutable field changed",
        scope=CHANGE,
        why="Others have relied on this value since it was written (the type of a change decides its approvals).",
        hint="restore the value; if it was wrong, cancel the record and make a new one",
        bad="# base: type: normal\ntype: standard",
        good="# base: type: normal\ntype: normal",
        check=immutable_is_unchanged,
    ),
    Rule(
        "W105",
        "Closed record edited",
        scope=CHANGE,
        why="Reports and audits rely on closed records as they are.",
        hint="restore the field; open a new record and link it if there is more to say",
        bad="# base: state: closed, impact: low\nimpact: high",
        good="# base: state: closed\nlabels: {reviewed: q4}",
        check=closed_is_left_alone,
    ),
    Rule(
        "W106",
        "Deleted document that others link to",
        scope=CHANGE,
        why="The links that remain point at nothing, and the history they told is gone.",
        hint="restore the file; cancel a record or retire an item instead of deleting it",
        bad="# cmdb/databases/payments-db.yaml was deleted; an incident still names it",
        good="# cmdb/databases/payments-db.yaml\nlifecycle: retired",
        instead_of="K001",
        check=deleted_is_unlinked,
    ),
    Rule(
        "W107",
        "Document deleted",
        scope=CHANGE,
        severity=WARNING,
        why="Records are kept: an incident that never was is cancelled, an item out of use is retired.",
        hint="restore the file and cancel or retire it",
        bad="# records/incidents/2026/11/INC-261122-K7QF3.yaml was deleted",
        good="state: cancelled\ncancellation_reason: Raised in error.",
        check=nothing_is_deleted,
    ),
    Rule(
        "W108",
        "Identifier used again",
        scope=CHANGE,
        why="Old reports, mails and links mean the document that once had it.",
        hint="give the new document an identifier of its own (itsm new)",
        bad="# a new file with the identifier of a document that was deleted last year",
        good="# a new file with a new identifier",
        check=identifier_is_new,
    ),
)
