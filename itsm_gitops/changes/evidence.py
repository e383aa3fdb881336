"""Evidence: one statement about each change that was merged, in a form that can be computed again.

A statement is an in-toto Statement v1 as canonical JSON. It holds what reviewers said (all of it, signed
statements with their signatures), the blobs of the policy that judged it, and what came of it. Each one
names the SHA-256 of the one before, so that none can be changed, left out or slipped in unnoticed. What
it proves: this was said, at that time, about that content, under those rules. Where reviews come from a
forge, the forge is believed; a signed statement needs no such trust.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops.changes.assess import assess
from itsm_gitops.changes.explain import as_json, review_json
from itsm_gitops.changes.forges import signed
from itsm_gitops.changes.policy import duration
from itsm_gitops.changes.types import BYPASSED, OVERRIDDEN, Assessment, Review
from itsm_gitops.model import clock
from itsm_gitops.repository import Repository, mainline
from itsm_gitops.repository.mainline import Landed
from itsm_gitops.repository.refs import Kept

TYPE = "https://in-toto.io/Statement/v1"
MERGE, RETROACTIVE = "merge", "retroactive"
NAMESPACE = "itsm-evidence@v1"
SIGNATURE = ".sig"
_PREDICATES = {kind: f"urn:itsm-gitops:evidence:{kind}:v1" for kind in (MERGE, RETROACTIVE)}
_PER_FOLDER = 1000
# What is recomputed. Sentences may be worded otherwise by another version, so they are not compared.
_FACTS = (
    "base",
    "merge_base",
    "head",
    "target",
    "digest",
    "changes",
    "result",
    "authors",
    "committers",
    "sources",
)
_ASKED = ("name", "rule", "role", "subject", "count", "signed", "result", "retro_review")
_SAID = ("person", "identity", "source", "state", "commit", "at", "review_id", "signed", "digest")  # fmt: skip


class Inputs(NamedTuple):
    """What reviewers said: reviews from a forge or a file, signed statements, and who opened the request."""

    reviews: tuple[Review, ...] = ()
    statements: tuple[Kept, ...] = ()
    opened_by: str = ""


class About(NamedTuple):
    """What a statement says besides the assessment.

    ``sequence`` counts from 1 and ``previous`` is the SHA-256 of the statement before (empty for the
    first). ``signer`` is the person whose key will sign it (empty: nobody). ``original`` is the
    SHA-256 of the statement that a retroactive one completes.
    """

    kind: str
    landed: Landed
    sequence: int
    previous: str
    recorded_at: datetime
    version: str
    signer: str = ""
    account: str = ""
    request: Mapping[str, Any] = {}
    run: Mapping[str, str] = {}
    original: str = ""


class Evidence(NamedTuple):
    """One statement as read back. ``predicate`` is all it says, ``raw`` its exact bytes."""

    path: str
    raw: bytes
    predicate: Mapping[str, Any]
    subject: Mapping[str, str]
    kind: str
    sequence: int
    base: str
    merge: str
    recorded_at: datetime
    evaluated_at: datetime
    inputs: Inputs

    @property
    def name(self) -> str:
        """Return the statement's own SHA-256, by which the next one names it."""
        return sha256(self.raw)

    @property
    def changes(self) -> tuple[str, ...]:
        """Return the change records it is about."""
        return tuple(self.predicate["assessment"]["changes"])

    @property
    def result(self) -> str:
        """Return SATISFIED, OVERRIDDEN or BYPASSED."""
        return str(self.predicate["result"])

    @property
    def retro_due(self) -> datetime | None:
        """Return until when an override has to be reviewed; None where nothing was overridden."""
        return clock.parse_time(self.predicate["retro_due"])


