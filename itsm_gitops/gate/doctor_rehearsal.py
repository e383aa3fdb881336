"""`itsm doctor` rehearses an approval by whoever runs it: is it signed, and would it count as theirs?

What an approval needs is spread over this machine (a key), the directory (its public half, an account) and the main branch
(where the gate reads the directory). A trial signature shows what is missing before somebody waits for it at night.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itsm_gitops.gate.doctor_people import FAILED, OK, UNKNOWN, WARNING, Check
from itsm_gitops.gate.doctor_plain import PLAIN
from itsm_gitops.gate.signed import keys_in
from itsm_gitops.git import sshsig
from itsm_gitops.git.actor import person_of, usual_key
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository

SUBJECT = "own approval"
_NAMESPACE = "itsm-rehearsal@v1"  # never that of approvals: what is signed here can be used for nothing
_TRIAL = b"A trial by itsm doctor. It approves nothing.\n"


def rehearse_approval(repo: Repository, forge: str) -> Check | None:
    """Return how an approval by whoever runs this would fare; None where the directory does not know them."""
    person = person_of(repo)
    if person is None:
        return None  # the check of the author says so
    try:
        here = repo.document(person).data
        if not isinstance(here, Mapping):
            return None
        signature, file = _signature(repo)
        return _verdict(repo, forge, person, here, signature, file)
    except ItsmError as error:
        return Check(SUBJECT, UNKNOWN, f"{person} cannot be tried: {error.message}", error.hint)


def _signature(repo: Repository) -> tuple[str, Path | None]:
    file = usual_key(repo)
    return (sshsig.sign(_TRIAL, file, _NAMESPACE) if file else ""), file


def _verdict(
    repo: Repository, forge: str, person: str, here: Mapping[str, Any], signature: str, file: Path | None
) -> Check:
    accounts = [a for a in here.get("identities") or () if isinstance(a, Mapping) and a.get("forge") == forge]
    login = str(accounts[0].get("login") or accounts[0].get("id")) if accounts else ""
    if signature and _holds(here, person, signature):
        if _holds(_merged(repo, person), person, signature):
            return Check(SUBJECT, OK, f"{person} signed a trial with {file}, and it holds")
        text = f"{person} signed a trial with {file}; it will hold once the key in the file is on the main branch"
        return Check(SUBJECT, WARNING, text, "commit the file and bring it there, by pull request")
    if login:
        return Check(SUBJECT, OK, f"{person} approves on {forge} as {login}")
    own = "" if forge == PLAIN else f", and no account on {forge}"
    if signature:
        text = f"{person} signs with {file}, which is none of the keys in the file{own}"
        return Check(SUBJECT, FAILED, text, "itsm enrol adds it; by pull request")
    if keys_in(here, clock.now().date()):
        text = f"the key of {person} is not on this machine (user.signingKey){own}"
        return Check(
            SUBJECT, WARNING, text, "git config user.signingKey FILE, or another key: itsm enrol --key FILE"
        )
    text = f"nothing proves an approval by {person}: there is no key{own}"
    return Check(SUBJECT, WARNING, text, "ssh-keygen -t ed25519 makes a key, itsm enrol adds it")


def _holds(data: Mapping[str, Any], person: str, signature: str) -> bool:
    keys = keys_in(data, clock.now().date())
    return bool(keys) and bool(sshsig.verify(_TRIAL, signature, person, keys, _NAMESPACE))


def _merged(repo: Repository, person: str) -> Mapping[str, Any]:
    """Return the file of a person as the main branch has it: that of the server where it is known, else of this clone."""
    for revision in ("refs/remotes/origin/HEAD", "HEAD"):
        try:
            data = repo.document(person, at=revision).data
        except ItsmError:
            continue
        return data if isinstance(data, Mapping) else {}
    return {}
