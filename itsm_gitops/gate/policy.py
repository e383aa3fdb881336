"""The approvals policy of one commit (schemas/policies/approvals.yaml), read strictly.

What cannot be understood raises RuleBookError: a policy that is half read would pass requests that
it should have stopped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from itsm_gitops.model.decisions import POLICY, demands, is_reference
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.paths import glob
from itsm_gitops.model.roles import names

PEER = "peer"
OWNER = "owner"
AUTHOR, CO_AUTHOR, COMMITTER = "author", "co_author", "committer"
REQUESTER, IMPLEMENTER = "requester", "implementer"
PARTS = (AUTHOR, CO_AUTHOR, COMMITTER, REQUESTER, IMPLEMENTER)
AFFECTED, SERVICES, EDITED = "affected_ci", "affected_service", "edited_item"
EXCLUDED = "excluded_ci"

# Conditions on a change record, and what they compare.
FLAGS = ("outage", "freeze", "incident", "removed", "risk_override")
WORDS = ("stage", "type", "risk", "state", "criticality", "template")
COST_FROM = "cost_from"
_CONDITIONS = frozenset(["kind", "paths", COST_FROM, *WORDS, *FLAGS])
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Require:
    """What one rule asks for; ``count`` 0 says on purpose that nobody need approve."""

    role: str
    each: str
    count: int
    distinct: bool
    signed: bool


class Override(NamedTuple):
    """Who may let a request pass without the approvals, when, and how soon they are made up for.

    ``alone`` says that whoever is in that role may do so for what they wrote themselves.
    """

    when: Mapping[str, Any]
    role: str
    retro_review: str
    alone: bool = False


class ApprovalRule(NamedTuple):
    """One rule. ``when`` maps conditions to the values that fulfil them."""

    name: str
    why: str
    when: Mapping[str, Any]
    require: Require
    override: Override | None

    def covers(self, path: str) -> bool:
        """Whether one of the rule's patterns matches a path."""
        return any(glob(p).fullmatch(path) for p in names(self.when.get("paths")))


