"""Which team a new record goes to: the one that the tree of categories names, where nobody says another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.model.categories import CATEGORIES, TEAM, CategoryTree, category_fields
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

FIELD = "assigned_team"


def team_of_category(book: RuleBook, kind: Kind, data: Mapping[str, Any]) -> str:
    """Return the team for a new record; empty where it has one, or none is named."""
    if not kind.is_record or data.get(FIELD) or FIELD not in kind.fields:
        return ""
    tree = CategoryTree(book.policy(CATEGORIES))
    values = [data.get(name) for name in category_fields(kind)] if tree.names else []
    return next((str(t) for v in values if isinstance(v, str) and (t := tree.say(v, TEAM))), "")
