"""Rule S033: categories are those of the tree, schemas/policies/categories.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.categories import CATEGORIES, CategoryTree, category_fields, closing_fields
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import Hit, Rule

_trees: Once[CategoryTree] = Once()


def tree_of(book: RuleBook) -> CategoryTree:
    """Return the tree of a rule book."""
    policy = book.policy(CATEGORIES)
    return _trees(policy, make=lambda: CategoryTree(policy))


def category_is_known(ctx: DocumentContext) -> Iterator[Hit]:
    """Look up the categories of a document in the tree."""
    tree = tree_of(ctx.book)
    if not tree.names:
        return
    for name in _fields(ctx):
        value = ctx.data.get(name)
        if not isinstance(value, str):
            continue
        known, closing = tree.verdict(value)
        if not known:
            hint = did_you_mean(value, list(tree.names)) or f"categories stand in {CATEGORIES}"
            yield Hit(f"there is no category '{value}'", (name,), hint)
        elif closing is False and name in closing_fields(ctx.kind):
            yield Hit(f"'{value}' is too coarse to close with", (name,), "name a level below it")


_known: Once[list[str]] = Once(1024)


def _fields(ctx: DocumentContext) -> list[str]:
    return _known(ctx.kind, make=lambda: category_fields(ctx.kind))


RULES = (
    Rule(
        "S033",
        "Category that nobody has",
        severity=WARNING,
        why="Reports, routing and audiences go by the category: one that is mistyped is found by none of them.",
        hint=f"use a category of {CATEGORIES}, or add it there",
        bad="category: netwrok/vpn",
        good="category: network/vpn",
        about=category_fields,
        check=category_is_known,
    ),
)
