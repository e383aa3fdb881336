"""What a rule is: its code, what it checks and why, how bad a finding is, an example of both sides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple

from itsm_gitops.model.findings import ERROR, Pointer
from itsm_gitops.model.kinds import Kind

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
    "L": "Service levels",
    "U": "Rules of your own",
}


class Hit(NamedTuple):
    """What a rule found; the engine adds code and severity.

    ``path`` is empty for the document at hand, ``hint`` for the rule's own hint. ``line`` stays 0
    where the place follows from ``pointer`` (or from its last key, with ``at_key``). ``severity``
    is empty where the rule's own holds (a policy may say otherwise), and so is ``code``. ``missing`` is
    the field that is not there.
    """

    message: str
    pointer: Pointer = ()
    hint: str = ""
    path: str = ""
    at_key: bool = False
    line: int = 0
    column: int = 0
    severity: str = ""
    code: str = ""
    missing: str = ""


# What else than the document itself can bring about or take away a rule's finding about it. A request check judges
# again what the change can have altered in one of these ways (`reach.py`).
TARGETS = "targets"  # documents that it links to: whether they are there, their kind, their state
SOURCES = "sources"  # documents that link to it
NAMES = "names"  # files of the same name, documents with the same old number
CIRCLE = "circle"  # everything on a circle with it
ITEMS = "items"  # fields of items that it names, and of items that those name
CALENDARS = "calendars"  # freezes and maintenance windows, and what their items rest on
PLANS = "plans"  # other planned changes, and items around its own
RISKS = "risks"  # the items that its own carry, and past changes like it
PEOPLE = "people"  # all people and teams, against each other and the policies
AGREEMENTS = "agreements"  # service levels and the hours of calendars
LICENCES = "licences"  # items that are used under a licence
GUARDS = "guards"  # documents linked by a type that a guard or a rule of your own looks along: their fields
CMDB = "CMDB"  # every item
REACHES = (
    TARGETS,
    SOURCES,
    NAMES,
    CIRCLE,
    ITEMS,
    CALENDARS,
    PLANS,
    RISKS,
    PEOPLE,
    AGREEMENTS,
    LICENCES,
    GUARDS,
    CMDB,
)

Check = Callable[[Any], Iterable[Hit]]
Fields = Callable[[Kind], Collection[str] | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``bad`` and ``good`` are short excerpts of documents.

    ``check`` yields hits for a context of the rule's scope. It is None where the code is found on
    the way (by the reader, or by explaining why a schema refuses a document). ``kinds`` limits a
    document rule to kinds that play one of some roles (`model.meaning`), ``stateful`` one to kinds with a workflow. ``about`` are the
    top-level fields of which one must be there, ``said`` the keys of timeline entries, else the document rule has nothing
    to find and is not asked; a function returns the fields for a kind, None for any. ``unusual`` rules look at the way
    through the life cycle, and are not asked about a usual one (`DocumentContext.usual`). A change rule that judges
    the same place as the document or network rule ``instead_of`` replaces that rule's finding. ``reach`` says what
    else can alter a finding: nothing for most document rules; a network rule that does not say it (None) makes a
    request check read everything.
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
    about: tuple[str, ...] | Fields | None = None
    said: tuple[str, ...] | None = None
    unusual: bool = False
    instead_of: str = ""
    reach: tuple[str, ...] | None = None
    check: Check | None = None

    @property
    def family(self) -> str:
        """The family's name, for example ``Links``."""
        return FAMILIES[self.code[0]]
