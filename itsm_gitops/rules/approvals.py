"""Family A: what the forge does for approvals agrees with what the repository says."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.graph.ownership import HEADER, PLACES, codeowners
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import CMDB, NETWORK, Hit, Rule
from itsm_gitops.snapshots.outside import outside


def codeowners_is_current(ctx: NetworkContext) -> Iterator[Hit]:
    """Compare every CODEOWNERS that we once wrote with what we would write now."""
    for forge, path in PLACES.items():
        raw = outside(ctx.store.snapshot, path)
        if raw is None or not raw.startswith(HEADER.encode()):
            continue
        found, wanted = (
            raw.decode("utf-8", "replace").splitlines(),
            codeowners(ctx.store, forge).text.splitlines(),
        )
        if found != wanted:
            pairs = zip([*found, ""], [*wanted, ""], strict=False)
            line = next((n for n, (a, b) in enumerate(pairs, 1) if a != b), 1)
            expected = wanted[line - 1] if line <= len(wanted) else "nothing"
            yield Hit(f"this should be: {' '.join(expected.split())}", (), "", path, line=line, column=1)


RULES = (
    Rule(
        "A001",
        "CODEOWNERS that is not what the CMDB says",
        scope=NETWORK,
        severity=WARNING,
        why="The forge asks the wrong people for a review when an item has moved to another team.",
        hint="itsm codeowners --write",
        bad="# .github/CODEOWNERS, while payments-db is owned by dba\n/cmdb/databases/payments-db.yaml  @acme/ops",
        good="# .github/CODEOWNERS\n/cmdb/databases/payments-db.yaml  @acme/dba",
        reach=(CMDB,),
        check=codeowners_is_current,
    ),
)
