"""What a rule is: its code, what it checks and why, how bad a finding is, an example of both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple

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
    document rule to kinds that play one of some roles (`model.meaning`), ``stateful`` one to kinds with a workflow. A change rule that judges
    the same place as the document or network rule ``instead_of`` replaces that rule's finding.
    """

    code: str
    title: str
    _: KW_ONLY
    why: str
    hint: str
    bad: str
    good: str
    scope: str = DOCUMENT
    severity: str = ERROR
    fixable: bool = False
    kinds: tuple[str, ...] = ()
    stateful: bool = False
    instead_of: str = ""
    check: Check | None = None

    @property
    def family(self) -> str:
        """The family's name, for example ``Links``."""
        return FAMILIES[self.code[0]]
