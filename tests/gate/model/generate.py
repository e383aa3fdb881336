"""Random stories in a repository: requests, reviews, statements, later pushes, landings and attacks, seeded."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.gate.model.oracle import Question, Said, judge
from tests.gate.model.oracle_facts import Tree, many, parse
from tests.gate.model.organisation import (
    POLICY,
    START,
    TEAMS,
    Doc,
    dump,
    folder,
    organise,
    person_file,
    text,
    who,
)
from tests.gate.model.plumbing import Files, Objects

Edit = Callable[[Files], None]
ROBOT = "GitHub <noreply@github.com>"
STRANGER = "Zed <zed@example.net>"


@dataclass(frozen=True)
class Text:
    """A text under refs/itsm/approvals: what it says, whose key signs it, and how it is spoiled (empty: not at all)."""

    said: Said
    by: str
    spoiled: str = ""


@dataclass
class Request:
    """One request at the moment when the gate is asked, and how it lands (empty: it does not)."""

    base: str
    head: str
    now: datetime
    reviews: list[Said] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    opened_by: str = ""
    features: set[str] = field(default_factory=set)
    landed: str = ""
    foxtrot: str = ""
    recorded: bool = True


class Story:
    """One repository and what happens in it; every step is drawn from ``rng``."""

    def __init__(self, root: Path, template: Objects, seed: int, keys: dict[str, str]) -> None:
        self.rng = random.Random(seed)
        self.keys = keys
        self.objects = Objects(root, template)
        self.org = organise(self.rng, keys)
        self.number = 0
        self.now = START
        self._begin()
        self.tip = self.commit(self.org.files, [], "change-manager", at=START - timedelta(days=40))
        self.tips = [self.tip]
        self.trees: dict[str, Files] = {self.tip: self.org.files}
        self.texts: list[Text] = []
        self.replays: list[tuple[Files, Files, str]] = []

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
        if self.chance(0.95):
            data["risk"] = {"level": rng.choices(("low", "medium", "high"), (6, 2, 2))[0], "reason": "So."}
            if self.chance(0.2):
                data["risk"]["answers"] = {
                    "data": rng.choice(("nothing", "destroyed")),
                    "rehearsed": rng.choice(("fully", "never")),
                }
            if self.chance(0.1):
                data["risk"]["override"] = {"by": self.anyone(), "reason": "Known."}
        data["state"] = state
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
        links = []
        if self.chance(0.75 if kind == "emergency" else 0.15):
            links.append({"type": rng.choice(("resolves", "relates_to", "resolves", "caused_by")),
                          "target": self.incidents[rng.choice(("in_progress",) * 6 + ("closed", "old", "elsewhere"))]})  # fmt: skip
        if self.chance(0.1):
            links.append({"type": "affects", "target": rng.choice(self.org.items)})
        if links:
            data["links"] = links
        if self.chance(0.1):
            data["excluded_cis"] = [{"ci": rng.choice(self.org.items), "reason": "Not touched."}]
        data["timeline"] = [
            {"at": text(self.now - timedelta(minutes=30)), "by": self.anyone(), "state": "draft"}
        ]
        if self.chance(0.4):
            data["timeline"].append(
                {"at": text(self.now - timedelta(minutes=20)), "by": self.anyone(), "state": "authorize"}
            )
        return data

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
        rng = self.rng
        if name == "emergency":
            urgent = self.emergency(self.identifier("CHG"))
            return lambda f: f.__setitem__(str(folder(urgent["id"])), dump(urgent))
        if name == "new change":
            made = self.change(self.identifier("CHG"))
            return lambda f: f.__setitem__(str(folder(made["id"])), dump(made))
        if name == "incident":
            new = self.incident(self.identifier("INC"), rng.choice(("new", "in_progress")))
            return lambda f: f.__setitem__(str(folder(new["id"])), dump(new))
        if name == "freeze":
            return self._freeze(rng.choice(("end", "take away", "draft", "prolong", "name")))
        if name in ("progress", "plan edit", "task edit", "link edit"):
            return self._on_a_change(name, files)
        if name == "close incident":
            return self._set(str(folder(self.incidents["in_progress"])), "state", "resolved")
        if name in ("item", "owner"):
            path = rng.choice(
                [
                    p
                    for p in files
                    if p.startswith("cmdb/") and p.split("/")[1] in ("services", "servers", "databases")
                ]
            )
            if name == "owner":
                return self._set(path, "owner", rng.choice(TEAMS[:4]))
            return self._set(path, "labels", {"size": str(rng.randint(1, 3))})
        if name == "new item":
            item: Doc = {
                "id": f"web-{10 + self.number}",
                "class": "server",
                "name": "New",
                "owner": rng.choice(TEAMS[:4]),
                "lifecycle": "production",
            }
            self.number += 1
            return lambda f: f.__setitem__(f"cmdb/servers/{item['id']}.yaml", dump(item))
        if name == "person":
            person = self.anyone()
            teams = rng.sample(TEAMS, 2)
            return self._set(f"cmdb/people/{person}.yaml", "teams", teams)
        if name == "on call":
            return self._set(f"cmdb/teams/{rng.choice(TEAMS[:4])}.yaml", "on_call", self.anyone())
        if name == "join":
            data = person_file(random.Random(1), "zed", self.org.numbers["zed"], {"zed": ""}, ["desk"])
            data["commit_addresses"] = ["zed@example.net"]
            data.pop("signing_keys", None)
            return lambda f: f.__setitem__("cmdb/people/zed.yaml", dump(data))
        if name == "policy":
            return self._set(POLICY, "approval_max_age", rng.choice(("P90D", "P60D")))
        if name == "removal":
            records = [p for p in files if p.startswith("records/") or p.startswith("cmdb/servers/")]
            gone = rng.choice(records)
            return lambda f: f.pop(gone, None) and None  # type: ignore[func-returns-value]
        path = {
            "page": "docs/page.md",
            "work": "infra/main.tf",
            "stray": "tools/run.sh",
            "generated": "reports/a.txt",
        }[name]
        words = f"{name} {rng.randint(1, 4)}\n".encode()
        return lambda f: f.__setitem__(path, words)

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
                first = datetime.fromisoformat(window["start"].replace("Z", "+00:00"))
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

    # --- a request ------------------------------------------------------------------------------------------

    def request(self) -> Request:
        """Let somebody bring a request, others review it, and more happen to it; return it as it then is."""
        rng = self.rng
        self.now += timedelta(hours=rng.choice((1, 5, 30, 70)), minutes=rng.randint(1, 50))
        features: set[str] = set()
        start = self.tip
        if len(self.tips) > 1 and self.chance(0.25):
            start = rng.choice(self.tips[-3:-1] or self.tips[:1])
            features.add("behind")
        commits = self.push(start, features)
        asked = self.now
        self.now += timedelta(hours=rng.choice((1, 6, 30)), minutes=rng.randint(1, 50))
        made = Request(self.tip, commits[-1], self.now, features=features)
        made.opened_by = f"github:{self.org.numbers[self.anyone()]}" if self.chance(0.3) else ""
        self.said(made, commits, asked)
        if self.chance(0.22):
            made.head = self.later(made.head, start, features)
        return made

    def push(self, start: str, features: set[str]) -> list[str]:
        """Make the commits of a request."""
        rng = self.rng
        if self.replays and self.chance(0.12):
            before, after, author = rng.choice(self.replays)
            mine = dict(self.files(start))
            same = all(mine.get(p) == before.get(p) for p in {*before, *after})
            if same:
                features.add("replay")
                for path in {*before, *after}:
                    mine.pop(path, None)
                mine.update(after)
                return [self.commit(mine, [start], author)]
        files = dict(self.files(start))
        steps = self.edits(files)
        author = self.anyone()
        commits = []
        parts = [steps] if len(steps) == 1 or self.chance(0.6) else [steps[:1], steps[1:]]
        for part in parts:
            files = dict(files)
            for name, do in part:
                features.add(name)
                do(files)
            commits.append(
                self.one_commit(
                    files, commits[-1] if commits else start, author, features, joins=part[0][0] == "join"
                )
            )
            if self.chance(0.3):
                author = self.anyone()
        return commits

    def one_commit(
        self, files: Files, parent: str, author: str, features: set[str], *, joins: bool = False
    ) -> str:
        """Commit as people commit: alone, with others, by a web editor, or as nobody whom anybody knows."""
        rng = self.rng
        committer, message, by = "", "change", author
        draw = rng.random()
        if joins and self.chance(0.8):
            by = STRANGER
        elif draw < 0.08:
            committer = ROBOT
        elif draw < 0.12:
            committer = self.anyone()
        elif draw < 0.18:
            message = f"change\n\nCo-authored-by: {who(self.anyone())}"
        elif draw < 0.20:
            by = STRANGER
            features.add("stranger")
        elif draw < 0.23:
            by = ROBOT
            features.add("robot alone")
        elif draw < 0.25:
            message = f"change\n\nCo-authored-by: {who(self.anyone())}\n\nAnd more words."
            features.add("trailer inside")
        return self.commit(files, [parent], by, committer=committer, message=message)

    # --- reviews -------------------------------------------------------------------------------------------

    def said(self, made: Request, commits: list[str], asked: datetime) -> None:
        """Let people review: mostly those who are asked, mostly yes, mostly the newest commit."""
        rng = self.rng
        opinion = judge(self.objects, self.question(made))
        useful = sorted({p for r in opinion.rows for p in r.could})
        use_keys = self.chance(0.45)
        voters: list[str] = []
        willing = 0.97 if self.chance(0.75) else 0.3
        for row in opinion.rows:
            could = sorted(row.could)
            rng.shuffle(could)
            voters += [p for p in could[: row.count] if self.chance(willing)]
        if any(r.override for r in opinion.rows) and self.chance(0.6):
            called = {p for r in opinion.rows if r.override for i in r.items for p in self.on_call(i)}
            voters = [*[p for p in voters if self.chance(0.25)], *sorted(called)]
            if self.chance(0.3):
                made.opened_by = (
                    f"github:{self.org.numbers[self.rng.choice(sorted(called) or self.org.people)]}"
                )
        voters += [self.anyone() for _ in range(rng.choice((0, 0, 1, 2)))]
        rng.shuffle(voters)
        minutes = int((made.now - asked).total_seconds() // 60)
        moments = sorted(rng.sample(range(1, minutes), min(len(voters) * 2, minutes - 1)))
        for person in voters:
            for state in rng.choice(
                (
                    ("approved",),
                    ("approved",),
                    ("approved",),
                    ("changes_requested", "approved"),
                    ("approved", "commented"),
                )
            ):
                at = asked + timedelta(minutes=moments.pop(0)) if moments else made.now
                self.say(made, person, state, at, commits, signed=use_keys != self.chance(0.1))
        if useful and self.chance(0.12):
            state = rng.choice(("changes_requested", "dismissed"))
            self.say(
                made, rng.choice(useful), state, made.now, commits, signed=use_keys and state != "dismissed"
            )

    def say(
        self, made: Request, person: str, state: str, at: datetime, commits: list[str], *, signed: bool
    ) -> None:
        """Let one person say something, by a review or a statement, now and then with a flaw or a fraud in it."""
        rng = self.rng
        commit = commits[-1] if self.chance(0.96) else commits[0]
        draw = rng.random()
        if draw < 0.03:
            at = made.now - timedelta(days=rng.choice((4, 15, 31)))
        elif draw < 0.04 and not any(p == person for p in self._people_of(made)):
            at = made.now + timedelta(hours=2)
        target = "main" if self.chance(0.98) else "release"
        if not signed or state not in ("approved", "changes_requested") or person not in self.keys:
            account = f"github:{self.org.numbers[person]}" if self.chance(0.98) else "github:999"
            made.reviews.append(Said(state, at, commit, account, target, bot=self.chance(0.02)))
            return
        text_ = Text(
            Said(state, at, commit, target=target, person=person, key=self.keys[person], base=made.base),
            person,
        )
        if self.chance(0.14):
            text_ = self.fraud(text_)
            made.features.add("fraud")
        self.texts.append(text_)

    def on_call(self, item: str) -> list[str]:
        """Return who is on call for an item."""
        tree = Tree(self.objects, self.objects.files(self.tip))
        owner = tree.items.get(item, {}).get("owner", "")
        return many(tree.items.get(owner, {}).get("on_call"))

    def _people_of(self, made: Request) -> set[str]:
        numbers = {f"github:{n}": p for p, n in self.org.numbers.items()}
        return {numbers.get(s.account, "") for s in made.reviews} | {t.said.person for t in self.texts}

    def fraud(self, honest: Text) -> Text:
        """Spoil a statement: what an attacker could push."""
        how = self.rng.choice(
            ("unsigned", "other key", "renamed", "edited time", "turned", "elsewhere", "expired key")
        )
        said = honest.said
        if how == "elsewhere":
            return Text(replace(said, elsewhere=True), honest.by, how)
        if how == "other key":
            other = self.anyone()
            return Text(replace(said, key=self.keys[other]), other, how)
        return Text(replace(said, key=""), honest.by, how) if how != "expired key" else honest

    # --- later on -------------------------------------------------------------------------------------------

    def later(self, head: str, start: str, features: set[str]) -> str:
        """Let something happen to the request after the reviews."""
        how = self.rng.choice(("edit", "empty", "rebase", "update", "evil update", "there and back", "amend"))
        files, author = dict(self.files(head)), self.anyone()
        features.add(how)
        if how == "edit":
            files["docs/more.md"] = f"{self.rng.randint(1, 9)}\n".encode()
            return self.commit(files, [head], author)
        if how == "empty":
            return self.commit(files, [head], author)
        if how == "amend":
            return self.commit(files, list(self.objects.at(head).parents), author, message="better words")
        if how == "there and back":
            other = {**files, "docs/more.md": b"once\n"}
            return self.commit(files, [self.commit(other, [head], author)], author)
        if how == "rebase":
            return self.rebased(head, author) or head
        tree = self.objects.merge_tree(head, self.tip)
        if not tree or start == self.tip:
            return head
        merged = self.objects.commit(tree, [head, self.tip], who(author), self.now)
        if how == "evil update":
            files = {**self.files(merged), "docs/evil.md": b"evil\n"}
            return self.commit(files, [head, self.tip], author)
        return merged

    def rebased(self, head: str, committer: str) -> str:
        """Put the commits of a request on top of the branch; empty where a file was edited on both sides."""
        chain = []
        commit = head
        behind = self.objects.history(self.tip)
        while commit not in behind:
            chain.append(commit)
            parents = self.objects.at(commit).parents
            if len(parents) != 1:
                return ""
            commit = parents[0]
        new = self.tip
        for old in reversed(chain):
            about = self.objects.at(old)
            before, after, files = self.files(about.parents[0]), self.files(old), dict(self.files(new))
            for path in {*before, *after}:
                if before.get(path) != after.get(path):
                    if files.get(path) != before.get(path):
                        return ""
                    files.pop(path, None)
                    if path in after:
                        files[path] = after[path]
            new = self.commit(
                files, [new], about.author, committer=committer, message=about.message.rstrip("\n")
            )
        return new

    # --- what the gate is asked, and what lands -----------------------------------------------------------------

    def question(self, made: Request, head: str = "") -> Question:
        """Return the question about a request (or about what landed of it)."""
        said = (*made.reviews, *(t.said for t in self.texts))
        return Question(made.base, head or made.head, made.now, said, made.opened_by)

    def land(self, made: Request, result: str) -> None:
        """Let the request land on the branch, in one of the ways of merging; past the gate now and then."""
        if not self.chance(0.85 if result in ("pass", "override", "nobody need approve") else 0.3):
            return
        merged = self.objects.merge_tree(self.tip, made.head)
        if not merged or self.tip == made.head or made.head in self.objects.history(self.tip):
            return
        how = self.rng.choice(("merge", "merge", "ff", "squash", "rebase", "octopus"))
        by = self.anyone()
        landed = ""
        if how == "ff" and self.tip in self.objects.line(made.head):
            landed = made.head
        elif how == "squash":
            author = self.objects.at(made.head).author
            message = (
                "all in one" if self.chance(0.5) else f"all in one\n\nCo-authored-by: {who(self.anyone())}"
            )
            landed = self.objects.commit(
                merged, [self.tip], author, self.now, committer=ROBOT, message=message
            )
        elif how == "rebase":
            landed = self.rebased(made.head, ROBOT)
        elif how == "octopus":
            side = self.commit(
                {**self.files(self.tip), "docs/side.md": f"{self.number}\n".encode()},
                [self.tip],
                self.anyone(),
            )
            both = self.objects.commit(merged, [self.tip, made.head], who(by), self.now)
            files = {**self.files(both), "docs/side.md": f"{self.number}\n".encode()}
            landed = self.commit(files, [self.tip, made.head, side], by)
        if not landed:
            how, landed = "merge", self.objects.commit(merged, [self.tip, made.head], who(by), self.now)
        made.features.add(f"landed by {how}")
        if self.chance(0.15):  # the branch as the second parent: another history becomes the first one
            made.foxtrot = self.objects.commit(merged, [made.head, self.tip], who(by), self.now)
        made.landed = landed
        made.recorded = self.chance(0.9)
        self._note(made)

    def _note(self, made: Request) -> None:
        """Move the branch."""
        before, after = self.files(self.tip), self.files(made.landed)
        paths = [p for p in {*before, *after} if before.get(p) != after.get(p)]
        old, new = ({p: f[p] for p in paths if p in f} for f in (before, after))
        author = self.objects.at(made.head).author
        self.replays += [(old, new, author), (new, old, author)]
        self.tip = made.landed
        self.tips.append(self.tip)
