"""What is asked of the oracle, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.gate.model.oracle_facts import Data
from tests.gate.model.oracle_people import Voice
from tests.gate.model.plumbing import NOBODY

PASS, OVERRIDE, MISSING, ERROR, NOBODY_ASKED = "pass", "override", "missing", "error", "nobody need approve"


@dataclass(frozen=True)
class Said:
    """What somebody said of a request, and what is true of it.

    ``account`` is that of a review on a forge; a signed statement names its ``person`` and was signed by ``key`` (a public
    key; empty: the signature is good for nothing) when the branch was at ``base``. ``elsewhere``: for another repository.
    """

    state: str
    at: datetime
    commit: str
    account: str = ""
    target: str | None = "main"
    bot: bool = False
    person: str = ""
    key: str = ""
    base: str = ""
    elsewhere: bool = False

    @property
    def signed(self) -> bool:
        """Whether it is a signed statement, or one that pretends to be."""
        return bool(self.person)


@dataclass(frozen=True)
class Question:
    """What is asked: how the request that brings ``head`` into ``base`` stands."""

    base: str
    head: str
    now: datetime
    said: tuple[Said, ...] = ()
    opened_by: str = ""
    target: str = "main"
    overrides: bool = True


@dataclass
class Row:
    """One thing that must be approved, and how it stands."""

    rule: str
    role: str
    subject: str
    count: int
    signed: bool
    distinct: bool
    owners: frozenset[str] = frozenset()
    items: tuple[str, ...] = ()
    about: tuple[str, ...] = ()  # the change that it is about; none: all that the request brings
    apart: frozenset[str] = frozenset()
    override: Data | None = None
    error: str = ""
    voices: dict[str, Voice] = field(default_factory=dict)
    result: str = ""
    could: frozenset[str] = frozenset()
    refused: bool = False
    agreed: bool = True


@dataclass(frozen=True)
class Opinion:
    """What the oracle says: the result, each row, and the reasons of an error."""

    result: str
    rows: tuple[Row, ...] = ()
    why: tuple[str, ...] = ()


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return what differs between two trees: old and new blob by path."""
    paths = sorted({*old, *new})
    return {p: (old.get(p, NOBODY), new.get(p, NOBODY)) for p in paths if old.get(p) != new.get(p)}
