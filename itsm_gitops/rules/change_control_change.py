"""Family C between two snapshots: edits of the CMDB that need a change, and the life of templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.change_models import read_models
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import OFF, WARNING
from itsm_gitops.model.rulebook import CHANGE_CONTROL, RuleBook
from itsm_gitops.model.templates import PROPOSED, next_stages, value_at
from itsm_gitops.rules.context import ChangeContext, Pair
from itsm_gitops.rules.rule import CHANGE, Hit, Rule


def _authorised(ctx: ChangeContext, identifier: str) -> list[Entry]:
    """Return the changes that are authorised and affect an item in head, by identifier."""
    book = ctx.base_book
    states = {name: facts.authorised_states(book, book.kinds[name]) for name in book.playing(meaning.CHANGE)}
    found = {
        entry.id: entry
        for entry, edge in ctx.head.into(identifier)
        if edge.relation == facts.AFFECTS and entry.state in states.get(entry.kind, ())
    }
    return list(found.values())


def _why_not(changes: Sequence[Entry]) -> tuple[str, str]:
    """Say why no change authorises an edit, and what to do; an empty hint is the rule's own."""
    if not changes:
        return "no authorised change names it", ""
    named = ", ".join(c.id for c in changes[:3])
    return (
        f"{named}, which names it, is not in the same range",
        f"let {changes[0].id} come along: a note there says what was done (itsm note)",
    )


def _edited_fields(pair: Pair, free: frozenset[str]) -> list[str]:
    base, head = pair.base or {}, pair.head or {}
    names = [n for n in head if n not in base or base[n] != head[n]] + [n for n in base if n not in head]
    return [n for n in names if n not in free]


def edit_is_authorised(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the edited operational items with those that authorised changes in the same range name."""
    policy = ctx.base_book.policy(CHANGE_CONTROL)
    severity = policy.get("unauthorised_edit", WARNING)
    if severity == OFF or not policy:
        return
    free = frozenset(policy.get("free_fields", ()))
    for pair in ctx.pairs:
        if not pair.kind.operational or pair.head is None:
            continue
        stages = {facts.stage_of(pair.kind, d) for d in (pair.base, pair.head) if d is not None}
        controlled = policy.get("controlled_lifecycles") or facts.used_states(pair.kind)
        fields = _edited_fields(pair, free)
        if stages & set(controlled) and fields:
            naming = _authorised(ctx, pair.id)
            if any(entry.path in ctx.changed for entry in naming):
                continue
            new = pair.base is None
            what = "was added" if new else f"was changed ({', '.join(fields[:3])})"
            pointer = ("id",) if new or fields[0] not in pair.head else (fields[0],)
            reason, hint = _why_not(naming)
            yield Hit(f"'{pair.id}' {what} and {reason}", pointer, hint, pair.path, severity=severity)


def template_lives_in_order(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the templates that authorise changes, before and after."""
    for path in sorted(ctx.changed):
        if not path.startswith("schemas/templates/") or path in ctx.removed:
            continue
        name = PurePosixPath(path).stem
        before, after = _authorising(ctx.base_book, name), _authorising(ctx.head.book, name)
        if after is None:
            continue
        old, new = (before or {}).get("status"), after.get("status")
        if before is None and new != PROPOSED:
            yield Hit(f"a new template begins as '{PROPOSED}', not as '{new}'", ("status",), "", path)
        elif before is not None and old != new and new not in next_stages(str(old)):
            hint = f"from '{old}' it goes on to {' or '.join(next_stages(str(old)))}"
            yield Hit(f"a template that is '{old}' cannot become '{new}'", ("status",), hint, path)
        if before is not None and _says(before) != _says(after) and not _newer(before, after):
            message = f"the template says something else, and its version is still {after.get('version')}"
            yield Hit(message, ("version",), "", path)


def _authorising(book: RuleBook, name: str) -> Mapping[str, Any] | None:
    """Return a template whose changes need no other authorisation; None for others and for none."""
    if name not in book.templates:
        return None
    try:
        template = book.template(name)
    except ItsmError:
        return None  # it cannot be read: that has a finding of its own
    model = read_models(book).get(str(value_at(template, "values.type")))
    return (
        template
        if template.get("kind") in book.playing(meaning.CHANGE) and model is not None and model.templated
        else None
    )


def _says(template: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return template.get("values"), template.get("fixed"), template.get("touches")


def _newer(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    old, new = before.get("version"), after.get("version")
    return isinstance(old, int) and isinstance(new, int) and new > old


RULES = (
    Rule(
        "C101",
        "Item changed without an authorised change",
        scope=CHANGE,
        severity=WARNING,
        why="What is in production changes through a change: planned, authorised and announced.",
        hint="bring it together with a change that is scheduled or being implemented and names the item in `cis`",
        bad="# a pull request edits cmdb/databases/payments-db.yaml, and no scheduled change names it",
        good="# records/changes/2026/11/CHG-261122-AB3DE.yaml\nstate: implement\ncis: [payments-db]",
        check=edit_is_authorised,
    ),
    Rule(
        "C102",
        "Template that skips a step of its life",
        scope=CHANGE,
        why="An approved template authorises every change made from it, so it is proposed first and then approved.",
        hint="a template is proposed, then approved, then retired; its version counts every change of what it says",
        bad="# a new file of schemas/templates\nstatus: approved",
        good="# a new file of schemas/templates; another pull request approves it\nstatus: proposed",
        check=template_lives_in_order,
    ),
)
