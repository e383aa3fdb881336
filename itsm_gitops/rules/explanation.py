"""What a rule is about, as data for ``itsm explain`` and the handbook."""

from __future__ import annotations

from dataclasses import dataclass

from itsm_gitops.rules.registry import find_rule, rules
from itsm_gitops.rules.rule import SCOPES, Rule


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a person wants to know of a rule. ``bad`` and ``good`` are excerpts of YAML."""

    code: str
    title: str
    family: str
    scope: str
    looks_at: str
    severity: str
    why: str
    hint: str
    bad: str
    good: str
    fixable: bool


def _explanation(rule: Rule) -> Explanation:
    return Explanation(
        rule.code,
        rule.title,
        rule.family,
        rule.scope,
        SCOPES[rule.scope],
        rule.severity,
        rule.why,
        rule.hint,
        rule.bad,
        rule.good,
        rule.fixable,
    )


def explain(code: str) -> Explanation:
    """Explain one rule; raises NotFound with the nearest codes."""
    return _explanation(find_rule(code))


def explanations() -> list[Explanation]:
    """Explain every rule, by family and code."""
    order = "PSIKWDLACU"
    return [_explanation(r) for r in sorted(rules(), key=lambda r: (order.index(r.code[0]), r.code))]