class EmergencyLimits(NamedTuple):
    """How near an emergency has to be: to the opening of its incident, and of its window to now."""

    incident_opened_within: timedelta = timedelta(days=14)
    window_within: timedelta = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. ``protected`` rules have only paths in ``when``."""

    rules: tuple[ApprovalRule, ...]
    protected: tuple[ApprovalRule, ...]
    separation: frozenset[str]
    max_age: timedelta
    unknown_author: str
    robots: frozenset[str]
    preparation: frozenset[str]
    progress_fields: frozenset[str]
    progress_by_kind: Mapping[str, frozenset[str]]
    hops: int
    hop_criticality: frozenset[str]
    generated: tuple[str, ...]
    emergencies: EmergencyLimits

    def reports(self, kind: str) -> frozenset[str]:
        """Return the fields of an authorised record of a kind that report progress and authorise nothing."""
        return self.progress_by_kind.get(kind, self.progress_fields)

    def ignores(self, path: str) -> bool:
        """Whether a path is written by programs and not part of what is approved."""
        return any(glob(p).fullmatch(path) for p in self.generated)


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of days, hours and minutes; raises RuleBookError for another text."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match or not any(match.groups()):
        raise _wrong(f"'{text}' is not a duration such as P14D or PT12H")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def read_policy(raw: Mapping[str, Any]) -> Policy:
    """Read a policy; raises RuleBookError where it is missing, empty or not understood."""
    if not raw:
        raise RuleBookError(
            f"there is no {POLICY} on the branch that the request is to be merged into",
            "nothing can be approved without a policy; an administrator has to add it there first",
        )
    try:
        return _read(raw)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _wrong(f"missing or wrong: {error}") from error


def _read(raw: Mapping[str, Any]) -> Policy:
    rules = tuple(_rules(raw["rules"]))
    protected = tuple(_rules({**p, "when": {"paths": p["paths"]}} for p in raw["protected"]))
    separation = frozenset(raw["separation"])
    if not rules or not protected:
        raise _wrong("it has no rules")
    if raw["version"] != 1 or raw["no_match"] != "error":
        raise _wrong("it is of a version that this program does not know")
    if not separation <= frozenset(PARTS):
        raise _wrong(f"separation knows only {', '.join(PARTS)}")
    reach = raw.get("dependents", {"hops": 0, "criticality": []})
    return Policy(
        rules=rules,
        protected=protected,
        separation=separation,
        max_age=duration(raw["approval_max_age"]),
        unknown_author=raw.get("unknown_author", "error"),
        robots=frozenset(a.lower() for a in raw.get("robots", ())),
        preparation=frozenset(raw.get("preparation", ())),
        progress_fields=frozenset(raw.get("progress_fields", ())),
        progress_by_kind={k: frozenset(v) for k, v in raw.get("progress_fields_of", {}).items()},
        hops=int(reach["hops"]),
        hop_criticality=frozenset(reach["criticality"]),
        generated=tuple(raw.get("generated", ())),
        emergencies=EmergencyLimits(**{k: duration(v) for k, v in raw.get("emergencies", {}).items()}),
    )


def _rules(raws: Any) -> Iterator[ApprovalRule]:
    for raw in raws:
        when, require = raw["when"], raw["require"]
        _check_conditions(raw["name"], when)
        _check_subject(raw["name"], when, require.get("each", ""))
        count, role = require["count"], require.get("role", "")
        if count.__class__ is not int or count < 0 or (count and not role):
            raise _wrong(f"rule '{raw['name']}' does not say who, or how many")
        yield ApprovalRule(
            name=raw["name"],
            why=raw["why"],
            when=when,
            require=Require(
                role,
                require.get("each", ""),
                count,
                require.get("distinct", False),
                require.get("signed", False),
            ),
            override=_override(raw["name"], raw.get("override")),
        )


def _override(name: str, raw: Any) -> Override | None:
    if raw is None:
        return None
    when = raw.get("when", {})
    if when:
        _check_conditions(name, when)
    duration(raw["retro_review"])
    return Override(when, raw["role"], raw["retro_review"], raw.get("alone", False))


def _check_conditions(name: str, when: Mapping[str, Any]) -> None:
    unknown = sorted(k for k in when.keys() - _CONDITIONS if not is_reference(k))
    if unknown or not when:
        raise _wrong(
            f"rule '{name}' has {f'an unknown condition {unknown[0]!r}' if unknown else 'no condition'}"
        )
    if "paths" in when and len(when) > 1:
        raise _wrong(f"rule '{name}' is for paths, so it can have no other condition; make two rules of it")


def _check_subject(name: str, when: Mapping[str, Any], each: str) -> None:
    if "paths" in when and each in (AFFECTED, SERVICES, EXCLUDED):
        raise _wrong(f"rule '{name}' is for paths, which have no '{each}', so nobody would be asked")
    if not {"kind", "paths"} & when.keys():
        raise _wrong(f"rule '{name}' names neither kinds nor paths, so it is for nothing")


def _wrong(what: str) -> RuleBookError:
    return RuleBookError(
        f"{POLICY}: {what}", "itsm check says where; schemas/meta/approvals.schema.json describes it"
    )


def matches(when: Mapping[str, Any], facts: Mapping[str, Any], *, unknown: bool = True) -> bool:
    """Whether a change with these facts fulfils the conditions.

    ``unknown`` is what a fact that nobody has stated (None) does. It fulfils what makes approvals
    necessary, so that a record without a risk needs those of every risk; it must not fulfil what
    makes them superfluous.
    """
    asked = {c: wanted for c, wanted in when.items() if c in WORDS or c in FLAGS or is_reference(c)}
    if COST_FROM in when:
        asked["cost"] = {"at_least": when[COST_FROM]}
    return demands(asked, facts, unknown=unknown)
