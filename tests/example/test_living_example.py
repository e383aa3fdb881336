"""The living example is big enough, whole, true to its own rules and tells connected stories."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from itsm_gitops.documents import fmt
from itsm_gitops.graph.due import everything_due
from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock
from itsm_gitops.model.duties import LATER, NEAR, PAST
from itsm_gitops.model.findings import INFO
from itsm_gitops.model.priority import priority
from itsm_gitops.model.windows import zone
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from itsm_gitops.snapshots import Store

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = "2026-11-22T21:00:00Z"

# At least as many as issue 2, point 8 asks for; our own aim is higher.
AT_LEAST = {"service": 14, "team": 9, "offering": 8, "service-level": 4, "calendar": 5}

# Kinds of which every state is shown; of the others there are two examples each.
CORE_KINDS = {"incident", "request", "problem", "known-error", "change"}

# Where each story begins, and records of which kinds its links must reach.
STORIES = {
    "No payments possible in the online shop": {"problem", "known-error", "change"},
    "Half of all new connections to public services fail": {"change", "problem"},
    "Browsers warn about the certificate of the online shop": {"change", "problem", "known-error"},
    "Mail to customers and from printers is not delivered": {"incident", "problem", "known-error", "change"},
    "Remote access refuses new connections in the morning": {"problem", "known-error", "change"},
    "Hand scanners in hall A lose the connection at night": {"problem", "known-error", "change", "request"},
}

# What the handles of people are made of: parts of roles and names of teams, never of persons.
# fmt: off
ROLE_WORDS = {
    "adviser", "agent", "analyst", "bakery", "care", "change", "controller", "customer", "data", "dba",
    "desk", "dispatch", "engineer", "finance", "hub", "incident", "late", "lead", "major", "manager", "network",
    "payments", "people", "planner", "platform", "problem", "route", "security", "service", "shift",
    "shop", "systems", "tracking", "warehouse", "workplace",
}
# fmt: on


@pytest.fixture(scope="module")
def store(example_repo: Repository) -> Store:
    return example_repo.store()


@pytest.fixture(scope="module")
def documents(store: Store) -> dict[str, dict[str, Any]]:
    return {entry.id: data for entry, data in store.documents()}


def of_kind(documents: Mapping[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [d for d in documents.values() if kind == d.get("class" if "class" in d else "kind")]


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def test_nothing_is_found(example_repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    report = check(example_repo)
    assert [f"{f.path}:{f.line} {f.code} {f.message}" for f in report.findings if f.severity != INFO] == []
    assert report.records >= 75


def test_it_has_notices_of_what_comes_and_of_work_that_took_longer(
    example_repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    notices = [f"{f.code} {f.message}" for f in check(example_repo).findings]
    assert notices == [
        "D020 expiry: 2026-12-09",
        "D020 last day to give notice: 2026-12-01",
        "D020 inspection: 2026-12-08",
        "C022 the work ended 55 min after the window from 2026-10-17T12:30:00Z to 2026-10-17T17:00:00Z",
    ]


def test_duties_are_in_every_stage_that_a_well_kept_repository_knows(store: Store) -> None:
    now = clock.parse_time(NOW)
    assert now is not None
    dues = everything_due(store, now, zone(store.config.timezone))
    stages = Counter(d.day.stage for d in dues)
    assert (stages[PAST], stages[NEAR] >= 3, stages[LATER] >= 40) == (0, True, True)
    assert len({d.day.due.terms.message for d in dues}) >= 12


def test_every_file_is_in_canonical_form(store: Store) -> None:
    entries = store.entries.values()
    assert [
        e.path for e in entries if fmt(raw := store.raw(e.path), store.book.kinds[e.kind].keys) != raw
    ] == []


@pytest.mark.parametrize(("kind", "least"), AT_LEAST.items())
def test_there_are_enough(documents: dict[str, dict[str, Any]], kind: str, least: int) -> None:
    assert len(of_kind(documents, kind)) >= least


def test_every_class_is_present(store: Store) -> None:
    counts = Counter(e.kind for e in store.entries.values())
    classes = [k for k in store.book.kinds.values() if not k.is_record]
    assert len(classes) == 19
    assert [k.name for k in classes if not counts[k.name]] == []
    assert sum(counts[k.name] for k in classes if k.operational) >= 45
    assert sum(counts[k.name] for k in classes) >= 60


def test_there_are_enough_records_of_every_kind(store: Store) -> None:
    counts = Counter(e.kind for e in store.entries.values())
    kinds = [k.name for k in store.book.kinds.values() if k.is_record]
    assert sum(counts[k] for k in kinds) >= 75
    assert all(counts[k] >= (5 if k in CORE_KINDS else 2) for k in kinds)


def test_every_kind_is_in_every_state(store: Store) -> None:
    seen = {(e.kind, e.state) for e in store.entries.values()}
    known = {(k.name, s) for k in store.book.kinds.values() if k.workflow for s in k.workflow.states}
    stages = {stage for kind, stage in seen if not store.book.kinds[kind].is_record}
    assert {pair for pair in known - seen if pair[0] in CORE_KINDS} == set()
    assert stages >= {"planned", "test", "production", "maintenance", "retired"}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("incident", "on_hold_reason"),
        ("request", "fulfilment"),
        ("change", "type"),
        ("change", "outcome"),
        ("calendar", "type"),
        ("service-level", "kind"),
    ],
)
def test_every_choice_is_shown(
    store: Store, documents: dict[str, dict[str, Any]], kind: str, field: str
) -> None:
    choices = set(store.book.kinds[kind].fields[field]["enum"])
    shown = {d[field] for d in of_kind(documents, kind) if field in d}
    # A skipped request has no story worth telling.
    assert choices - shown <= {"skipped"}


def test_every_priority_is_shown(store: Store, documents: dict[str, dict[str, Any]]) -> None:
    policy = store.book.policy("schemas/policies/priority.yaml")
    found = [priority(policy, d) for d in of_kind(documents, "incident")]
    shown = {p.name for p in found if p}
    assert shown >= set(policy["priorities"])


def test_there_is_a_reviewed_major_incident_and_a_reopened_one(documents: dict[str, dict[str, Any]]) -> None:
    incidents = of_kind(documents, "incident")
    major = [i for i in incidents if i.get("major", {}).get("state") == "accepted"]
    assert major
    assert all(i["review"]["action_items"] for i in major)
    paths = [[e["state"] for e in i["timeline"] if "state" in e] for i in incidents]
    assert any(("resolved", "in_progress") in pairwise(p) for p in paths)


def test_a_rejected_change_is_back_in_draft(documents: dict[str, dict[str, Any]]) -> None:
    rejected = [c for c in of_kind(documents, "change") if "rejection" in c]
    assert [c["state"] for c in rejected] == ["draft"]


def test_changes_are_planned_for_the_next_two_weeks(documents: dict[str, dict[str, Any]]) -> None:
    planned = {c["planned_start"][:10] for c in of_kind(documents, "change") if c["state"] == "scheduled"}
    assert "2026-11-28" in planned
    assert len([day for day in planned if "2026-11-22" <= day <= "2026-12-06"]) >= 3


def test_the_freeze_is_kept(documents: dict[str, dict[str, Any]]) -> None:
    window = documents["peak-season-freeze"]["windows"][0]
    start, end = moment(window["start"]), moment(window["end"])
    assert (start.day, start.month, end.day, end.month) == (14, 12, 4, 1)
    planned = [c for c in of_kind(documents, "change") if "planned_start" in c and c["type"] != "emergency"]
    inside = [c for c in planned if moment(c["planned_start"]) < end and moment(c["planned_end"]) > start]
    assert inside == []


def moment(text: str) -> Any:
    read = clock.parse_time(text)
    assert read is not None
    return read


def test_redundancy_softens_a_failure(store: Store) -> None:
    graph = ImpactGraph(Network(store))
    one = graph.propagate({"vpn-gateway-1": Effect.OUTAGE})
    both = graph.propagate({"vpn-gateway-1": Effect.OUTAGE, "vpn-gateway-2": Effect.OUTAGE})
    assert one["remote-access"].effect == Effect.AT_RISK
    assert both["remote-access"].effect == Effect.OUTAGE


def test_services_depend_on_something(store: Store, documents: dict[str, dict[str, Any]]) -> None:
    services = of_kind(documents, "service")
    assert all(s.get("links") for s in services)
    assert sum("redundancy" in d for d in documents.values()) >= 5
    assert any(edge.relation == "alternative_to" for e in store.entries.values() for edge in e.edges)


def test_every_form_is_a_schema_with_questions(documents: dict[str, dict[str, Any]]) -> None:
    for offering in of_kind(documents, "offering"):
        form = offering["form"]
        jsonschema.Draft7Validator.check_schema(form)
        assert form["additionalProperties"] is False
        assert set(form["required"]) <= set(form["properties"])
        assert all(question["title"] for question in form["properties"].values())


def test_every_request_answers_its_form(documents: dict[str, dict[str, Any]]) -> None:
    formats = jsonschema.Draft7Validator.FORMAT_CHECKER
    requests = of_kind(documents, "request")
    for request in requests:
        form = documents[request["offering"]]["form"]
        jsonschema.validate(request["answers"], form, jsonschema.Draft7Validator, format_checker=formats)
    assert {r["offering"] for r in requests} >= {"onboarding", "new-laptop", "database-read-access"}


@pytest.mark.parametrize(("beginning", "kinds"), STORIES.items())
def test_stories_are_linked(store: Store, beginning: str, kinds: set[str]) -> None:
    network = Network(store)
    (first,) = [e.id for e in store.entries.values() if e.title == beginning]
    reached, waiting = {first}, [first]
    while waiting:
        for relation in network.related(waiting.pop()):
            other = store.entries.get(relation.other)
            if other and store.book.kinds[other.kind].is_record and other.id not in reached:
                reached.add(other.id)
                waiting.append(other.id)
    assert {store.entries[i].kind for i in reached - {first}} >= kinds


def test_no_record_stands_in_the_future(documents: dict[str, dict[str, Any]]) -> None:
    now = moment(NOW)
    for data in documents.values():
        for event in data.get("timeline", []):
            assert moment(event["at"]) <= now, data["id"]


def test_people_are_roles_and_their_addresses_lead_nowhere(documents: dict[str, dict[str, Any]]) -> None:
    people = of_kind(documents, "person")
    teams = {t["id"] for t in of_kind(documents, "team")}
    assert [p["id"] for p in people if not set(p["id"].split("-")) <= ROLE_WORDS] == []
    assert [p["id"] for p in people if not set(p.get("teams", ())) <= teams] == []
    address = re.compile(r"([\w.+-]+)@([\w-]+\.\w+)")
    found = {(d["id"], *a) for d in documents.values() for s in strings(d) for a in address.findall(s)}
    assert {
        (i, name, host) for i, name, host in found if (name, host) != (i, "harbour-parcel.example")
    } == set()


def test_every_web_address_is_reserved_for_examples(documents: dict[str, dict[str, Any]]) -> None:
    host = re.compile(r"https?://([^/\s>)]+)")
    hosts = {h for d in documents.values() for s in strings(d) for h in host.findall(s)}
    assert {h for h in hosts if not h.endswith(".example")} == set()


def test_texts_are_written_for_each_record(documents: dict[str, dict[str, Any]]) -> None:
    records = [d for d in documents.values() if "timeline" in d and "description" in d]
    repeated = [text for text, n in Counter(d["description"] for d in records).items() if n > 1]
    assert repeated == []
    assert sum(len(d["description"]) for d in records) / len(records) > 150


def test_no_generator_is_kept() -> None:
    kept = [p for folder in ("cmdb", "records") for p in (CHECKOUT / folder).rglob("*") if p.is_file()]
    assert {p.suffix for p in kept} == {".yaml"}
