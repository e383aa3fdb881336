"""The people of a new repository: who decides, in the teams that the roles of the policy name.

The policy of a new repository wants approvals by people whom nobody but its owner knows, so they are asked for. They are
written like any other document, judged by the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from itsm_gitops.editing.create import finish, start
from itsm_gitops.editing.enrol import Enrolment, about_oneself, enrol
from itsm_gitops.editing.fields import SET, Assignment
from itsm_gitops.gate.doctor_people import Unsatisfiable, unsatisfiable
from itsm_gitops.git.actor import setting
from itsm_gitops.model import ids
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.meaning import TEAM
from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import ROLES, RuleBook
from itsm_gitops.repository import Repository


class Founders(NamedTuple):
    """Who is in the directory from the first day: who sets it up (``me``, may be empty), and others who decide."""

    me: str = ""
    others: tuple[str, ...] = ()

    @property
    def handles(self) -> tuple[str, ...]:
        """Everybody once, who sets it up first."""
        return tuple(dict.fromkeys(h for h in (self.me, *self.others) if h))


NOBODY = Founders()


def refuse_bad_handles(founders: Founders) -> None:
    """Raise UsageError for somebody whose name cannot be a handle."""
    for handle in founders.handles:
        if not ids.is_item_id(handle):
            example = ids.slug(handle) or "ada"
            raise UsageError(
                f"'{handle}' is not a handle",
                f"a handle has lower-case letters, digits and hyphens: {example}",
            )


def people_wanted(book: RuleBook) -> int:
    """Return how many people who decide the policy needs: as many as its strictest rule asks for, and who writes."""
    policy = book.policy(POLICY)
    counts = [
        (rule.get("require") or {}).get("count", 0)
        for key in ("rules", "protected")
        for rule in policy.get(key) or ()
    ]
    return max((c for c in counts if isinstance(c, int)), default=0) + 1


def settle(repo: Repository, founders: Founders) -> list[str]:
    """Write the founders, and the teams of the roles that are not there yet; returns the paths.

    Raises as `itsm new` and `itsm enrol` do.
    """
    if not founders.handles:
        return []
    teams = dict(_teams_of_roles(repo.book))
    written = [_new_team(repo, team, roles) for team, roles in teams.items() if not _is_there(repo, team)]
    for handle in founders.handles:
        about = Enrolment(name=handle.replace("-", " ").capitalize(), teams=tuple(teams))
        if handle == founders.me:
            about = about_oneself(repo, about._replace(name=setting(repo, "user.name") or about.name))
        written.append(enrol(repo, handle, about).path)
    return written


def _teams_of_roles(book: RuleBook) -> Iterator[tuple[str, list[str]]]:
    """Yield each team that fills a role, and the titles of those roles."""
    found: dict[str, list[str]] = {}
    roles: dict[str, Any] = book.policy(ROLES).get("roles") or {}
    for name, about in roles.items():
        for team in names(about.get("teams")):
            found.setdefault(team, []).append(str(about.get("title", name)))
    yield from found.items()


def _is_there(repo: Repository, identifier: str) -> bool:
    kinds = (k for k in repo.book.kinds.values() if not k.is_record)
    return any((repo.root / repo.book.path_for(k, identifier)).is_file() for k in kinds)


def _new_team(repo: Repository, team: str, roles: Iterable[str]) -> str:
    kind = repo.book.player(TEAM)
    if kind is None:
        raise UsageError("no class of this rule book plays the role team", "leave out --people")
    draft = start(repo, kind.name, identifier=team)
    draft.assign(
        [
            Assignment((kind.label,), SET, team.replace("-", " ").capitalize()),
            Assignment(("description",), SET, f"Fills these roles: {', '.join(roles)}."),
        ]
    )
    return finish(draft)[0].path


def waiting_rules(repo: Repository) -> list[Unsatisfiable]:
    """Return the rules of the policy that ask for more people than there are."""
    return list(unsatisfiable(repo.store()))
