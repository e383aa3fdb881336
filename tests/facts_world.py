"""A small organisation with every kind, one answer for each consumer, and a way to rename what a rule book calls things."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from itsm_gitops.commands.filters import Filters
from itsm_gitops.commands.listing import list_documents
from itsm_gitops.gate.asking import asking
from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.ics import calendar
from itsm_gitops.graph.schedule import plan, preview_freezes
from itsm_gitops.graph.suspects import scene, suspects
from itsm_gitops.model import facts, meaning
from itsm_gitops.presentation.data import api, feeds
from itsm_gitops.presentation.extras import extra_of
from itsm_gitops.presentation.pages import catalogue, home, known_errors, record, services
from itsm_gitops.presentation.pages import plan as agenda_pages
from itsm_gitops.presentation.view import View
from itsm_gitops.reports.catalogue import make_reports
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from itsm_gitops.service_levels.life import life_of
from itsm_gitops.snapshots import load_store

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICES = ("mail", "portal")
Tree = dict[str, Any]


def _at(hours: float) -> str:
    return f"{NOW + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def record_of(kind: str, identifier: str, *states: tuple[float, str], **fields: Any) -> tuple[str, Any]:
    """Return path and data of a record with a timeline: hours from now and states."""
    plural = {"incident": "incidents", "problem": "problems", "change": "changes", "request": "requests"}
    folder = plural.get(kind, "known-errors")
    timeline = [{"at": _at(hours), "by": "ann", "state": state} for hours, state in states]
    data = {"id": identifier, "kind": kind, "state": states[-1][1], **fields, "timeline": timeline}
    return f"records/{folder}/2026/11/{identifier}.yaml", data


def item_of(kind: str, folder: str, identifier: str, **fields: Any) -> tuple[str, Any]:
    """Return path and data of an item in production."""
    data = {"id": identifier, "class": kind, "name": identifier.title(), "lifecycle": "production", **fields}
    return f"cmdb/{folder}/{identifier}.yaml", data


def change_of(number: int, *states: tuple[float, str], start: float = 2, **fields: Any) -> tuple[str, Any]:
    """Return a change with a window of two hours."""
    given = {
        "title": f"Change {number}", "type": "normal", "requested_by": "bob", "cis": ["host-1"], "service": "mail",
        "justification": "It is due.", "risk": {"level": "low", "reason": "Often done."}, "assigned_team": "ops",
        "implementers": ["ann"], "planned_start": _at(start), "planned_end": _at(start + 2), **fields,
    }  # fmt: skip
    return record_of("change", f"CHG-261121-AAAA{number}", *states, **given)


def incident_of(number: int, *states: tuple[float, str], **fields: Any) -> tuple[str, Any]:
    """Return an incident of high impact and urgency."""
    given = {
        "title": f"Fault {number}", "reported_by": "bob", "service": "mail", "category": "software",
        "impact": "high", "urgency": "high", "assigned_team": "ops", **fields,
    }  # fmt: skip
    return record_of("incident", f"INC-261121-AAAA{number}", *states, **given)


def organisation() -> Tree:
    """Return the items that every world has."""
    redundancy = [{"name": "hosts", "members": ["host-1", "host-2"], "min_up": 1}]
    both = [{"type": "depends_on", "target": t} for t in ("host-1", "host-2")]
    return dict(
        [
            item_of("service", "services", "mail", owner="ops", links=both, redundancy=redundancy, service_level="gold"),
            item_of("service", "services", "portal", owner="ops", links=[{"type": "depends_on", "target": "mail"}]),
            item_of("server", "servers", "host-1", owner="ops", criticality="high"),
            item_of("server", "servers", "host-2", owner="ops"),
            item_of("server", "servers", "old-host", owner="ops", lifecycle="retired"),
            item_of("database", "databases", "mail-db", owner="ops", lifecycle="maintenance"),
            item_of("team", "teams", "ops"),
            item_of("person", "people", "ann", teams=["ops"]),
            item_of("person", "people", "bob", teams=["ops"]),
            item_of("person", "people", "carl", teams=["ops"], lifecycle="retired"),
            item_of("offering", "offerings", "mailbox", service="mail", form={"type": "object", "properties": {"n": {"type": "string", "title": "Name"}}}),
            item_of("offering", "offerings", "fax", service="mail", lifecycle="retired"),
            item_of("calendar", "calendars", "freeze", type="freeze", windows=[{"start": _at(1), "end": _at(9), "name": "Sale"}]),
            item_of("service-level", "service-levels", "gold", targets=[{"record": "incident", "metric": "resolution", "minutes": 60}]),
        ]
    )  # fmt: skip


def usual() -> Tree:
    """Return a world in which every kind has something to say in every state that matters."""
    link = [
        {"type": "resolved_by", "target": "CHG-261121-AAAA5"},
        {"type": "caused_by", "target": "CHG-261121-AAAA4"},
    ]
    planned = (-30, "draft"), (-20, "assess"), (-10, "authorize"), (-5, "scheduled")
    return {
        **organisation(),
        **dict(
            [
                incident_of(1, (-3, "new"), (-2, "in_progress"), cis=["host-1"], links=link),
                incident_of(2, (-30, "new"), (-20, "in_progress"), (-10, "resolved"), resolution_code="fixed"),
                incident_of(3, (-4, "new"), urgency="low", priority_override={"priority": "P1", "by": "ann", "reason": "VIP"}),
                incident_of(4, (-4, "new"), (-3, "cancelled"), cancellation_reason="duplicate"),
                record_of("problem", "PRB-261121-AAAAA", (-9, "new"), (-8, "assess"), title="Why", cis=["host-1"], impact="medium", urgency="low", assigned_team="ops"),
                record_of("request", "REQ-261121-AAAAA", (-9, "submitted"), title="Box", offering="mailbox", requested_by="bob"),
                record_of("known-error", "KE-261121-AAAA1", (-9, "draft"), title="Draft", cis=["host-1"], owner="ops", symptom="s"),
                record_of("known-error", "KE-261121-AAAA2", (-9, "draft"), (-8, "published"), title="Offered", cis=["host-1"], owner="ops", symptom="s"),
                record_of("known-error", "KE-261121-AAAA3", (-9, "draft"), (-8, "retired"), title="Gone", cis=["host-1"], owner="ops", symptom="s"),
                change_of(1, (-30, "draft")),
                change_of(2, *planned, start=4),
                change_of(3, *planned, (-1, "implement"), start=-1, cis=["host-2"]),
                change_of(4, *planned, (-4, "implement"), (-3.5, "review"), start=-5, actual_start=_at(-4), actual_end=_at(-3.5)),
                change_of(5, (-2, "draft"), (-1, "authorize"), type="emergency", cis=["mail-db"]),
                change_of(6, *planned, (-4, "implement"), (-3, "review"), (-2, "closed"), start=-5, outcome="unsuccessful", actual_start=_at(-4), actual_end=_at(-3)),
                change_of(7, (-30, "draft"), (-3, "cancelled"), cancellation_reason="withdrawn"),
            ]
        ),
    }  # fmt: skip


def put(root: Path, tree: Mapping[str, Any]) -> None:
    """Write documents (JSON is YAML) and files of a rule book."""
    for path, data in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(data, indent=1, default=str), encoding="utf-8")


def rule_book(root: Path) -> Tree:
    """Return the rule book below a folder as data."""
    return {
        str(path.relative_to(root)): yaml.load(path.read_bytes(), yaml.CSafeLoader)
        for folder in ("records", "cmdb", "workflows", "policies", "templates")
        for path in sorted((root / "schemas" / folder).iterdir())
        if path.is_file()
    } | {
        "schemas/common.schema.json": json.loads(
            (root / "schemas/common.schema.json").read_text(encoding="utf-8")
        )
    }


class Answers:
    """One loaded world and what each consumer says of it."""

    def __init__(self, root: Path) -> None:
        self.repo = Repository(root)
        self.store, found = load_store(
            self.repo.snapshot(),
            visit=lambda store, document: [(extra_of(document, store.book), life_of(document))],
        )
        self.lives = [life for _, lives in found for life in lives]
        self.view = View(self.store, [extra for extras, _ in found for extra in extras], NOW)
        self.ask = asking(self.store, NOW)
        self.schedule = plan(
            self.view.network, self.view.graph, NOW - timedelta(days=2), NOW + timedelta(days=9)
        )
        self.log = Log(self.store, self.lives, NOW, Scope())

    def listed(self, *words: str, **filters: tuple[str, ...]) -> list[dict[str, Any]]:
        return list_documents(self.repo, words, Filters(**filters)).as_json()

    def entries(self, prefix: str) -> list[Any]:
        return [e for i, e in sorted(self.store.entries.items()) if i.startswith(prefix)]

    def page(self, identifier: str) -> str:
        entry, data = self.store.entries[identifier], self.store.data(identifier)
        return str(record.record_page(self.view, entry, data, ()))

    @property
    def incident(self) -> str:
        """The open incident that names a host, a change that caused it and one that resolves it."""
        every = facts.of_role(self.store.book, self.store.entries.values(), meaning.INCIDENT)
        return next(e.id for e in every if e.id.endswith("261121-AAAA1"))

    def suspects(self) -> list[tuple[str, int]]:
        incident = self.store.entries[self.incident]
        here = scene(self.view.graph, incident, NOW - timedelta(hours=3), timedelta(days=7))
        return [(s.id, s.score) for s in suspects(self.view.network, self.view.graph, here, ())]


def _tables(answers: Answers, name: str) -> Any:
    return [
        (t.name, [list(map(str, row)) for row in t.rows])
        for t in make_reports(answers.store, answers.lives, NOW, Scope(), [name])[0].tables
    ]


# What each consumer says. Renaming what the rule book calls a kind or a state changes none of it.
FACTS: Mapping[str, Callable[[Answers], Any]] = {
    "list: priorities": lambda a: [(r["id"], r.get("priority")) for r in a.listed("incidents")],
    "list: open incidents": lambda a: [r["id"] for r in a.listed("incidents", states=("open",))],
    "list: open changes": lambda a: [r["id"] for r in a.listed("changes", states=("open",))],
    "list: of a service": lambda a: [r["id"] for r in a.listed(services=("mail",))],
    "list: of an item": lambda a: [r["id"] for r in a.listed(cis=("host-1",))],
    "status: every item": lambda a: sorted(a.view.health.values()),
    "status: what is behind it": lambda a: sorted((i, [h.id for h in s]) for i, s in a.view.hit_by.items()),
    "impact: of a host": lambda a: sorted(
        (h.id, h.effect) for h in a.view.graph.propagate({"host-1": 3, "host-2": 3}).values()
    ),
    "impact: reach": lambda a: sorted(a.view.graph.reach("mail")),
    "schedule: changes": lambda a: [(c.id, c.items, c.firm, c.running) for c in a.schedule.changes],
    "schedule: collisions": lambda a: [(c.kind, c.first.id, c.second.id) for c in a.schedule.collisions],
    "schedule: freezes": lambda a: sorted(
        (i, [h.calendar.id for h in hs]) for i, hs in a.schedule.holds.items()
    ),
    "schedule: what a freeze holds": lambda a: [
        [c.id for c in f.held] for f in preview_freezes(a.view.network, NOW)
    ],
    "schedule: calendars in force": lambda a: [(c.id, c.in_force) for c in Calendars(a.store).all.values()],
    "calendar file": lambda a: calendar(a.schedule, "n", "h", NOW).replace("\r\n ", ""),
    "suspects": Answers.suspects,
    "risk": lambda a: [(e.id, a.view.risks.assess(e, a.store.data(e.id)).computed) for e in a.entries("CHG")],
    "gate: what it sees": lambda a: [(e.id, a.ask(e, a.store.data(e.id)).facts) for e in a.entries("CHG")],
    "gate: who is asked": lambda a: [
        (e.id, [(n.rule, n.subject, n.people) for n in a.ask(e, a.store.data(e.id)).needs])
        for e in a.entries("CHG")
    ],
    "site: status.json": lambda a: api.status(a.view),
    "site: indexes": lambda a: [(p, b.decode()) for p, b in api.indexes(a.view)],
    "site: incident feed": lambda a: dict(feeds.files(a.view, ""))["feeds/incidents.xml"].decode(),
    "site: change feed": lambda a: dict(feeds.files(a.view, ""))["feeds/changes.xml"].decode(),
    "site: known errors offered": lambda a: a.view.offers,
    "site: home": lambda a: str(home.home_page(a.view, frozenset()).body),
    "site: services": lambda a: str(services.services_page(a.view).body),
    "site: catalogue": lambda a: str(catalogue.catalogue_page(a.view).body),
    "site: agenda": lambda a: str(agenda_pages.changes_page(a.view).body),
    "site: known errors": lambda a: str(known_errors.known_errors_page(a.view).body),
    "site: page of an incident": lambda a: a.page(a.incident),
    "site: page of a change": lambda a: a.page("CHG-261121-AAAA3"),
    "site: similar": lambda a: [(e.id, a.view.similar.of(e)) for e in a.entries("INC")],
    "reports: backlog": lambda a: _tables(a, "backlog"),
    "reports: flow": lambda a: _tables(a, "flow"),
    "reports: times": lambda a: _tables(a, "times"),
    "reports: levels": lambda a: _tables(a, "levels"),
    "reports: changes": lambda a: _tables(a, "changes"),
    "reports: caused": lambda a: _tables(a, "caused"),
    "reports: problems": lambda a: _tables(a, "problems"),
    "reports: top": lambda a: _tables(a, "top"),
    "reports: spells": lambda a: sorted(a.log.spells),
    "check: codes and places": lambda a: sorted((f.code, f.path, f.severity) for f in check(a.repo).findings),
}


def _each(data: Any, change: Callable[[Any, Any], Any], key: Any = None) -> Any:
    """Return data in which ``change(key, value)`` replaced each scalar; in a list the key is that of the list."""
    if isinstance(data, dict):
        return {k: _each(v, change, k) for k, v in data.items()}
    if isinstance(data, list):
        return [_each(v, change, key) for v in data]
    return change(key, data)


_NAMES_KINDS = ("kind", "kinds", "class", "to", "from", "classes", "record", "enum", "const")


def rename_kind(tree: Tree, old: str, new: str) -> Tree:
    """Return a world in which a kind or class has another name, wherever that names it."""

    def swap(key: Any, value: Any) -> Any:
        return new if value == old and key in _NAMES_KINDS else value

    made = {}
    for path, data in tree.items():
        is_document = path.startswith(("records/", "cmdb/"))
        if is_document and path.startswith("cmdb/service-levels/"):
            data = _each(data, swap)
        elif is_document:
            data = {k: swap(k, v) if k in ("kind", "class") else v for k, v in data.items()}
        elif path.startswith("schemas/workflows/"):
            # Only the demands name kinds: the other steps lead to states.
            data = {k: _each(v, swap) if k == "require" else v for k, v in data.items()}
        else:
            data = _each(data, swap)
        if path.endswith("audiences.yaml"):
            for audience in data["audiences"].values():
                if old in audience.get("kinds", {}):
                    audience["kinds"] = {new if k == old else k: v for k, v in audience["kinds"].items()}
        if path.endswith("approvals.yaml"):
            fields = data.get("progress_fields_of", {})
            data["progress_fields_of"] = {new if k == old else k: v for k, v in fields.items()}
        made[path] = data
    return made


_NAMES_STATES = (
    "state",
    "timeline.state",
    "initial",
    "from",
    "to",
    "preparation",
    "content_from",
    "plans_from",
    "window_from",
    "lifecycle",
    "pause_states",
    "through",
    "while",
    "except",
)


def rename_state(tree: Tree, flow: str, old: str, new: str) -> Tree:
    """Return a world in which a state of a life cycle has another name, wherever that names it."""
    about = {p: d["x-itsm"] for p, d in tree.items() if isinstance(d, dict) and "x-itsm" in d}
    field = tree[f"schemas/workflows/{flow}.yaml"].get("state_field", "state")
    kinds = {a.get("kind", a.get("class")) for a in about.values() if a.get("workflow") == flow}
    if "." in field:
        return {p: _rename_inner(p, d, flow, field, (old, new)) for p, d in tree.items()}

    def swap(key: Any, value: Any) -> Any:
        return new if value == old and key in _NAMES_STATES else value

    def swap_demand(key: Any, value: Any) -> Any:
        return new if value == old and key in ("not", field) else value

    made = {}
    for path, data in tree.items():
        if path == f"schemas/workflows/{flow}.yaml":
            data = _each(
                {**data, "states": {new if s == old else s: v for s, v in data["states"].items()}}, swap
            )
        elif path.startswith("schemas/workflows/") and field != "state":
            # Records demand something of the items that they name.
            data = {k: _each(v, swap_demand) if k == "require" else v for k, v in data.items()}
        elif path.startswith("schemas/policies/") and "links" not in path and flow == "change":
            data = _each(data, swap)
        elif path.endswith("approvals.yaml") and flow == "request":
            data = _each(data, lambda key, value: new if value == old and key == "through" else value)
        elif path.startswith("records/") and data["kind"] in kinds:
            data = {**data, "state": swap("state", data["state"]), "timeline": _each(data["timeline"], swap)}
        elif path.startswith("cmdb/") and field != "state":
            data = {k: swap(k, v) for k, v in data.items()}
        elif path in about and field in data["properties"] and field != "state":
            part = _each(data["properties"][field], lambda _, v: new if v == old else v)
            data = {**data, "properties": {**data["properties"], field: part}}
        made[path] = _rename_in_conditions(path, data, kinds, field, (old, new))
    return made


def _rename_in_conditions(path: str, data: Any, kinds: set[Any], field: str, names: tuple[str, str]) -> Any:
    """Return a file with a state under another name in conditions on documents of some kinds."""
    old, new = names

    def swap(key: Any, value: Any) -> Any:
        return new if value == old and key in (field, "not") else value

    if path.endswith("audiences.yaml"):
        if field != "state":  # classes without a life cycle of their own have its states too
            kinds = {k for a in data["audiences"].values() for k in a.get("kinds", ())}
        return {**data, "audiences": {n: _seen(a, kinds, swap) for n, a in data["audiences"].items()}}
    if path.startswith("schemas/workflows/") and field == "state":
        data = _at_other_ends(data, kinds, swap)
    if path.startswith("schemas/workflows/") and "." in data.get("state_field", "") and "incident" in kinds:
        return _each(data, swap)  # the life cycle within an incident asks for the state of the whole
    if field == "state" and "x-itsm" in data and data["x-itsm"].get("kind") in kinds:
        return _each(data, swap)
    return data


def _at_other_ends(part: Any, kinds: set[Any], swap: Any) -> Any:
    """Return a part of a life cycle with a state of some kinds under another name where links lead to them."""
    if isinstance(part, list):
        return [_at_other_ends(p, kinds, swap) for p in part]
    if not isinstance(part, dict):
        return part
    if ("link" in part or "linked" in part) and kinds & set(part.get("to", ())):
        return {k: _each(v, swap) if k == "have" else v for k, v in part.items()}
    return {k: _at_other_ends(v, kinds, swap) for k, v in part.items()}


def _seen(audience: Any, kinds: set[Any], swap: Any) -> Any:
    """Return an audience with a state of some kinds under another name."""
    if "kinds" not in audience:
        return audience
    return {
        **audience,
        "kinds": {k: _each(v, swap) if k in kinds else v for k, v in audience["kinds"].items()},
    }


def _rename_inner(path: str, data: Any, flow: str, field: str, names: tuple[str, str]) -> Any:
    """Return a file with a state of a life cycle within documents under another name."""
    old, new = names
    group, _, part = field.partition(".")

    def renamed(key: Any, value: Any) -> Any:
        return new if value == old and str(key).endswith(field) else value

    if path == f"schemas/workflows/{flow}.yaml":
        states = {new if s == old else s: v for s, v in data["states"].items()}
        data = _each({**data, "states": states}, lambda k, v: new if v == old and k in _NAMES_STATES else v)
    if "properties" in data and group in data["properties"]:
        return _each(data, lambda _, v: new if v == old else v)
    data = _each(data, renamed)
    values = data.get("values", {}) if path.startswith("schemas/templates/") else {}
    if isinstance(values.get(group), dict) and values[group].get(part) == old:
        data = {**data, "values": {**values, group: {**values[group], part: new}}}
    if isinstance(data.get(group), dict) and data[group].get(part) == old:
        data = {**data, group: {**data[group], part: new}}
    return data


def move_affecting(tree: Tree, new: str) -> Tree:
    """Return a world in which records name what they affect in another field than ``cis``, made as the README says."""
    made = {}
    for path, data in tree.items():
        if path in ("schemas/records/incident.schema.json", "schemas/records/change.schema.json"):
            data = {
                **data,
                "properties": {new if k == "cis" else k: v for k, v in data["properties"].items()},
            }
        elif path.startswith("records/") and data["kind"] in ("incident", "change"):
            data = {new if k == "cis" else k: v for k, v in data.items()}
        elif path == "schemas/policies/major-incidents.yaml":
            data = {**data, "criteria": [_of_field(c, "cis", new) for c in data["criteria"]]}
        made[path] = data
    return made


def _of_field(criterion: Any, old: str, new: str) -> Any:
    """Return a criterion that asks about a field by its new name."""
    when = {
        new + k.removeprefix(old) if k.split(".")[0] == old else k: v for k, v in criterion["when"].items()
    }
    return {**criterion, "when": when}


def flip_links(tree: Tree, *relations: str) -> Tree:
    """Return a world in which some links are stored in the other one of the two documents."""
    links = dict(tree["schemas/policies/links.yaml"]["links"])
    inverses = {}
    for name in relations:
        old = links.pop(name)
        inverses[name] = old["inverse"]
        links[old["inverse"]] = {
            **old, "title": old["inverse_title"], "inverse": name, "inverse_title": old["title"],
            "from": old["to"], "to": old["from"],
        }  # fmt: skip
    made = {**tree, "schemas/policies/links.yaml": {**tree["schemas/policies/links.yaml"], "links": links}}
    paths = {d["id"]: p for p, d in tree.items() if p.startswith("records/")}
    for path, data in tree.items():
        stored = data.get("links", ()) if path.startswith("records/") else ()
        for link in [x for x in stored if x["type"] in inverses]:
            made[path] = {**made[path], "links": [x for x in made[path]["links"] if x != link]}
            other = paths[link["target"]]
            turned = {"type": inverses[link["type"]], "target": data["id"]}
            made[other] = {**made[other], "links": [*made[other].get("links", ()), turned]}
            # The timeline stays at the end.
            made[other]["timeline"] = made[other].pop("timeline")
    return made


def add_kind(tree: Tree) -> Tree:
    """Return a world with one more kind that plays the role of an incident, and its records in place of one."""
    schema = json.loads(json.dumps(tree["schemas/records/incident.schema.json"]))
    schema["x-itsm"] |= {
        "kind": "alarm",
        "plural": "alarms",
        "plural_title": "Alarms",
        "prefix": "ALM",
        "folder": "records/alarms",
    }
    schema["properties"]["kind"]["const"] = "alarm"
    schema["properties"]["id"] = {**schema["properties"]["id"]}
    path, data = (
        "records/incidents/2026/11/INC-261121-AAAA1.yaml",
        tree["records/incidents/2026/11/INC-261121-AAAA1.yaml"],
    )
    made = {p: d for p, d in tree.items() if p != path}
    links = made["schemas/policies/links.yaml"]["links"]
    links = {
        n: {**x, "from": [*x["from"], "alarm"] if "incident" in x["from"] else x["from"]}
        for n, x in links.items()
    }
    return {
        **made,
        "schemas/policies/links.yaml": {**made["schemas/policies/links.yaml"], "links": links},
        "schemas/records/alarm.schema.json": schema,
        "records/alarms/2026/11/ALM-261121-AAAA1.yaml": {**data, "id": "ALM-261121-AAAA1", "kind": "alarm"},
    }  # fmt: skip
