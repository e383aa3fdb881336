"""Approvals as statements signed with the approver's own SSH key: no forge has to be believed.

A statement is canonical JSON (sorted keys, no white space, one final newline) about one content: the
digest of the request, the tip of the target branch that it was signed on (``base``), the repository
(``identity``), the branch, the time, who says what. It is kept with its signature as one
blob under ``refs/itsm/approvals/CHANGE/PERSON-DIGEST12`` and travels by ``git push``. Keys are those
that cmdb/people on the target branch lists today: a removed key or person counts for nothing,
whatever date a statement claims.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.forges.reviews import APPROVED, CHANGES_REQUESTED, Review
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.types import Assessment, RejectedReview
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.ids import is_item_id
from itsm_gitops.model.roles import names
from itsm_gitops.repository import refs, sshsig
from itsm_gitops.repository.git import Git

SOURCE = "ssh"
NAMESPACE = "itsm-approval@v1"
PREFIX = "refs/itsm/approvals"
BAD_SIGNATURE = "BAD_SIGNATURE"
OTHER_REPOSITORY = "OTHER_REPOSITORY"
_VERSION = 1
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_BASE = "base"  # older programs signed without it
_TEXTS = ("at", "commit", "digest", "note", "person", "repository", "state", "target")


class SignedStatements(NamedTuple):
    """The statements of a repository: those with a good signature, and the others with the reason."""

    reviews: list[Review]
    rejected: list[RejectedReview]


def statement(
    assessment: Assessment, repository: str, person: str, state: str = APPROVED, note: str = ""
) -> bytes:
    """Return the statement that ``person`` signs about a request as it stands.

    ``repository`` is what it is known by (``repository.identity``).
    """
    about = {
        "at": clock.format_time(assessment.at),
        "base": assessment.base,
        "changes": list(assessment.changes),
        "commit": assessment.head,
        "digest": assessment.digest,
        "note": note,
        "person": person,
        "repository": repository,
        "state": state,
        "target": assessment.target,
        "version": _VERSION,
    }
    return canonical(about)


def canonical(data: Any) -> bytes:
    """Write data as JSON in the one form that is signed."""
    return (json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def reference(subject: str, person: str, digest: str) -> str:
    """Return the name of the reference that keeps a statement."""
    plain = _PLAIN.sub("-", subject).strip("-.")[:80] or "request"
    return f"{PREFIX}/{plain}/{person}-{digest.removeprefix('sha256:')[:12]}"


def sign(git: Git, text: bytes, key: Path, subject: str) -> str:
    """Sign a statement, keep it, and return the reference; raises ItsmError when it cannot be signed."""
    about = json.loads(text)
    signature = sshsig.sign(text, key, NAMESPACE)
    name = reference(subject, about["person"], about["digest"])
    refs.keep(git, name, canonical({"statement": text.decode(), "signature": signature}))
    return name


def keys_of(directory: Directory, person: str, today: date) -> list[str]:
    """Return the public SSH keys that count for a person on a day."""
    return keys_in(directory.people.get(person, {}), today)


def keys_in(person: Mapping[str, Any], today: date) -> list[str]:
    """Return the public SSH keys in the file of a person that count on a day."""
    found = []
    for key in person.get("signing_keys") or ():
        first, last = str(key.get("valid_from", "")), str(key.get("valid_until", "9999"))
        if key.get("type") == "ssh" and first <= today.isoformat() <= last:
            found.append(sshsig.public_key(key.get("public_key")))
    return [k for k in found if k]


def read(
    statements: Iterable[refs.StoredText],
    directory: Directory,
    now: datetime,
    repository: str,
    concerns: Callable[[Review], bool] = lambda _: True,
) -> SignedStatements:
    """Check every statement that ``concerns`` the request; ``directory`` is that of the target branch.

    ``repository`` is what this one is known by: the same content elsewhere needs its own approval.
    A repository keeps all statements that were ever given, so the others are told apart before any
    signature is checked.
    """
    found = SignedStatements([], [])
    for kept in statements:
        for review, code, reason in _read(kept, directory, now, repository, concerns):
            if code:
                found.rejected.append(RejectedReview(review, code, reason))
            else:
                found.reviews.append(review)
    return found


def _read(
    kept: refs.StoredText,
    directory: Directory,
    now: datetime,
    repository: str,
    concerns: Callable[[Review], bool],
) -> Iterator[tuple[Review, str, str]]:
    """Yield the statement of one blob, with code and reason where it does not count; nothing where it is none."""
    about, text, signature = _parse(kept.content)
    at = clock.parse_time(about.get("at", "")) if about else None
    if (
        at is None
        or about["state"] not in (APPROVED, CHANGES_REQUESTED)
        or not _COMMIT.fullmatch(about["commit"])
        or not (about[_BASE] == "" or _COMMIT.fullmatch(about[_BASE]))
        or not is_item_id(about["person"])
    ):
        return
    person = about["person"]
    claimed = Review(
        person=person,
        identity="",
        source=SOURCE,
        state=about["state"],
        commit=about["commit"],
        at=at,
        review_id=kept.oid,
        digest=about["digest"],
        target=about["target"],
        note=about["note"],
        changes=tuple(names(about.get("changes"))),
        base=about[_BASE],
    )
    if not concerns(claimed):
        return
    keys = keys_of(directory, person, now.date())
    fingerprint = sshsig.verify(text.encode(), signature, person, keys, NAMESPACE) if keys else ""
    if not fingerprint:
        reason = f"no key that {person} has on the target branch today made this signature"
        yield claimed, BAD_SIGNATURE, reason
        return
    proved = replace(claimed, identity=f"ssh:{fingerprint}", signed=True)
    if about["repository"] == repository:
        yield proved, "", ""
    else:
        yield (
            proved,
            OTHER_REPOSITORY,
            f"{person} signed it for another repository; this one needs its own approval",
        )


def _parse(content: bytes) -> tuple[dict[str, Any], str, str]:
    """Return the statement's data, its exact text and the signature; no data where it is malformed."""
    outer = documents.load_json(content).data
    outer = outer if isinstance(outer, dict) else {}
    text, signature = outer.get("statement"), outer.get("signature")
    if not isinstance(text, str) or not isinstance(signature, str):
        return {}, "", ""
    data = documents.load_json(text.encode()).data
    about: dict[str, Any] = {_BASE: "", **data} if isinstance(data, dict) else {}
    if about.get("version") != _VERSION or not all(isinstance(about.get(k), str) for k in (*_TEXTS, _BASE)):
        return {}, "", ""
    return about, text, signature


def digest_of(content: bytes) -> str:
    """Return which content a kept text claims to be about; empty where it is no statement."""
    return str(_parse(content)[0].get("digest", ""))


def require_key(directory: Directory, person: str, key: Path, today: date) -> None:
    """Raise Refused where the public half of ``key`` is not one that counts for ``person``."""
    half = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    own = sshsig.public_key(half.read_text("utf-8")) if half.is_file() else ""
    if own and own not in keys_of(directory, person, today):
        raise Refused(
            f"the key {half.name} is not among the signing_keys of {person} on the target branch",
            "add it there by a request of its own, or use --key with another one",
        )