def sha256(raw: bytes) -> str:
    """Return the SHA-256 of a statement in hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


def judge(
    repo: Repository, base: str, landed: Landed, *, target: str, inputs: Inputs, at: datetime
) -> Assessment:
    """Assess what a branch got when it went from ``base`` (a full hash) to ``landed``, as of ``at``."""
    return assess(
        repo,
        base=base,
        head=mainline.proposed(repo.history, base, landed),
        target=target,
        reviews=inputs.reviews,
        now=at,
        opened_by=inputs.opened_by,
        statements=inputs.statements,
    )


def outcome(assessment: Assessment) -> str:
    """Return the result of something that was merged: what did not pass was merged past the gate."""
    return assessment.result if assessment.passes else BYPASSED


def used(inputs: Inputs, assessment: Assessment) -> Inputs:
    """Return the inputs without signed statements that are about something else."""
    about = {r.review_id for r in (*assessment.counted, *(x.review for x in assessment.rejected))}
    return inputs._replace(statements=tuple(s for s in inputs.statements if s.oid in about))


def statement(assessment: Assessment, inputs: Inputs, about: About) -> bytes:
    """Return the statement about one merge, in the one form that is hashed and signed."""
    landed = about.landed
    digests = {"gitCommit": landed.commit, "gitTree": landed.tree}
    if assessment.digest:
        digests["itsmChangeset"] = assessment.digest.removeprefix("sha256:")
    predicate = {
        "kind": about.kind,
        "sequence": about.sequence,
        "previous": about.previous,
        "original": about.original,
        "recorded_at": clock.format_time(about.recorded_at),
        "evaluated_at": clock.format_time(assessment.at),
        "tool": {"name": "itsm-gitops", "version": about.version},
        "run": dict(about.run),
        "signer": about.signer,
        "request": dict(about.request),
        "merger": {
            "committer": f"{landed.committer} <{landed.committer_address}>",
            "account": about.account,
        },
        "inputs": _inputs_json(used(inputs, assessment)),
        "assessment": as_json(assessment),
        "result": outcome(assessment),
        "retro_due": _retro_due(assessment),
    }
    return signed.canonical(
        {
            "_type": TYPE,
            "subject": [{"name": assessment.target, "digest": digests}],
            "predicateType": _PREDICATES[about.kind],
            "predicate": predicate,
        }
    )


def path_of(about: About) -> str:
    """Return the file of a statement; it is never used by another one."""
    name = f"{about.sequence:08d}-{about.kind}-{about.landed.commit}.json"
    return f"{about.sequence // _PER_FOLDER:05d}/{name}"


def _inputs_json(inputs: Inputs) -> dict[str, Any]:
    return {
        "reviews": [review_json(r) for r in inputs.reviews],
        "statements": [
            {"name": s.name, "oid": s.oid, "content": s.content.decode("utf-8", "replace")}
            for s in inputs.statements
        ],
        "opened_by": inputs.opened_by,
    }


def _retro_due(assessment: Assessment) -> str:
    spans = [duration(v.retro_review) for v in assessment.verdicts if v.result == OVERRIDDEN]
    return clock.format_time(assessment.at + min(spans)) if spans else ""


def read(path: str, raw: bytes) -> Evidence | None:
    """Read a statement; None where it is not exactly what this program writes."""
    try:
        data = json.loads(raw)
        if signed.canonical(data) != raw or data["_type"] != TYPE:
            return None
        return _read(path, raw, data)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _read(path: str, raw: bytes, data: dict[str, Any]) -> Evidence | None:
    predicate = data["predicate"]
    kind, subject = predicate["kind"], data["subject"][0]["digest"]
    recorded, evaluated = (clock.parse_time(predicate[k]) for k in ("recorded_at", "evaluated_at"))
    if data["predicateType"] != _PREDICATES[kind] or recorded is None or evaluated is None:
        return None
    facts(predicate["assessment"])
    texts = [predicate[k] for k in ("previous", "original", "signer", "result", "retro_due")]
    texts += [predicate["assessment"]["base"], predicate["assessment"]["target"], subject["gitCommit"]]
    if not all(isinstance(t, str) for t in texts) or not isinstance(predicate["sequence"], int):
        return None
    given = predicate["inputs"]
    return Evidence(
        path=path,
        raw=raw,
        predicate=predicate,
        subject=subject,
        kind=kind,
        sequence=predicate["sequence"],
        base=predicate["assessment"]["base"],
        merge=subject["gitCommit"],
        recorded_at=recorded,
        evaluated_at=evaluated,
        inputs=Inputs(
            tuple(_review(r) for r in given["reviews"]),
            tuple(Kept(s["name"], s["oid"], s["content"].encode()) for s in given["statements"]),
            str(given["opened_by"]),
        ),
    )


def _review(data: Mapping[str, Any]) -> Review:
    at = clock.parse_time(data["at"])
    if at is None:
        raise ValueError(data["at"])
    return Review(**{**data, "at": at, "changes": tuple(data["changes"])})


def facts(assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an assessment (as data) that must come out the same again."""
    found = {key: assessment[key] for key in _FACTS}
    found["requirements"] = [
        {**{k: v[k] for k in _ASKED}, "counted": _said(v["counted"])} for v in assessment["requirements"]
    ]
    found["rejected"] = [
        {"code": r["code"], **said}
        for r in assessment["rejected"]
        for said in _said([r["review"]])
    ]  # fmt: skip
    return found


def _said(reviews: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: review[key] for key in _SAID} for review in reviews]


def differences(recorded: Mapping[str, Any], again: Assessment) -> list[str]:
    """Return which facts of a recorded assessment do not come out again; empty where all do."""
    old, new = facts(recorded), facts(json.loads(json.dumps(as_json(again))))
    return [key for key in old if old[key] != new[key]]
