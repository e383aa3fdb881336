"""Recomputes one statement: its assessment, its signature, its times, and the keys that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from itsm_gitops import documents
from itsm_gitops.evidence import statement as evidence
from itsm_gitops.evidence.facts import differences
from itsm_gitops.evidence.ledger import BACKDATED, MISMATCH, TAMPERED, AuditFinding, Ledger, finding
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.statement import MERGE, NAMESPACE
from itsm_gitops.gate import signed
from itsm_gitops.gate.landing import LANDING, PROPOSAL
from itsm_gitops.git import Git, mainline, sshsig
from itsm_gitops.git.mainline import Landed
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import ERROR
from itsm_gitops.repository import Repository

# Servers agree to minutes; the clocks of people's machines, which date commits, are worse.
_SERVERS = timedelta(minutes=5)
_MACHINES = timedelta(days=1)
_WORDS = {
    "result": "the result",
    "digest": "the content",
    "requirements": "who had to approve, or whose approval counted",
    "rejected": "which approvals did not count",
    "authors": "the authors",
    "committers": "the committers",
    "changes": "the change records",
    "sources": "the policy it was judged by",
}


class Recheck:
    """Recomputes the statements of one ledger; the findings of each are kept in memory."""

    def __init__(self, repo: Repository, ledger: Ledger, now: datetime) -> None:
        self.repo = repo
        self.ledger = ledger
        self.now = now
        self._findings: dict[str, list[AuditFinding]] = {}
        self._people: dict[tuple[str, str], Any] = {}
        self._trees: dict[str, str] = {}
        self._landed: dict[str, Landed] = {}
        self._places: dict[str, int] = {}
        self._keys_of: dict[str, list[str]] = {}
        self._tip = ""

    def know(self, tip: str, line: Mapping[str, Landed]) -> None:
        """Take over the first parents of ``tip``, newest first, that are known already."""
        self._landed.update(line)
        self._trees.update((commit, landed.tree) for commit, landed in line.items())
        self._tip, self._places, self._keys_of = tip, {c: n for n, c in enumerate(line)}, {}

    @property
    def count(self) -> int:
        """Return how many statements were computed again."""
        return len(self._findings)

    def wrong(self, statement: Statement) -> list[AuditFinding]:
        """Return everything that is wrong with one statement by itself."""
        if statement.path not in self._findings:
            self._findings[statement.path] = list(self._wrong(statement))
        return self._findings[statement.path]

    def tree(self, commit: str) -> str:
        """Return the tree of a commit."""
        if commit not in self._trees:
            out = self._git.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
            self._trees[commit] = out.decode("ascii").split()[-1]
        return self._trees[commit]

    @property
    def _git(self) -> Git:
        return self.repo.history

    def _wrong(self, statement: Statement) -> Iterator[AuditFinding]:
        try:
            landed = self._landed.get(statement.merge) or mainline.one(self._git, statement.merge)
            self.tree(statement.base)
        except ItsmError as error:
            yield finding(
                TAMPERED, ERROR, statement, f"it is about a commit that is not here: {error.message}"
            )
            return
        yield from self._signature(statement)
        yield from self._times(statement, landed)
        try:
            yield from self._again(statement, landed)
            yield from self._keys(statement)
        except ItsmError as error:
            yield finding(
                MISMATCH, ERROR, statement, f"it cannot be computed again: {error.message}", error.hint
            )

    def _again(self, statement: Statement, landed: Landed) -> Iterator[AuditFinding]:
        assessment = statement.predicate["assessment"]
        again = evidence.judge(
            self.repo,
            statement.base,
            landed,
            target=str(assessment["target"]),
            inputs=statement.inputs,
            at=statement.evaluated_at,
            overrides=statement.kind == MERGE,
            judged=self._judged(statement),
        )
        changed = self.tree(statement.base) != landed.tree
        wrong = [_WORDS.get(d, f"'{d}'") for d in differences(assessment, again)]
        if statement.result != evidence.outcome(again, changed=changed) and _WORDS["result"] not in wrong:
            wrong.insert(0, _WORDS["result"])
        if statement.predicate["retro_due"] != evidence.retro_due(again):
            wrong.append("until when it has to be reviewed")
        if statement.subject["gitTree"] != landed.tree:
            wrong.append("the files of the merge")
        if wrong:
            outcome = evidence.outcome(again, changed=changed)
            version = statement.predicate["tool"].get("version")
            message = (
                f"it says {statement.predicate['result']}, computed again it is {outcome}; "
                f"what differs: {', '.join(wrong)} (written by version {version})"
            )
            yield finding(MISMATCH, ERROR, statement, message, "itsm audit show tells what was recorded")
        early = [r for r in again.counted if statement.kind != MERGE and r.at <= self._merged(statement)]
        if early:
            message = f"{early[0].person} gave the approval before the merge that it is to review"
            yield finding(MISMATCH, ERROR, statement, message)

    def _judged(self, statement: Statement) -> str:
        """Return how a statement is computed again: one of an old program as that program did.

        Behind the first statement that was judged by what landed, all are: nobody goes back to the weaker way.
        """
        first = self._first_by_landing
        old = statement.predicate["assessment"].get("judged") != LANDING
        return PROPOSAL if old and (first is None or statement.sequence < first) else LANDING

    @cached_property
    def _first_by_landing(self) -> int | None:
        ours = (s for s in self.ledger.statements if s.predicate["assessment"].get("judged") == LANDING)
        return min((s.sequence for s in ours), default=None)

    def _merged(self, statement: Statement) -> datetime:
        """Return when the merge was judged that a retrospective review is about."""
        original = statement.original
        moments = [s.evaluated_at for s in self.ledger.statements if s.name == original]
        return moments[0] if moments else statement.evaluated_at

    def _times(self, statement: Statement, landed: Landed) -> Iterator[AuditFinding]:
        recorded, evaluated = statement.recorded_at, statement.evaluated_at
        wrong = []
        if recorded > self.now + _SERVERS:
            wrong.append(f"it was recorded {_at(recorded)}, which is yet to come")
        if evaluated > recorded + _SERVERS:
            wrong.append(f"it was judged {_at(evaluated)}, after it was recorded ({_at(recorded)})")
        if min(evaluated, recorded) < landed.at - _MACHINES:
            wrong.append(f"it was judged {_at(evaluated)}, and its commit was made {_at(landed.at)}")
        before = self._before.get(statement.path)
        if before is not None and recorded < before - _SERVERS:
            wrong.append(
                f"it was recorded {_at(recorded)}, before the statement in front of it ({_at(before)})"
            )
        if wrong:
            yield finding(BACKDATED, ERROR, statement, f"the times cannot be: {'; '.join(wrong)}")

    @cached_property
    def _before(self) -> dict[str, datetime]:
        """When the statement in front of each one was recorded."""
        pairs = zip(self.ledger.statements, self.ledger.statements[1:], strict=False)
        return {later.path: earlier.recorded_at for earlier, later in pairs}

    def _signature(self, statement: Statement) -> Iterator[AuditFinding]:
        signer, signature = statement.signer, self.ledger.signatures.get(statement.path, "")
        if not signer and not signature:
            return
        keys = signed.keys_in(self._person(statement.base, signer), statement.recorded_at.date())
        if not signature:
            yield finding(TAMPERED, ERROR, statement, f"the signature of {signer} is missing")
        elif not sshsig.verify(statement.raw, signature, signer, keys, NAMESPACE):
            message = f"no key that {signer or 'anybody'} had on {statement.base[:12]} made its signature"
            yield finding(TAMPERED, ERROR, statement, message)

    def _person(self, commit: str, person: str) -> dict[str, Any]:
        """Return the file of a person as it was at a commit; empty where there was none."""
        if (commit, person) not in self._people:
            try:
                data = documents.load(self.repo.snapshot(commit).read(_path(person))).data
            except ItsmError:
                data = None
            self._people[commit, person] = data if isinstance(data, dict) else {}
        document: dict[str, Any] = self._people[commit, person]
        return document

    def _keys(self, statement: Statement) -> Iterator[AuditFinding]:
        """Yield approvals that claim to be older than the key that signed them."""
        for verdict in statement.predicate["assessment"]["requirements"]:
            for approval in verdict["counted"]:
                person, fingerprint = str(approval["person"]), str(approval["identity"]).removeprefix("ssh:")
                at = clock.parse_time(approval["at"])
                if not approval["signed"] or at is None:
                    continue
                since = self._since(statement.base, person, fingerprint)
                if since is not None and at < since - _SERVERS:
                    message = (
                        f"{person} approved {_at(at)} with a key that is in the directory "
                        f"only since {_at(since)} ({fingerprint[:19]}…)"
                    )
                    yield finding(
                        BACKDATED, ERROR, statement, message, "ask that person what was signed, and when"
                    )
                    return

    def _since(self, base: str, person: str, fingerprint: str) -> datetime | None:
        """Return when a key came into the directory for good, as seen from ``base``; None: it is not there."""
        came = None
        for commit in self._edits(base, person):
            keys = self._person(commit, person).get("signing_keys") or ()
            if fingerprint not in {
                sshsig.fingerprint(k.get("public_key")) for k in keys if isinstance(k, dict)
            }:
                break
            came = commit
        return None if came is None else self._landed_at(came)

    def _edits(self, base: str, person: str) -> list[str]:
        """Return the first parents of ``base`` that changed the file of a person, newest first."""
        place = self._places.get(base)
        if place is None:
            return self._changed(base, person)
        if person not in self._keys_of:
            self._keys_of[person] = self._changed(self._tip, person)
        return [c for c in self._keys_of[person] if self._places[c] >= place]

    def _changed(self, tip: str, person: str) -> list[str]:
        out = self._git.run(
            "log", "--first-parent", "--format=%H", "--no-renames", "--end-of-options", tip, "--", _path(person)
        )  # fmt: skip
        return out.decode("ascii").split()

    def _landed_at(self, commit: str) -> datetime:
        """Return when a commit came to its branch: as recorded, else the date that it bears."""
        recorded = self._judged_at.get(commit)
        return recorded or (self._landed.get(commit) or mainline.one(self._git, commit)).at

    @cached_property
    def _judged_at(self) -> dict[str, datetime]:
        """When each recorded merge was judged; the first statement about it counts."""
        return {s.merge: s.evaluated_at for s in reversed(self.ledger.statements) if s.kind == MERGE}


def _path(person: str) -> str:
    return f"cmdb/people/{person}.yaml"


def _at(moment: datetime) -> str:
    return clock.format_time(moment)
