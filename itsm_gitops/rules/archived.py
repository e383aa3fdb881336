"""Archived records: the lists are right, and only what was finished has left the tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from itsm_gitops.rules.context import ChangeContext, NetworkContext, Pair
from itsm_gitops.rules.rule import CHANGE, NETWORK, Hit, Rule


def lists_are_right(ctx: NetworkContext) -> Iterator[Hit]:
    """Report lines that say nothing, and archived records that are in the tree as well."""
    for fault in ctx.store.archive_faults:
        yield Hit(fault.message, path=fault.path, line=fault.line, column=1)
    archived = ctx.store.archived
    here = list(archived.keys() & ctx.subjects) if ctx.subjects is not None else _here(ctx, archived)
    for identifier in sorted(here):
        entry = ctx.entries.get(identifier)
        path = entry.path if entry else ctx.store.broken.get(identifier)
        if path:
            message = f"'{identifier}' is archived, and it is here: {path}"
            yield Hit(message, path=archived[identifier].path, line=archived[identifier].line, column=1)


def _here(ctx: NetworkContext, archived: Mapping[str, object]) -> set[str]:
    return (
        (archived.keys() & set(ctx.entries)) | (archived.keys() & ctx.store.broken.keys())
        if archived
        else set()
    )


def only_finished_records_leave(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the lists of base and head with the documents that went and came."""
    if ctx.archived is None:
        return
    after, before = ctx.head.store.archived, ctx.archived
    pairs = {pair.id: pair for pair in ctx.pairs}
    for identifier in sorted(after.keys() - before.keys()):
        why = _refusal(identifier, pairs.get(identifier))
        record = after[identifier]
        if not why and record.commit in ctx.foreign:
            why = (
                f"base does not know the commit {record.commit[:12]}, which the list names for '{identifier}'"
            )
        if why:
            yield Hit(why, path=record.path, line=record.line, column=1)
    for identifier in sorted(before.keys() - after.keys()):
        pair = pairs.get(identifier)
        if pair is None or pair.head is None:
            yield Hit(
                f"'{identifier}' is not in the list any more, and it did not come back",
                path=before[identifier].path,
                line=1,
                column=1,
            )


def _refusal(identifier: str, pair: Pair | None) -> str:
    """Say why a record cannot be archived; '' where it can."""
    if pair is None or pair.base is None:
        return f"base has no record '{identifier}' that could be archived"
    if pair.head is not None:
        return ""  # both here and in the list: that has a finding of its own
    flow = pair.kind.workflow if pair.kind.is_record else None
    state = pair.base.get(pair.kind.state_field)
    if flow is None or not isinstance(state, str) or not flow.is_terminal(state):
        return f"'{identifier}' was not finished (its state is '{state}')"
    return ""


RULES = (
    Rule(
        "I010",
        "Wrong list of archived records",
        scope=NETWORK,
        why="Links to archived records are right as long as the lists say truly what left the tree.",
        hint="itsm archive writes these lists; reverting its commit brings the records back",
        bad="INC-19xx",
        good="commit 2f1c8a9b4d5e6f708192a3b4c5d6e7f8091a2b3c\nINC-190304-K7QF3",
        reach=(),
        check=lists_are_right,
    ),
    Rule(
        "W109",
        "Archived without being finished",
        scope=CHANGE,
        why="A list of archived records must not be a way to make open work, or a link to nothing, disappear.",
        hint="take it off the list; itsm archive takes finished records only",
        bad="# records/archived/2026.txt names an incident that is in progress, and its file is deleted",
        good="# records/archived/2019.txt names an incident that was closed in 2019",
        check=only_finished_records_leave,
    ),
)
