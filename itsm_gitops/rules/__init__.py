"""The rules: ``check`` judges a snapshot or a range of commits, ``explain`` says what a rule is for.

A rule is a function and an entry in the table of its family (`rule.py` says what an entry holds);
`registry.py` collects the tables, `judge.py` runs them over a snapshot, `engine.py` over a range.
"""

from __future__ import annotations

from itsm_gitops.rules.engine import Report, check
from itsm_gitops.rules.explain import Explanation, explain, explanations
from itsm_gitops.rules.fix import Repair
from itsm_gitops.rules.single import new_findings

__all__ = ["Explanation", "Repair", "Report", "check", "explain", "explanations", "new_findings"]
