"""Who is on call for a service, an item, a team or a record: the team behind it, its rota and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsm_gitops.graph.loaded import Loaded, present_data, present_name
from itsm_gitops.graph.network import of_role
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.roles import ON_CALL, names
from itsm_gitops.model.rotas import Rota, Turn, is_rota, read_rota
from itsm_gitops.snapshots.gaps import Gap

# How far a turn is followed for its end, and how far back for its beginning.
_FAR = timedelta(days=400)


@dataclass(frozen=True)
class OnCall:
    """Who is on call for one team. ``people`` are whom to call, the first first; a team that is called as a whole is one of them.

    ``turn`` and ``following`` are the whole turn and the one after it where a rota says so (identifier ``rota``),
    None where the team names somebody for good; ``following`` is also None where nobody is known to follow.
    Where the rota cannot be read, there are neither people nor a turn: nobody can say whose it is.
    """

    team: str
    rota: str
    people: tuple[str, ...]
    turn: Turn | None = None
    following: Turn | None = None

    @property
    def unknown(self) -> bool:
        """Whether nobody can say who is called."""
        return not self.people and self.turn is None


def reader(loaded: Loaded) -> Any:
    """Return the function that gives the data of an item by its identifier, None where there is none."""

    def item(identifier: str) -> Mapping[str, Any] | None:
        entry = loaded.entries.get(present_name(loaded, identifier))
        return present_data(loaded, entry) if entry else None

    return item


def rota_of(loaded: Loaded, identifier: str) -> Rota | None:
    """Return the rota of an identifier; None where it is none."""
    item = reader(loaded)
    data = item(identifier)
    return read_rota(data, item) if data is not None and is_rota(data) else None


def on_call(loaded: Loaded, identifier: str, moment: datetime) -> list[OnCall]:
    """Return who is on call for a rota, a team, an item or a record at a moment: by team, without repetition.

    Of an item it is the team that owns it; of a record the teams behind what it affects, the service first. A team
    without anybody on call is left out.
    """
    return list(
        dict.fromkeys(_of_rota(loaded, team, rota, moment) for team, rota in named(loaded, identifier))
    )


def all_on_call(loaded: Loaded, moment: datetime) -> list[OnCall]:
    """Return who is on call for each team that has somebody, by team."""
    teams = sorted(e.id for e in of_role(loaded, meaning.TEAM) if not facts.is_retired(loaded.book, e))
    return [called for team in teams for called in on_call(loaded, team, moment)]


def teams_of(loaded: Loaded, identifier: str) -> list[str]:
    """Return the teams that are asked who is on call for something."""
    return list(dict.fromkeys(team for team, _ in named(loaded, identifier) if team))


def rotas_naming(loaded: Loaded, person: str) -> list[str]:
    """Return the rotas that name somebody, by identifier."""
    return sorted(
        e.id
        for e in of_role(loaded, meaning.ROTA)
        if any(present_name(loaded, edge.target) == person for edge in e.edges)
    )


def turns_of(rota: Rota, person: str, start: datetime, end: datetime) -> Iterator[Turn]:
    """Yield the turns between two moments in which somebody is called first or as a backup."""
    return (t for t in rota.turns(start, end) if person in t.people)


def named(loaded: Loaded, identifier: str) -> Iterator[tuple[str, str]]:
    """Yield the teams behind something, each with who or what it names as being on call."""
    entry = loaded.entries.get(present_name(loaded, identifier))
    if entry is None:
        return
    if facts.is_a(loaded.book, entry, meaning.ROTA):
        yield facts.owner(entry), entry.id
    elif facts.is_a(loaded.book, entry, meaning.TEAM):
        for name in names(present_data(loaded, entry).get(ON_CALL)):
            yield entry.id, name
    elif loaded.book.kinds[entry.kind].is_record:
        for item in facts.affected(entry):
            yield from named(loaded, item)
    else:
        yield from _of_owner(loaded, entry)


def _of_owner(loaded: Loaded, entry: Entry) -> Iterator[tuple[str, str]]:
    owner = loaded.entries.get(present_name(loaded, facts.owner(entry)))
    if owner is not None and facts.is_a(loaded.book, owner, meaning.TEAM):
        yield from named(loaded, owner.id)


def _of_rota(loaded: Loaded, team: str, name: str, moment: datetime) -> OnCall:
    rota = rota_of(loaded, name)
    if rota is None:
        return OnCall(team, "", () if _is_unread_rota(loaded, name) else (name,))
    turn = whole_turn(rota, moment)
    following = whole_turn(rota, turn.end) if turn.end < moment + _FAR else None
    return OnCall(team, name, turn.people, turn, following)


def _is_unread_rota(loaded: Loaded, name: str) -> bool:
    # Only what was read from files knows what could not be read.
    gaps: Callable[[Collection[str]], Sequence[Gap]] | None = getattr(loaded, "gaps", None)
    if gaps is None or name in loaded.entries:
        return False
    return any(g.id in ("", name) for g in gaps(loaded.book.playing(meaning.ROTA)))


def whole_turn(rota: Rota, moment: datetime) -> Turn:
    """Return the turn at a moment from its beginning to its end, which lie at most some months away."""
    for span in (timedelta(days=15), _FAR):
        here = next(t for t in rota.turns(moment - span, moment + span) if t.start <= moment < t.end)
        if here.start > moment - span and here.end < moment + span:
            break
    return here
