"""Family S: the repository's own rules use words that exist, and do what their examples show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from itsm_gitops.model.condition_names import Vocabulary, condition_misfits
from itsm_gitops.model.errors import ItsmError, did_you_mean
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.user_rules import FOR, MUST, WHEN
from itsm_gitops.model.user_rules import RULES as FOLDER
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.book_conditions import vocabulary
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule
from itsm_gitops.rules.trials import trials

UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, ItsmError)


def own_rule_names(ctx: BookContext, words: Vocabulary) -> Iterator[Hit]:
    """Yield the names in the repository's own rules that do not exist, and codes that are taken twice."""
    taken: dict[str, str] = {}
    for path, raw in ctx.usable(FOLDER, ".yaml"):
        if ctx.refusals(path):
            continue
        code = raw["rule"]
        if code in taken:
            yield Hit(f"{taken[code]} has this code, too", ("rule",), "give it a code of its own", path)
        taken.setdefault(code, path)
        yield from (Hit(message, at, hint, path, key) for at, message, hint, key in _misfits(raw, words))


def _misfits(raw: Any, words: Vocabulary) -> Iterator[tuple[Pointer, str, str, bool]]:
    known = []
    for index, name in enumerate(raw[FOR]):
        if name in words.schemas or name in words.members:
            known.append(name)
        else:
            hint = did_you_mean(name, [*words.schemas, *words.members])
            yield (FOR, index), f"there is no kind or class '{name}'", hint, False
    for key in (WHEN, MUST) if known else ():
        if key in raw:
            yield from condition_misfits(raw[key], words.expand(known), words, (key,))


def own_codes(ctx: BookContext) -> frozenset[str]:
    """Return the codes of the repository's own rules, as far as they can be read."""
    return frozenset(str(raw.get("rule")) for _, raw in ctx.usable(FOLDER, ".yaml") if isinstance(raw, dict))


def examples_are_right(ctx: BookContext) -> Iterator[Hit]:
    """Try the examples of the repository's own rules and of its life cycles."""
    if any(loaded.problems for loaded in ctx.files.values()) or any(map(ctx.refusals, ctx.files)):
        return  # what cannot be read has its own finding, and decides nothing here
    files = {path: loaded.data for path, loaded in ctx.files.items() if path.startswith("schemas/")}
    try:
        found = [t for t in trials(RuleBook(files, files.__getitem__), ctx.now) if t.wrong]
    except UNREADABLE:
        return  # the rule book itself has findings then
    named = {hit.path for hit in own_rule_names(ctx, vocabulary(ctx))} if found else set()
    for trial in (t for t in found if t.path not in named):
        yield Hit(trial.wrong, trial.pointer, "", trial.path, at_key=True)


RULES = (
    Rule(
        "S031",
        "Example that contradicts its rule",
        scope=RULEBOOK,
        severity=WARNING,
        why="Examples show what a rule or a life cycle means; one that comes out otherwise shows that it does not do so.",
        hint="correct the rule or the example (itsm test tries all of them)",
        bad="rule: ORG001\nmust: {outage.expected: {present: true}}\nbad: {kind: change, outage: {expected: false}}",
        good="rule: ORG001\nmust: {outage.expected: {present: true}}\nbad: {kind: change}",
        check=examples_are_right,
    ),
)
