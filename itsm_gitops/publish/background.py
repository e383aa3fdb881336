"""Adds to the view what does not come from documents: history, evidence, approvals.

Everything that reads Git is here, and nothing of it is for an audience that sees less than everything:
old values, statements and the policy's people know nothing of what is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itsm_gitops.model.standing import Proof
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.document_history import field_history
from itsm_gitops.presentation.view import View
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.repository import Repository


def add_background(view: View, repo: Repository, at: str | None, reporter: Reporter | None) -> None:
    """Give a view what its audience may know beyond the documents of the snapshot ``at``."""
    if not (view.audience.sources and view.audience.everything):
        return
    if view.config.history:
        view.history = field_history(repo, view.store, at, view.now)
    if reporter:
        view.asking = reporter.asking(view.store, view.now)
        view.proofs = _by_change(reporter.proofs(repo))


def _by_change(proofs: Sequence[Proof]) -> dict[str, list[Proof]]:
    found: dict[str, list[Proof]] = {}
    for proof in proofs:
        for change in proof.changes:
            found.setdefault(change, []).append(proof)
    return found


def evidence_files(view: View) -> Iterator[tuple[str, bytes]]:
    """Yield the statements that pages link to, byte for byte as they are on the branch of evidence."""
    shown = {p.file: p.content for i, some in view.proofs.items() if i in view.entries for p in some}
    for name, content in sorted(shown.items()):
        yield urls.evidence(name), content
