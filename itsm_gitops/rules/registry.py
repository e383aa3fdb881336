"""The registry of rules: what each one checks, why, how bad it is, and an example of both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import ERROR, Pointer

DOCUMENT = "document"
NETWORK = "network"
CHANGE = "change"
RULEBOOK = "rule book"
SCOPES = {
    DOCUMENT: "one file, with the CMDB around it",
    NETWORK: "all documents of one snapshot",
    CHANGE: "two snapshots: what happened between them",
    RULEBOOK: "schemas/ and itsm.yaml of one snapshot",
}

FAMILIES = {
    "P": "Parsing and safety",
    "S": "Schema",
    "I": "Identity and layout",
    "K": "Links",
    "W": "Workflow and timeline",
    "D": "Configuration items",
    "A": "Approvals",
    "C": "Change control",
}


class Hit(NamedTuple):
    """What a rule found; the engine adds code and severity.

    ``path`` is empty for the document at hand, ``hint`` for the rule's own hint. ``line`` stays 0
    where the place follows from ``pointer`` (or from its last key, with ``at_key``). ``severity``
    is empty where the rule's own holds (a policy may say otherwise).
    """

    message: str
    pointer: Pointer = ()
    hint: str = ""
    path: str = ""
    at_key: bool = False
    line: int = 0
    column: int = 0
    severity: str = ""


Check = Callable[[Any], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``bad`` and ``good`` are short excerpts of documents.

    ``check`` yields hits for a context of the rule's scope. It is None where the code is found on
    the way (by the reader, or by explaining why a schema refuses a document). ``kinds`` limits a
    document rule to kinds that play one of some roles (`model.meaning`), ``state`` one to kinds with a workflow. A change rule that judges
    the same place as the document or network rule ``instead_of`` replaces that rule's finding.
    """

    code: str
    title: str
    scope: str
    severity: str
    why: str
    hint: str
    bad: str
    good: str
    fixable: bool = False
    kinds: tuple[str, ...] = ()
    stateful: bool = False
    instead_of: str = ""
    check: Check | None = None

    @property
    def family(self) -> str:
        """The family's name, for example ``Links``."""
        return FAMILIES[self.code[0]]


_RULES: dict[str, Rule] = {}


def declare(
    code: str,
    title: str,
    *,
    why: str,
    hint: str,
    bad: str,
    good: str,
    scope: str = DOCUMENT,
    severity: str = ERROR,
    fixable: bool = False,
    kinds: tuple[str, ...] = (),
    stateful: bool = False,
    instead_of: str = "",
    check: Check | None = None,
) -> Rule:
    """Register a rule and return it; a code can be taken only once."""
    if code in _RULES:
        raise ValueError(f"rule {code} is registered twice")
    known = Rule(
        code, title, scope, severity, why, hint, bad, good, fixable, kinds, stateful, instead_of, check
    )
    _RULES[code] = known
    return known


def rule(code: str, title: str, **about: Any) -> Callable[[Check], Check]:
    """Register the decorated function as the check of a new rule (see ``declare``)."""

    def register(check: Check) -> Check:
        declare(code, title, check=check, **about)
        return check

    return register


def rules(scope: str | None = None) -> list[Rule]:
    """Return all rules (of one scope) by code."""
    _load_families()
    return [r for _, r in sorted(_RULES.items()) if scope in (None, r.scope)]


def find_rule(code: str) -> Rule:
    """Return the rule with this code, in any case; raises NotFound with the nearest codes."""
    _load_families()
    known = _RULES.get(code.strip().upper())
    if known is None:
        hint = did_you_mean(code, _RULES) or "itsm explain lists all rules"
        raise NotFound(f"there is no rule {code}", hint)
    return known


def _load_families() -> None:
    """Import every family once; importing one registers its rules."""
    from itsm_gitops.rules import (  # noqa: F401
        approval_policy,
        approvals,
        change_book,
        change_control,
        change_control_change,
        change_planning,
        cmdb,
        identity,
        links,
        parse,
        played,
        roles,
        rulebook,
        schema,
        workflow,
        workflow_change,
    )
