"""Writes one statement about a merge, in a form from which the assessment can be recomputed.

A statement is an in-toto Statement v1 as canonical JSON. It holds what reviewers said (signed
statements with their signatures; of each person the newest decisions, and no text that nobody signed), the blobs of the policy that judged it, and the result. Each one
names the SHA-256 of the one before, so that none can be changed, left out or slipped in unnoticed. What
it proves: these reviews were given, at that time, about that content, under those rules. Where reviews come from a
forge, the forge is believed; a signed statement needs no such trust.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops.evidence.facts import bounded, shortened
from itsm_gitops.forges.reviews import DECISIVE, Review
from itsm_gitops.gate import signed
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.explain import as_json, review_json
from itsm_gitops.gate.landing import LANDING, PROPOSAL
from itsm_gitops.gate.policy import duration
from itsm_gitops.gate.types import BYPASSED, COMPOSED, NOT_APPLICABLE, OVERRIDDEN, Assessment
from itsm_gitops.git import mainline
from itsm_gitops.git.mainline import Landed
from itsm_gitops.git.refs import StoredText
from itsm_gitops.model import clock
from itsm_gitops.repository import Repository

TYPE = "https://in-toto.io/Statement/v1"
MERGE, RETROACTIVE = "merge", "retroactive"
NAMESPACE = "itsm-evidence@v1"
SIGNATURE = ".sig"
PREDICATES = {kind: f"urn:itsm-gitops:evidence:{kind}:v1" for kind in (MERGE, RETROACTIVE)}
_PER_FOLDER = 1000
# Decisions of one person about one request that are kept, and reviews up to which all of them are.
_EACH_MAX = 10
_REVIEWS_MAX = 200


class Inputs(NamedTuple):
    """What reviewers said: reviews from a forge or a file, signed statements; who opened the request, who pushed to it."""

    reviews: tuple[Review, ...] = ()
    statements: tuple[StoredText, ...] = ()
    opened_by: str = ""
    pushed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementContext:
    """What a statement says besides the assessment.

    ``sequence`` counts from 1 and ``previous`` is the SHA-256 of the statement before (empty for the
    first). ``changed`` is whether the branch's files differ at all. ``signer`` is the person whose key will sign it (empty: nobody). ``original`` is the
    SHA-256 of the statement that a retroactive one completes.
    """

    kind: str
    landed: Landed
    sequence: int
    previous: str
    recorded_at: datetime
    version: str
    changed: bool = True
    signer: str = ""
    account: str = ""
    pull_request: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, str] = field(default_factory=dict)
    original: str = ""


def sha256(raw: bytes) -> str:
    """Return the SHA-256 of a statement in hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


def judge(
    repo: Repository,
    base: str,
    landed: Landed,
    *,
    target: str,
    inputs: Inputs,
    at: datetime,
    overrides: bool = True,
    judged: str = LANDING,
) -> Assessment:
    """Assess what a branch got when it went from ``base`` (a full hash) to ``landed``, as of ``at``.

    What came of the merge is judged. Approvals may be about the commit that was merged, or about the result: either
    will do where they have the same content. ``composed`` is an assessment where the merged commit was approved by
    itself, and the merge made something else of it. ``judged`` is how: old statements are computed as PROPOSAL.
    """

    def of(head: str, way: str) -> Assessment:
        return assess(
            repo,
            base=base,
            head=head,
            target=target,
            reviews=inputs.reviews,
            now=at,
            opened_by=inputs.opened_by,
            pushed_by=inputs.pushed_by,
            statements=inputs.statements,
            overrides=overrides,
            judged=way,
        )

    proposed = mainline.proposed(repo.history, base, landed)
    assessments: list[Assessment] = []
    for head in dict.fromkeys([proposed, landed.commit]):
        assessments.append(of(head, judged))
        if assessments[-1].passes:
            return _considering(assessments[-1], assessments)
    first = assessments[0]
    if first.unseen:
        assessments.append(of(proposed, PROPOSAL))
        first = replace(first, composed=assessments[-1].passes)
    return _considering(first, assessments)


def _considering(one: Assessment, every: Iterable[Assessment]) -> Assessment:
    """Return an assessment with the signed statements that any of several was made from."""
    return replace(one, statements=tuple({r.review_id: r for a in every for r in a.statements}.values()))


