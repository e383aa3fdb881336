"""Decides which references below ``refs/itsm/`` a push to a plain server may write: signed statements that hold.

Everybody who can push can push there, so a text is an attack until it is verified: its size and form, its name (which
its content determines), its time, and its signature by a key that the person has on the branch that it is about. What
is refused here never becomes part of a decision or of evidence, and cannot stand in the way of somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from itsm_gitops.forges.reviews import APPROVED
from itsm_gitops.gate import signed
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.reviews import CLOCK_ERROR
from itsm_gitops.gate.signed import Claim
from itsm_gitops.git import Git
from itsm_gitops.git.refs import StoredText
from itsm_gitops.model import clock
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store
from itsm_gitops.snapshots.identity import identity
from itsm_gitops.snapshots.part import PartialSnapshot

# Everything of ours that is no branch.
ROOT = "refs/itsm"
# Approvals of one person about one request; as many refusals may follow, so a no can always be sent.
APPROVALS_MAX = 50
# After so many bad statements in one push nobody needs to hear of more, and no more signatures are checked.
_BAD_MAX = 10
_NONE = "this is no signed statement: itsm approve --sign writes one"
_NAME = re.compile(
    rf"{signed.PREFIX}/(?P<subject>[^/]+)/(?P<who>.+?)-[0-9a-f]{{12}}(?:-[0-9a-f]{{12}})?", re.ASCII
)


def ours(ref: str) -> bool:
    """Whether a reference is one of ours, also where a disk takes capitals and small letters for the same."""
    return f"{ref.casefold()}/".startswith(f"{ROOT}/")


class ApprovalRefs:
    """The statements of one push; ``accepted`` are those that may be written, to be counted for its branches too.

    ``tip_of`` returns the tip of the branch whose people decide about statements for a target; empty where none is there.
    """

    def __init__(self, repo: Repository, tip_of: Callable[[str], str], now: datetime) -> None:
        self._repo = repo
        self._tip_of = tip_of
        self._now = now
        self._directories: dict[str, Directory] = {}
        self._bad = 0
        self.accepted: list[StoredText] = []

    def refuse(self, ref: str, old: str, new: str) -> str:
        """Say why a reference may not go from ``old`` to ``new`` (empty: none); empty where it may.

        Raises ItsmError where the people of the target branch cannot be read.
        """
        if self._bad >= _BAD_MAX:
            return f"not looked at, after {_BAD_MAX} other statements that are refused"
        why = self._refuse(ref, old, new)
        self._bad += bool(why)
        return why

    def _refuse(self, ref: str, old: str, new: str) -> str:
        if not ref.startswith(f"{signed.PREFIX}/"):
            return f"{ROOT} holds nothing but signed statements, each below {signed.PREFIX}"
        if not new:
            return "a statement cannot be deleted: sign another one"
        blob = next(self._git.blobs([new], signed.TEXT_MAX + 1))
        if blob.size > signed.TEXT_MAX:
            return (
                f"this text is {blob.size} bytes long, and a signed statement has at most {signed.TEXT_MAX}"
            )
        text = StoredText(ref, new, blob.content)
        claim = signed.claimed(text)
        if claim is None or not _canonical(claim, blob.content):
            return _NONE
        why = next(self._wrong(claim, ref, old), "")
        if not why:
            self.accepted.append(text)
        return why

    @property
    def _git(self) -> Git:
        return self._repo.history

    def _wrong(self, claim: Claim, ref: str, old: str) -> Iterator[str]:
        """Yield what is wrong with a statement, the cheapest to find first."""
        if claim.form:
            yield f"this server cannot read the statement: {claim.form}"
            return
        name, older_name = signed.references(claim.about, claim.text.encode())
        if ref not in (name, older_name):
            yield f"by what it says, its name is {name}; push it as that"
        if claim.review.at > self._now + CLOCK_ERROR:
            at = clock.format_time(claim.review.at)
            yield f"it is dated {at}, which is yet to come: set the clock of the machine that signs, and sign again"
        target = str(claim.about["target"])
        tip = self._tip_of(target)
        if not tip:
            yield "there is no branch yet whose people could have signed: push that first, then the statements"
            return
        yield from self._signature(claim, tip, target)
        if old:
            yield from self._replaced(claim, ref == name, old, tip)
        else:
            yield from self._counted(claim, ref, tip)

    def _signature(self, claim: Claim, tip: str, target: str) -> Iterator[str]:
        person, directory = claim.person, self._directory(tip)
        if not directory.active(person):
            yield f"there is no active '{person}' in cmdb/people on {target or 'the target branch'}"
        elif not claim.fingerprint(directory, self._now.date()):
            yield f"no key that {person} has on {target or 'the target branch'} today made this signature"
        elif claim.about["repository"] != identity(self._git, tip):
            yield f"{person} signed it for another repository; this one needs its own approval"

    def _replaced(self, claim: Claim, own_name: bool, old: str, tip: str) -> Iterator[str]:
        """Yield why a statement may not replace what is there. What was never verified stands in nobody's way."""
        if old == claim.review.review_id:
            return
        blob = next(self._git.blobs([old], signed.TEXT_MAX + 1))
        before = signed.claimed(StoredText("", old, blob.content)) if blob.size <= signed.TEXT_MAX else None
        if before is None or before.person != claim.person:
            return
        if not before.fingerprint(self._directory(tip), self._now.date()):
            return
        if own_name:
            yield "this statement was handed in already"
        elif _place(claim) <= _place(before):
            yield "an older statement cannot replace a newer one"

    def _counted(self, claim: Claim, ref: str, tip: str) -> Iterator[str]:
        most = APPROVALS_MAX if claim.review.state == APPROVED else 2 * APPROVALS_MAX
        names = self._names.setdefault((ref.split("/")[-2], claim.person), [])
        # Texts that came before anybody looked at them are not the person's.
        if len(names) >= most and sum(self._holds(n, claim.person, tip) for n in names) >= most:
            yield f"{claim.person} has handed in {most} statements about this request, and that is enough"
        names.append(ref)

    def _holds(self, name: str, person: str, tip: str) -> bool:
        text = self._texts.get(name)
        claim = signed.claimed(text) if text else None
        if claim is None or claim.person != person:
            return any(t.name == name for t in self.accepted)
        return bool(claim.fingerprint(self._directory(tip), self._now.date()))

    @cached_property
    def _texts(self) -> dict[str, StoredText]:
        return {t.name: t for t in signed.stored(self._git)}

    @cached_property
    def _names(self) -> dict[tuple[str, str], list[str]]:
        """The names of the statements that are kept, by subject and person."""
        out = self._git.run("for-each-ref", "--format=%(refname)", "--end-of-options", f"{signed.PREFIX}/")
        names: dict[tuple[str, str], list[str]] = {}
        for name in out.decode("utf-8", "replace").splitlines():
            match = _NAME.fullmatch(name)
            if match:
                names.setdefault((match["subject"], match["who"]), []).append(name)
        return names

    def _directory(self, tip: str) -> Directory:
        if tip not in self._directories:
            store = load_store(PartialSnapshot(self._repo.snapshot(tip), ()))[0]
            self._directories[tip] = Directory(store, self._now)
        return self._directories[tip]


def _canonical(claim: Claim, content: bytes) -> bool:
    """Whether a text is in the one form that is written: the same statement must not come in many shapes."""
    exact = signed.canonical({"statement": claim.text, "signature": claim.signature})
    return content == exact and claim.text.encode() == signed.canonical(claim.about)


def _place(claim: Claim) -> tuple[datetime, bool]:
    """Return what decides which of two statements of a person counts: time, and a refusal within the same second."""
    return claim.review.at, claim.review.state != APPROVED
