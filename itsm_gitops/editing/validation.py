"""What the rules say about a document before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from itsm_gitops.model.errors import Refused
from itsm_gitops.model.findings import ERROR, Finding

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


class DocumentRejected(Refused):
    """A document that would break rules; ``findings`` says which. Nothing was written."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        codes = {f.code for f in findings}
        count = "1 rule" if len(codes) == 1 else f"{len(codes)} rules"
        super().__init__(
            f"this would break {count}; nothing was written", "itsm explain CODE says why a rule exists"
        )
        self.findings = tuple(findings)


def judged(repo: Repository, after: Mapping[str, bytes], before: Mapping[str, bytes]) -> list[Finding]:
    """Return the findings of documents that new content brings and the content before did not have.

    Both map paths to content; what is to be written together is judged together. Faults that were
    there already do not stop an unrelated edit: `itsm check` reports them. Raises Rejected where a
    new one is an error, in one of the documents or in another one that the edit leaves wrong.
    """
    from itsm_gitops.rules import new_findings

    found = new_findings(repo, after, before)
    errors = [f for f in found if f.severity == ERROR]
    if errors:
        raise DocumentRejected(errors)
    return found
