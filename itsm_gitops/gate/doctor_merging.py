"""Whether Git merges documents by meaning in this clone: the attributes of the repository, the settings of the clone."""

from __future__ import annotations

from itsm_gitops.gate.doctor_people import OK, WARNING, Check
from itsm_gitops.git.merge_driver import ATTRIBUTES, is_installed, lacks_attributes
from itsm_gitops.repository import Repository

_FIX = "itsm doctor --fix sets it up"


def merging_check(repo: Repository) -> Check:
    """Say what becomes of two edits of one document here."""
    if lacks_attributes(repo.root):
        text = f"{ATTRIBUTES} does not name it, so two notes on one record are a conflict"
        return Check("merge by meaning", WARNING, text, f"{_FIX}; commit {ATTRIBUTES} then")
    if not is_installed(repo.history):
        text = "this clone does not know it, so two notes on one record are a conflict"
        return Check("merge by meaning", WARNING, text, _FIX)
    return Check("merge by meaning", OK, "is set up in this clone")
