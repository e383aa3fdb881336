"""Segregation of duties of each merge, and the figures of a period: what was merged how, and which part was an emergency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from itsm_gitops.evidence.cells import approvals_of
from itsm_gitops.evidence.exceptions import Deviation
from itsm_gitops.evidence.population import Population, PopulationMerge
from itsm_gitops.gate.types import OVERRIDDEN
from itsm_gitops.model import clock
from itsm_gitops.model.roles import names

DUTIES = ("merge", "merged_at", "changes", "authors", "committers", "opened_by", "pushed_by", "requested_by",
          "implementers", "approved_by", "both")  # fmt: skip
EMERGENCY_TYPE = "emergency"


def duties(population: Population) -> list[dict[str, str]]:
    """Return of each merge who had which part in it, and in ``both`` who approved and had another part."""
    return [_duties(population, merge) for merge in population.merges]


def _duties(population: Population, merge: PopulationMerge) -> dict[str, str]:
    statement = merge.move.statement
    assessment = statement.predicate["assessment"] if statement else {}
    records = [population.records.get(c, {}) for c in merge.changes]
    approvers = list(approvals_of(statement)) if statement else []
    parts = {
        "authors": list(assessment.get("authors", ())),
        "committers": list(assessment.get("committers", ())),
        "opened_by": [statement.inputs.opened_by] if statement and statement.inputs.opened_by else [],
        "pushed_by": list(statement.inputs.pushed_by) if statement else [],
        "requested_by": [n for r in records for n in names(r.get("requested_by"))],
        "implementers": [n for r in records for n in names(r.get("implementers"))],
    }
    apart = assessment.get("separated")  # by account or address, too
    others = {name for several in parts.values() for name in several} | set(
        apart if isinstance(apart, dict) else ()
    )
    return {
        "merge": merge.commit,
        "merged_at": clock.format_time(merge.at),
        "changes": " ".join(merge.changes),
        **{part: ", ".join(dict.fromkeys(map(str, several))) for part, several in parts.items()},
        "approved_by": ", ".join(approvers),
        "both": ", ".join(a for a in approvers if a in others),
    }


def figures(population: Population, deviations: Iterable[Deviation]) -> dict[str, Any]:
    """Return the figures of a period: sizes, merges by result, exceptions by code, the share of emergencies."""
    changes = population.changes
    types = Counter(str(population.records.get(c, {}).get("type", "")) or "(none)" for c in changes)
    urgent = types.get(EMERGENCY_TYPE, 0)
    overridden = sum(m.result == OVERRIDDEN for m in population.merges)
    found = list(deviations)
    return {
        "merges": len(population.merges),
        "changes": len(changes),
        "results": dict(sorted(Counter(m.result for m in population.merges).items())),
        "types": dict(sorted(types.items())),
        "emergency_share": round(urgent / len(changes), 4) if changes else None,
        "overridden_share": round(overridden / len(population.merges), 4) if population.merges else None,
        "merges_with_both_duties": sum(bool(d["both"]) for d in duties(population)),
        "exceptions": dict(sorted(Counter(d.code for d in found).items())),
        "exceptions_reviewed_afterwards": sum(bool(d.review) for d in found),
    }
