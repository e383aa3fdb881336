"""Approvals as statements signed with the approver's own SSH key: no forge has to be believed.

A statement is canonical JSON (sorted keys, no white space, one final newline) about one content: the
digest of the request, the tip of the target branch that it was signed on (``base``), the repository
(``identity``), the branch, the time, who says what. It is kept with its signature as one
blob under ``refs/itsm/approvals/CHANGE/PERSON-DIGEST12-STATEMENT12`` and travels by ``git push``: the last part
is the beginning of the statement's own SHA-256, so each decision has a name of its own, and a no never has to
replace a yes. (Older versions left that part out; such names are still read.) Keys are those
that cmdb/people on the target branch lists today: a removed key or person counts for nothing,
whatever date a statement claims. Anybody who can push can write such texts, so nothing in one is believed
before its signature holds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.forges.reviews import APPROVED, CHANGES_REQUESTED, COMMENTED, Review
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.types import Assessment, RejectedReview
from itsm_gitops.git import refs, sshsig
from itsm_gitops.git.client import Git
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.ids import is_item_id
from itsm_gitops.model.roles import names
from itsm_gitops.model.text import shorten

SOURCE = "ssh"
NAMESPACE = "itsm-approval@v1"
PREFIX = "refs/itsm/approvals"
BAD_SIGNATURE = "BAD_SIGNATURE"
OTHER_REPOSITORY = "OTHER_REPOSITORY"
UNKNOWN_FORM = "UNKNOWN_FORM"
# Bytes of one text with its signature: a note of several pages fits.
TEXT_MAX = 16 << 10
_VERSION = 1
_CHANGES_MAX = 100
_BAD_LISTED = 5
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_BASE = "base"  # older programs signed without it
_TEXTS = ("at", "commit", "digest", "note", "person", "repository", "state", "target")
# What a statement of each version may say. A field that is not here might limit what was approved.
_FIELDS: Mapping[object, frozenset[str]] = {1: frozenset((*_TEXTS, _BASE, "changes", "version"))}


class SignedStatements(NamedTuple):
    """The statements of a repository: those with a good signature, and the others with the reason.

    ``unclear`` says of people why nobody knows what they signed.
    """

    reviews: list[Review]
    rejected: list[RejectedReview]
    unclear: dict[str, str]

    @property
    def proved(self) -> tuple[Review, ...]:
        """Every statement whose signature holds, whether it can count or not."""
        return (*self.reviews, *(r.review for r in self.rejected if r.code != BAD_SIGNATURE))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a text says before its signature was checked. ``about`` is its data, ``form`` why it is not of a known form.

    ``review`` is what it would count as.
    """

    review: Review
    about: Mapping[str, Any]
    text: str
    signature: str
    form: str

    @property
    def person(self) -> str:
        """Return whom the text names as its signer."""
        return str(self.review.person)

    def fingerprint(self, directory: Directory, today: date) -> str:
        """Return the fingerprint of the person's key that signed it; empty where none of today's did."""
        keys = keys_of(directory, self.person, today)
        return sshsig.verify(self.text.encode(), self.signature, self.person, keys, NAMESPACE) if keys else ""