def outcome(assessment: Assessment, *, changed: bool = True) -> str:
    """Return the result of something that was merged: what did not pass was merged past the gate.

    Where nothing ``changed`` there was nothing to approve.
    """
    if not changed:
        return NOT_APPLICABLE
    if assessment.passes:
        return assessment.result
    return COMPOSED if assessment.composed else BYPASSED


def used(inputs: Inputs, assessment: Assessment) -> Inputs:
    """Return the inputs without texts that are about something else, or that nobody signed."""
    oids = {r.review_id for r in assessment.statements}
    return inputs._replace(statements=tuple(s for s in inputs.statements if s.oid in oids))


def lean(inputs: Inputs, assessment: Assessment) -> Inputs:
    """Return the inputs that evidence keeps: of each person the newest decisions, and no text that nobody signed.

    Only the newest decision of a person counts, so what is left out decided nothing.
    """
    newest = _newest((str(r.person), r.at, r.review_id) for r in assessment.statements)
    statements = {s.oid: s for s in inputs.statements if s.oid in newest}
    reviews = inputs.reviews
    if len(reviews) > _REVIEWS_MAX:
        decisive = [(n, r) for n, r in enumerate(reviews) if r.state in DECISIVE]
        numbers = _newest((r.person or r.identity, r.at, n) for n, r in decisive)
        reviews = tuple(r for n, r in decisive if n in numbers)
    return inputs._replace(reviews=reviews, statements=tuple(statements.values()))


def _newest(entries: Iterable[tuple[str, datetime, Any]]) -> set[Any]:
    """Return the names of the newest entries of each person."""
    by_person: dict[str, list[tuple[datetime, Any]]] = {}
    for person, at, name in entries:
        by_person.setdefault(person, []).append((at, name))
    return {name for theirs in by_person.values() for _, name in sorted(theirs)[-_EACH_MAX:]}


def statement(assessment: Assessment, inputs: Inputs, context: StatementContext) -> bytes:
    """Return the statement about one merge, in the one form that is hashed and signed."""
    landed = context.landed
    digests = {"gitCommit": landed.commit, "gitTree": landed.tree}
    if assessment.digest:
        digests["itsmChangeset"] = assessment.digest.removeprefix("sha256:")
    predicate = {
        "kind": context.kind,
        "sequence": context.sequence,
        "previous": context.previous,
        "original": context.original,
        "recorded_at": clock.format_time(context.recorded_at),
        "evaluated_at": clock.format_time(assessment.at),
        "tool": {"name": "itsm-gitops", "version": context.version},
        "run": dict(context.run),
        "signer": context.signer,
        "request": dict(context.pull_request),
        "merger": {
            "committer": shortened(f"{landed.committer} <{landed.committer_address}>"),
            "account": context.account,
        },
        "inputs": _inputs_json(used(inputs, assessment)),
        "assessment": bounded(as_json(assessment)),
        "result": outcome(assessment, changed=context.changed),
        "retro_due": retro_due(assessment),
    }
    return signed.canonical(
        {
            "_type": TYPE,
            "subject": [{"name": assessment.target, "digest": digests}],
            "predicateType": PREDICATES[context.kind],
            "predicate": predicate,
        }
    )


def statement_path(sequence: int, kind: str, merge: str) -> str:
    """Return the file of a statement; it is never used by another one."""
    return f"{sequence // _PER_FOLDER:05d}/{sequence:08d}-{kind}-{merge}.json"


def _inputs_json(inputs: Inputs) -> dict[str, Any]:
    return {
        "reviews": [review_json(r) for r in inputs.reviews],
        "statements": [
            {"name": s.name, "oid": s.oid, "content": s.content.decode("utf-8", "replace")}
            for s in inputs.statements
        ],
        "opened_by": inputs.opened_by,
        "pushed_by": list(inputs.pushed_by),
    }


def retro_due(assessment: Assessment) -> str:
    """Return until when an override has to be reviewed, as text; empty where nothing was overridden."""
    spans = [duration(v.retro_review) for v in assessment.verdicts if v.result == OVERRIDDEN]
    return clock.format_time(assessment.at + min(spans)) if spans else ""
