"""Random stories in a repository: requests, reviews, statements, later pushes, landings and attacks, seeded."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.gate.model.oracle import judge
from tests.gate.model.oracle_types import Question, Said
from tests.gate.model.organisation import START, organise, who
from tests.gate.model.papers import Papers
from tests.gate.model.plumbing import Files, Objects

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


class Story(Papers):
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
