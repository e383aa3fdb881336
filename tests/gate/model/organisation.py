"""Random organisations: people, teams, items, roles and policies, as files."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from itsm_gitops.snapshots import packaged_rulebook_root
from tests.gate.model.plumbing import Files

HANDLES = (
    "change-manager", "board-chair", "board-member", "ops-lead", "ops-engineer", "ops-helper",
    "net-lead", "net-engineer", "data-lead", "data-engineer", "desk-agent",
)  # fmt: skip
TEAMS = ("ops", "net", "data", "desk", "change-management")
POLICY = "schemas/policies/approvals.yaml"
ROLES = "schemas/policies/roles.yaml"
START = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
Doc = dict[str, Any]


def dump(data: Doc) -> bytes:
    """Write a document."""
    return yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1000).encode()


def text(at: datetime) -> str:
    """Write a time."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@cache
def rule_book() -> tuple[tuple[str, bytes], ...]:
    """Return the files of the shipped rule book."""
    root = packaged_rulebook_root()
    paths = sorted(p for p in (root / "schemas").rglob("*") if p.is_file())
    return tuple((str(p.relative_to(root)), p.read_bytes()) for p in paths)


@cache
def shipped(path: str) -> Doc:
    """Return one document of the shipped rule book."""
    data: Doc = yaml.load(dict(rule_book())[path], yaml.CSafeLoader)
    return data


@dataclass
class Organisation:
    """What is true before anything happens: files, and who is there."""

    files: Files
    people: list[str]
    numbers: dict[str, int]
    items: list[str]
    recorder: str


def who(person: str) -> str:
    """Return how somebody signs commits."""
    return f"{person} <{person}@example.org>"


def person_file(rng: random.Random, name: str, number: int, keys: dict[str, str], teams: list[str]) -> Doc:
    """Return the file of a person."""
    data: Doc = {
        "id": name, "class": "person", "name": name.replace("-", " ").title(),
        "lifecycle": "retired" if rng.random() < 0.06 else "production", "teams": teams,
        "identities": [{"forge": "github", "id": number, "login": name}],
        "commit_addresses": [f"{name}@example.org"],
    }  # fmt: skip
    if rng.random() < 0.08:
        data["approver"] = False
    if rng.random() < 0.9:
        entry = {"type": "ssh", "fingerprint": f"SHA256:{name}", "public_key": keys[name]}
        if rng.random() < 0.08:
            entry["valid_until"] = "2026-11-01"
        data["signing_keys"] = [entry]
    return data


def organise(rng: random.Random, keys: dict[str, str]) -> Organisation:
    """Return a random organisation; ``keys`` are public keys by person."""
    files: Files = dict(rule_book())
    people = rng.sample(HANDLES, rng.randint(7, 10))
    numbers = {p: 101 + n for n, p in enumerate((*HANDLES, "zed"))}
    teams: dict[str, list[str]] = {p: rng.sample(TEAMS[:4], rng.choice((1, 1, 2))) for p in people}
    for person in rng.sample(people, rng.choice((2, 3, 3))):
        teams[person].append("change-management")
    for person in people:
        data = person_file(rng, person, numbers[person], keys, teams[person])
        files[f"cmdb/people/{person}.yaml"] = dump(data)
    if rng.random() < 0.12:  # two handles that are one human
        one, other = rng.sample(people, 2)
        path = f"cmdb/people/{one}.yaml"
        old, new = rng.choice((
            (f"id: {numbers[one]}\n", f"id: {numbers[other]}\n"), (keys[one], keys[other]),
            (f"- {one}@example.org", f"- {other}@example.org"), ("lifecycle:", f"same_as: [{other}]\nlifecycle:"),
        ))  # fmt: skip
        files[path] = files[path].replace(old.encode(), new.encode())
    for team in TEAMS:
        team_data: Doc = {"id": team, "class": "team", "name": team.title(), "lifecycle": "production"}
        if rng.random() < 0.6:
            team_data["on_call"] = rng.choice(people)
        files[f"cmdb/teams/{team}.yaml"] = dump(team_data)
    items = _items(rng, files, people)
    if rng.random() < 0.35:
        files["cmdb/calendars/rest.yaml"] = dump(_freeze(rng))
    status = rng.choice(("approved", "approved", "approved", "proposed", "retired"))
    files["schemas/templates/swap-disk.yaml"] = dump({**TEMPLATE, "status": status})
    files["itsm.yaml"] = dump({"version": 1, "organisation": "Example"})
    files["README.md"] = b"# Example\n"
    rules = policy(rng)
    if rng.random() < 0.5:
        rules["recorders"] = [rng.choice(people)]
    files[POLICY] = dump(rules)
    files[ROLES] = dump(roles(rng, people))
    return Organisation(files, people, numbers, items, next(iter(rules.get("recorders", ())), ""))


