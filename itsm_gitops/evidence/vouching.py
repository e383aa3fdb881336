"""Who vouches for a statement: the approvers' own signatures, a recorder's, or nobody.

A statement that counts signed approvals proves itself. One that counts what a forge said is as true as whoever
wrote it down, so it has to be signed by one of the ``recorders`` of the policy. Where the policy names none,
every writer of the branch of evidence is believed, and the audit says so. Reviews out of a file (``--reviews``)
are nobody's word but the writer's: without a recorder's signature they are no evidence.

Which recorders: those of the policy of the statement's base. From the first statement on whose base names some, every later
page of the ledger is held to that, so that no page about an older base gets in unsigned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from itsm_gitops import documents
from itsm_gitops.evidence.ledger import UNVOUCHED, AuditFinding, Ledger, finding
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.forges.answers import is_commit
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.types import BYPASSED, COMPOSED
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import ERROR, INFO
from itsm_gitops.model.roles import names
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.recalled_store import load_recalling

RECORDERS = "recorders"
TYPED = "json"  # the source of reviews out of a file
_LISTED = 5


class Voucher(NamedTuple):
    """Who vouches for a statement: ``by`` in words; ``sources`` are those it takes on somebody's word.

    ``recorders`` are the people who may record, None where the policy names nobody.
    """

    by: str
    sources: tuple[str, ...]
    signer: str
    recorders: frozenset[str] | None

    @property
    def good(self) -> bool:
        """Whether nobody has to be believed but the approvers and a named recorder."""
        return not self.sources or (self.recorders is not None and self.signer in self.recorders)


def sources(statement: Statement) -> tuple[str, ...]:
    """Return the sources of counted reviews that no approver's signature proves, each once."""
    verdicts = statement.predicate["assessment"]["requirements"]
    counted = [r for v in verdicts for r in v["counted"] if not r["signed"]]
    return tuple(dict.fromkeys(str(r["source"]) for r in counted))


def recorder_names(policy: bytes) -> list[str]:
    """Return the people and teams that the text of a policy names as recorders."""
    data = documents.load(policy).data
    return names(data.get(RECORDERS)) if isinstance(data, dict) else []


def recorders(repo: Repository, commit: str) -> frozenset[str] | None:
    """Return the active people whom the policy of a commit lets record; None where it names nobody.

    Raises ItsmError where policy or people cannot be read.
    """
    store = load_recalling(PartialSnapshot(repo.snapshot(commit), ()))
    named = names(store.book.policy(POLICY).get(RECORDERS))
    if not named:
        return None
    directory = Directory(store, clock.now())
    return frozenset(p for p in directory.members(named) if directory.active(p))


class Vouchers:
    """The voucher of every statement of a ledger."""

    def __init__(self, repo: Repository, ledger: Ledger) -> None:
        self._repo = repo
        self._ledger = ledger
        self._known: dict[str, Voucher] = {}
        self._silent: dict[str, bool] = {}  # by the blob of a policy: whether it names no recorder

    def of(self, statement: Statement) -> Voucher:
        """Return who vouches for one statement."""
        if not self._known:
            self._known = dict(self._all())
        return self._known[statement.path]

    def _all(self) -> Iterator[tuple[str, Voucher]]:
        by_base: dict[str, frozenset[str] | None] = {}
        last: frozenset[str] | None = None
        for statement in self._ledger.statements:
            if statement.base not in by_base:
                by_base[statement.base] = self._recorders(statement)
            last = by_base[statement.base] if by_base[statement.base] is not None else last
            yield statement.path, _voucher(statement, last)

    def _recorders(self, statement: Statement) -> frozenset[str] | None:
        policy = str(statement.predicate["assessment"]["sources"].get(POLICY, ""))
        try:
            if is_commit(policy) and policy not in self._silent:
                named = recorder_names(next(self._repo.history.blobs([policy])).content)
                self._silent[policy] = not named
            if self._silent.get(policy):
                return None
            return recorders(self._repo, statement.base)
        except ItsmError:  # the recomputation of the statement says so
            return None

    def findings(self, statements: Iterable[Statement]) -> Iterator[AuditFinding]:
        """Yield what nobody vouches for; what a forge said without any recorder is summed up in one finding."""
        believed: dict[str, list[Statement]] = {}
        for statement in statements:
            voucher = self.of(statement)
            told = _unvouched(statement, voucher)
            if told is not None:
                yield told
            elif voucher.sources and not voucher.good:
                believed.setdefault(", ".join(voucher.sources), []).append(statement)
        for source, several in believed.items():
            yield _believed(source, several)


def _voucher(statement: Statement, recorders: frozenset[str] | None) -> Voucher:
    taken, signer = sources(statement), statement.signer
    if not taken:
        counted = any(v["counted"] for v in statement.predicate["assessment"]["requirements"])
        by = "the approvers' own signatures" if counted else "nobody's approval is counted"
    elif recorders is not None and signer in recorders:
        by = f"{signer}, a recorder, for what {', '.join(taken)} said"
    elif signer:
        by = f"{signer}, whom the policy does not name as a recorder, for what {', '.join(taken)} said"
    else:
        by = f"nobody, for what {', '.join(taken)} said"
    return Voucher(by, taken, signer, recorders)


def _unvouched(statement: Statement, voucher: Voucher) -> AuditFinding | None:
    if voucher.recorders is not None:
        if voucher.signer in voucher.recorders or not (
            voucher.sources or statement.result in (BYPASSED, COMPOSED)
        ):
            return None
        may = ", ".join(sorted(voucher.recorders)[:_LISTED]) or "nobody who is active"
        who = (
            f"{voucher.signer}, who is no recorder, signed it" if voucher.signer else "no recorder signed it"
        )
        what = (
            f"it counts what {', '.join(voucher.sources)} said"
            if voucher.sources
            else "it says what was bypassed"
        )
        message = f"{what}, and {who}; recorders are: {may}"
        return finding(UNVOUCHED, ERROR, statement, message, "itsm audit record --sign, by a recorder")
    if TYPED not in voucher.sources:
        return None
    who = f"signed by {voucher.signer}, whom the policy does not name" if voucher.signer else "not signed"
    message = f"it counts reviews out of a file ({who}): they are the word of whoever wrote it"
    hint = f"name people under {RECORDERS} in {POLICY}, who record with itsm audit record --sign"
    return finding(UNVOUCHED, ERROR, statement, message, hint)


def _believed(source: str, statements: list[Statement]) -> AuditFinding:
    first, count = statements[0], len(statements)
    which = "1 statement counts" if count == 1 else f"{count} statements count"
    message = (
        f"{which} what {source} said, and no recorder signed that: "
        "whoever may write to itsm/evidence is believed"
    )
    hint = f"{RECORDERS} in {POLICY} names who may record (itsm audit record --sign)"
    return finding(UNVOUCHED, INFO, first, message, hint)
