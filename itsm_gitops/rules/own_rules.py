"""Family U: the rules of a repository itself (``schemas/rules``), judged like ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from itsm_gitops.graph.linked import EntrySubject
from itsm_gitops.model.guards import Breach, asked_of, breaches
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.user_rules import UserRule
from itsm_gitops.model.windows import moment_of
from itsm_gitops.rules.asked_since import finished_on
from itsm_gitops.rules.context import DocumentContext, NetworkContext
from itsm_gitops.rules.rule import GUARDS, ITEMS, NETWORK, Hit, Rule

ByKind = Mapping[str, tuple[UserRule, ...]]
_alone: Once[ByKind] = Once()
_joined: Once[ByKind] = Once()


def rules_alone(book: RuleBook) -> ByKind:
    """Return by kind the rules that a document and the items it names decide."""
    return _alone(book, make=lambda: _by_kind(book, linking=False))


def rules_joined(book: RuleBook) -> ByKind:
    """Return by kind the rules that need to know what is linked with a document."""
    return _joined(book, make=lambda: _by_kind(book, linking=True))


def _by_kind(book: RuleBook, *, linking: bool) -> ByKind:
    found: dict[str, tuple[UserRule, ...]] = {}
    for rule in book.user_rules:
        if bool(rule.guard.links) == linking:
            for kind in book.members(rule.kinds):
                found[kind] = (*found.get(kind, ()), rule)
    return found


def _hit(rule: UserRule, breach: Breach, path: str = "") -> Hit:
    return Hit(
        breach.message, breach.pointer or ("id",), breach.hint, path, severity=rule.severity, code=rule.code
    )


def _is_asked(rule: UserRule, now: datetime, finished: str) -> bool:
    """Whether a rule with a first day asks already, and asks a record that was finished on a day (empty: it is open)."""
    day = date.fromisoformat(rule.guard.since)
    return now >= moment_of(day, "00:00", UTC) and bool(asked_of((rule.guard,), finished))


def document_keeps_own_rules(ctx: DocumentContext) -> Iterator[Hit]:
    """Ask the repository's own rules about the document and the items that it names."""
    for rule in rules_alone(ctx.book).get(ctx.kind.name, ()):
        since = rule.guard.since
        if since and not _is_asked(rule, ctx.now, finished_on(ctx.kind.workflow, ctx.data)):
            continue
        for breach in breaches((rule.guard,), ctx.subject):
            yield _hit(rule, breach)


def network_keeps_own_rules(ctx: NetworkContext) -> Iterator[Hit]:
    """Ask the repository's own rules about what is linked with a document."""
    asked = rules_joined(ctx.book)
    for entry in ctx.judged if asked else ():
        for rule in asked.get(entry.kind, ()):
            flow = ctx.book.kinds[entry.kind].workflow
            if rule.guard.since and not _is_asked(rule, ctx.now, finished_on(flow, ctx.data(entry))):
                continue
            for breach in breaches((rule.guard,), EntrySubject(ctx, entry)):
                yield _hit(rule, breach, entry.path)


_HINT = "itsm explain CODE says why the rule exists; it stands in schemas/rules"
_BAD = "# what schemas/rules/ORG001.yaml shows as bad"
_GOOD = "# what schemas/rules/ORG001.yaml shows as good"
RULES = (
    Rule(
        "U001",
        "Rule of your own",
        why="A file of schemas/rules says what must be so in a document; findings carry the code of that rule.",
        hint=_HINT,
        bad=_BAD,
        good=_GOOD,
        reach=(ITEMS,),
        check=document_keeps_own_rules,
    ),
    Rule(
        "U002",
        "Rule of your own about links",
        scope=NETWORK,
        why="A file of schemas/rules says what must be linked with a document; findings carry the code of that rule.",
        hint=_HINT,
        bad=_BAD,
        good=_GOOD,
        reach=(GUARDS, ITEMS),
        check=network_keeps_own_rules,
    ),
)
