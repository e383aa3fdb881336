"""What approvals are made of: reviews, requirements, verdicts, and the assessment of one request.

Plain data, shared by the gate, the forges' adapters, evidence and audit. All moments are aware
datetimes. A *request* is the difference between two commits: a pull request, or a branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from itsm_gitops.forges.reviews import Review

SATISFIED = "SATISFIED"
UNSATISFIED = "UNSATISFIED"
# A rule applies and asks for nobody: that is no approval, and is not counted as one.
NOT_REQUIRED = "NOT_REQUIRED"
# Of a rule: its conditions do not hold. Of a request: nobody need approve it.
NOT_APPLICABLE = "NOT_APPLICABLE"
OVERRIDDEN = "OVERRIDDEN"
BYPASSED = "BYPASSED"
COMPOSED = "COMPOSED"
ERROR = "ERROR"
# From the worst to the best; a request is as good as the worst of its verdicts.
RESULTS = (ERROR, UNSATISFIED, BYPASSED, COMPOSED, OVERRIDDEN, SATISFIED, NOT_REQUIRED, NOT_APPLICABLE)
PASSING = (SATISFIED, OVERRIDDEN, NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must be approved: ``count`` people who fill ``role`` for ``subject``.

    ``subject`` is an item, record or path; empty for the whole request. ``rule`` names the rule of
    the policy, ``why`` says why it applies. ``distinct`` people count for one such requirement only.
    """

    name: str
    role: str
    subject: str
    count: int
    why: str
    signed: bool
    rule: str
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one requirement stands; ``result`` is one of RESULTS.

    ``counted`` are the approvals that count, ``could`` the people who could still approve (by
    identifier), ``reason`` one sentence. ``retro_review`` is an ISO 8601 duration where the
    requirement was overridden and must be reviewed afterwards; empty otherwise.
    """

    requirement: Requirement
    result: str
    counted: tuple[Review, ...]
    could: tuple[str, ...]
    reason: str
    retro_review: str = ""


class RejectedReview(NamedTuple):
    """A review that does not count. ``code`` is for programs, ``reason`` a sentence for people."""

    review: Review
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """How one request stands under the policy of its base.

    ``base``, ``merge_base`` and ``head`` are commits, ``target`` the branch it wants to enter,
    ``digest`` the changeset's. ``changes`` are the change records that it carries, ``paths``
    everything it touches. ``separated`` says of each person who may not approve, why.
    ``authors`` and ``committers`` are people, or ``Name <address>`` where nobody is known by that
    address. ``sources`` maps the files of the policy that were used to their blobs at base. ``facts``
    says of each change in a sentence what the rules see of it. ``judged`` is ``landing`` (what a merge would make of
    the base) or ``proposal`` (what the branch shows by itself), ``unseen`` says in what the two differ.
    ``composed`` says of what was merged that the branch by itself was approved, but not what came of it.
    ``notes`` are lines about what no rule can judge.
    """

    base: str
    merge_base: str
    head: str
    target: str
    digest: str
    at: datetime
    changes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    rejected: tuple[RejectedReview, ...] = ()
    result: str = ERROR
    messages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    committers: tuple[str, ...] = ()
    separated: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    judged: str = "landing"
    unseen: str = ""
    composed: bool = False
    notes: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """Everything the policy asks for."""
        return tuple(v.requirement for v in self.verdicts)

    @property
    def counted(self) -> tuple[Review, ...]:
        """Every approval that counts for something, oldest first."""
        return tuple(sorted({r for v in self.verdicts for r in v.counted}, key=lambda r: (r.at, r.identity)))

    @property
    def passes(self) -> bool:
        """Whether the request may be merged."""
        return self.result in PASSING


def worst(results: list[str]) -> str:
    """Return the result of a whole: the worst of its parts; ERROR for no part at all.

    Where nobody need approve any part, nobody need approve the whole: NOT_APPLICABLE.
    """
    result = min(results, key=RESULTS.index, default=ERROR)
    return NOT_APPLICABLE if result == NOT_REQUIRED else result