def _items(rng: random.Random, files: Files, people: list[str]) -> list[str]:
    plan = {
        "orders": ("services", "service"), "printing": ("services", "service"), "orders-db": ("databases", "database"),
        "web-1": ("servers", "server"), "web-2": ("servers", "server"),
    }  # fmt: skip
    for name, (folder, kind) in plan.items():
        data: Doc = {"id": name, "class": kind, "name": name.title()}
        if rng.random() < 0.95:
            data["owner"] = rng.choice((*TEAMS[:4], *TEAMS[:4], rng.choice(people)))
        data["lifecycle"] = "production"
        if rng.random() < 0.6:
            data["criticality"] = rng.choice(("low", "medium", "high", "critical"))
        needs = {"orders": ["orders-db", "web-1"], "web-1": ["orders-db"], "printing": ["web-2"]}.get(
            name, []
        )
        needs = [n for n in needs if rng.random() < 0.6]
        if needs:
            data["links"] = [{"type": "depends_on", "target": n} for n in needs]
        if name == "web-1" and rng.random() < 0.3:
            data["paths"] = ["infra/**"]
        files[f"cmdb/{folder}/{name}.yaml"] = dump(data)
    return list(plan)


def _freeze(rng: random.Random) -> Doc:
    first = START + timedelta(days=rng.choice((20, 20, 2)))
    data: Doc = {
        "id": "rest", "class": "calendar", "name": "Rest", "owner": rng.choice(TEAMS[:4]),
        "lifecycle": rng.choice(("production", "production", "planned")), "type": "freeze", "time_zone": "UTC",
        "windows": [{"start": text(first), "end": text(first + timedelta(days=rng.choice((5, 30)))), "name": "Rest"}],
    }  # fmt: skip
    if rng.random() < 0.3:
        data["exempt_types"] = ["emergency"]
    if rng.random() < 0.4:
        data["applies_to"] = rng.sample(["orders", "printing", "web-1"], 1)
    return data


TEMPLATE: Doc = {
    "template": "swap-disk", "kind": "change", "title": "Swap a disk", "description": "By the book.", "status": "approved", "version": 1,
    "fixed": ["title"], "touches": {"classes": ["server"], "paths": []}, "values": {"title": "Swap the disk", "type": "standard"},
}  # fmt: skip


def policy(rng: random.Random) -> Doc:
    """Return a policy: the shipped one, with some of it changed."""
    data = copy.deepcopy(shipped(POLICY))
    data["rules"] = [r for r in data["rules"] if not any("." in c for c in r["when"])]
    if rng.random() < 0.2:
        data["separation"] = rng.sample(data["separation"], rng.randint(1, 5))
    data["approval_max_age"] = rng.choice(("P14D", "P14D", "P3D", "P30D"))
    if rng.random() < 0.25:
        data["unknown_author"] = "warning"
    data["dependents"] = rng.choice((
        {"hops": 1, "criticality": ["critical"]}, {"hops": 0, "criticality": ["critical"]},
        {"hops": 2, "criticality": ["high", "critical"]},
    ))  # fmt: skip
    if rng.random() < 0.3:
        data["generated"] = ["reports/**"]
    _vary(rng, data)
    data["rules"] += [r for r in copy.deepcopy(EXTRA) if rng.random() < 0.15]
    if rng.random() < 0.1:
        for rule in data["rules"]:
            if rule["require"]["count"] and "override" not in rule and rng.random() < 0.5:
                rule["require"]["distinct"] = True
    if rng.random() < 0.1:
        data["rules"] = [r for r in data["rules"] if r["name"] != "pages"]
    rng.shuffle(data["rules"])
    return data


