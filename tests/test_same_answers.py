"""Facts by consumers, on generated repositories: whoever is asked gives the same answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itsm_gitops.commands.showing import show
from itsm_gitops.graph.impact import Effect
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import agenda, situation
from itsm_gitops.presentation.data import api
from itsm_gitops.presentation.pages import going_on, home, known_errors
from itsm_gitops.presentation.pages import plan as pages
from itsm_gitops.presentation.view import View
from tests.facts_world import NOW, Answers, Tree, change_of, incident_of, organisation, record_of
from tests.test_one_truth import BOOK, build

_ITEMS = ("host-1", "host-2", "mail-db", "old-host")
_CHANGE = ("draft", "assess", "authorize", "scheduled", "implement", "review", "closed", "cancelled")
_INCIDENT = ("new", "in_progress", "on_hold", "resolved", "closed", "cancelled")
_ERROR = ("draft", "published", "retired")
_SOME = st.lists(st.sampled_from(_ITEMS), unique=True, max_size=3)
_LEVEL = st.sampled_from(["high", "medium", "low"])


@st.composite
def worlds(draw: st.DrawFn) -> Tree:
    """A world with a few records in any state, about any items, some with what a schema refuses."""
    made = []
    for number in range(1, draw(st.integers(2, 4))):
        state = draw(st.sampled_from(_INCIDENT))
        over = draw(st.sampled_from([{}, {"priority": "P1"}, {"priority": "P9"}, {"priority": 3}]))
        made.append(
            incident_of(
                number, (-9, "new"), (-draw(st.integers(1, 8)), state), cis=draw(_SOME), impact=draw(_LEVEL), urgency=draw(_LEVEL),
                service=draw(st.sampled_from(["mail", "portal"])), **({"priority_override": {**over, "by": "ann", "reason": "r"}} if over else {}),
                unaffected=draw(st.lists(st.sampled_from(["mail", "portal"]), unique=True, max_size=1)),
                links=[{"type": "affects", "target": t} for t in draw(_SOME)],
            )
        )  # fmt: skip
    for number in range(1, draw(st.integers(2, 4))):
        state = draw(st.sampled_from(_CHANGE))
        made.append(
            change_of(number, (-9, "draft"), (-1, state), cis=draw(_SOME), start=draw(st.integers(-3, 5)))
        )
    for number in range(1, draw(st.integers(1, 3))):
        state = draw(st.sampled_from(_ERROR))
        made.append(record_of("known-error", f"KE-261121-AAAA{number}", (-9, "draft"), (-8, state), title=f"Error {number}", cis=draw(_SOME), service="mail", owner="ops"))  # fmt: skip
    return {**organisation(), **dict(made)}


def _rows(answers: Answers) -> Mapping[str, Any]:
    import json

    return {r["id"]: r for _, raw in api.indexes(answers.view) for r in json.loads(raw).get("rows", ())}


def _of(answers: Answers, role: str) -> list[Entry]:
    return list(facts.of_role(answers.store.book, answers.store.entries.values(), role))


def _plain(found: Any) -> str | None:
    return found.name if found else None


def _shown(answers: Answers, page: str) -> set[str]:
    """Return the records that a page links."""
    return set(re.findall(r"(?:INC|CHG|KE)-261121-AAAA\d", page))


def _home(view: View) -> str:
    """Return what the start page says of incidents: what is not well, and the others that are open."""
    services = situation.services_of(view)
    return f"{going_on.not_well(view, services)}{home._open(view, services, frozenset())}"


def _at_work(answers: Answers) -> set[str]:
    return {c for h in answers.view.health.values() if h.status == "maintenance" for c in h.causes}


def _declared_now(answers: Answers) -> dict[str, str]:
    """Return how services are by the reports: what spells reach the present moment."""
    until, worst = answers.log.until, dict.fromkeys(answers.log.services, Effect.NONE)
    for spell in answers.log.spells:
        if spell.end >= until:
            worst[spell.service] = max(worst[spell.service], spell.effect)
    names = {Effect.OUTAGE: "outage", Effect.DEGRADED: "degraded"}
    return {service: names.get(effect, "well") for service, effect in worst.items()}


def _status_now(answers: Answers) -> dict[str, str]:
    health = answers.view.health
    return {
        s: x if (x := health[s].status) in ("outage", "degraded") else "well" for s in answers.log.services
    }


def _planned(answers: Answers) -> set[str]:
    return {c.id for c in answers.schedule.changes}


Consumers = Mapping[str, Callable[[Answers], Any]]
# For each fact, who is asked; the first one is model/facts.py where it can be.
TABLE: Mapping[str, Consumers] = {
    "priority": {
        "facts": lambda a: {e.id: _plain(facts.priority(a.store.book, e)) for e in _of(a, meaning.INCIDENT)},
        "list": lambda a: {r["id"]: r["priority"] for r in a.listed("incidents")},
        "show": lambda a: {e.id: _plain(show(a.repo, e.id).priority) for e in _of(a, meaning.INCIDENT)},
        "site": lambda a: {e.id: _plain(a.view.priority(e)) for e in _of(a, meaning.INCIDENT)},
        "site data": lambda a: {i: r["priority"] for i, r in _rows(a).items() if i.startswith("INC")},
        "reports": lambda a: {c.entry.id: c.priority or None for c in a.log.of_role(meaning.INCIDENT)},
    },
    "open": {
        "facts": lambda a: {e.id for e in _of(a, meaning.INCIDENT) if facts.is_open(a.store.book, e)},
        "list": lambda a: {r["id"] for r in a.listed("incidents", states=("open",))},
        "site": lambda a: {e.id for e in _of(a, meaning.INCIDENT) if a.view.is_open(e)},
        "home": lambda a: {i for i in _shown(a, _home(a.view)) if i.startswith("INC")},
        "site data": lambda a: {i for i, r in _rows(a).items() if i.startswith("INC") and r["open"]},
        "reports": lambda a: {c.entry.id for c in a.log.of_role(meaning.INCIDENT) if c.is_open},
    },
    "affects mail": {
        "facts": lambda a: {e.id for e in a.store.entries.values() if "mail" in facts.affected(e)},
        "data": lambda a: {
            e.id
            for e in a.store.entries.values()
            if "mail" in facts.affected_places(a.store.book.kinds[e.kind], a.store.data(e.id))
        },
        "list": lambda a: {r["id"] for r in a.listed(services=("mail",))},
        "network": lambda a: set(a.view.network.others("mail", "affected_by")),
        "reports": lambda a: {
            i for i, c in a.log.find_all(a.store.entries).items() if "mail" in c.targets("affects")
        },
    },
    "running": {
        "facts": lambda a: {e.id for e in _of(a, meaning.CHANGE) if facts.is_running(a.store.book, e)},
        "schedule": lambda a: {c.id for c in a.schedule.changes if c.running},
        "agenda": lambda a: {s.id for s in agenda.changes(a.view) if agenda.is_running(a.view, s)},
    },
    "still to be done": {
        "facts": lambda a: {e.id for e in _of(a, meaning.CHANGE) if facts.is_to_be_done(a.store.book, e)},
        "schedule": _planned,
        "agenda": lambda a: {s.id for s in agenda.changes(a.view)},
        "agenda page": lambda a: _shown(a, str(pages.changes_page(a.view).body)),
    },
    "offered": {
        "facts": lambda a: {e.id for e in _of(a, meaning.KNOWN_ERROR) if facts.is_offered(a.store.book, e) and facts.affected(e)},
        "site": lambda a: {i for some in a.view.offers.values() for i in some},
        "home": lambda a: _shown(a, str(home._errors(a.view))),
        "page": lambda a: _shown(a, str(known_errors.known_errors_page(a.view).body).split("Retired</h2>")[0]),
    },
    "status": {
        "site": _status_now,
        "status.json": lambda a: {
            s["id"]: s["status"] if s["status"] in ("outage", "degraded") else "well" for s in api.status(a.view)["services"]
        },
        "reports": _declared_now,
    },
    "firm": {
        "facts": lambda a: {e.id for e in _of(a, meaning.CHANGE) if facts.is_firm(a.store.book, e.kind, e.state)},
        "schedule": lambda a: {c.id for c in a.schedule.changes if c.firm},
    },
}  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds())
def test_every_consumer_gives_the_same_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: Tree
) -> None:
    monkeypatch.setenv("ITSM_NOW", f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
    answers = build(tmp_path / "repo", {**BOOK, **world})
    for fact, consumers in TABLE.items():
        told = {who: ask(answers) for who, ask in consumers.items()}
        first = next(iter(told.values()))
        assert all(answer == first for answer in told.values()), (fact, told)
