"""`itsm suspects`: what may have caused an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.planning import moment
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.suspects import Scene, Suspect, scene, suspects
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class SuspectList:
    """The suspects of one incident, most likely first; ``looked_at`` is the number of CIs looked at."""

    scene: Scene
    suspects: tuple[Suspect, ...]
    history: bool

    @property
    def looked_at(self) -> int:
        """How many CIs were looked at."""
        return len(self.scene.distances)

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON data."""
        return {
            "incident": self.scene.incident.id,
            "began": clock.format_time(self.scene.began),
            "since": clock.format_time(self.scene.since),
            "items": self.looked_at,
            "history": self.history,
            "suspects": [_suspect(s) for s in self.suspects],
        }


def _suspect(found: Suspect) -> dict[str, Any]:
    return {
        "type": found.type,
        "id": found.id,
        "score": found.score,
        "title": found.title,
        "item": found.item or None,
        "distance": found.distance,
        "start": clock.format_time(found.start),
        "end": clock.format_time(found.end),
        "author": found.author or None,
        "commit": found.commit or None,
        "reasons": [r._asdict() for r in found.reasons],
    }


def suspect(
    repo: Repository, fragment: str, *, window: str = "7d", began: str = "", at: str | None = None
) -> SuspectList:
    """Look for what happened before an incident (or problem) on what it affects.

    ``began`` is when it really began, where that is not when it was opened. Without Git only
    changes are looked at. Raises Refused for other kinds and where nothing is affected.
    """
    store = repo.store(at)
    entry = store.find(fragment)
    if not {meaning.INCIDENT, meaning.PROBLEM} & set(store.book.kinds[entry.kind].plays):
        raise Refused(
            f"{entry.id} is {a_kind(store.book.kinds[entry.kind])}",
            "itsm suspects takes incidents and problems",
        )
    opened = clock.parse_time(entry.opened) or clock.now()
    start = moment(repo, began, "--began", opened) if began else opened
    length = moment(repo, window, "--window", start) - start
    if not timedelta(0) < length <= _LONGEST:
        raise UsageError(f"--window: '{window}' is not a span of up to a year", "write 12h, 7d or 2w")
    network = Network(store)
    graph = ImpactGraph(network)
    here = scene(graph, entry, start, length)
    if not here.distances:
        raise Refused(f"{entry.id} names nothing that is affected", f"itsm set {entry.id} service=… or cis=…")
    edits = []
    if repo.git is not None:
        from itsm_gitops.repository.former_words import former_words
        from itsm_gitops.repository.history import file_edits

        paths = sorted(network.entries[i].path for i in here.distances)
        edits = file_edits(repo, paths, here.since, here.began, at, former_words(repo, at))
    return SuspectList(here, tuple(suspects(network, graph, here, edits)), repo.git is not None)
