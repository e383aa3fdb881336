"""The rules: ``check`` judges a snapshot or a range of commits, ``explain`` says what a rule is for.

A rule is a function and an entry in the table of its family (`rule.py` says what an entry holds);
`registry.py` collects the tables, `judge.py` runs them over a snapshot, `engine.py` over a range.

How a check runs
----------------

1. `repository.load_store` lists the files of a snapshot and reads them in one go. The CMDB is read first, in this
   process; the records are shared out to forked workers when there are many.
2. Each worker parses a document (`documents.load`), judges it by itself (schema, life cycle, timeline) and returns a
   summary (`model.Entry`), its row of the index and its findings. Whole documents do not travel between processes. Of
   the rules only those are asked that its fields and its way through the life cycle can concern (`judge.py`).
3. The parent merges the summaries into the store and runs the rules that need all of them: links, cycles, duplicates.
4. With `--base`, the rules about changes compare pairs of documents. They use the rule book of the base commit, so no
   pull request can permit itself. Only what the change can have altered is read and judged, on both sides: each rule
   says in ``reach`` what else than the document itself its findings depend on (`reach.py`, `request.py`).
5. Findings are located (line and column come from a second, careful parse of just those files), sorted and printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:
    from itsm_gitops.rules.engine import CheckReport, check
    from itsm_gitops.rules.explanation import Explanation, explain, explanations
    from itsm_gitops.rules.fix import Repair
    from itsm_gitops.rules.judge import book_errors
    from itsm_gitops.rules.single import new_findings

__all__ = [
    "CheckReport",
    "Explanation",
    "Repair",
    "book_errors",
    "check",
    "explain",
    "explanations",
    "new_findings",
]

# Writing a document needs no check of everything, and the other way round.
_PLACES = {
    "CheckReport": "engine",
    "check": "engine",
    "Explanation": "explanation",
    "explain": "explanation",
    "explanations": "explanation",
    "Repair": "fix",
    "book_errors": "judge",
    "new_findings": "single",
}
__getattr__ = lazy_names(__name__, _PLACES)
