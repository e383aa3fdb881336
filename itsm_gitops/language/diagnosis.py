"""What `itsm check` would say of a file if the text in the editor were saved.

For a text that is the file on disk these are the findings of the check, no more and no less. For another text they are
those findings without what the difference takes away and with what it brings; a text that cannot be read has the one
finding that says so. Other files are never judged by a text that may be half typed.
"""

from __future__ import annotations

from itsm_gitops.language.session import Session
from itsm_gitops.model import clock
from itsm_gitops.model.findings import Finding, sort_key
from itsm_gitops.snapshots.overlay import Overlay
from itsm_gitops.snapshots.snapshot import CONFIG
from itsm_gitops.snapshots.store import is_document


def findings_of(session: Session, path: str, text: bytes) -> list[Finding]:
    """Return the findings about one file as it stands in the editor, located in that text and sorted.

    Raises ItsmError where nothing can be judged, such as by a rule book that cannot be used.
    """
    saved = session.saved(path)
    if saved == text:
        return sorted(session.known_findings(path), key=sort_key)
    if is_document(path):
        from itsm_gitops.rules.single import standing_findings

        known = session.known_findings(path) if saved is not None else []
        return standing_findings(session.repo, path, text, saved, known)
    return _of_rule_book(session, path, text)


def _of_rule_book(session: Session, path: str, text: bytes) -> list[Finding]:
    """Judge a file of the rule book among the others as they are on disk."""
    from itsm_gitops.rules.judge import rulebook_findings
    from itsm_gitops.rules.locating import locate
    from itsm_gitops.snapshots import read_config

    snapshot = Overlay(session.repo.snapshot(), {path: text})
    config = read_config(snapshot) if path == CONFIG else session.repo.config
    found = [f for f in rulebook_findings(snapshot, config, clock.now()) if f.path == path]
    return sorted(set(locate(snapshot, found)), key=sort_key)
