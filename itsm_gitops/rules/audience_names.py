"""Names that schemas/policies/audiences.yaml and itsm.yaml use of the rule book; part of rule S022."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from itsm_gitops.model.audience import AUDIENCES, INTERNAL
from itsm_gitops.model.audience_names import Schemas, name_misfits
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.kinds import inline
from itsm_gitops.model.rulebook import COMMON
from itsm_gitops.rules.rule import Hit

if TYPE_CHECKING:
    from itsm_gitops.rules.book import BookContext


def audience_hits(ctx: BookContext) -> Iterator[Hit]:
    """Yield what the policy and itsm.yaml name and the rule book does not have."""
    if ctx.refusals(AUDIENCES):
        return  # its own shape comes first
    schemas = {}
    for folder in ("schemas/records/", "schemas/cmdb/"):
        for path, data in ctx.usable(folder, ".schema.json"):
            if not ctx.refusals(path):
                about = data["x-itsm"]
                schemas[about.get("kind") or about["class"]] = data
    definitions = (ctx.data(COMMON) or {}).get("definitions", {})
    yield from audience_names(ctx.data(AUDIENCES), schemas, definitions, ctx.config.audience)


def audience_names(
    policy: Any, schemas: Schemas, definitions: Mapping[str, Any], usual: str
) -> Iterator[Hit]:
    """Yield the kinds and fields of the policy that do not exist, and a usual audience that does not.

    ``schemas`` are those of the kinds as written, ``definitions`` what they share.
    """
    audiences = policy["audiences"] if policy else {}
    if usual not in (*audiences, INTERNAL):
        hint = did_you_mean(usual, [*audiences, INTERNAL])
        yield Hit(f"there is no audience '{usual}'", ("site", "audience"), hint, "itsm.yaml")
    asked = {kind for audience in audiences.values() for kind in audience.get("kinds", ())}
    whole = {kind: inline(data, definitions) if kind in asked else data for kind, data in schemas.items()}
    for pointer, message, hint, _ in name_misfits(policy, whole) if policy else ():
        yield Hit(message, pointer, hint, AUDIENCES)
