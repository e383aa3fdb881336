"""Names that schemas/policies/audiences.yaml and itsm.yaml use of the rule book; part of rule S022."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from itsm_gitops.model.audience import AUDIENCES, INTERNAL
from itsm_gitops.model.audience_names import Schemas, name_misfits
from itsm_gitops.model.categories import NO_CATEGORIES, CategoryTree
from itsm_gitops.model.condition_names import Vocabulary
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.rules.rule import Hit

if TYPE_CHECKING:
    from itsm_gitops.rules.book import BookContext


def audience_hits(ctx: BookContext, words: Vocabulary) -> Iterator[Hit]:
    """Yield what the policy and itsm.yaml name and the rule book does not have."""
    if not ctx.refusals(AUDIENCES):  # its own shape comes first
        yield from audience_names(ctx.data(AUDIENCES), words.schemas, ctx.config.audience, words.categories)


def audience_names(
    policy: Any, schemas: Schemas, usual: str, categories: CategoryTree = NO_CATEGORIES
) -> Iterator[Hit]:
    """Yield the kinds, fields and values of the policy that do not exist, and a usual audience that does not.

    ``schemas`` are those of the kinds with shared definitions in their places.
    """
    audiences = policy["audiences"] if policy else {}
    if usual not in (*audiences, INTERNAL):
        hint = did_you_mean(usual, [*audiences, INTERNAL])
        yield Hit(f"there is no audience '{usual}'", ("site", "audience"), hint, "itsm.yaml")
    for pointer, message, hint, _ in name_misfits(policy, schemas, categories) if policy else ():
        yield Hit(message, pointer, hint, AUDIENCES)