def statement(
    assessment: Assessment, repository: str, person: str, state: str = APPROVED, note: str = ""
) -> bytes:
    """Return the statement that ``person`` signs about a request as it stands.

    ``repository`` is what it is known by (``snapshots.identity``).
    """
    about = {
        "at": clock.format_time(assessment.at),
        "base": assessment.base,
        "changes": list(assessment.changes[:_CHANGES_MAX]),
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


def references(about: Mapping[str, Any], text: bytes) -> tuple[str, str]:
    """Return the name of the reference that keeps a statement, and the one that older versions gave it."""
    digest = str(about["digest"]).removeprefix("sha256:")[:12]
    subject = next(iter(names(about.get("changes"))), digest)
    plain = _PLAIN.sub("-", subject).strip("-.")[:80] or "request"
    older = f"{PREFIX}/{plain}/{about['person']}-{digest}"
    return f"{older}-{hashlib.sha256(text).hexdigest()[:12]}", older


def sign(git: Git, text: bytes, key: Path) -> str:
    """Sign a statement, keep it, and return the reference; raises ItsmError when it cannot be signed."""
    signature = sshsig.sign(text, key, NAMESPACE)
    content = canonical({"statement": text.decode(), "signature": signature})
    if len(content) > TEXT_MAX:
        raise Refused(
            f"the statement would be {len(content)} bytes long, and servers take {TEXT_MAX}",
            "a shorter --note",
        )
    name = references(json.loads(text), text)[0]
    refs.keep(git, name, content)
    return name


def stored(git: Git, *prefixes: str) -> tuple[refs.StoredText, ...]:
    """Return the texts that a repository keeps as statements, each once; longer ones than a statement are none."""
    texts = (t for prefix in prefixes or (PREFIX,) for t in refs.texts(git, prefix, most=TEXT_MAX))
    return tuple({t.oid: t for t in texts}.values())


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
    signature is checked. Of texts that nobody signed only a few are listed.
    """
    found = SignedStatements([], [], {})
    bad: list[RejectedReview] = []
    for kept in statements:
        claim = claimed(kept)
        if claim is None or not concerns(claim.review):
            continue
        person = claim.person
        fingerprint = claim.fingerprint(directory, now.date())
        proved = replace(claim.review, identity=f"ssh:{fingerprint}", signed=True)
        if not fingerprint:
            reason = f"no key that {person} has on the target branch today made this signature"
            bad.append(RejectedReview(claim.review, BAD_SIGNATURE, reason))
        elif claim.about["repository"] != repository:
            reason = f"{person} signed it for another repository; this one needs its own approval"
            found.rejected.append(RejectedReview(proved, OTHER_REPOSITORY, reason))
        elif claim.form:
            reason = f"{person} signed a statement that cannot be read here: {claim.form}"
            found.rejected.append(RejectedReview(proved, UNKNOWN_FORM, reason))
            found.unclear[person] = reason
        else:
            found.reviews.append(proved)
    found.rejected.extend(_few(bad))
    return found


def _few(bad: Sequence[RejectedReview]) -> Iterator[RejectedReview]:
    """Yield the first of many, and say how many more there are."""
    more = len(bad) - _BAD_LISTED
    yield from bad[: _BAD_LISTED - (more > 0)]
    if more > 0:
        last = bad[_BAD_LISTED - 1]
        yield last._replace(reason=f"{last.reason}; {more} more texts are not signed either")


def claimed(kept: refs.StoredText) -> Claim | None:
    """Return what one text says; None where it is no statement. Nothing of it is proved yet."""
    about, text, signature = _parse(kept.content)
    at = clock.parse_time(about.get("at", "")) if about else None
    form, base = (_form(about), about.get(_BASE, "")) if about else ("", "")
    if (
        at is None
        or (about["state"] not in (APPROVED, CHANGES_REQUESTED) and not form)
        or not _COMMIT.fullmatch(about["commit"])
        or not (base == "" or _COMMIT.fullmatch(base))
        or not is_item_id(about["person"])
    ):
        return None
    review = Review(
        person=about["person"],
        identity="",
        source=SOURCE,
        state=about["state"] if about["state"] in (APPROVED, CHANGES_REQUESTED) else COMMENTED,
        commit=about["commit"],
        at=at,
        review_id=kept.oid,
        digest=about["digest"],
        target=about["target"],
        note=about["note"],
        changes=tuple(names(about.get("changes"))),
        base=base,
    )
    return Claim(review, about, text, signature, form)


def _form(about: Mapping[str, Any]) -> str:
    """Say why a statement is of no form that this version knows; empty where it is."""
    version = about.get("version")
    fields = _FIELDS.get(version) if type(version) is int else None
    if fields is None:
        return f"its version is {shorten(json.dumps(version), 40)}; install a newer itsm-gitops"
    more = sorted(about.keys() - fields)
    return f"version {version} has no field '{shorten(more[0], 40)}'" if more else ""


def _parse(content: bytes) -> tuple[dict[str, Any], str, str]:
    """Return the statement's data, its exact text and the signature; no data where it is malformed."""
    outer = documents.load_json(content).data
    outer = outer if isinstance(outer, dict) else {}
    text, signature = outer.get("statement"), outer.get("signature")
    if not isinstance(text, str) or not isinstance(signature, str):
        return {}, "", ""
    about = documents.load_json(text.encode("utf-8", "surrogatepass")).data
    texts = _TEXTS if isinstance(about, dict) and _BASE not in about else (*_TEXTS, _BASE)
    if not isinstance(about, dict) or not all(isinstance(about.get(k), str) for k in texts):
        return {}, "", ""
    return about, text, signature


def require_key(directory: Directory, person: str, key: Path, today: date) -> None:
    """Raise Refused where the public half of ``key`` is not one that counts for ``person``."""
    half = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    own = sshsig.public_key(half.read_text("utf-8")) if half.is_file() else ""
    if own and own not in keys_of(directory, person, today):
        raise Refused(
            f"the key {half.name} is not among the signing_keys of {person} on the target branch",
            "add it there by a request of its own, or use --key with another one",
        )
