"""An assessment as data for programs, and the few words that sum it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate.types import (
    BYPASSED,
    COMPOSED,
    ERROR,
    NOT_APPLICABLE,
    OVERRIDDEN,
    SATISFIED,
    UNSATISFIED,
    Assessment,
    RejectedReview,
    Verdict,
)
from itsm_gitops.model import clock
from itsm_gitops.model.words import fields_of

VERSION = 1
_HEADLINES = {
    SATISFIED: "approved: it may be merged",
    OVERRIDDEN: "overridden: it may be merged, and a review must follow",
    UNSATISFIED: "not approved yet",
    ERROR: "cannot be approved as it is",
    BYPASSED: "merged past the gate",
    COMPOSED: "approved as proposed, and the merge made something else of it",
    NOT_APPLICABLE: "nobody need approve it: it may be merged",
}
# What the gate exits with: 1 is a matter of people, 2 one of the request or the policy.
EXIT_CODES = {SATISFIED: 0, NOT_APPLICABLE: 0, OVERRIDDEN: 0, UNSATISFIED: 1}
EXIT_ERROR = 2


def headline(assessment: Assessment) -> str:
    """Return the result in a few words."""
    return _HEADLINES[assessment.result]


def exit_code(assessment: Assessment) -> int:
    """Return 0 where the request may be merged, 1 where approvals are missing, 2 where it cannot be judged."""
    return EXIT_CODES.get(assessment.result, EXIT_ERROR)


def as_json(assessment: Assessment) -> dict[str, Any]:
    """Return everything an assessment says, in a form that only grows (``version``)."""
    return {
        "version": VERSION,
        "result": assessment.result,
        "passes": assessment.passes,
        "base": assessment.base,
        "merge_base": assessment.merge_base,
        "head": assessment.head,
        "target": assessment.target,
        "digest": assessment.digest,
        "at": clock.format_time(assessment.at),
        "changes": list(assessment.changes),
        "paths": list(assessment.paths),
        "requirements": [_verdict(v) for v in assessment.verdicts],
        "rejected": [_rejected(r) for r in assessment.rejected],
        "messages": list(assessment.messages),
        "authors": list(assessment.authors),
        "committers": list(assessment.committers),
        "separated": dict(assessment.separated),
        "sources": dict(assessment.sources),
        "facts": dict(assessment.facts),
        "judged": assessment.judged,
        "unseen": assessment.unseen,
        "composed": assessment.composed,
        "notes": list(assessment.notes),
    }


def _verdict(verdict: Verdict) -> Mapping[str, Any]:
    need = verdict.requirement
    return {
        "name": need.name,
        "rule": need.rule,
        "why": need.why,
        "role": need.role,
        "subject": need.subject,
        "count": need.count,
        "signed": need.signed,
        "distinct": need.distinct,
        "result": verdict.result,
        "reason": verdict.reason,
        "counted": [review_json(r) for r in verdict.counted],
        "could": list(verdict.could),
        "retro_review": verdict.retro_review,
    }


def _rejected(rejected: RejectedReview) -> Mapping[str, Any]:
    return {"code": rejected.code, "reason": rejected.reason, "review": review_json(rejected.review)}


def review_json(review: Review) -> dict[str, Any]:
    """Return one review as data."""
    data = fields_of(review)
    return {**data, "at": clock.format_time(review.at), "changes": list(review.changes)}
