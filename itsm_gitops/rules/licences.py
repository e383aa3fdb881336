"""Family D: what is installed against what was bought."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.graph.licences import licence_positions
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import LICENCES, NETWORK, Hit, Rule


def installations_are_bought(ctx: NetworkContext) -> Iterator[Hit]:
    """Count what the CMDB says is used under each licence, by its metric, and compare it with the quantity."""
    subjects = {e.id for e in facts.of_role(ctx.book, ctx.judged, meaning.LICENCE)}
    for one in licence_positions(ctx.network.loaded) if subjects else ():
        if (
            one.entry.id in subjects
            and one.exceeded
            and "quantity" not in ctx.refused.get(one.entry.path, ())
        ):
            named = ", ".join(one.items[:3]) + (" …" if len(one.items) > 3 else "")
            message = f"{one.installed} are installed ({named}) and {one.entitled} were bought"
            yield Hit(message, ("quantity",), "", one.entry.path)


RULES = (
    Rule(
        "D024",
        "More installed than the licence allows",
        scope=NETWORK,
        severity=WARNING,
        why="The CMDB is what an audit of the maker counts from: over-use is a breach that becomes a bill.",
        hint="buy more, remove some, or set over_allocation_allowed where the contract says so",
        bad="# three applications name it under `licences`\nclass: licence\nmetric: device\nquantity: 2",
        good="# three applications name it under `licences`\nclass: licence\nmetric: device\nquantity: 3",
        reach=(LICENCES,),
        check=installations_are_bought,
    ),
)
