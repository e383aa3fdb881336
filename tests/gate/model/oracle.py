"""The oracle: what policy demands of a request, worked out slowly and simply from what is written down.

It is written from the design, the handbook's chapters about approval and the text of the policy itself, and shares no
code with the gate or the audit: it reads Git objects and YAML. Where it and the product differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.gate.model import oracle_facts as facts
from tests.gate.model.oracle_facts import Data, Touched, Tree, covers, kind_of, many
from tests.gate.model.oracle_people import Parts, People, Voice, most_votes, parts, share_out
from tests.gate.model.plumbing import NOBODY, Objects

PASS, OVERRIDE, MISSING, ERROR, NOBODY_ASKED = "pass", "override", "missing", "error", "nobody need approve"
_CLOCKS = timedelta(minutes=5)
_FLAGS = ("outage", "freeze", "incident", "removed", "risk_override")
_WORDS = ("stage", "type", "risk", "state", "criticality", "template")


@dataclass(frozen=True)
class Said:
    """What somebody said of a request, and what is true of it.

    ``account`` is that of a review on a forge; a signed statement names its ``person`` and was signed by ``key`` (a public
    key; empty: the signature is good for nothing) when the branch was at ``base``. ``elsewhere``: for another repository.
    """

    state: str
    at: datetime
    commit: str
    account: str = ""
    target: str | None = "main"
    bot: bool = False
    person: str = ""
    key: str = ""
    base: str = ""
    elsewhere: bool = False

    @property
    def signed(self) -> bool:
        """Whether it is a signed statement, or one that pretends to be."""
        return bool(self.person)


@dataclass(frozen=True)
class Question:
    """What is asked: how the request that brings ``head`` into ``base`` stands."""

    base: str
    head: str
    now: datetime
    said: tuple[Said, ...] = ()
    opened_by: str = ""
    target: str = "main"
    overrides: bool = True


@dataclass
class Row:
    """One thing that must be approved, and how it stands."""

    rule: str
    role: str
    subject: str
    count: int
    signed: bool
    distinct: bool
    owners: frozenset[str] = frozenset()
    items: tuple[str, ...] = ()
    about: tuple[str, ...] = ()  # the change that it is about; none: all that the request brings
    apart: frozenset[str] = frozenset()
    override: Data | None = None
    error: str = ""
    voices: dict[str, Voice] = field(default_factory=dict)
    result: str = ""
    could: frozenset[str] = frozenset()
    refused: bool = False
    agreed: bool = True


@dataclass(frozen=True)
class Opinion:
    """What the oracle says: the result, each row, and the reasons of an error."""

    result: str
    rows: tuple[Row, ...] = ()
    why: tuple[str, ...] = ()


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return what differs between two trees: old and new blob by path."""
    paths = sorted({*old, *new})
    return {p: (old.get(p, NOBODY), new.get(p, NOBODY)) for p in paths if old.get(p) != new.get(p)}


def judge(objects: Objects, question: Question) -> Opinion:
    """Return how a request stands."""
    case = _Case(objects, question)
    return case.opinion()


