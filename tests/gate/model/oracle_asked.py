"""The oracle's view of a request: what lands, what the rules say of it, and everything that must be approved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tests.gate.model import oracle_facts as facts
from tests.gate.model.oracle_facts import Data, Touched, Tree, covers, many
from tests.gate.model.oracle_people import Parts, People, parts
from tests.gate.model.oracle_types import Question, Row, changed
from tests.gate.model.plumbing import Objects

_FLAGS = ("outage", "freeze", "incident", "removed", "risk_override")
_WORDS = ("stage", "type", "risk", "state", "criticality", "template")


class Asked:
    """One request in the light of the branch that it wants to enter."""

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

    # --- what is true of its documents ---

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
        rows += [*self.lifted(), *self.weakened()]
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

    def weakened(self) -> list[Row]:
        """Return what is asked where somebody loses a role that is the same for every record: those who keep it."""
        if not any(t.kind == "person" for t in self.touched):
            return []
        after = People(self.after, self.q.now.date())
        rows = []
        for rule in (*self.policy["protected"], *self.policy["rules"]):
            role, count = rule["require"].get("role", ""), rule["require"]["count"]
            about = set(self.people.roles.get(role, {})) - {"title", "description"}
            if not count or not about or about - {"teams", "people"}:
                continue
            before, later = set(self.people.fill(role, ())), set(after.fill(role, ()))
            stay = min(count, len(before & later))
            if before - later and stay:
                rows.append(self.row({**rule, "require": {**rule["require"], "count": stay}}, ""))
        return rows

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
