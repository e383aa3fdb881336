"""What a request must have: every rule of the policy that applies, spelt out for its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from itsm_gitops.gate.conditions import Touched
from itsm_gitops.gate.freezes import freeze_rules
from itsm_gitops.gate.policy import (
    AFFECTED,
    EDITED,
    EXCLUDED,
    OWNER,
    SERVICES,
    ApprovalRule,
    Override,
    matches,
)
from itsm_gitops.gate.pull_request import Request
from itsm_gitops.gate.references import led_to
from itsm_gitops.gate.types import Requirement
from itsm_gitops.model.meaning import SERVICE
from itsm_gitops.model.roles import names
from itsm_gitops.model.wording import Phrase

Data = Mapping[str, Any]

_OWNERLESS = "nobody owns {item}, so nobody can be asked; give it an owner first"


@dataclass(frozen=True, slots=True)
class AppliedRequirement:
    """A requirement and what judging it needs.

    ``data`` is the record that roles are filled for, ``item`` the one item of it that this is about
    (empty: all), ``owners`` who owns it. ``override`` is there where its conditions hold; where the requirement
    is about a whole record, ``items`` are what whoever overrides has to answer for. ``error`` says why the
    requirement cannot be judged. ``about`` are the records that it is asked for; None is the whole request.
    """

    requirement: Requirement
    data: Data
    owners: tuple[str, ...] = ()
    override: Override | None = None
    error: str = ""
    item: str = ""
    items: tuple[str, ...] = ()
    about: frozenset[str] | None = None


def required(request: Request) -> tuple[list[AppliedRequirement], list[ApprovalRule], list[str]]:
    """Return what is asked for, the rules that do not apply, and the paths that no rule covers."""
    asked: dict[tuple[Any, ...], AppliedRequirement] = {}
    records = frozenset(t.id for t in request.decided)
    covered: set[str] = set()
    idle = []
    for rule in (*request.policy.protected, *request.policy.rules):
        paths = [p for p in request.content.changes if request.covered_by(rule, p)]
        documents = [] if rule in request.policy.protected else _documents(request, rule)
        if rule.require.each == EXCLUDED:
            documents = [t for t in documents if request.excluded(t)]
        files = _unnamed_items(request, rule)
        if not paths and not documents and not files:
            idle.append(rule)
            continue
        if rule.require.each != EXCLUDED:  # who is asked about what is left out does not approve the rest
            covered.update(paths, (t.path for t in documents))
        for found in _spell_out(request, rule, documents) if paths or documents else ():
            _keep(asked, found, records)
        for item in files:
            for found in _for_item(request, rule, item, request.base.data(item), None):
                _keep(asked, found, records)
    for found in (*_for_lifted(request), *_for_weakened(request)):
        _keep(asked, found, records)
    work = any(t.path in covered and request.authorises(t) for t in request.changes)
    covered |= request.archived | request.renamed
    left = [p for p in request.content.changes if p not in covered and not (work and p in request.work)]
    return _told_apart(_overridable(asked.values())), idle, left


def _overridable(asked: Iterable[AppliedRequirement]) -> Iterator[AppliedRequirement]:
    """Leave the override only where everything that is asked of the same people for the same thing has it.

    What may be overridden under one rule must not be waived by it under another, signed or not.
    """
    listed = list(asked)
    same: dict[tuple[Any, ...], list[Override | None]] = {}
    for a in listed:
        same.setdefault((a.requirement.role, a.requirement.subject, a.owners, a.about), []).append(a.override)
    for a in listed:
        overrides = same[a.requirement.role, a.requirement.subject, a.owners, a.about]
        yield a if all(o == a.override for o in overrides) else replace(a, override=None)


def _told_apart(asked: Iterable[AppliedRequirement]) -> list[AppliedRequirement]:
    """Name the record where the same is asked for several, each of which keeps other people apart."""
    listed = list(asked)
    names_of = Counter(a.requirement.name for a in listed)
    return [
        replace(
            a,
            requirement=replace(
                a.requirement, name=f"{a.requirement.name}, for {', '.join(sorted(a.about))}"
            ),
        )
        if a.about and names_of[a.requirement.name] > 1 and a.requirement.subject not in a.about
        else a
        for a in listed
    ]


def _for_lifted(request: Request) -> Iterator[AppliedRequirement]:
    """Yield what a change in each freeze that the request lifts would need; nobody overrides that."""
    for freeze in request.lifted:
        calendar = freeze.calendar
        for rule in freeze_rules(request.policy):
            if not rule.require.each:
                yield AppliedRequirement(_requirement(rule, calendar.id, ""), calendar.data)
                continue
            for item in sorted(calendar.applies_to) or [calendar.id]:
                yield from _for_item(request, rule, item, calendar.data, None)


def _for_weakened(request: Request) -> Iterator[AppliedRequirement]:
    """Yield what the rules that the request makes weaker would have asked for."""
    for rule, _ in request.weakened:
        yield AppliedRequirement(_requirement(rule, "", ""), {})


def _documents(request: Request, rule: ApprovalRule) -> list[Touched]:
    """Return the documents that a rule is for; what nobody has stated makes no rule that asks for nobody."""
    kinds = request.base.book.members(names(rule.when.get("kind")))
    unknown = rule.require.count > 0
    return [
        t
        for t in request.touched
        if t.kind.name in kinds
        and matches(
            rule.when,
            {**request.facts(t), **led_to(request.base, request.head, t, rule.when)},
            unknown=unknown,
        )
    ]


def _unnamed_items(request: Request, rule: ApprovalRule) -> list[str]:
    """Return the items whose files the request edits without naming them, for a rule about edited items."""
    if rule.require.each != EDITED or "paths" in rule.when:
        return []
    kinds, entries = request.base.book.members(names(rule.when.get("kind"))), request.base.entries
    return [i for i in request.unnamed_items if entries[i].kind in kinds]


def _keep(
    asked: dict[tuple[Any, ...], AppliedRequirement], new: AppliedRequirement, records: frozenset[str]
) -> None:
    """Ask the same people for the same thing once, as strictly as any rule does.

    Who asked for one of several records (``records``: all that keep somebody apart) may approve the others, so what is
    asked for one of them is not asked for another.
    """
    need = new.requirement
    apart = records if new.about is None else records & new.about
    strict = (need.role, need.subject, new.owners, need.signed, need.distinct, new.error, apart)
    known = asked.get(strict)
    if known is None:
        asked[strict] = new
        return
    # What may be overridden under one rule must not be waived by it under another.
    override = known.override if known.override == new.override else None
    more = new if need.count > known.requirement.count else known
    about = None if known.about is None or new.about is None else known.about | new.about
    asked[strict] = replace(more, override=override, about=about)


def _spell_out(
    request: Request, rule: ApprovalRule, documents: list[Touched]
) -> Iterator[AppliedRequirement]:
    if not rule.require.each:
        if not documents:
            yield AppliedRequirement(_requirement(rule, "", ""), {})
        for document in documents:
            override, about = _override(request, rule, document), frozenset([document.id])
            items = tuple(request.affected(document)) if override and document.is_change else ()
            need = _requirement(rule, document.id, "")
            yield AppliedRequirement(need, document.data, (), override, items=items, about=about)
    elif rule.require.each == EXCLUDED:
        for document in documents:
            override, about = _override(request, rule, document), frozenset([document.id])
            for item in request.excluded(document):
                asked = _for_item(request, rule, item, document.data, override)
                yield from (replace(found, about=about) for found in asked)
    elif rule.require.each in (AFFECTED, SERVICES):
        for document in documents:
            about = frozenset([document.id])
            yield from (replace(found, about=about) for found in _for_affected(request, rule, document))
    else:
        for edited in request.owned:
            if edited in documents or not documents:
                yield from _for_item(request, rule, edited.id, edited.data, None)


def _for_affected(request: Request, rule: ApprovalRule, change: Touched) -> Iterator[AppliedRequirement]:
    items = request.affected(change)
    if rule.require.each == SERVICES:
        entries, services = request.base.entries, request.base.book.playing(SERVICE)
        items = [i for i in items if i in entries and entries[i].kind in services]
    if not items:
        error = Phrase("{change} names no service and no item, so nobody can be asked", change=change.id)
        yield AppliedRequirement(_requirement(rule, change.id, ""), change.data, error=error)
    for item in items:
        yield from _for_item(request, rule, item, change.data, _override(request, rule, change))


def _for_item(
    request: Request, rule: ApprovalRule, item: str, data: Data, override: Override | None
) -> Iterator[AppliedRequirement]:
    if rule.require.role != OWNER:
        yield AppliedRequirement(_requirement(rule, item, ""), data, (), override, item=item)
        return
    for note, owners in request.owners(item):
        error = "" if owners else Phrase(_OWNERLESS, item=item)
        if item not in request.base.entries and item not in request.head.entries:
            error = Phrase("there is no '{item}', so nobody can be asked", item=item)
        yield AppliedRequirement(_requirement(rule, item, note), data, owners, override, error, item)


def _override(request: Request, rule: ApprovalRule, document: Touched) -> Override | None:
    if rule.override is None:
        return None
    known = {**request.facts(document), **led_to(request.base, request.head, document, rule.override.when)}
    return rule.override if matches(rule.override.when, known, unknown=False) else None


def _requirement(rule: ApprovalRule, subject: str, note: str) -> Requirement:
    extra = f" ({note})" if note else ""
    return Requirement(
        name=f"{rule.name}: {subject}{extra}" if subject else f"{rule.name}{extra}",
        role=rule.require.role,
        subject=subject,
        count=rule.require.count,
        why=rule.why,
        signed=rule.require.signed,
        rule=rule.name,
        distinct=rule.require.distinct,
    )
