"""Family D: what is installed against what was bought, what is covered against what a contract covers."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.graph.licences import covered_items, licence_positions
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
            and one.installed is not None  # what somebody counted has its own rule
            and "quantity" not in ctx.refused.get(one.entry.path, ())
        ):
            named = ", ".join(list(one.items)[:3]) + (" …" if len(one.items) > 3 else "")
            message = f"{one.installed} are installed ({named}) and {one.entitled} were bought"
            yield Hit(message, ("quantity",), "", one.entry.path)


def contract_covers_its_items(ctx: NetworkContext) -> Iterator[Hit]:
    """Count the items that name a contract and compare them with how many it covers."""
    contracts = [e for e in facts.of_role(ctx.book, ctx.judged, meaning.CONTRACT) if "max_items" in e.columns]
    if not contracts:
        return
    covered = covered_items(ctx.network.loaded, contracts)
    for entry in contracts:
        most, items = entry.columns["max_items"], covered.get(entry.id, ())
        if "max_items" not in ctx.refused.get(entry.path, ()) and len(items) > most:
            yield Hit(f"{len(items)} items name it and it covers {most}", ("max_items",), "", entry.path)


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
    Rule(
        "D026",
        "More items than the contract covers",
        scope=NETWORK,
        severity=WARNING,
        why="The supplier helps with those it is paid for; nobody knows which that are.",
        hint="have the contract extended, or take it off items that it does not cover",
        bad="# three servers name it under `contract`\nclass: contract\nmax_items: 2",
        good="# two servers name it under `contract`\nclass: contract\nmax_items: 2",
        reach=(LICENCES,),
        check=contract_covers_its_items,
    ),
)
