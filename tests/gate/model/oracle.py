"""The oracle: what policy demands of a request, worked out slowly and simply from what is written down.

It is written from the design, the handbook's chapters about approval and the text of the policy itself, and shares no
code with the gate or the audit: it reads Git objects and YAML. Where it and the product differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from tests.gate.model import oracle_facts as facts
from tests.gate.model.oracle_asked import Asked
from tests.gate.model.oracle_facts import Touched, Tree, covers, kind_of
from tests.gate.model.oracle_people import Voice, most_votes, share_out
from tests.gate.model.oracle_types import (
    ERROR,
    MISSING,
    NOBODY_ASKED,
    OVERRIDE,
    PASS,
    Opinion,
    Question,
    Row,
    Said,
    changed,
)
from tests.gate.model.plumbing import NOBODY, Objects

_CLOCKS = timedelta(minutes=5)


def judge(objects: Objects, question: Question) -> Opinion:
    """Return how a request stands."""
    case = _Case(objects, question)
    return case.opinion()


class _Case(Asked):
    """One request, its reviews and how it stands."""

    def opinion(self) -> Opinion:
        if self.content(self.q.base, self.q.head) is None:
            return Opinion(ERROR, (), ("it meets the branch in more than one commit",))
        after = self.landing()
        if after is None:
            return Opinion(ERROR, (), ("it conflicts with the branch",))
        content = changed(self.base.blobs, after)
        content = {p: b for p, b in content.items() if not covers(self.policy.get("generated", ()), p)}
        if not content:
            return Opinion(ERROR, (), ("it changes nothing",))
        self.paths = content
        self.after = Tree(self.objects, after)
        self.touched = [
            Touched(p, kind_of(p), self.base.data(p), self.after.data(p)) for p in content if kind_of(p)
        ]
        self.changes = [t for t in self.touched if t.kind == "change"]
        self.files = facts.files_of_items(self.base, content)
        self.edited = [t.id for t in self.touched if t.kind in facts.CONFIGURED]
        self.edited += [i for i in self.files if i not in self.edited]
        self.facts: dict[str, dict[str, Any]] = {}
        for t in [*self.changes, *(t for t in self.touched if t.kind != "change")]:
            self.facts[t.path] = self.facts_of(t)
        rows, errors = self.rows()
        errors += [f"the window of {t.id} is over" for t in self.changes if self.lapsed(t)]
        self.parts = self.who_is_apart()
        if self.parts.unknown and any(r.count or r.error for r in rows) and not self.joins():
            errors += (
                ["nobody knows who wrote it"] if self.policy.get("unknown_author", "error") == "error" else []
            )
        if not rows:
            errors.append("no rule is for it")
        self.decide(rows)
        results = {r.result for r in rows if r.count or r.error}
        worst = next((r for r in (ERROR, MISSING, OVERRIDE, PASS) if r in results), NOBODY_ASKED)
        return Opinion(ERROR if errors else worst, tuple(rows), tuple(errors))

    # --- who said what --------------------------------------------------------------------------------------

    def by_person(self) -> dict[str, list[Said]]:
        """Return the decisive words of each person, oldest first."""
        found: dict[str, list[Said]] = {}
        for said in self.q.said:
            if said.state not in ("approved", "changes_requested", "dismissed") or said.bot:
                continue
            person = said.person or self.people.by_account(said.account)
            if said.signed and (said.elsewhere or not self.people.has_key(person, said.key)):
                continue  # anybody can write a text; only a signature of that person's key speaks
            if said.signed and not self.about_this(said):
                continue
            if person in self.people.people:
                found.setdefault(person, []).append(said)
        return {p: sorted(some, key=lambda s: (s.at, s.state != "approved")) for p, some in found.items()}

    def about_this(self, said: Said) -> bool:
        """Whether a statement is about some state of this request: its content, its commits, or its change."""
        brought = self.objects.history(self.q.head) - self.objects.history(self.q.base)
        seen = self.seen(said)
        mine = {t.id for t in self.changes}
        its = {p.rpartition("/")[2].removesuffix(".yaml") for p in seen or () if kind_of(p) == "change"}
        return said.commit in brought or seen == self.paths or bool(mine & its)

    def seen(self, said: Said) -> dict[str, tuple[str, str]] | None:
        """Return the content that somebody saw."""
        if said.signed:
            return self.content(said.base, said.commit)
        return self.content(self.q.base, said.commit) if said.commit else None

    def good(self, person: str, said: Said) -> bool:
        """Whether an approval can count, if whoever gives it is not kept apart."""
        if not self.people.active(person) or said.target not in (None, self.q.target):
            return False
        age = self.q.now - said.at
        days = self.policy["approval_max_age"]
        if age < -_CLOCKS or age > timedelta(days=int(days[1:-1])):
            return False
        return self.seen(said) == self.paths and not self.spent(said)

    def spent(self, said: Said) -> bool:
        """Whether the branch has held this content since a signed approval of it was given: it allows one merge."""
        if not said.signed or said.base == self.q.base:
            return False
        commit = self.q.base
        while commit != said.base:
            files = self.objects.files(commit)
            if all(files.get(p, NOBODY) == new for p, (_, new) in self.paths.items()):
                return True
            parents = self.objects.at(commit).parents
            if not parents:
                return True  # it was signed on another history
            commit = parents[0]
        return False

    def decide(self, rows: list[Row]) -> None:
        """Write down how each row stands."""
        approvals: dict[str, list[Said]] = {}
        refusals: set[str] = set()
        for person, words in self.by_person().items():
            latest = words[-1]
            if latest.state == "changes_requested":
                refusals |= self.people.humans[person]
            if latest.state != "approved":
                continue
            usable = [latest]
            if not latest.signed:  # a forge's approval does not take a signature back
                for word in reversed(words[:-1]):
                    if word.state != "approved":
                        break
                    if word.signed:
                        usable.append(word)
                        break
            approvals[person] = [s for s in usable if self.good(person, s)]
        for row in rows:
            row.apart = self.parts.apart(row.about)
            self.decide_one(row, approvals, refusals)
        several = [r for r in rows if r.distinct and r.count and not r.error and r.result != ERROR]
        if len(several) > 1:
            self.share(several, approvals)

    def voters(
        self, row: Row, approvals: Mapping[str, list[Said]], role: str = "", items: Iterable[str] = ()
    ) -> list[str]:
        voices = self.people.fill(role, items) if role else row.voices
        return [
            p
            for p, voice in voices.items()
            if any(s.signed or not row.signed for s in approvals.get(p, ()))
            and p not in row.apart
            and (voice.direct or set(voice.givers) - row.apart)
        ]

    def decide_one(self, row: Row, approvals: Mapping[str, list[Said]], refusals: set[str]) -> None:
        if row.error:
            row.result = ERROR
            return
        if not row.count:
            row.result = NOBODY_ASKED
            return
        row.voices = {
            p: v if v.direct else Voice(False, tuple(g for g in v.givers if g not in row.apart))
            for p, v in self.people.fill(row.role, row.items, row.owners).items()
        }
        voters = self.voters(row, approvals)
        votes = most_votes(voters, row.voices, self.people.human)
        row.could = frozenset(
            p
            for p in row.voices
            if p not in row.apart
            and p not in voters
            and most_votes([*voters, p], row.voices, self.people.human) > votes
        )
        if refusals & set(row.voices):
            row.result, row.refused = MISSING, True
        elif votes >= row.count:
            row.result = PASS
        else:
            row.result = OVERRIDE if self.overridden(row, approvals) else MISSING

    def overridden(self, row: Row, approvals: Mapping[str, list[Said]]) -> bool:
        """Whether those who are on call for the items that this is about, each for their own, let it pass."""
        if row.override is None or not row.agreed or not self.q.overrides:
            return False
        each = [self.on_call(row, item, approvals) for item in row.items]
        return bool(each) and all(each)

    def on_call(self, row: Row, item: str, approvals: Mapping[str, list[Said]]) -> set[str]:
        """Return who lets it pass as the one on call for an item."""
        assert row.override
        able = set(self.voters(row, approvals, row.override["role"], [item]))
        if row.override.get("alone"):
            direct = self.people.direct(row.override["role"], [item], ())
            able |= {p for p in direct if any(s.signed or not row.signed for s in approvals.get(p, ()))}
        return able

    def share(self, rows: list[Row], approvals: Mapping[str, list[Said]]) -> None:
        """Give each person to one of the requirements only."""
        ways = share_out([r.count for r in rows], [self.voters(r, approvals) for r in rows])
        for number, row in enumerate(rows):
            if row.result == PASS and not any(way[number] for way in ways):
                row.result = MISSING
        if rows and not any(all(way) for way in ways) and all(r.result == PASS for r in rows):
            rows[0].result = MISSING
