"""Small random repositories and random edits of them, for tests that two ways of judging an edit agree."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import yaml

from tests.support import GitRepo

TEAMS = ("desk", "ops", "dba", "change-management")
PEOPLE = ("ada", "bob", "cyd", "dan", "eve")
SERVERS = tuple(f"host-{n}" for n in range(5))
DATABASES = ("db-a", "db-b")
APPLICATIONS = ("app-a", "app-b", "app-c")
SERVICES = ("mail", "pay")
OFFERINGS = ("laptop", "seat")
CALENDARS = ("year-end", "weekend", "office")
LEVELS = ("gold", "carrier", "supplier-terms")
LICENCES = ("suite", "tool")
CONTRACTS = ("care", "lease")
ITEMS = (*SERVERS, *DATABASES, *APPLICATIONS, *SERVICES)
FOLDERS = {
    "team": "cmdb/teams",
    "person": "cmdb/people",
    "server": "cmdb/servers",
    "database": "cmdb/databases",
    "application": "cmdb/applications",
    "service": "cmdb/services",
    "offering": "cmdb/offerings",
    "calendar": "cmdb/calendars",
    "service-level": "cmdb/service-levels",
    "licence": "cmdb/licences",
    "contract": "cmdb/contracts",
}
PREFIXES = {"incident": "INC", "problem": "PRB", "change": "CHG", "request": "REQ"}
STAGES = ("production", "production", "production", "maintenance", "planned", "retired")
STATES = {
    "incident": ("new", "in_progress", "resolved", "closed", "cancelled"),
    "problem": ("new", "assess", "root_cause_analysis", "resolved", "closed", "cancelled"),
    "change": ("draft", "assess", "authorize", "scheduled", "implement", "review", "closed", "cancelled"),
    "request": ("submitted", "approved", "in_fulfilment", "fulfilled", "closed", "cancelled"),
}
RELATIONS = (
    "relates_to",
    "caused_by",
    "duplicate_of",
    "child_of",
    "blocks",
    "follow_up",
    "affects",
    "causes",
    "odd",
)

Document = dict[str, Any]


class World:
    """Documents by path, made and edited by chance, and written into a repository."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.documents: dict[str, Document] = {}
        self.numbers: dict[str, list[str]] = {kind: [] for kind in PREFIXES}
        for kind, count in (("incident", 12), ("problem", 5), ("change", 9), ("request", 4)):
            self.numbers[kind] = [f"{PREFIXES[kind]}-26110{n % 9 + 1}-{n:05d}" for n in range(count)]
        self.items()
        for kind, names in self.numbers.items():
            for name in names:
                self.documents[self.place(kind, name)] = self.record(kind, name)

    def place(self, kind: str, name: str) -> str:
        if kind in FOLDERS:
            return f"{FOLDERS[kind]}/{name}.yaml"
        return f"records/{kind}s/20{name[4:6]}/{name[6:8]}/{name}.yaml"

    def some(self, pool: Any, most: int = 2) -> list[str]:
        return self.dice.sample(list(pool), self.dice.randint(0, min(most, len(pool))))

    def maybe(self, share: float) -> bool:
        return self.dice.random() < share

    # -- documents -----------------------------------------------------------------------------------

    def items(self) -> None:
        every = (
            ("team", TEAMS),
            ("person", PEOPLE),
            ("server", SERVERS),
            ("database", DATABASES),
            ("application", APPLICATIONS),
            ("service", SERVICES),
            ("offering", OFFERINGS),
            ("calendar", CALENDARS),
            ("service-level", LEVELS),
            ("licence", LICENCES),
            ("contract", CONTRACTS),
        )
        for kind, names in every:
            for name in names:
                self.documents[self.place(kind, name)] = self.item(kind, name)

    def item(self, kind: str, name: str) -> Document:
        data: Document = {
            "id": name,
            "class": kind,
            "name": f"The {name}",
            "lifecycle": self.dice.choice(STAGES),
        }
        if kind == "person":
            data["teams"] = self.some(TEAMS) or ["desk"]
            if self.maybe(0.3):
                data["manager"] = self.dice.choice(PEOPLE)
            if self.maybe(0.4):
                data["identities"] = [{"forge": "github", "id": self.dice.randint(1, 6), "login": name}]
            return data
        if kind == "team":
            if self.maybe(0.4):
                data["on_call"] = self.dice.choice(PEOPLE)
            return data
        data["owner"] = self.dice.choice((*TEAMS, "nobody"))
        if kind == "calendar":
            data |= self.calendar(name)
            return data
        if kind == "offering":
            return data | self.offering()
        if kind in ("service-level", "licence", "contract"):
            return data | self.agreement(kind, name)
        if self.maybe(0.5):
            data["criticality"] = self.dice.choice(("low", "medium", "high", "critical"))
        if kind in ("server", "application"):
            data |= self.covered(kind)
        return data | self.relations(kind)

    def agreement(self, kind: str, name: str) -> Document:
        data: Document = {}
        if self.maybe(0.5):
            data["start"] = self.dice.choice(("2020-01-01", "2026-06-01", "2030-01-01"))
        if kind == "service-level":
            target = {
                "record": "incident",
                "metric": self.dice.choice(("resolution", "resolution", "response")),
                "minutes": self.dice.choice((60, 240, 480)),
            }
            data |= {"kind": "sla" if name == "gold" else "ola", "targets": [target]}
            if self.maybe(0.5):
                data["calendar"] = self.dice.choice(("office", "weekend"))
            if name != "gold":
                data["underpins"] = [self.dice.choice(("gold", "carrier"))]
            return data
        if self.maybe(0.5):
            data["end"] = self.dice.choice(("2021-12-31", "2026-12-31", "2040-12-31"))
        if kind == "contract":
            more = {"renewal": self.dice.choice(("tacit", "none")), "max_items": self.dice.randint(0, 3)}
            return data | {"supplier": "nobody"} | more
        metric = self.dice.choice(("device", "instance", "core", "user"))
        return data | {"product": name, "metric": metric, "quantity": self.dice.randint(0, 4)}

    def covered(self, kind: str) -> Document:
        data: Document = {}
        if self.maybe(0.4):
            data["licences"] = self.some(LICENCES) or ["suite"]
        if self.maybe(0.4):
            data["contract"] = self.dice.choice(CONTRACTS)
        if kind == "application" and self.maybe(0.5):
            data["product"] = self.dice.choice(LICENCES)
        if kind == "server" and self.maybe(0.5):
            data["cpu_cores"] = self.dice.randint(1, 4)
        return data

    def offering(self) -> Document:
        form = {
            "type": "object",
            "required": self.some(["reason", "seats"]),
            "additionalProperties": False,
            "properties": {
                "reason": {"title": "Why?", "type": "string"},
                "seats": {"title": "How many?", "type": "integer"},
            },
        }
        data: Document = {"category": "Workplace", "service": self.dice.choice(SERVICES), "form": form}
        if self.maybe(0.4):
            data["approval"] = {"required": self.maybe(0.5), "by": [self.dice.choice(PEOPLE)]}
        return data

    def relations(self, kind: str) -> Document:
        data: Document = {}
        below = {"service": APPLICATIONS, "application": (*DATABASES, *SERVERS), "database": SERVERS}.get(
            kind, ()
        )
        links = [{"type": "depends_on", "target": t} for t in self.some(below, 3)]
        if self.maybe(0.2):
            links.append(
                {
                    "type": self.dice.choice(("part_of", "alternative_to", "connects_to", "depends_on")),
                    "target": self.dice.choice(ITEMS),
                }
            )
        if links:
            data["links"] = links
        members = [x["target"] for x in links if x["type"] == "depends_on"]
        if len(members) > 1 and self.maybe(0.5):
            data["redundancy"] = [{"name": "nodes", "members": members, "min_up": 1}]
        return data

    def calendar(self, name: str) -> Document:
        if name == "office":
            days = self.dice.choice((["mon", "tue"], ["mon", "tue", "sat"]))
            hours = [{"days": days, "from": self.dice.choice(("08:00", "10:00")), "to": "24:00"}]
            return {"type": "business_hours", "time_zone": "UTC", "hours": hours}
        if name == "year-end":
            window = {
                "name": "Year end",
                "start": "2026-12-20T00:00:00Z",
                "end": self.dice.choice(("2026-12-31T00:00:00Z", "2027-01-15T00:00:00Z")),
            }
            return {
                "type": "freeze",
                "time_zone": "Europe/Berlin",
                "windows": [window],
                "applies_to": self.some(ITEMS, 2),
            }
        hours = [{"days": ["sat"], "from": "20:00", "to": "24:00"}]
        return {
            "type": "maintenance_window",
            "time_zone": "UTC",
            "hours": hours,
            "applies_to": self.some(ITEMS, 2),
        }

    def record(self, kind: str, name: str) -> Document:
        data: Document = {"id": name, "kind": kind, "title": f"About {name}"}
        data["service"] = self.dice.choice((*SERVICES, "gone"))
        data["assigned_team"] = self.dice.choice(TEAMS)
        state = self.dice.choice(STATES[kind])
        if kind == "change":
            data |= self.change(state)
        elif kind == "request":
            data |= {
                "requested_by": self.dice.choice(PEOPLE),
                "offering": self.dice.choice(OFFERINGS),
                "answers": {"reason": "Because."},
            }
            data.pop("service")
        else:
            data |= {
                "reported_by": self.dice.choice(PEOPLE),
                "category": "mail",
                "impact": "low",
                "urgency": "low",
            }
            data["cis"] = self.some(ITEMS, 2)
        data["state"] = state
        links = [
            {"type": self.dice.choice(RELATIONS), "target": self.target()}
            for _ in range(self.dice.randint(0, 2))
        ]
        if links:
            data["links"] = links
        if self.maybe(0.25):
            data["aliases"] = [f"OLD{self.dice.randint(0, 12):04d}"]
        data["timeline"] = self.timeline(kind, state)
        return data

    def change(self, state: str) -> Document:
        day, hour = self.dice.randint(18, 22), self.dice.randint(0, 22)
        data: Document = {
            "type": self.dice.choice(("normal", "normal", "emergency")),
            "requested_by": self.dice.choice(PEOPLE),
            "justification": "Needed.",
            "cis": self.some(ITEMS, 2),
            "risk": {"level": self.dice.choice(("low", "low", "medium", "high")), "reason": "So it is."},
            "impact_statement": "None.",
            "implementation_plan": "Change it.",
            "test_plan": "Look at it.",
            "backout_plan": "Change it back.",
            "implementers": self.some(PEOPLE, 2),
        }
        if self.maybe(0.8):
            data["planned_start"] = f"2026-12-{day}T{hour:02d}:00:00Z"
            data["planned_end"] = f"2026-12-{day + self.dice.randint(0, 2)}T{hour + 1:02d}:00:00Z"
        if self.maybe(0.4):
            data["category"] = self.dice.choice(("network", "patch"))
        if self.maybe(0.3):
            data["outage"] = {"expected": True, "minutes": 30, "services": [self.dice.choice(SERVICES)]}
        if state == "closed":
            data["outcome"] = self.dice.choice(("successful", "unsuccessful", "backed_out"))
        return data

    def target(self) -> str:
        pool = [*(n for names in self.numbers.values() for n in names), *ITEMS, "CHG-261101-GONE0", "OLD0003"]
        return self.dice.choice(pool)

    def timeline(self, kind: str, state: str) -> list[Document]:
        steps = [STATES[kind][0]]
        if state != steps[0]:
            way = STATES[kind][1 : STATES[kind].index(state)] if state in ("closed", "review") else ()
            steps += [*way, state]
        return [
            {"at": f"2026-11-{n + 1:02d}T09:00:00Z", "by": self.dice.choice((*PEOPLE, "desk")), "state": s}
            for n, s in enumerate(steps)
        ]

    # -- on disk -------------------------------------------------------------------------------------

    def text(self, data: Document) -> str:
        return yaml.safe_dump(data, sort_keys=False)

    def write(self, made: GitRepo) -> None:
        for path, data in self.documents.items():
            made.write(path, self.text(data))


