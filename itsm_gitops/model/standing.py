"""What is worked out about one record: promises about it, who must approve it, and the proof that they did.

Plain data, so that the room that finds it out and the room that shows it need not know each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Mark(NamedTuple):
    """A part of a promised time at which somebody is called: ``who`` is a team or a person, ``percent`` the part.

    ``at`` is when it will be used up (seconds since 1970, UTC); None where it is (``reached``), or the clock stands still.
    """

    percent: int
    who: str
    reached: bool
    at: int | None


@dataclass(frozen=True, slots=True)
class Promise:
    """What became of one promise of a service level for one record.

    ``metric`` is response or resolution, ``verdict`` met, missed or running. ``promised`` and ``used``
    are seconds in the hours of ``calendar`` (empty: around the clock). ``due`` is when a running clock
    comes to its end (seconds since 1970, UTC); None where it has stopped, is paused, or ends beyond what
    the calendar says. ``paused_by`` is the state in which it stands still, and the reason where that decides it;
    ``near`` says that a running clock has passed the warning of its service level, ``marks`` who is called when.
    """

    metric: str
    verdict: str
    level: str
    calendar: str
    promised: int
    used: int
    due: int | None = None
    paused_by: tuple[str, ...] = ()
    near: bool = False
    marks: tuple[Mark, ...] = ()

    @property
    def left(self) -> int:
        """The seconds that are left of what was promised; negative once it took longer."""
        return self.promised - self.used


class Course(NamedTuple):
    """How the work on one record went.

    ``resolved_after`` are the seconds from its beginning until it was done, None where it is not;
    ``waited`` how many of them it waited. ``since`` is when the team got it, ``answered`` whether somebody of it has it
    in hand, ``escalated`` when it was escalated to somebody last (seconds since 1970, UTC; None: never, or taken back).
    """

    promises: tuple[Promise, ...] = ()
    resolved_after: int | None = None
    waited: int = 0
    priority: str = ""
    since: int = 0
    answered: bool = True
    escalated: int | None = None


@dataclass(frozen=True, slots=True)
class ApprovalNeed:
    """One thing that must be approved: ``number`` of ``people`` who fill ``role`` for ``subject``.

    ``rule`` names the rule of the policy, ``why`` says why it is there. ``error`` says why nobody can be
    asked; empty where somebody can.
    """

    rule: str
    why: str
    role: str
    subject: str
    number: int
    people: tuple[str, ...]
    signed: bool = False
    error: str = ""


class Asking(NamedTuple):
    """What the policy asks of a change; ``facts`` says in a sentence what the rules see of it.

    ``by_template`` says that the change keeps to a template that is approved.
    """

    facts: str
    needs: tuple[ApprovalNeed, ...]
    by_template: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """A statement on the branch of evidence, in short.

    ``file`` is its name there, ``content`` its exact bytes and ``sha256`` their digest. ``approvers`` are
    (who, how), ``asked`` what was asked for, each with its verdict; ``digest`` is that of the content that
    was approved.
    """

    file: str
    content: bytes
    sha256: str
    sequence: int
    kind: str
    changes: tuple[str, ...]
    result: str
    target: str
    commit: str
    digest: str
    judged_at: str
    approvers: tuple[tuple[str, str], ...]
    asked: tuple[tuple[str, str], ...]
    review_due: str = ""
