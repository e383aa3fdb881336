"""A repository of odd documents, and random filters for it: names, times and texts as people and hostile files have them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itsm_gitops.model.filter_language import quote
from itsm_gitops.repository import Repository
from tests.support import GitRepo, copy_tree

NOW = "2026-11-22T12:00:00Z"
_SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
_ITEMS = ("mail", "mail-db", "pay", "host-1", "host-2")
_PEOPLE = ("ann", "bob", "desk", "web")
_STATES = ("new", "in_progress", "on_hold", "resolved", "closed", "cancelled", "nonsense")
_TITLES = ("Disk full", "DISK FULL again", "Störung im Café", 'Store: 100% "full"', "é", "İstanbul ﬁle ſ K", "a\\b",
           "-5 °C", "none", "日本語 サーバ", "' OR 1=1 --", "x" * 300, "\u202e", "@me", "P1")  # fmt: skip
_TIMES = ("2026-11-21T23:30:00Z", "2026-11-22T00:30:00+01:00", "2026-11-22T00:30:00+14:00", "2026-11-21T12:00:00-12:00",
          "2026-11-22t10:00:00z", "2026-11-22T10:00:00.500000Z", "2026-11-22", "not a time", "2026-02-30T10:00:00Z",
          "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-10-25T02:30:00+02:00")  # fmt: skip


def world(folder: Path, seed: int) -> Repository:
    """Make a repository of about fifty documents, a few of them unreadable or wrong."""
    rng = random.Random(seed)
    folder.mkdir()
    made = GitRepo(folder)
    made.git("init", "-q")
    made.git("config", "user.email", "ann@example.org")
    made.git("config", "user.name", "Ann")
    copy_tree(_SCHEMAS, folder / "schemas")
    made.write("itsm.yaml", "version: 1\norganisation: Acme\ntimezone: Europe/Berlin\n")
    for name in _ITEMS[:1] + _ITEMS[2:3]:
        needs = [{"type": "depends_on", "target": t} for t in rng.sample(_ITEMS[3:], 1)]
        made.write(
            f"cmdb/services/{name}.yaml", _item(name, "service", owner=rng.choice(_PEOPLE), links=needs)
        )
    for name, folder_name, kind in (("mail-db", "databases", "database"), ("host-1", "servers", "server"), ("host-2", "servers", "server")):  # fmt: skip
        made.write(f"cmdb/{folder_name}/{name}.yaml", _item(name, kind, owner="desk", lifecycle=rng.choice(["production", "retired", 5])))  # fmt: skip
    made.write("cmdb/teams/desk.yaml", _item("desk", "team"))
    made.write("cmdb/teams/web.yaml", _item("web", "team"))
    made.write("cmdb/people/ann.yaml", _item("ann", "person", teams=["desk", "web"]))
    for number in range(40):
        kind, prefix, plural = rng.choice([("incident", "INC", "incidents"), ("problem", "PRB", "problems"), ("change", "CHG", "changes")])  # fmt: skip
        identifier = f"{prefix}-261122-{number:05d}"
        made.write(f"records/{plural}/2026/11/{identifier}.yaml", _record(rng, identifier, kind))
    made.write("records/incidents/2026/11/INC-261122-0000B.yaml", "id: [unclosed\n")
    made.commit("all")
    made.write(
        "records/incidents/2026/11/INC-261122-0000C.yaml", _record(rng, "INC-261122-0000C", "incident")
    )
    return Repository.open(folder)


def _item(name: str, kind: str, **fields: Any) -> str:
    return json.dumps(
        {"id": name, "class": kind, "name": f"The {name}", "lifecycle": "production", **fields},
        ensure_ascii=False,
    )


def _record(rng: random.Random, identifier: str, kind: str) -> str:
    """Return a record in which anything may be missing or of a wrong type."""

    def some(*values: Any) -> Any:
        return rng.choice(values)

    times = [rng.choice(_TIMES) for _ in range(rng.randint(0, 3))]
    steps = [{"at": at, "by": some(*_PEOPLE), **some({"state": some(*_STATES)}, {"note": some(*_TITLES)})} for at in times]  # fmt: skip
    data: dict[str, Any] = {
        "id": identifier,
        "kind": kind,
        "title": some(*_TITLES, *_TITLES, 5, None),
        "state": some(*_STATES, *_STATES, None, 7),
        "impact": some("high", "medium", "low", "huge", 3),
        "urgency": some("high", "medium", "low"),
        "priority_override": some(None, None, {"priority": "P1"}, {"priority": "P9"}, "P2"),
        "service": some(*_ITEMS, "gone", "gone", None, 4),
        "cis": some([], [some(*_ITEMS)], [some(*_ITEMS), "gone"], "mail-db", [5]),
        "unaffected": some(None, None, ["mail"]),
        "assigned_team": some("desk", "web", "ann", None, 5, ["desk"]),
        "assignee": some("ann", "bob", "nobody-else", None),
        "implementers": some(None, ["ann", "bob"], "ann"),
        "category": some("mail", "network/vpn", "Störung", "none", None, True, 5, ["mail", "x"]),
        "time_spent": some(None, 5, 60, 60.5, 10**30, True, "60"),
        "confidential": some(None, True, False, "true"),
        "planned_start": some(None, *_TIMES),
        "risk": some(None, {"level": some("low", "high", 3)}, "low"),
        "labels": some(None, {"cost-centre": some("7", 7, "a b"), "x": ["y", "Z"]}),
        "description": some(None, " ".join(rng.sample(_TITLES, 2)), "one\n\n  two three\n"),
        "aliases": some(None, [f"OLD{rng.randint(0, 9)}", "ÄLT"], "OLD1"),
        "links": some(
            None,
            [
                {
                    "type": some("caused_by", "resolved_by", "relates_to", "affects", "made_up"),
                    "target": some("CHG-261122-00001", "INC-261122-00002", *_ITEMS),
                }
            ],
        ),
        "timeline": some(steps, steps, steps, None, "x"),
    }
    return json.dumps({k: v for k, v in data.items() if v is not None}, ensure_ascii=rng.random() < 0.3)


_NAMES = (
    "mail",
    "pay",
    "mail-db",
    "host-1",
    "gone",
    "none",
    "00001",
    "CHG-261122-00001",
    "INC-261122-00002",
    "nothing",
)
_HANDLES = ("desk", "web", "ann", "bob", "nobody-else", "none", "@me", "@my-teams", "Ann", "zzz")
_WHEN = (">-30d", "<-1h", "2026-11-22", "2026-11", "..2026-11-21", "2026-11-22..", ">2026-11-22T10:00:00.4Z", "none", "today",
         "2026-11-21..2026-11-22", '"2026-11-22 11:00"', ">9999", "<=0001-01-02", "-7d", "soon", "<2026-11-22T00:30:00+14:00")  # fmt: skip
_VALUES: dict[str, Sequence[str]] = {
    "kind": ("incident", "changes", "service", "items", "cis", "nothing", "problem,change"),
    "state": ("open", "finished", "new", "in-progress", "waiting", "done", "running", "production", "none", "new,closed", "opn"),
    "status": ("open", "finished", "all", "none", "some"),
    "priority": ("P1", "p2", "P1,P3", "none", "P9", "P1..P2"),
    "service": _NAMES, "ci": _NAMES, "reaches": _NAMES, "affects": _NAMES, "affected_by": _NAMES, "caused_by": (*_NAMES, "*"),
    "causes": (*_NAMES, "*"), "resolves": _NAMES, "relates_to": (*_NAMES, "*", "none,mail"), "depends_on": _NAMES,
    "team": _HANDLES, "assignee": _HANDLES, "assigned_team": _HANDLES, "implementers": _HANDLES, "owner": _HANDLES,
    "id": ("0000", "inc", "old1", "ält", "b", "%", '"\\\\"'),
    "title": ("disk", "FULL", "störung", "storung", "cafe", "ﬁ", "file", "k", '"a\\\\b"', "'", '"100% \\"full"', "x", "none", "日本"),
    "opened": _WHEN, "updated": _WHEN, "closed": _WHEN, "planned_start": _WHEN,
    "category": ("mail", "MAIL", "vpn", "none", "*", '"none"', "true", "5", "stor", "network/vpn", '""'),
    "impact": ("high", "HIGH", "none", "hihg", "high,low"),
    "time_spent": ("5", ">5", ">=60", "<60.4", "5..60", "..5", "60..", "x", "none", "*", "9..1", "1e999"),
    "confidential": ("true", "yes", "false", "none", "maybe"),
    "risk.level": ("high", "low", "none", "*", "hgh"),
    "labels.cost-centre": ("7", '"a b"', "none", "*"), "labels.x": ("y", "z", "none"),
    "description": ("full", "two", "*", "none", '"two three"'), "lifecycle": ("production", "5", "none"),
    "path": ("records", "none"), "aliases": ("old1", "none"), "timeline.note": ("disk", "none"), "madeup": ("x",),
}  # fmt: skip
_TEXTS = ("disk", "Full", '"disk full"', "störung", "cafe", "'", '"two three"', "nothing-like-it", "12:00", "-5", "日本", '"a\\\\b"', "INC-261122-0000C")  # fmt: skip


def random_filter(rng: random.Random, depth: int = 3) -> str:
    """Return a filter as somebody may write it; not every one has a meaning."""
    choice = rng.random()
    if depth and choice < 0.25:
        return f"({random_filter(rng, depth - 1)} or {random_filter(rng, depth - 1)})"
    if depth and choice < 0.5:
        return f"{random_filter(rng, depth - 1)} {random_filter(rng, depth - 1)}"
    if depth and choice < 0.6:
        return f"not {random_filter(rng, depth - 1)}"
    if choice < 0.68:
        return rng.choice(_TEXTS)
    word = rng.choice(list(_VALUES))
    value = rng.choice(_VALUES[word])
    sign = "=" if rng.random() < 0.15 else ":"
    if rng.random() < 0.05:
        value = quote(value)
    return f"{'-' if rng.random() < 0.1 else ''}{word}{sign}{value}"
