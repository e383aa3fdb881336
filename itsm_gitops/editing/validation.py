"""What the rules say about a document before it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from itsm_gitops.model.errors import Refused
from itsm_gitops.model.findings import ERROR, Finding

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


class Rejected(Refused):
    """A document that would break rules; ``findings`` says which. Nothing was written."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        codes = {f.code for f in findings}
        count = "1 rule" if len(codes) == 1 else f"{len(codes)} rules"
        super().__init__(
            f"this would break {count}; nothing was written", "itsm explain CODE says why a rule exists"
        )
        self.findings = tuple(findings)


def new_errors(repo: Repository, path: str, raw: bytes, before: bytes | None = None) -> list[Finding]:
    """Return the findings that new content has and the content before did not have.

    Faults that were there already do not stop an unrelated edit: `itsm check` reports them.
    Raises Rejected where one of the new ones is an error.
    """
    from itsm_gitops.rules import check_document

    found = check_document(repo, path, raw)
    if found and before is not None:
        known = _signs(check_document(repo, path, before))
        found = [f for f in found if _sign(f) not in known]
    errors = [f for f in found if f.severity == ERROR]
    if errors:
        raise Rejected(errors)
    return found


def _sign(finding: Finding) -> tuple[str, str]:
    return (finding.code, finding.message)


def _signs(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    return {_sign(f) for f in findings}
