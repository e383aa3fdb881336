"""Relations, impact and health on small hand-made networks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itsm_gitops.graph.impact import DOWN, UP, Branch, Effect, ImpactGraph, edges_between
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.status import health
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.questions import EntryQuestions
from itsm_gitops.model.rulebook import LINKS, RuleBook


def _schema(tag: str, name: str, properties: dict[str, Any], **about: Any) -> dict[str, Any]:
    return {
        "title": name.title(),
        "x-itsm": {tag: name, "plural": f"{name}s", **about},
        "properties": {"id": {}, tag: {}, **properties},
    }


_AFFECTS = {"x-ref": {"to": ["ci"], "relation": "affects"}}
_SPARES = {"x-ref": {"to": ["ci"], "relation": "not_affected"}}
_FILES: dict[str, Any] = {
    "schemas/records/incident.schema.json": _schema(
        "kind",
        "incident",
        {
            "title": {},
            "service": _AFFECTS,
            "cis": {"items": _AFFECTS},
            "unaffected": {"items": _SPARES},
            "state": {},
        },
        prefix="INC",
        folder="records/incidents",
        workflow="incident",
    ),
    "schemas/records/change.schema.json": _schema(
        "kind",
        "change",
        {"title": {}, "cis": {"items": _AFFECTS}, "state": {}},
        prefix="CHG",
        folder="records/changes",
        workflow="change",
    ),
    "schemas/records/known-error.schema.json": _schema(
        "kind",
        "known-error",
        {"title": {}, "cis": {"items": _AFFECTS}, "state": {}},
        prefix="KE",
        folder="records/known-errors",
        workflow="incident",
    ),
    "schemas/cmdb/server.schema.json": _schema(
        "class",
        "server",
        {"name": {}, "lifecycle": {}, "redundancy": {}},
        folder="cmdb/servers",
        workflow="lifecycle",
        operational=True,
    ),
    "schemas/cmdb/rack.schema.json": _schema(
        "class", "rack", {"name": {}}, folder="cmdb/racks", operational=True
    ),
    "schemas/workflows/incident.yaml": {
        "workflow": "incident",
        "title": "Incident",
        "initial": "new",
        "states": {
            "new": {"title": "New", "category": "new"},
            "closed": {"title": "Closed", "category": "done", "terminal": True},
            "retired": {"title": "Retired", "category": "done", "terminal": True},
        },
        "transitions": [],
    },
    "schemas/workflows/change.yaml": {
        "workflow": "change",
        "title": "Change",
        "initial": "draft",
        "states": {
            "draft": {"title": "Draft", "category": "new"},
            "implement": {"title": "Implement", "category": "active"},
        },
        "transitions": [],
    },
    "schemas/workflows/lifecycle.yaml": {
        "workflow": "lifecycle",
        "title": "Life cycle",
        "state_field": "lifecycle",
        "initial": "planned",
        "states": {
            "planned": {"title": "Planned", "category": "new"},
            "production": {"title": "Production", "category": "active"},
        },
        "transitions": [],
    },
    LINKS: {
        "links": {
            "affects": {
                "title": "Affects",
                "inverse": "affected_by",
                "inverse_title": "Affected by",
                "from": ["record"],
                "to": ["ci"],
            },
            "depends_on": {
                "title": "Depends on",
                "inverse": "used_by",
                "inverse_title": "Used by",
                "from": ["ci"],
                "to": ["ci"],
                "impact": "from_target",
                "acyclic": True,
            },
            "part_of": {
                "title": "Part of",
                "inverse": "contains",
                "inverse_title": "Contains",
                "from": ["ci"],
                "to": ["ci"],
                "impact": "from_source",
            },
            "alternative_to": {
                "title": "Alternative to",
                "symmetric": True,
                "from": ["ci"],
                "to": ["ci"],
            },
        }
    },
}


class Loaded(EntryQuestions):
    """A snapshot held in memory: {id: (kind, data)}."""

    def __init__(self, documents: dict[str, tuple[str, dict[str, Any]]]) -> None:
        self.book = RuleBook(_FILES, _FILES.__getitem__)
        self._data = {i: d for i, (_, d) in documents.items()}
        self._entries = {
            i: summarise(self.book.kinds[kind], f"x/{i}.yaml", data)
            for i, (kind, data) in sorted(documents.items())
        }

    @property
    def entries(self) -> Mapping[str, Entry]:
        return self._entries

    @property
    def aliases(self) -> Mapping[str, str]:
        return {alias: entry.id for entry in self._entries.values() for alias in entry.aliases}

    def data(self, identifier: str) -> dict[str, Any]:
        return self._data[identifier]


def server(*needs: str, lifecycle: str = "production", part_of: str = "", **more: Any) -> Any:
    links = [{"type": "depends_on", "target": n} for n in needs]
    if part_of:
        links.append({"type": "part_of", "target": part_of})
    return "server", {"name": "s", "lifecycle": lifecycle, "links": links, **more}


def effects(documents: dict[str, Any], *failed: str) -> dict[str, str]:
    graph = ImpactGraph(Network(Loaded(documents)))
    hits = graph.propagate(dict.fromkeys(failed, Effect.OUTAGE))
    return {i: hit.effect.label for i, hit in hits.items()}


def test_relations_are_read_from_both_ends_with_derived_inverse() -> None:
    network = Network(Loaded({"web": server("db"), "db": server()}))
    assert [(r.relation, r.title, r.other, r.outgoing) for r in network.related("web")] == [
        ("depends_on", "Depends on", "db", True)
    ]
    assert [(r.relation, r.title, r.other, r.outgoing) for r in network.related("db")] == [
        ("used_by", "Used by", "web", False)
    ]
    assert network.out("web")[0].pointer == ("links", 0, "target")
    assert network.out("nobody") == []


def test_unknown_relation_keeps_its_own_name_at_both_ends() -> None:
    odd = ("server", {"name": "s", "links": [{"type": "hugs", "target": "db"}]})
    network = Network(Loaded({"web": odd, "db": server()}))
    assert network.others("web", "hugs") == ["db"]
    assert network.others("db", "hugs") == ["web"]


def test_the_same_relation_stated_twice_is_listed_once() -> None:
    network = Network(Loaded({"web": server("db", "db"), "db": server()}))
    assert len(network.related("web")) == 1
    assert len(network.related("db")) == 1


def test_cycles_are_found_once_and_start_at_the_lowest_name() -> None:
    documents = {
        "a": server("b"),
        "b": server("c", "d"),
        "c": server("a"),
        "d": server("e"),
        "e": server("d"),
        "f": server("a"),
        "g": server("g", "missing"),
    }
    assert Network(Loaded(documents)).cycles("depends_on") == [("a", "b", "c"), ("d", "e")]


def test_failure_travels_to_everything_that_depends_on_it() -> None:
    documents = {"portal": server("web"), "web": server("db"), "db": server(), "mail": server()}
    assert effects(documents, "db") == {"db": "outage", "web": "outage", "portal": "outage"}


def test_redundancy_holds_while_enough_members_are_up() -> None:
    pool = [{"name": "db", "members": ["db-1", "db-2", "db-3"], "min_up": 2}]
    documents = {
        "portal": server("web"),
        "web": server("db-1", "db-2", "db-3", redundancy=pool),
        "db-1": server(),
        "db-2": server(),
        "db-3": server(),
    }
    assert effects(documents, "db-1") == {"db-1": "outage", "web": "at risk"}
    assert effects(documents, "db-1", "db-2")["web"] == "outage"
    assert effects(documents, "db-1", "db-2")["portal"] == "outage"


def test_a_group_with_too_few_well_members_is_degraded() -> None:
    pool = [{"name": "db", "members": ["db-1", "db-2"], "min_up": 1}]
    documents = {
        "web": server("db-1", "db-2", redundancy=pool),
        "db-1": server(),
        "db-2": server("disk"),
        "disk": server(),
    }
    graph = ImpactGraph(Network(Loaded(documents)))
    assert graph.propagate({"disk": Effect.DEGRADED})["web"].effect == Effect.AT_RISK
    both = graph.propagate({"disk": Effect.DEGRADED, "db-1": Effect.DEGRADED})
    assert both["web"].effect == Effect.DEGRADED
    assert both["web"].reason == "2 of 2 up, 1 needed, 2 degraded"


def test_a_member_that_is_not_in_production_does_not_count_as_up() -> None:
    pool = [{"name": "db", "members": ["db-1", "db-2"], "min_up": 1}]
    documents = {
        "web": server("db-1", "db-2", redundancy=pool),
        "db-1": server(),
        "db-2": server(lifecycle="planned"),
    }
    assert effects(documents, "db-1")["web"] == "outage"


def test_alternatives_are_a_redundancy_group_of_their_own() -> None:
    twin = {"type": "alternative_to", "target": "line-b"}
    documents = {
        "site": server("line-a", "line-b", "power"),
        "line-a": ("server", {"name": "s", "lifecycle": "production", "links": [twin]}),
        "line-b": server(),
        "power": server(),
    }
    assert effects(documents, "line-a")["site"] == "at risk"
    assert effects(documents, "line-a", "line-b")["site"] == "outage"
    assert effects(documents, "power")["site"] == "outage"


def test_a_failed_part_degrades_the_whole_and_what_is_degraded_degrades_on() -> None:
    documents = {
        "shop": server("platform"),
        "platform": server(),
        "node": server(part_of="platform"),
    }
    assert effects(documents, "node") == {"node": "outage", "platform": "degraded", "shop": "degraded"}


def test_what_is_not_in_production_neither_fails_nor_passes_failure_on() -> None:
    documents = {"web": server("lab"), "lab": server("db", lifecycle="planned"), "db": server()}
    assert effects(documents, "db") == {"db": "outage"}


def test_a_class_without_life_cycle_is_always_in_production() -> None:
    graph = ImpactGraph(Network(Loaded({"rack": ("rack", {"name": "r"})})))
    assert graph.in_production("rack")
    assert not graph.in_production("missing")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24),
    st.sets(st.integers(0, 7), min_size=1, max_size=3),
)
def test_without_redundancy_impact_is_reachability_even_in_circles(
    pairs: list[tuple[int, int]], failed: set[int]
) -> None:
    documents = {f"n{i}": server(*(f"n{b}" for a, b in pairs if a == i and a != b)) for i in range(8)}
    reached = {f"n{i}" for i in failed}
    while True:
        more = {f"n{a}" for a, b in pairs if a != b and f"n{b}" in reached} - reached
        if not more:
            break
        reached |= more
    assert set(effects(documents, *(f"n{i}" for i in failed))) == reached


def _shape(branch: Branch) -> Any:
    return (branch.id, branch.effect.label, branch.repeated, [_shape(c) for c in branch.children])


def test_the_tree_expands_each_ci_once_nearest_to_the_root() -> None:
    documents = {"db": server(), "web": server("db"), "api": server("db"), "app": server("web", "api")}
    graph = ImpactGraph(Network(Loaded(documents)))
    down = graph.tree("db", DOWN)
    assert _shape(down) == (
        "db",
        "outage",
        False,
        [
            ("api", "outage", False, [("app", "outage", False, [])]),
            ("web", "outage", False, [("app", "outage", True, [])]),
        ],
    )
    assert [c.relation for c in down.children] == ["used_by", "used_by"]
    up = graph.tree("app", UP, depth=1)
    assert _shape(up) == ("app", "none", False, [("api", "none", False, []), ("web", "none", False, [])])
    assert edges_between(graph, ["app", "api", "db"]) == [
        ("api", "depends_on", "db"),
        ("app", "depends_on", "api"),
    ]
    with pytest.raises(UsageError):
        graph.tree("db", "sideways")


def incident(state: str = "new", impact: str = "high", **more: Any) -> Any:
    timeline = [{"at": "2026-11-01T08:00:00Z", "by": "desk", "state": state}]
    return "incident", {"title": "t", "state": state, "impact": impact, "timeline": timeline, **more}


def statuses(documents: dict[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    network = Network(Loaded(documents))
    found = health(network, ImpactGraph(network), datetime(2026, 11, 22, 12, tzinfo=UTC))
    return {i: (h.status, h.causes) for i, h in found.items()}


def test_an_open_incident_reaches_the_services_above_and_names_itself_as_cause() -> None:
    documents = {"mail": server("relay"), "relay": server(), "INC-261101-AAAAA": incident(cis=["relay"])}
    assert statuses(documents) == {
        "mail": ("outage", ("INC-261101-AAAAA",)),
        "relay": ("outage", ("INC-261101-AAAAA",)),
    }


@pytest.mark.parametrize(
    "where", [{"mitigated_at": "2026-11-01T09:00:00Z"}, {"major": {"mitigated_at": "2026-11-01T09:00:00Z"}}]
)
def test_users_who_can_work_again_are_in_no_outage(where: dict[str, Any]) -> None:
    """The history of a service and its availability end there, too."""
    documents = {
        "mail": server("relay"),
        "relay": server(),
        "INC-261101-AAAAA": incident(cis=["relay"], **where),
    }
    assert statuses(documents) == {"mail": ("operational", ()), "relay": ("operational", ())}


def test_what_failed_again_after_it_was_mitigated_is_an_outage() -> None:
    steps = [("08:00", "new"), ("10:00", "closed"), ("11:00", "new")]
    timeline = [{"at": f"2026-11-01T{at}:00Z", "by": "desk", "state": state} for at, state in steps]
    again = incident(cis=["relay"], mitigated_at="2026-11-01T09:00:00Z")
    again[1]["timeline"] = timeline
    assert statuses({"relay": server(), "INC-261101-AAAAA": again})["relay"][0] == "outage"


POOL = [{"name": "relay", "members": ["relay-1", "relay-2"], "min_up": 1}]


def test_redundancy_softens_what_follows_and_not_what_is_declared() -> None:
    documents = {
        "mail": server("relay-1", "relay-2", redundancy=POOL),
        "relay-1": server(),
        "relay-2": server(),
        "INC-261101-AAAAA": incident(cis=["relay-1"]),
    }
    assert statuses(documents)["mail"] == ("operational", ("INC-261101-AAAAA",))
    assert statuses(documents)["relay-1"][0] == "outage"
    documents["INC-261101-AAAAA"] = incident(service="mail", cis=["relay-1"])
    assert statuses(documents)["mail"] == ("outage", ("INC-261101-AAAAA",))


def test_a_record_can_say_that_a_service_works_although_what_it_needs_has_failed() -> None:
    documents = {
        "portal": server("mail"),
        "mail": server("relay-1"),
        "relay-1": server(),
        "INC-261101-AAAAA": incident(service="mail", cis=["relay-1"], unaffected=["mail"]),
    }
    found = statuses(documents)
    assert {i: s for i, (s, _) in found.items()} == {
        "portal": "operational", "mail": "operational", "relay-1": "outage",
    }  # fmt: skip
    documents["INC-261101-BBBBB"] = incident(service="mail", impact="medium")
    assert statuses(documents)["portal"] == ("degraded", ("INC-261101-BBBBB",))


def test_who_says_that_an_item_is_safe_does_not_speak_for_others() -> None:
    documents = {
        "mail": server("relay-1"),
        "relay-1": server(),
        "INC-261101-AAAAA": incident(service="mail", cis=["relay-1"], unaffected=["mail"]),
        "INC-261101-BBBBB": incident(cis=["relay-1"]),
    }
    assert statuses(documents)["mail"][0] == "outage"


def test_a_service_the_named_ci_does_not_carry_is_hit_directly() -> None:
    documents = {
        "mail": server(),
        "phone": server(),
        "INC-261101-AAAAA": incident(service="mail", cis=["phone", "missing"], impact="medium"),
    }
    assert {i: s for i, (s, _) in statuses(documents).items()} == {"mail": "degraded", "phone": "degraded"}


def test_closed_and_low_impact_incidents_leave_a_service_operational() -> None:
    documents = {
        "mail": server(),
        "INC-261101-AAAAA": incident(state="closed", service="mail"),
        "INC-261101-BBBBB": incident(impact="low", service="mail"),
    }
    assert statuses(documents) == {"mail": ("operational", ())}


def test_a_change_in_implementation_is_maintenance_unless_something_is_broken() -> None:
    change = ("change", {"title": "t", "state": "implement", "cis": ["mail", "phone"]})
    documents = {
        "mail": server(),
        "phone": server(),
        "CHG-261101-AAAAA": change,
        "INC-261101-AAAAA": incident(service="phone", impact="medium"),
    }
    assert statuses(documents) == {
        "mail": ("maintenance", ("CHG-261101-AAAAA",)),
        "phone": ("degraded", ("INC-261101-AAAAA",)),
    }


ITEMS = tuple(f"n{i}" for i in range(6))
_ORDER = ("operational", "maintenance", "degraded", "outage")


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Any]:
    """Items that need earlier ones, with redundancy, and incidents about them."""
    documents: dict[str, Any] = {}
    for place, name in enumerate(ITEMS):
        needs = draw(st.lists(st.sampled_from(ITEMS[:place]), unique=True, max_size=3)) if place else []
        group = {"name": "g", "members": needs, "min_up": draw(st.integers(1, 2))}
        documents[name] = server(*needs, **({"redundancy": [group]} if len(needs) > 1 else {}))
    for number in range(draw(st.integers(0, 3))):
        documents[f"INC-261101-AAAA{number}"] = draw(incidents())
    return documents


@st.composite
def incidents(draw: st.DrawFn) -> Any:
    """An incident about some items, which says that others work all the same."""
    some = st.lists(st.sampled_from(ITEMS), unique=True, max_size=3)
    return incident(
        impact=draw(st.sampled_from(["high", "medium", "low"])), cis=draw(some), unaffected=draw(some)
    )


@given(estates(), incidents(), st.sampled_from(ITEMS))
def test_a_further_incident_or_a_further_item_in_one_never_makes_anything_better(
    documents: dict[str, Any], another: Any, item: str
) -> None:
    before = statuses(documents)
    worse = {**documents, "INC-261101-ZZZZZ": another}
    more = statuses(worse)
    assert all(_ORDER.index(before[i][0]) <= _ORDER.index(more[i][0]) for i in ITEMS)
    kind, data = another
    named = {**data, "cis": list(dict.fromkeys([*data["cis"], item]))}
    most = statuses({**worse, "INC-261101-ZZZZZ": (kind, named)})
    assert all(_ORDER.index(more[i][0]) <= _ORDER.index(most[i][0]) for i in ITEMS)
    declared = {"high": "outage", "medium": "degraded"}.get(data["impact"], "operational")
    for target in set(named["cis"]) - set(named["unaffected"]):
        assert _ORDER.index(most[target][0]) >= _ORDER.index(declared)


@given(
    estates(),
    st.dictionaries(st.sampled_from(ITEMS), st.sampled_from([Effect.DEGRADED, Effect.OUTAGE])),
    st.sampled_from(ITEMS),
)
def test_a_further_fault_or_a_worse_one_never_makes_anything_better(
    documents: dict[str, Any], faults: dict[str, Effect], item: str
) -> None:
    graph = ImpactGraph(Network(Loaded(documents)))
    before, after = graph.propagate(faults), graph.propagate({**faults, item: Effect.OUTAGE})
    assert all(name in after and after[name].effect >= hit.effect for name, hit in before.items())
    assert after[item].effect is Effect.OUTAGE