class _Case:
    def __init__(self, objects: Objects, question: Question) -> None:
        self.objects = objects
        self.q = question
        self.base = Tree(objects, objects.files(question.base))
        self.people = People(self.base, question.now.date())
        self.policy: Data = self.base.data("schemas/policies/approvals.yaml") or {}
        self.risks: Data = self.base.data("schemas/policies/risk.yaml") or {}
        life = self.base.data("schemas/workflows/change.yaml") or {}
        self.authorised = [
            s for s, about in life["states"].items() if "authorised" in (about.get("roles") or ())
        ]

    def landing(self) -> Mapping[str, str] | None:
        """Return the files of the branch once the request is merged; None where it cannot be."""
        if self.q.base in self.objects.history(self.q.head):
            return self.objects.files(self.q.head)
        tree = self.objects.merge_tree(self.q.base, self.q.head)
        return self.objects.listing(tree) if tree else None

    # --- content -------------------------------------------------------------------------------------

    def content(self, base: str, commit: str) -> dict[str, tuple[str, str]] | None:
        """Return what a commit brings into a branch, without what programs write; None where it meets it twice."""
        meeting = self.objects.meeting(base, commit)
        if len(meeting) != 1:
            return None
        found = changed(self.objects.files(meeting[0]), self.objects.files(commit))
        return {p: b for p, b in found.items() if not covers(self.policy.get("generated", ()), p)}

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

    def facts_of(self, t: Touched) -> dict[str, Any]:
        """Return what the conditions of rules are about; None is unknown."""
        found: dict[str, Any] = {
            "state": t.data.get("state", t.data.get("lifecycle")),
            "removed": t.after is None,
        }
        if t.kind != "change":
            return {**found, "freeze": self.edit_is_frozen(t)}
        stage = facts.stage(self.policy, self.authorised, t.before, t.after)
        if stage == "progress" and t.data.get("state") in self.authorised and self.work():
            stage = "authorisation"  # the plan was approved, the files that carry it out were not there yet
        items = facts.affected(self.policy, self.base, t.data, self.edited)
        known = [c for c in (self.base.items.get(i, {}).get("criticality") for i in items) if c]
        outage = (t.data.get("outage") or {}).get("expected")
        level = (t.data.get("risk") or {}).get("level")
        asks = stage == "authorisation" and t.after is not None
        incident = facts.urgent(self.policy, self.base, self.after, t, items, self.q.now)
        return {
            **found,
            "stage": stage,
            "type": t.data.get("type"),
            "risk": facts.risk(self.risks, self.base, t.data, self.q.now) if asks else level,
            "risk_override": asks and facts.overrides_risk(self.risks, self.base, t.data, self.q.now),
            "outage": outage if isinstance(outage, bool) else None,
            "incident": incident,
            "criticality": max(known, key=facts.LEVELS.index) if known else None,
            "template": facts.standing(self.base, self.after, t.data, self.edited, self.work()),
            "freeze": facts.in_freeze(self.base, t.data, items, self.authorised, incident),
            "items": items,
        }

    def lapsed(self, t: Touched) -> bool:
        """Whether a change asks for work in a window that has passed."""
        known, end = self.facts[t.path], facts.moment(t.data.get("planned_end"))
        ahead = t.after is not None and t.after.get("state") not in ("review", "closed", "cancelled")
        if end is None or not ahead or known["stage"] != "authorisation":
            return False
        limit = {"window_within": "P2D", **self.policy.get("emergencies", {})}["window_within"]
        urgent = known["incident"] and t.data.get("type") == "emergency"
        return end + (timedelta(days=int(limit[1:-1])) if urgent else timedelta(0)) < self.q.now

    def work(self) -> list[str]:
        """Return the files that no rule is for: those that a change has to authorise."""
        ruled = [p for r in self.policy["rules"] for p in r["when"].get("paths", ())]
        ruled += [p for r in self.policy["protected"] for p in r["paths"]]
        own = ("records/", "cmdb/", "schemas/", "itsm.yaml")
        return [p for p in self.paths if not p.lower().startswith(own) and not covers(ruled, p)]

    def edit_is_frozen(self, t: Touched) -> bool:
        """Whether a freeze holds an item now that its edit would land; corrections that anybody may make are none."""
        sides = [d for d in (t.before, t.after) if d is not None]
        free = (self.base.data("schemas/policies/change-control.yaml") or {}).get("free_fields", [])
        fields = {f for f in {*sides[0], *sides[-1]} if sides[0].get(f) != sides[-1].get(f)}
        in_use = any(d.get("lifecycle") in ("production", "maintenance") for d in sides)
        if t.kind not in facts.CONFIGURED or not in_use or (len(sides) == 2 and not fields - set(free)):
            return False
        beside = [c for c in self.changes if self.allows_work(c) and t.id in self.facts[c.path]["items"]]
        if any(self.facts[c.path]["freeze"] is True for c in beside):
            return False  # the change in the freeze asks the same people
        known = [(c.data.get("type"), self.facts[c.path]["incident"]) for c in beside]
        types = {kind for kind, incident in known if kind != "emergency" or incident}
        return any(
            any(first <= self.q.now < last for first, last in facts.windows(freeze))
            and facts.rests_on(self.base, freeze, [t.id])
            and not types & set(many(freeze.get("exempt_types")))
            for freeze in facts.freezes(self.base).values()
        )

    def allows_work(self, c: Touched) -> bool:
        """Whether this request has a change authorised, and in a state in which the work may be done."""
        return (
            self.facts[c.path]["stage"] == "authorisation"
            and c.after is not None
            and c.after.get("state") in self.authorised
        )

    # --- what is asked ---------------------------------------------------------------------------------

    def rows(self) -> tuple[list[Row], list[str]]:
        """Return everything that must be approved, and what cannot be judged."""
        rows: list[Row] = []
        covered: set[str] = set()
        for rule in self.policy["protected"]:
            if any(covers(rule["paths"], p) for p in self.paths):
                covered |= {p for p in self.paths if covers(rule["paths"], p)}
                rows.append(self.row(rule, ""))
        for rule in self.policy["rules"]:
            if "paths" in rule["when"]:
                some = {p for p in self.paths if covers(rule["when"]["paths"], p)}
                covered |= some
                rows += [self.row(rule, "")] if some else []
                continue
            documents = [t for t in self.touched if self.is_for(rule, t)]
            if (
                rule["require"].get("each") != "excluded_ci"
            ):  # who is asked about what is left out approves nothing else
                covered |= {t.path for t in documents}
            rows += [row for t in documents for row in self.spelt_out(rule, t)]
            if rule["require"].get("each") == "edited_item":
                rows += self.files_unnamed(rule)
        rows += self.lifted()
        for row in rows:  # what two rules ask of the same people can be overridden only if both say so
            same = [
                r
                for r in rows
                if (r.role, r.subject, r.owners, r.about) == (row.role, row.subject, row.owners, row.about)
            ]
            row.agreed = all(r.override is not None for r in same if r.count or r.error)
        allowed = any(self.allows_work(t) for t in self.changes if t.path in covered)
        own = ("records/", "cmdb/", "schemas/", "itsm.yaml")
        left = [p for p in self.paths if p not in covered and not (allowed and not p.lower().startswith(own))]
        return rows, [f"no rule covers {p}" for p in left]

    def files_unnamed(self, rule: Data) -> list[Row]:
        """Return what is asked about items whose files are edited, and that no change names."""
        names = {i for c in self.changes if c.after is not None for i in facts.named(c.after)}
        groups = set(rule["when"]["kind"])
        return [
            self.row(rule, item, owners=owners, items=(item,), error=error)
            for item in self.files
            if item not in names and groups & {"item", "ci", "any", self.base.items[item]["class"]}
            for owners, error in self.asked(rule, item)
        ]

    def lifted(self) -> list[Row]:
        """Return what is asked where a freeze is taken away or made shorter: what a change in it would need."""
        over = [t for t in self.touched if t.kind == "calendar" and t.id in facts.freezes(self.base)]
        over = [t for t in over if any(last > self.q.now for _, last in facts.windows(t.before or {}))]
        rules = [r for r in self.policy["rules"] if r["when"].get("freeze") is True]
        return [
            self.row(r, t.id)
            for t in over
            if facts.shorter(t.before or {}, t.after, self.q.now)
            for r in rules
        ]

    def is_for(self, rule: Data, t: Touched) -> bool:
        groups = {t.kind, "any", "record" if t.path.startswith("records/") else "item"}
        groups |= {"ci"} if t.kind in facts.CONFIGURED else set()
        return bool(groups & set(rule["when"]["kind"])) and self.holds(
            rule["when"], self.facts[t.path], rule["require"]["count"] > 0
        )

    def holds(self, when: Data, known: Mapping[str, Any], unknown: bool) -> bool:
        """Whether conditions hold; what nobody has said is the worst."""
        for condition, wanted in when.items():
            if condition in ("kind", "paths"):
                continue
            assert condition in (*_FLAGS, *_WORDS), condition
            value = known.get(condition)
            if value is None:
                if not unknown:
                    return False
            elif value not in (wanted if isinstance(wanted, list) else [wanted]):
                return False
        return True

    def row(self, rule: Data, subject: str, **about: Any) -> Row:
        need = rule["require"]
        return Row(
            rule["name"], need.get("role", ""), subject, need["count"], need.get("signed", False), need.get("distinct", False), **about
        )  # fmt: skip

    def spelt_out(self, rule: Data, t: Touched) -> Iterator[Row]:
        each = rule["require"].get("each", "")
        override = rule.get("override")
        if override and not (
            t.kind == "change" and self.holds(override.get("when", {}), self.facts[t.path], False)
        ):
            override = None
        if each == "edited_item":
            named = t.path.startswith("cmdb/") and t.kind not in ("person", "team")
            for owners, error in self.asked(rule, t.id) if named else ():
                yield self.row(rule, t.id, owners=owners, items=(t.id,), error=error)
            return
        whole, about = tuple(self.facts[t.path].get("items", ())), (t.id,) if t.kind == "change" else ()
        if not each:
            yield self.row(rule, t.id, items=whole, override=override, about=about)
            return
        items = [
            i for i in whole if each == "affected_ci" or self.base.items.get(i, {}).get("class") == "service"
        ]
        if each == "excluded_ci":
            items = self.left_out(t)
        elif not items:
            yield self.row(rule, t.id, error="it names nothing", about=about)
        for item in items:
            for owners, error in self.asked(rule, item):
                yield self.row(
                    rule, item, owners=owners, items=(item,), override=override, error=error, about=about
                )

    def left_out(self, t: Touched) -> list[str]:
        """Return the important items that a change says it does not touch, and that it does not touch otherwise."""
        important = self.policy.get("dependents", {"criticality": []})["criticality"]
        out = dict.fromkeys(x["ci"] for x in t.data.get("excluded_cis") or ())
        touched = self.facts[t.path]["items"]
        return [
            i for i in out if self.base.items.get(i, {}).get("criticality") in important and i not in touched
        ]

    def asked(self, rule: Data, item: str) -> list[tuple[frozenset[str], str]]:
        """Return the owners of an item, where a rule asks for them."""
        return self.owners(item) if rule["require"]["role"] == "owner" else [(frozenset(), "")]

    def owners(self, item: str) -> list[tuple[frozenset[str], str]]:
        """Return who owns an item: before, and after where the request gives it to somebody else."""
        new = next((t.after for t in self.touched if t.id == item and t.path.startswith("cmdb/")), None)
        before = many(self.base.items.get(item, {}).get("owner"))
        after = many(new.get("owner")) if new else before
        found = []
        orphan = item in self.base.items and not before and not self.changes
        if item in self.base.items and not (orphan and after):
            found.append((frozenset(before), "" if before else "nobody owns it"))
        if after and after != before:
            found.append((frozenset(after), ""))
        return found or [(frozenset(), "there is no such item, or nobody owns it")]

    # --- who had a part ----------------------------------------------------------------------------------

    def who_is_apart(self) -> Parts:
        states = {t.id: [d for d in (t.before, t.after) if d is not None] for t in self.changes}
        return parts(
            self.objects, self.policy, self.people, self.q.base, self.q.head, self.q.opened_by, states
        )

    def joins(self) -> bool:
        """Whether it is nothing but files of people, among them those of whoever is unknown."""
        people = [t for t in self.touched if t.kind == "person" and t.after is not None]
        addresses = {a.lower() for t in people for a in t.data.get("commit_addresses") or ()}
        return {t.path for t in people} == set(self.paths) and self.parts.unknown <= addresses

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
