"""Reads statements strictly, because anybody may have written them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from itsm_gitops.evidence.facts import MORE, facts, todays_verdicts, whole
from itsm_gitops.evidence.statement import PREDICATES, TYPE, Inputs, sha256
from itsm_gitops.forges.reviews import REVIEW_STATES, Review
from itsm_gitops.gate import signed
from itsm_gitops.git.refs import StoredText
from itsm_gitops.model import clock

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as read back. ``raw`` are its exact bytes.

    A ledger holds thousands of them, so what every reader asks of each is kept (``target`` is the branch, ``digest``
    the content, ``previous`` and ``original`` the names of other statements), and the rest is read from
    ``raw`` when it is asked for.
    """

    path: str
    raw: bytes
    kind: str
    sequence: int
    base: str
    merge: str
    target: str
    digest: str
    result: str
    previous: str
    original: str
    signer: str
    changes: tuple[str, ...]
    recorded_at: datetime
    evaluated_at: datetime

    @property
    def whole(self) -> dict[str, Any]:
        """Return the whole statement as data."""
        return _data(self.raw)

    @property
    def predicate(self) -> Mapping[str, Any]:
        """Return all that it says."""
        predicate: Mapping[str, Any] = _data(self.raw)["predicate"]
        return predicate

    @property
    def subject(self) -> Mapping[str, str]:
        """Return what it is about: the digests of the merge."""
        subject: Mapping[str, str] = _data(self.raw)["subject"][0]["digest"]
        return subject

    @property
    def inputs(self) -> Inputs:
        """Return what reviewers said."""
        return _inputs(self.predicate["inputs"])

    @property
    def name(self) -> str:
        """Return the statement's own SHA-256, by which the next one names it."""
        return sha256(self.raw)

    @property
    def retro_due(self) -> datetime | None:
        """Return until when an override has to be reviewed; None where nothing was overridden."""
        return clock.parse_time(self.predicate["retro_due"])


@lru_cache(maxsize=16)
def _data(raw: bytes) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(raw)
    return data


def read(path: str, raw: bytes) -> Statement | None:
    """Read a statement; None where it is not exactly what this program writes."""
    try:
        data = json.loads(raw)
        if signed.canonical(data) != raw or data["_type"] != TYPE:
            return None
        return _read(path, raw, data)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _read(path: str, raw: bytes, data: dict[str, Any]) -> Statement | None:
    predicate, subject = data["predicate"], data["subject"][0]["digest"]
    kind, assessment, inputs = predicate["kind"], predicate["assessment"], predicate["inputs"]
    recorded, evaluated = (clock.parse_time(predicate[k]) for k in ("recorded_at", "evaluated_at"))
    if data["predicateType"] != PREDICATES[kind] or recorded is None or evaluated is None:
        return None
    if not _sound(predicate, assessment, subject):
        return None
    _inputs(inputs)
    return Statement(
        path=path,
        raw=raw,
        kind=sys.intern(kind),
        sequence=predicate["sequence"],
        base=assessment["base"],
        merge=subject["gitCommit"],
        target=sys.intern(assessment["target"]),
        digest=assessment["digest"],
        result=sys.intern(whole(predicate["result"], todays_verdicts(assessment))),
        previous=predicate["previous"],
        original=predicate["original"],
        signer=sys.intern(predicate["signer"]),
        changes=tuple(assessment["changes"]),
        recorded_at=recorded,
        evaluated_at=evaluated,
    )


def _inputs(inputs: Mapping[str, Any]) -> Inputs:
    return Inputs(
        tuple(_review(r) for r in inputs["reviews"]),
        tuple(StoredText(s["name"], s["oid"], s["content"].encode()) for s in inputs["statements"]),
        str(inputs["opened_by"]),
        _texts(inputs.get("pushed_by", [])),  # older statements do not tell
    )


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError(value)
    return tuple(value)


def _sound(predicate: dict[str, Any], assessment: dict[str, Any], subject: dict[str, Any]) -> bool:
    """Whether everything that is used of a statement is of the right type; anybody may have written it."""
    facts(assessment)
    texts = [predicate[k] for k in ("previous", "original", "signer", "result", "retro_due")]
    texts += [
        assessment["target"],
        assessment["digest"],
        assessment["result"],
        *assessment["changes"],
        *assessment["messages"],
    ]
    texts += [*assessment["authors"], *assessment["committers"], assessment.get("unseen", "")]
    texts += [v[k] for v in assessment["requirements"] for k in ("name", "result", "reason", "role")]
    texts += [r["reason"] for r in assessment["rejected"]]
    more = assessment.get(MORE, {})
    if not all(type(m["count"]) is int and isinstance(m["sha256"], str) for m in more.values()):
        return False
    mappings = [predicate[k] for k in ("request", "run", "merger", "tool")] + [assessment["sources"], subject]
    commits = [assessment["base"], assessment["head"], subject["gitCommit"], subject["gitTree"]]
    for review in (
        *(r for v in assessment["requirements"] for r in v["counted"]),
        *(r["review"] for r in assessment["rejected"]),
    ):
        _review(review)
    return (
        all(isinstance(t, str) for t in texts)
        and all(isinstance(m, dict) for m in mappings)
        and all(isinstance(c, str) and _COMMIT.fullmatch(c) for c in commits)
        and type(predicate["sequence"]) is int
    )


def _review(data: Mapping[str, Any]) -> Review:
    at = clock.parse_time(data["at"])
    texts = [data[k] for k in ("identity", "source", "state", "review_id", "note", "login")]
    texts.append(data.get("base", ""))  # statements written before approvals named it have none
    maybe = [data[k] for k in ("person", "commit", "digest", "target")]
    good = all(isinstance(t, str) for t in (*texts, *data["changes"], *(m for m in maybe if m is not None)))
    if at is None or not good or data["state"] not in REVIEW_STATES:
        raise ValueError(data["at"])
    return Review(**{**data, "at": at, "changes": tuple(data["changes"])})
