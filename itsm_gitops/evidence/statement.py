"""Writes one statement about a merge, in a form from which the assessment can be recomputed.

A statement is an in-toto Statement v1 as canonical JSON. It holds what reviewers said (all of it, signed
statements with their signatures), the blobs of the policy that judged it, and the result. Each one
names the SHA-256 of the one before, so that none can be changed, left out or slipped in unnoticed. What
it proves: these reviews were given, at that time, about that content, under those rules. Where reviews come from a
forge, the forge is believed; a signed statement needs no such trust.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate import signed
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.explain import as_json, review_json
from itsm_gitops.gate.landing import LANDING, PROPOSAL
from itsm_gitops.gate.policy import duration
from itsm_gitops.gate.types import BYPASSED, COMPOSED, NOT_APPLICABLE, OVERRIDDEN, Assessment
from itsm_gitops.model import clock
from itsm_gitops.repository import Repository, mainline
from itsm_gitops.repository.mainline import Landed
from itsm_gitops.repository.refs import StoredText

TYPE = "https://in-toto.io/Statement/v1"
MERGE, RETROACTIVE = "merge", "retroactive"
NAMESPACE = "itsm-evidence@v1"
SIGNATURE = ".sig"
PREDICATES = {kind: f"urn:itsm-gitops:evidence:{kind}:v1" for kind in (MERGE, RETROACTIVE)}
_PER_FOLDER = 1000


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
    assessments = []
    for head in dict.fromkeys([proposed, landed.commit]):
        assessment = of(head, judged)
        if assessment.passes:
            return assessment
        assessments.append(assessment)
    first = assessments[0]
    return replace(first, composed=of(proposed, PROPOSAL).passes) if first.unseen else first


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
    """Return the inputs without signed statements that are about something else."""
    reviews = {r.review_id for r in (*assessment.counted, *(x.review for x in assessment.rejected))}
    return inputs._replace(statements=tuple(s for s in inputs.statements if s.oid in reviews))


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
            "committer": f"{landed.committer} <{landed.committer_address}>",
            "account": context.account,
        },
        "inputs": _inputs_json(used(inputs, assessment)),
        "assessment": as_json(assessment),
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