class Edits:
    """Edits by chance of the files of a repository that holds a world."""

    def __init__(self, world: World, made: GitRepo) -> None:
        self.world = world
        self.dice = world.dice
        self.made = made
        self.done: list[str] = []

    def some(self, times: int) -> None:
        """Make a few edits, whatever they are."""
        for _ in range(times):
            name = self.dice.choice(sorted(_EDITS))
            _EDITS[name](self)
            self.done.append(name)

    def paths(self, lead: str = "") -> list[str]:
        return [
            p for p in sorted(self.world.documents) if p.startswith(lead) and (self.made.root / p).is_file()
        ]

    def put(self, path: str, data: Document) -> None:
        self.world.documents[path] = data
        target = self.made.root / path
        if target.is_symlink():
            target.unlink()
        self.made.write(path, self.world.text(data))

    def pick(self, lead: str = "") -> tuple[str, Document]:
        path = self.dice.choice(self.paths(lead))
        return path, dict(self.world.documents[path])

    def anew(self) -> None:
        path, data = self.pick()
        kind, name = str(data.get("class", data.get("kind"))), path.rpartition("/")[2].removesuffix(".yaml")
        self.put(path, self.world.item(kind, name) if "class" in data else self.world.record(kind, name))

    def one_field(self) -> None:
        """Take one field from another document of the same kind, or leave it out."""
        path, data = self.pick()
        kind = str(data.get("class", data.get("kind")))
        make = self.world.item if "class" in data else self.world.record
        fresh = make(kind, str(data["id"]))
        field = self.dice.choice(sorted({*fresh, *data} - {"id", "kind", "class"}))
        if field in fresh:
            data[field] = fresh[field]
        else:
            data.pop(field, None)
        self.put(path, data)

    def item_field(self) -> None:
        path, data = self.pick("cmdb/")
        fresh = self.world.item(str(data["class"]), str(data["id"]))
        for field in self.world.some(sorted({*fresh} - {"id", "class"}), 2):
            data[field] = fresh[field]
        self.put(path, data)

    def retire(self) -> None:
        path, data = self.pick("cmdb/")
        self.put(path, {**data, "lifecycle": self.dice.choice(STAGES)})

    def note(self) -> None:
        path, data = self.pick("records/")
        note = {"at": "2026-11-20T10:00:00Z", "by": "ada", "note": "Looked at."}
        self.put(path, {**data, "timeline": [*data.get("timeline", []), note]})

    def add(self) -> None:
        kind = self.dice.choice(sorted(PREFIXES))
        name = f"{PREFIXES[kind]}-26110{self.dice.randint(1, 9)}-{self.dice.choice(('GONE0', '0000A', '0000B', '00001'))}"
        self.put(self.world.place(kind, name), self.world.record(kind, name))

    def add_item(self) -> None:
        kind = self.dice.choice(sorted(FOLDERS))
        name = self.dice.choice(("gone", "nobody", "host-9", "ada", "mail"))
        self.put(self.world.place(kind, name), self.world.item(kind, name))

    def delete(self) -> None:
        path, _ = self.pick()
        (self.made.root / path).unlink()

    def rename(self) -> None:
        path, data = self.pick("records/")
        name = f"{str(data['id'])[:-5]}{self.dice.choice(('GONE0', 'ZZZZZ', '00002'))}"
        (self.made.root / path).unlink()
        self.put(f"{path.rpartition('/')[0]}/{name}.yaml", {**data, "id": name})

    def misplace(self) -> None:
        """Move or copy a file into a folder where it does not belong."""
        path, data = self.pick()
        name = path.rpartition("/")[2]
        places = (
            "records/incidents",
            "records/incidents/2026/12",
            "records/problems/2026/11",
            "cmdb/servers",
            "cmdb/x",
            "records",
        )
        self.put(f"{self.dice.choice(places)}/{name}", data)
        if self.world.maybe(0.5) and (self.made.root / path).is_file():
            (self.made.root / path).unlink()

    def shatter(self) -> None:
        path, data = self.pick()
        texts = ("id: [", "- a list\n", "", self.world.text(data) + "id: again\n", "\ttabs: 1\n")
        (self.made.root / path).write_text(self.dice.choice(texts))

    def link_file(self) -> None:
        path, _ = self.pick()
        (self.made.root / path).unlink()
        (self.made.root / path).symlink_to("/nowhere")

    def alias(self) -> None:
        path, data = self.pick("records/")
        name = self.dice.choice((f"OLD{self.dice.randint(0, 12):04d}", "old0003", "INC-261101-00000", "mail"))
        self.put(path, {**data, "aliases": [*data.get("aliases", []), name]})

    def pair(self) -> None:
        """Let two documents name each other by a symmetric or an acyclic relation."""
        lead = self.dice.choice(("cmdb/servers", "cmdb/databases", "records/incidents", "records/problems"))
        paths = self.paths(lead)
        if len(paths) < 2:
            return
        relations = (
            ("connects_to", "alternative_to", "depends_on")
            if lead.startswith("cmdb")
            else ("relates_to", "child_of", "caused_by")
        )
        relation = self.dice.choice(relations)
        chosen = self.dice.sample(paths, 2)
        for path, other in zip(chosen, reversed(chosen), strict=True):
            if self.world.maybe(0.7):
                data = dict(self.world.documents[path])
                link = {"type": relation, "target": other.rpartition("/")[2].removesuffix(".yaml")}
                self.put(path, {**data, "links": [*data.get("links", []), link]})

    def unlink(self) -> None:
        path, data = self.pick()
        data.pop("links", None)
        self.put(path, data)

    def odd_file(self) -> None:
        path, _ = self.pick()
        folder, _, name = path.rpartition("/")
        self.made.write(
            f"{folder}/{self.dice.choice((name.swapcase(), name.upper(), 'notes.txt', 'a.yml'))}", "id: x\n"
        )

    def hide(self) -> None:
        """Write an identifier with an escape in quotes, and a state that only looks like one."""
        path, data = self.pick("records/")
        text = self.world.text({**data, "title": "@"}).replace("'@'", '"a\nstate: closed\nb"')
        target = str(data.get("service", "mail"))
        text = text.replace(f"service: {target}", f'service: "\\x{ord(target[0]):02x}{target[1:]}"')
        self.made.write(path, text)

    def move_window(self) -> None:
        paths = self.paths("records/changes")
        if paths:
            path = self.dice.choice(paths)
            data = dict(self.world.documents[path])
            fresh = self.world.change("draft")
            self.put(
                path, {**data, **{k: fresh[k] for k in ("planned_start", "planned_end", "cis") if k in fresh}}
            )


_EDITS: dict[str, Callable[[Edits], None]] = {
    name: getattr(Edits, name)
    for name in (
        "anew", "one_field", "item_field", "retire", "note", "add", "add_item", "delete", "rename", "misplace", "shatter",
        "link_file", "alias", "pair", "unlink", "odd_file", "hide", "move_window",
    )
}  # fmt: skip