def _vary(rng: random.Random, data: Doc) -> None:
    """Change how many must approve, what must be signed, and what may be overridden."""
    alone = rng.random() < 0.6
    for rule in [*data["rules"], *data["protected"]]:
        need = rule["require"]
        if need["count"] and rng.random() < 0.12:
            need["count"] = rng.choice((1, 2, 3)) if need["role"] != "peer" else rng.choice((1, 2))
        if need["count"] and rng.random() < 0.1:
            need["signed"] = True
        if "override" in rule and rng.random() < 0.2:
            del rule["override"]
        elif "override" in rule and not alone:
            rule["override"].pop("alone", None)


EXTRA: list[Doc] = [
    {"name": "owner-of-each-service", "why": "Services.", "when": {"kind": ["change"], "stage": ["authorisation"], "outage": True},
     "require": {"role": "owner", "each": "affected_service", "count": 1}},
    {"name": "board-for-critical", "why": "Critical.", "when": {"kind": ["change"], "stage": ["authorisation"], "criticality": ["critical"]},
     "require": {"role": "cab", "count": 1}},
    {"name": "one-of-the-board", "why": "Haste.", "when": {"kind": ["change"], "stage": ["authorisation"], "type": ["emergency"]},
     "require": {"role": "cab", "count": 1}},
    {"name": "closing", "why": "The end.", "when": {"kind": ["change"], "state": ["closed"]}, "require": {"role": "change_manager", "count": 1}},
    {"name": "incidents-read", "why": "Read.", "when": {"kind": ["incident"], "state": ["resolved", "closed"]}, "require": {"role": "peer", "count": 1}},
    {"name": "manager-for-items", "why": "Two eyes.", "when": {"kind": ["ci"]}, "require": {"role": "change_manager", "each": "edited_item", "count": 1}},
    {"name": "infrastructure", "why": "Files.", "when": {"paths": ["infra/**"]}, "require": {"role": "cab", "count": 1}},
]  # fmt: skip


def roles(rng: random.Random, people: list[str]) -> Doc:
    """Return roles: the shipped ones, with some of them changed, and delegations."""
    data = copy.deepcopy(shipped(ROLES))
    if rng.random() < 0.3:
        del data["roles"]["cab"]["teams"]
        data["roles"]["cab"]["people"] = rng.sample(people, 3)
    if rng.random() < 0.5:
        data["roles"]["on_call"].pop("teams", None)
    for _ in range(rng.choice((0, 0, 1, 2))):
        giver, to = rng.sample(people, 2)
        first = START + timedelta(days=rng.choice((-30, -3, 5)))
        entry = {
            "from": giver,
            "to": to,
            "since": f"{first:%Y-%m-%d}",
            "until": f"{first + timedelta(days=rng.choice((2, 30))):%Y-%m-%d}",
        }
        if rng.random() < 0.3:
            entry["roles"] = rng.sample(["owner", "cab", "change_manager", "rulebook_admin"], 2)
        data["delegates"].append(entry)
    return data


def folder(name: str) -> Path:
    """Return the file name of a record by its identifier."""
    kind = {"CHG": "changes", "INC": "incidents"}[name[:3]]
    return Path(f"records/{kind}/20{name[4:6]}/{name[6:8]}/{name}.yaml")
