"""The rules: ``check`` judges a snapshot or a range of commits, ``explain`` says what a rule is for.

The only room that uses jsonschema and jsonschema-rs.
"""

from __future__ import annotations

from itsm_gitops.rules.engine import Report, check
from itsm_gitops.rules.explain import Explanation, explain, explanations
from itsm_gitops.rules.fix import Repair
from itsm_gitops.rules.single import check_document

__all__ = ["Explanation", "Repair", "Report", "check", "check_document", "explain", "explanations"]
