"""The facts of an assessment that must come out again, and the bounded form in which a statement holds them.

A request may touch 72,000 files or carry names of a megabyte; a statement about it stays small enough to be read. Of a
long list the first entries are kept (of requirements those that were not met), the rest is counted and hashed under
``more``; of a long text the beginning. The digest of the content still binds every path. An assessment without ``more``
holds everything: so do all that older versions wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from itsm_gitops.gate import signed
from itsm_gitops.gate.explain import as_json
from itsm_gitops.gate.signed import BAD_SIGNATURE
from itsm_gitops.gate.types import NOT_APPLICABLE, NOT_REQUIRED, RESULTS, SATISFIED, Assessment

MORE = "more"
TEXT_MAX = 2000
_TEXT_KEPT = 300
# Entries of a list or mapping; what is not named here has as many as the last line says.
_MOST = {"changes": 5000, "paths": 500, "could": 20, "messages": 50}
_OTHERS = 200
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
_REQUIREMENT_KEYS = ("name", "rule", "role", "subject", "count", "signed", "result", "retro_review")
_REVIEW_KEYS = ("person", "identity", "source", "state", "commit", "at", "review_id", "signed", "digest")


def facts(assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an assessment (as data) that must come out the same again.

    Texts that nobody signed are no part of it, and the order of what did not count is none.
    """
    part = {key: assessment[key] for key in _FACTS}
    results = todays_verdicts(assessment)
    part["result"] = whole(assessment["result"], results)
    part["requirements"] = [
        {**{k: v[k] for k in _REQUIREMENT_KEYS}, "result": result, "counted": _review_facts(v["counted"])}
        for v, result in zip(assessment["requirements"], results, strict=True)
    ]
    rejected = [
        {"code": r["code"], **review}
        for r in assessment["rejected"]
        for review in _review_facts([r["review"]])
        if r["code"] != BAD_SIGNATURE
    ]
    part["rejected"] = sorted(rejected, key=signed.canonical)
    more = assessment.get(MORE, {})
    part[MORE] = {key: dict(more[key]) for key in sorted(more) if key in part}
    return part


def todays_verdicts(assessment: Mapping[str, Any]) -> list[str]:
    """Return the result of each requirement in today's words.

    Earlier versions wrote SATISFIED where a rule asks for nobody; that is no approval.
    """
    return [
        NOT_REQUIRED if v["result"] == SATISFIED and v["count"] == 0 else v["result"]
        for v in assessment["requirements"]
    ]


def whole(result: str, verdicts: Sequence[str]) -> str:
    """Return the result of a whole in today's words."""
    idle = bool(verdicts) and {NOT_REQUIRED, NOT_APPLICABLE}.issuperset(verdicts)
    return NOT_APPLICABLE if result == SATISFIED and idle else result


def _review_facts(reviews: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: review[key] for key in _REVIEW_KEYS} for review in reviews]


def differences(recorded: Mapping[str, Any], again: Assessment) -> list[str]:
    """Return which facts of a recorded assessment differ from a new one; empty where none does."""
    complete = json.loads(json.dumps(as_json(again)))
    old, new = facts(recorded), facts(bounded(complete) if MORE in recorded else complete)
    differing = [key for key in old if key != MORE and old[key] != new[key]]
    differing += [
        key for key in sorted({**old[MORE], **new[MORE]}) if old[MORE].get(key) != new[MORE].get(key)
    ]
    return list(dict.fromkeys(differing))


def bounded(assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Return an assessment as data of bounded size; the same data where nothing is too long.

    The hash of a list is over its facts, so that another wording does not change it.
    """
    complete = facts(assessment)
    part: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for key, value in assessment.items():
        if isinstance(value, list | dict) and len(value) > _MOST.get(key, _OTHERS):
            hashed = complete.get(key, value)
            sha256 = hashlib.sha256(signed.canonical(hashed)).hexdigest()
            more[key] = {"count": len(hashed), "sha256": sha256}
        part[key] = _cut(key, _worst_first(value) if key == "requirements" else value)
    return {**part, MORE: more} if part != assessment else part


def _worst_first(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(verdicts) <= _OTHERS:
        return verdicts
    return sorted(verdicts, key=lambda v: RESULTS.index(v["result"]))


def _cut(key: str, value: Any) -> Any:
    """Return data of which every list, mapping and text has a bounded length."""
    most = _MOST.get(key, _OTHERS)
    if isinstance(value, str):
        return shortened(value)
    if isinstance(value, list):
        return [_cut("", entry) for entry in value[:most]]
    if isinstance(value, dict):
        return {shortened(k): _cut(k, v) for k, v in list(value.items())[:most]}
    return value


def shortened(text: str) -> str:
    """Return a text; of a very long one the beginning, its length and the SHA-256 of all of it."""
    if len(text) <= TEXT_MAX:
        return text
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:_TEXT_KEPT]}… ({len(text)} characters, sha256:{sha256})"
