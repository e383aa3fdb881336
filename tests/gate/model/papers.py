"""Draws the documents of a story, and the edits that requests make of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.gate.model.oracle_facts import Tree, many, parse
from tests.gate.model.organisation import (
    POLICY,
    START,
    TEAMS,
    Doc,
    Organisation,
    dump,
    folder,
    person_file,
    text,
    who,
)
from tests.gate.model.plumbing import Files, Objects

Edit = Callable[[Files], None]


def _with(path: str, content: bytes) -> Edit:
    """Return an edit that writes a file."""

    def do(files: Files) -> None:
        files[path] = content

    return do


def _without(path: str) -> Edit:
    """Return an edit that takes a file away."""

    def do(files: Files) -> None:
        files.pop(path, None)

    return do


class Papers:
    """Draws the documents of a story, and what requests do to them."""

    rng: random.Random
    keys: dict[str, str]
    objects: Objects
    org: Organisation
    incidents: dict[str, str]
    number: int
    now: datetime
    tip: str
    trees: dict[str, Files]

    # --- small things -----------------------------------------------------------------------------------

    def commit(
        self,
        files: Files,
        parents: list[str],
        author: str,
        *,
        committer: str = "",
        message: str = "change",
        at: datetime | None = None,
    ) -> str:
        """Commit files as a person (a handle, or ``Name <address>``)."""
        by = author if "<" in author else who(author)
        made = committer if "<" in committer or not committer else who(committer)
        return self.objects.commit(
            self.objects.tree(files), parents, by, at or self.now, committer=made, message=message
        )

    def files(self, commit: str) -> Files:
        """Return the files of a commit."""
        if commit not in self.trees:
            self.trees[commit] = {p: self.objects.read(o) for p, o in self.objects.files(commit).items()}
        return self.trees[commit]

    def identifier(self, prefix: str) -> str:
        """Return a new identifier."""
        self.number += 1
        return f"{prefix}-261120-{self.number:05d}"

    def anyone(self) -> str:
        """Return somebody."""
        return self.rng.choice(self.org.people)

    def chance(self, share: float) -> bool:
        """Whether something happens that happens in this share of all cases."""
        return self.rng.random() < share

    # --- documents ----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Put records into the first commit: changes under way, incidents, a draft."""
        files = self.org.files
        self.incidents = {s: self.identifier("INC") for s in ("in_progress", "closed", "old", "elsewhere")}
        for sort, name in self.incidents.items():
            data = self.incident(name, "closed" if sort == "closed" else "in_progress")
            if sort == "elsewhere":
                data = {**data, "service": "printing", "cis": ["web-2"]}
            if sort == "old":
                data["timeline"][0]["at"] = text(START - timedelta(days=60))
            files[str(folder(name))] = dump(data)
        for state in ("scheduled", "implement", "draft", "closed"):
            name = self.identifier("CHG")
            data = self.change(name, state=state)
            data.pop("template", None)
            files[str(folder(name))] = dump(data)

    def incident(self, name: str, state: str) -> Doc:
        """Return an incident."""
        return {
            "id": name, "kind": "incident", "title": "Orders are slow", "impact": "high", "urgency": "high", "service": "orders",
            "cis": list(self.org.items), "state": state, "timeline": [{"at": text(self.now), "by": self.anyone(), "state": state}],
        }  # fmt: skip

    def change(self, name: str, state: str = "") -> Doc:
        """Return a change of any sort."""
        rng = self.rng
        kind = rng.choices(("normal", "emergency", "standard"), (6, 4, 1))[0]
        state = (
            state
            or rng.choices(
                ("scheduled", "implement", "authorize", "draft", "assess", "review"), (6, 3, 1, 2, 1, 1)
            )[0]
        )
        days = rng.choice((0.3, 2.0, 9.0, 9.0, 22.0) if kind != "emergency" else (0.1, 0.3, 1.5, 1.5, 9.0))
        start = self.now.replace(microsecond=0) + timedelta(days=days)
        data: Doc = {
            "id": name, "kind": "change", "title": f"Change {name}", "type": kind, "requested_by": self.anyone(),
            "cis": rng.sample(self.org.items[2:], rng.choice((1, 1, 2))),
        }  # fmt: skip
        if kind == "standard" and self.chance(0.8):
            data["template"] = rng.choice(("swap-disk",) * 5 + ("no-such",))
            data["title"] = "Swap the disk" if self.chance(0.8) else "Swap all disks"
            data["cis"] = rng.sample(["web-1", "web-2", "web-1", "orders-db"], 1)
        if self.chance(0.3):
            data["services"] = [rng.choice(self.org.items[:2])]
        if self.chance(0.06):
            del data["cis"]
        elif self.chance(0.03):
            data["cis"] = ["ghost-1"]
        self._risk(data)
        data["state"] = state
        self._plan(data, start)
        self._links(data)
        data["timeline"] = [
            {"at": text(self.now - timedelta(minutes=30)), "by": self.anyone(), "state": "draft"}
        ]
        if self.chance(0.4):
            data["timeline"].append(
                {"at": text(self.now - timedelta(minutes=20)), "by": self.anyone(), "state": "authorize"}
            )
        return data

    def _risk(self, data: Doc) -> None:
        rng = self.rng
        if self.chance(0.95):
            data["risk"] = {"level": rng.choices(("low", "medium", "high"), (6, 2, 2))[0], "reason": "So."}
            if self.chance(0.2):
                data["risk"]["answers"] = {
                    "data": rng.choice(("nothing", "destroyed")),
                    "rehearsed": rng.choice(("fully", "never")),
                }
            if self.chance(0.1):
                data["risk"]["override"] = {"by": self.anyone(), "reason": "Known."}

    def _plan(self, data: Doc, start: datetime) -> None:
        rng = self.rng
        if self.chance(0.9):
            data["implementers"] = [self.anyone() if self.chance(0.85) else rng.choice(TEAMS[:4])]
        if self.chance(0.9):
            data["planned_start"], data["planned_end"] = (
                text(start),
                text(start + timedelta(hours=rng.choice((1, 1, 1, -1)))),
            )
        if self.chance(0.25):
            data["outage"] = {"expected": self.chance(0.7), "minutes": rng.choice((5, 30, 90, 300))}
        if self.chance(0.25):
            data["tasks"] = [{"name": "Do it", "status": "open", "assignee": self.anyone()}]
            if self.chance(0.4):
                data["tasks"][0]["kind"] = rng.choice(("decision", "test", "review"))

    def _links(self, data: Doc) -> None:
        rng = self.rng
        links = []
        if self.chance(0.75 if data["type"] == "emergency" else 0.15):
            links.append({"type": rng.choice(("resolves", "relates_to", "resolves", "caused_by")),
                          "target": self.incidents[rng.choice(("in_progress",) * 6 + ("closed", "old", "elsewhere"))]})  # fmt: skip
        if self.chance(0.1):
            links.append({"type": "affects", "target": rng.choice(self.org.items)})
        if links:
            data["links"] = links
        if self.chance(0.1):
            data["excluded_cis"] = [{"ci": rng.choice(self.org.items), "reason": "Not touched."}]

    def emergency(self, name: str) -> Doc:
        """Return a change for an incident, at once, of items for which mostly somebody is on call."""
        called = [i for i in self.org.items if self.on_call(i)] or self.org.items
        data = self.change(name, "implement")
        for field_ in ("services", "outage", "excluded_cis", "tasks", "template"):
            data.pop(field_, None)
        window = {"planned_start": text(self.now), "planned_end": text(self.now + timedelta(hours=30))}
        return {
            **data, "type": "emergency", "cis": self.rng.sample(called, min(len(called), self.rng.choice((1, 1, 2)))),
            **(window if self.chance(0.6) else {}), "links": [{"type": "resolves", "target": self.incidents["in_progress"]}],
        }  # fmt: skip

    # --- what a request does --------------------------------------------------------------------------------

    def edits(self, files: Files) -> list[tuple[str, Edit]]:
        """Return one to three things that a request does."""
        makers = {
            "new change": 30, "progress": 12, "plan edit": 8, "task edit": 6, "incident": 10, "item": 16, "owner": 6, "person": 5,
            "policy": 4, "page": 9, "work": 8, "stray": 2, "removal": 4, "generated": 3, "join": 3, "new item": 4, "on call": 3, "close incident": 3, "freeze": 4, "link edit": 4, "emergency": 14,
        }  # fmt: skip
        chosen = self.rng.choices(list(makers), list(makers.values()), k=self.rng.choice((1, 1, 1, 2, 2, 3)))
        if "work" in chosen and self.chance(0.8):
            chosen.insert(0, "new change")
        return [(name, self.edit(name, files)) for name in dict.fromkeys(chosen)]

    def edit(self, name: str, files: Files) -> Edit:
        """Return one thing that a request does, drawn now, done later."""
        if name in ("progress", "plan edit", "task edit", "link edit"):
            return self._on_a_change(name, files)
        if name in ("item", "owner", "person", "on call", "policy", "close incident"):
            return self._field(name, files)
        if name in ("new change", "emergency", "incident", "new item", "join"):
            return self._document(name)
        if name == "freeze":
            return self._freeze(self.rng.choice(("end", "take away", "draft", "prolong", "name")))
        if name == "removal":
            gone = self.rng.choice([p for p in files if p.startswith(("records/", "cmdb/servers/"))])
            return _without(gone)
        paths = {
            "page": "docs/page.md",
            "work": "infra/main.tf",
            "stray": "tools/run.sh",
            "generated": "reports/a.txt",
        }
        return _with(paths[name], f"{name} {self.rng.randint(1, 4)}\n".encode())

    def _document(self, name: str) -> Edit:
        """Return an edit that adds a document."""
        rng = self.rng
        if name == "new item":
            item: Doc = {
                "id": f"web-{10 + self.number}",
                "class": "server",
                "name": "New",
                "owner": rng.choice(TEAMS[:4]),
                "lifecycle": "production",
            }
            self.number += 1
            return _with(f"cmdb/servers/{item['id']}.yaml", dump(item))
        if name == "join":
            data = person_file(random.Random(1), "zed", self.org.numbers["zed"], {"zed": ""}, ["desk"])
            data["commit_addresses"] = ["zed@example.net"]
            data.pop("signing_keys", None)
            return _with("cmdb/people/zed.yaml", dump(data))
        identifier = self.identifier("INC" if name == "incident" else "CHG")
        if name == "incident":
            made = self.incident(identifier, rng.choice(("new", "in_progress")))
        else:
            made = self.emergency(identifier) if name == "emergency" else self.change(identifier)
        return _with(str(folder(made["id"])), dump(made))

    def _field(self, name: str, files: Files) -> Edit:
        """Return an edit of one field of one document."""
        rng = self.rng
        if name in ("item", "owner"):
            folders = ("cmdb/services/", "cmdb/servers/", "cmdb/databases/")
            path = rng.choice([p for p in files if p.startswith(folders)])
            if name == "owner":
                return self._set(path, "owner", rng.choice(TEAMS[:4]))
            return self._set(path, "labels", {"size": str(rng.randint(1, 3))})
        if name == "person":
            person = self.anyone()
            return self._set(f"cmdb/people/{person}.yaml", "teams", rng.sample(TEAMS, 2))
        if name == "on call":
            team = rng.choice(TEAMS[:4])
            return self._set(f"cmdb/teams/{team}.yaml", "on_call", self.anyone())
        if name == "policy":
            return self._set(POLICY, "approval_max_age", rng.choice(("P90D", "P60D")))
        return self._set(str(folder(self.incidents["in_progress"])), "state", "resolved")

    def _set(self, path: str, key: str, value: object) -> Edit:
        def do(files: Files) -> None:
            if path in files:
                files[path] = dump({**parse(files[path]), key: value})

        return do

    def _freeze(self, how: str) -> Edit:
        path = "cmdb/calendars/rest.yaml"

        def do(files: Files) -> None:
            if path not in files:
                return
            data = dict(parse(files[path]))
            (window,) = data["windows"]
            if how == "take away":
                del files[path]
                return
            if how in ("end", "prolong"):
                first = datetime.fromisoformat(window["start"])
                data["windows"] = [{**window, "end": text(first + timedelta(days=1 if how == "end" else 60))}]
            data["name" if how == "name" else "x"] = "Pause" if how == "name" else {}
            data.pop("x", None)
            files[path] = dump({**data, "lifecycle": "planned"} if how == "draft" else data)

        return do

    def _on_a_change(self, name: str, files: Files) -> Edit:
        rng = self.rng
        paths = [p for p in files if p.startswith("records/changes/")]
        if not paths:
            return lambda _: None
        path = rng.choice(paths)
        values: dict[str, object]
        data = parse(files[path])
        if name == "progress":
            values = {
                "state": rng.choice(("implement", "review", "closed")), "actual_start": text(self.now), "outcome": "successful",
                "close_notes": f"Note {rng.randint(1, 3)}", "watchers": [self.anyone()],
            }  # fmt: skip
            if data.get("tasks") and self.chance(0.5):
                values["tasks"] = [{**t, "status": "done"} for t in data["tasks"]]
        elif name == "link edit":
            more = [*(data.get("links") or ()), {"type": "relates_to", "target": self.incidents["closed"]}]
            values = {"links": rng.choice((more, more, more[1:]))}
        elif name == "plan edit":
            values = {
                "implementers": [self.anyone()],
                "planned_end": text(self.now + timedelta(days=40)),
                "justification": "More.",
                "requested_by": self.anyone(),
            }
        else:
            values = {
                "tasks": [
                    {"name": rng.choice(("Do it", "Do that")), "status": "open", "assignee": self.anyone()}
                ]
            }
        some = dict(rng.sample(sorted(values.items()), 1 if len(values) == 1 else rng.choice((1, 2))))

        def do(into: Files) -> None:
            if path in into:
                into[path] = dump({**parse(into[path]), **some})

        return do

    def on_call(self, item: str) -> list[str]:
        """Return who is on call for an item."""
        tree = Tree(self.objects, self.objects.files(self.tip))
        owner = tree.items.get(item, {}).get("owner", "")
        return many(tree.items.get(owner, {}).get("on_call"))
