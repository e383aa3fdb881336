"""Clauses of SQL for words of a filter: what the index narrows down before the condition itself decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from itsm_gitops.commands.filter_conditions import (
    Clause,
    both,
    either,
    in_fields,
    one_of,
)
from itsm_gitops.model import moments
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY, RuleBook

_SURE = (1971, 2100)  # years in which a floating-point number of seconds tells microseconds apart


OPEN, FINISHED = "open", "finished"


def group_states(kind: Kind, word: str) -> list[str]:
    """Return the states of a kind that a word for several of them means."""
    if kind.stages is None:
        return []
    if word in (OPEN, FINISHED):
        flow = kind.workflow
        return [s for s in flow.states if flow.is_open(s) == (word == OPEN)] if flow else []
    return [s for s, about in kind.stages.states.items() if about.category == word or word in about.roles]


def state_clause(kinds: Sequence[Kind], wanted: Collection[tuple[str, str]]) -> Clause | None:
    """Return the clause that documents are in one of some states, given with their kinds."""
    by_kind = {k.name: {s for name, s in wanted if name == k.name} for k in kinds}
    if all(by_kind[k.name] == set(group_states(k, OPEN)) for k in kinds):
        return Clause("open = 1")
    clauses = []
    for kind in kinds:
        states = by_kind[kind.name]
        if not states:
            continue
        own = Clause("kind = ?", (kind.name,))
        if kind.workflow and states == set(group_states(kind, OPEN)):
            clauses.append(both(own, Clause("open = 1")))
        elif kind.workflow or not kind.stages:
            clauses.append(both(own, one_of("state", states)))
        else:  # a class that has the stages of life of others; its rows have no state of their own
            return None
    return either(clauses)


def priority_clause(book: RuleBook, wanted: Collection[str | None]) -> Clause:
    """Return the clause that the matrix gives one of some priorities, or somebody set one by hand."""
    impact, urgency = in_fields("impact"), in_fields("urgency")
    matrix = book.policy(PRIORITY).get("matrix", {})
    pairs = [(i, u) for i, row in matrix.items() for u, name in row.items() if name in wanted]
    tests = [Clause(f"coalesce({impact} = ? AND {urgency} = ?, 0)", pair) for pair in pairs]
    by_hand = Clause("json_type(fields, '$.priority_override') IS NOT NULL")
    return either([*tests, by_hand])._replace(exact=False)


def time_clause(column: str, spans: Sequence[moments.TimeRange], only: Clause | None) -> Clause | None:
    """Return the clause that a time lies in one of some spans; None for times that a row holds less exactly."""
    clauses = []
    for start, end in spans:
        for bound in (start, end):
            if bound not in (moments.FIRST, moments.LAST) and not _SURE[0] <= bound.year < _SURE[1]:
                return None
        tests = [Clause(f"{column} IS NOT NULL")]
        if start != moments.FIRST:
            tests.append(Clause(f"coalesce({column} >= ?, 0)", (start.timestamp(),)))
        if end != moments.LAST:
            tests.append(Clause(f"coalesce({column} < ?, 0)", (end.timestamp(),)))
        clauses.append(both(*tests, *([only] if only else [])))
    return either(clauses)
