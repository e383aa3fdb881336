"""The oracle's view of documents: what a path is, what a change asks for, how risky it is. Written from the handbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import yaml

from tests.gate.model.plumbing import Objects

Data = Mapping[str, Any]

RECORDS = {"changes": "change", "incidents": "incident", "requests": "request", "problems": "problem"}
CLASSES = {
    "applications": "application", "calendars": "calendar", "databases": "database", "people": "person",
    "servers": "server", "services": "service", "teams": "team",
}  # fmt: skip
CONFIGURED = ("application", "database", "server", "service")  # what a change can be about
OVER = ("resolved", "closed", "cancelled")
LEVELS = ("low", "medium", "high", "critical")
# Of a task, how far it is; everything else of it was planned.
TOLD_OF_TASKS = ("status", "actual_start", "actual_end")


class _Loader(yaml.CSafeLoader):
    """YAML without dates: times are text."""


_Loader.yaml_implicit_resolvers = {
    k: [r for r in v if r[0] != "tag:yaml.org,2002:timestamp"]
    for k, v in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@lru_cache(maxsize=20000)
def parse(text: bytes) -> Any:
    """Return the data of a document."""
    return yaml.load(text, _Loader)


def many(value: Any) -> list[str]:
    """Return the names in a field that holds one or several."""
    return [value] if isinstance(value, str) else [v for v in value or () if isinstance(v, str)]


def moment(text: Any) -> datetime | None:
    """Return a time, None where there is none."""
    return datetime.fromisoformat(text) if isinstance(text, str) else None


@lru_cache(maxsize=500)
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*)", text)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(words.get(p, re.escape(p)) for p in parts), re.DOTALL)


def covers(patterns: Iterable[str], path: str) -> bool:
    """Whether a path is meant: ``*`` stays in a folder, ``**`` crosses folders."""
    return any(_pattern(p).fullmatch(path) for p in patterns)


def kind_of(path: str) -> str:
    """Return the kind or class of the document at a path; empty for a file of another sort."""
    found = re.fullmatch(r"records/([a-z-]+)/\d{4}/\d\d/[A-Z]+-\d{6}-[0-9A-Z]{5}\.yaml", path)
    if found:
        return RECORDS.get(found[1], "")
    found = re.fullmatch(r"cmdb/([a-z-]+)/[a-z][a-z0-9-]*\.yaml", path)
    return CLASSES.get(found[1], "") if found else ""


@dataclass
class Tree:
    """Everything at one commit (or one tree of files)."""

    objects: Objects
    blobs: Mapping[str, str]
    _items: dict[str, Data] = field(default_factory=dict)

    def data(self, path: str) -> Data | None:
        """Return a document, None where there is none."""
        return parse(self.objects.read(self.blobs[path])) if path in self.blobs else None

    @property
    def items(self) -> dict[str, Data]:
        """Every document of the CMDB by its name."""
        if not self._items:
            for path in self.blobs:
                if path.startswith("cmdb/") and kind_of(path):
                    self._items[path.rpartition("/")[2].removesuffix(".yaml")] = self.data(path) or {}
        return self._items

    def record(self, identifier: str) -> Data | None:
        """Return a record by its identifier."""
        return next((self.data(p) for p in self.blobs if p.endswith(f"/{identifier}.yaml")), None)


@dataclass(frozen=True)
class Touched:
    """One document that a request changes."""

    path: str
    kind: str
    before: Data | None
    after: Data | None

    @property
    def id(self) -> str:
        """Its name."""
        return self.path.rpartition("/")[2].removesuffix(".yaml")

    @property
    def data(self) -> Data:
        """How it would be; how it was, where it is taken away."""
        return self.after if self.after is not None else self.before or {}


def named(change: Data) -> list[str]:
    """Return the items that a change is about: those it names, and those that a link says it affects."""
    found = many(change.get("service")) + many(change.get("services")) + many(change.get("cis"))
    links = change.get("links") or []
    return list(dict.fromkeys(found + [x["target"] for x in links if x.get("type") == "affects"]))


def dependents(items: Mapping[str, Data], target: str) -> list[str]:
    """Return the items that depend on one, directly; on one that is not there nothing can."""
    if target not in items:
        return []
    return sorted(
        name
        for name, data in items.items()
        if any(
            x["type"] in ("depends_on", "runs_on") and x["target"] == target for x in data.get("links") or ()
        )
    )


def files_of_items(base: Tree, files: Iterable[str]) -> dict[str, list[str]]:
    """Return the items to which files belong, by their patterns on the target branch."""
    listed = [f for f in files if not f.lower().startswith(("records/", "cmdb/", "schemas/", "itsm.yaml"))]
    found = {i: [f for f in listed if covers(many(data.get("paths")), f)] for i, data in base.items.items()}
    return {i: some for i, some in sorted(found.items()) if some}


def standing(base: Tree, after: Tree, change: Data, beside: Iterable[str], work: Iterable[str]) -> str:
    """Return how a change stands to its template on the target branch; ``beside`` are items touched, ``work`` files."""
    template = base.data(f"schemas/templates/{change.get('template')}.yaml")
    if not template:
        return "missing"
    if any(f in change and change[f] != template["values"].get(f) for f in template.get("fixed") or ()):
        return "departed"
    limit = template.get("touches") or {}
    touched = [
        *many(change.get("cis")),
        *(x["target"] for x in change.get("links") or () if x.get("type") == "affects"),
    ]
    for item in dict.fromkeys([*touched, *beside]):
        kinds = {t.items[item]["class"] for t in (base, after) if item in t.items} or {""}
        if "classes" in limit and not kinds <= set(limit["classes"]):
            return "departed"
    if "paths" in limit and any(not covers(limit["paths"], f) for f in work):
        return "departed"
    outage, start, end = (
        change.get("outage") or {},
        moment(change.get("planned_start")),
        moment(change.get("planned_end")),
    )
    if outage.get("minutes", 99 if outage.get("expected") else 0) > 15 or (change.get("risk") or {}).get(
        "level"
    ) in ("medium", "high"):
        return "departed"
    if start and end and end - start > timedelta(hours=24):
        return "departed"
    return str(template["status"])


def affected(policy: Data, base: Tree, change: Data, edited: Iterable[str]) -> list[str]:
    """Return the items a change affects: named, edited beside it (if it is more than a draft), important dependents."""
    found = named(change)
    if change.get("state") not in policy["preparation"]:
        found += [e for e in edited if e not in found]
    reach = policy.get("dependents", {"hops": 0, "criticality": []})
    out = [x.get("ci") for x in change.get("excluded_cis") or ()]
    edge = list(found)
    for _ in range(reach["hops"]):
        edge = [d for i in edge for d in dependents(base.items, i) if d not in found]
        found += [
            d
            for d in dict.fromkeys(edge)
            if base.items[d].get("criticality") in reach["criticality"] and d not in out and d not in found
        ]
    return found


def stage(policy: Data, authorised: Iterable[str], before: Data | None, after: Data | None) -> str:
    """Return what a request does to a change: prepare it, report about it, or ask for it."""
    if after is None:
        return "preparation" if (before or {}).get("state") in policy["preparation"] else "authorisation"
    if after.get("state") in policy["preparation"]:
        return "preparation"
    if before is None or before.get("state") not in authorised:
        return "authorisation"
    different = {f for f in {*before, *after} if before.get(f) != after.get(f)}
    if different - set(policy["progress_fields"]) or set(named(after)) - set(named(before)):
        return "authorisation"
    return "authorisation" if any(_plan(f, before.get(f), after.get(f)) for f in different) else "progress"


def _plan(field: str, before: Any, after: Any) -> bool:
    """Whether a field that reports progress was changed where it belongs to the plan.

    Tasks are the plan, but for how far they are. Of links, documents and the like what was there was approved with the
    plan; more may be said.
    """
    if field == "tasks":
        planned = [
            [{k: v for k, v in t.items() if k not in TOLD_OF_TASKS} for t in some or ()]
            for some in (before, after)
        ]
        return planned[0] != planned[1]
    if field in ("links", "documents", "external_refs", "timeline"):
        return (after or [])[: len(before or ())] != (before or [])
    return field == "x" and any((after or {}).get(k) != v for k, v in (before or {}).items())


def risk(rules: Data, base: Tree, change: Data, now: datetime) -> str | None:
    """Return the level that counts: the higher of what is written and what is computed; None where none is written."""
    about = change.get("risk") or {}
    written = about.get("level")
    if written not in LEVELS[:3]:
        return None
    if change.get("type") == "standard" or about.get("override"):
        return str(written)
    questions = sum(
        answer["points"] * q.get("weight", 1)
        for q in rules["questions"]
        for answer in q["answers"]
        if answer["value"] == (about.get("answers") or {}).get(q["id"])
    )
    facts = sum(
        _points(f, base, change, now)
        for f in rules["facts"]
        if change.get("type") in f.get("types", [change.get("type")])
    )
    computed = [_level(rules["levels"]["questions"], questions), _level(rules["levels"]["facts"], facts)]
    return max([str(written), *computed], key=LEVELS.index)


def overrides_risk(rules: Data, base: Tree, change: Data, now: datetime) -> bool:
    """Whether a change says that its risk is lower than what is computed."""
    about = change.get("risk") or {}
    if not about.get("override") or about.get("level") not in LEVELS[:3] or change.get("type") == "standard":
        return False
    plain = {**change, "risk": {k: v for k, v in about.items() if k != "override"}}
    return risk(rules, base, plain, now) != about["level"]


def _level(steps: Data, points: int) -> str:
    return "high" if points >= steps["high"] else "medium" if points >= steps["medium"] else "low"


def _points(fact: Data, base: Tree, change: Data, now: datetime) -> int:
    value = _value(fact["fact"], base, change, now)
    for step in fact["steps"]:
        number = isinstance(value, int | float)
        if (
            step.get("is", "") == value
            or (number and value >= step.get("from", 1e9))
            or (number and value < step.get("below", -1))
        ):
            return int(step["points"])
    return 0


def _value(fact: str, base: Tree, change: Data, now: datetime) -> Any:
    about = [i for i in named(change) if i in base.items]
    out = [x.get("ci") for x in change.get("excluded_cis") or ()]
    hit: list[str] = []
    waiting = list(about)
    while waiting:
        item = waiting.pop()
        for other in dependents(base.items, item):
            if other not in hit and other not in about:
                hit.append(other)
                waiting.append(other)
    hit = [h for h in hit if h not in out]
    if fact == "criticality":
        some = about + [h for h in hit if base.items[h]["class"] == "service"]
        known = [c for c in (base.items[i].get("criticality") for i in some) if c]
        return max(known, key=LEVELS.index, default="")
    if fact == "blast_radius":
        return len(hit)
    if fact == "lead_time":
        start = moment(change.get("planned_start"))
        asked = [moment(s["at"]) for s in change.get("timeline") or () if s.get("state") == "authorize"]
        since = asked[-1] if asked else None
        return None if start is None else max(0.0, (start - (since or now)).total_seconds() / 86400)
    if fact == "outage":
        outage = change.get("outage") or {}
        return max(1, outage.get("minutes", 1)) if outage.get("expected") is True else 0
    return 0  # no change of these repositories has failed


def freezes(tree: Tree) -> dict[str, Data]:
    """Return the freezes that are no drafts."""
    some = {i: d for i, d in tree.items.items() if d.get("class") == "calendar" and d.get("type") == "freeze"}
    return {i: d for i, d in some.items() if d.get("lifecycle") not in ("planned", "retired")}


def windows(freeze: Data) -> list[tuple[datetime, datetime]]:
    """Return when a freeze holds."""
    pairs = [(moment(w["start"]), moment(w["end"])) for w in freeze.get("windows") or ()]
    return [(a, b) for a, b in pairs if a and b]


def rests_on(base: Tree, freeze: Data, items: Iterable[str]) -> bool:
    """Whether a freeze is for one of some items: for all, for those it names, and for what these need."""
    mine = many(freeze.get("applies_to"))
    for item in mine:
        mine += [x["target"] for x in base.items.get(item, {}).get("links") or () if x["target"] not in mine]
    return not mine or bool(set(mine) & set(items))


def in_freeze(
    base: Tree, change: Data, items: Iterable[str], authorised: Iterable[str], urgent: bool
) -> bool | None:
    """Whether the window of a change meets a freeze that holds it; an emergency is exempt only with an incident."""
    start, end = moment(change.get("planned_start")), moment(change.get("planned_end"))
    if start is None or end is None or end < start:
        return None if change.get("state") in authorised else False
    for freeze in freezes(base).values():
        exempt = change.get("type") in many(freeze.get("exempt_types")) and (
            change.get("type") != "emergency" or urgent
        )
        meets = any(start < last and first < end for first, last in windows(freeze))
        if meets and not exempt and rests_on(base, freeze, items):
            return True
    return False


def shorter(before: Data, after: Data | None, now: datetime) -> bool:
    """Whether a freeze would hold for less, or less, than before."""
    if after is None or after.get("type") != "freeze" or after.get("lifecycle") in ("planned", "retired"):
        return True
    mine, theirs = set(many(before.get("applies_to"))), set(many(after.get("applies_to")))
    if theirs and (not mine or not mine <= theirs):
        return True
    if set(many(after.get("exempt_types"))) - set(many(before.get("exempt_types"))):
        return True
    rest = windows(after)
    return any(
        not any(a <= max(first, now) and last <= b for a, b in rest)
        for first, last in windows(before)
        if last > now
    )


def urgent(
    policy: Data, base: Tree, after: Tree, change: Touched, items: Iterable[str], now: datetime
) -> bool:
    """Whether an incident is the reason of a change.

    It is linked (and not caused by the change), open, about something that the change touches or that depends on it,
    opened not long ago; and the change is planned for about now, or says no window because it is made at once.
    """
    limits = {"incident_opened_within": "P14D", "window_within": "P2D", **policy.get("emergencies", {})}
    longest, nearest = (
        timedelta(days=int(limits[k][1:-1])) for k in ("incident_opened_within", "window_within")
    )
    given = [
        m for m in (moment(change.data.get("planned_start")), moment(change.data.get("planned_end"))) if m
    ]
    if given != sorted(given) or (given and (given[0] - now > nearest or now - given[-1] > nearest)):
        return False
    near = list(items)
    for item in near:
        near += [d for d in dependents(base.items, item) if d not in near]
    mine = [x for x in change.data.get("links") or () if x["type"] not in ("caused_by", "causes")]
    for link in mine:
        found = base.record(link["target"]) or after.record(link["target"])
        if not link["target"].startswith("INC-") or not found or found.get("state") in OVER:
            continue
        opened = moment(found["timeline"][0]["at"])
        assert opened
        if set(named(found)) & set(near) and now - opened <= longest:
            return True
    return False
