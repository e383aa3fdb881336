"""Families I and K about roots: which names are theirs, and roots that name each other."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.roots import claimant, home
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import NETWORK, Hit, Rule
from itsm_gitops.snapshots.rooted import RootedSnapshot


def identifier_is_free(ctx: NetworkContext) -> Iterator[Hit]:
    """Report documents of the repository itself whose names belong to a root."""
    snapshot = ctx.store.snapshot
    if not isinstance(snapshot, RootedSnapshot):
        return
    for identifier, entry in ctx.entries.items():
        if snapshot.root_of(entry.path):
            continue
        owner, other = claimant(snapshot.roots, identifier), home(snapshot.roots, identifier)
        if owner is not None:
            message = f"'{identifier}' belongs to root '{owner.name}', which has all of its prefix"
            yield Hit(message, ("id",), path=entry.path)
        elif other is not None and snapshot.lists(other, identifier):
            yield Hit(
                f"root '{other.name}' has a document called '{identifier}' too", ("id",), path=entry.path
            )


def roots_lead_one_way(ctx: NetworkContext) -> Iterator[Hit]:
    """Report roots that name this repository, or each other, as roots."""
    snapshot = ctx.store.snapshot
    if not isinstance(snapshot, RootedSnapshot):
        return
    circles = snapshot.circles()
    for root in snapshot.roots:
        for remark in circles.get(root.name, ()):
            yield Hit(
                f"a circle of roots leads through '{root.name}': {remark}", root.pointer, path="itsm.yaml"
            )


RULES = (
    Rule(
        "I011",
        "Identifier that belongs to a root",
        scope=NETWORK,
        why="Two repositories that both mint a name make two documents of it, and a link can mean either.",
        hint="rename the document, keep it in the root, or change the prefixes in itsm.yaml",
        bad="# itsm.yaml: roots: [{name: platform, prefixes: [plat-], …}]\nid: plat-db",
        good="# itsm.yaml: roots: [{name: platform, prefixes: [plat-], …}]\nid: team-db",
        reach=(),
        check=identifier_is_free,
    ),
    Rule(
        "K011",
        "Roots that lead in a circle",
        scope=NETWORK,
        severity=WARNING,
        why="Each of two such repositories waits for a commit of the other, and sees it as it was before.",
        hint="let one of the two name the other, or accept it with ignore in itsm.yaml",
        bad="# itsm.yaml of the shop: roots: [{name: net, …}]; itsm.yaml of the net: roots: [{name: shop, …}]",
        good="# itsm.yaml of the shop: roots: [{name: net, …}]; itsm.yaml of the net has none",
        reach=(),
        check=roots_lead_one_way,
    ),
)
