"""A repository in which every value of every field of every kind is a word found nowhere else."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots import packaged_rulebook_root, read_rulebook
from itsm_gitops.snapshots.snapshot import WorkingTree

# Values by which policies choose; the documents that are to be shown have them.
CHOSEN: Mapping[str, Mapping[str, Any]] = {
    "incident": {"major.state": "accepted", "category": "network", "state": "in_progress", "impact": "high"},
    "change": {"outage.expected": True, "state": "scheduled"},
    "known-error": {"state": "published"},
    "article": {"state": "published", "audience": "public"},
    "problem": {"state": "new"},
    "request": {"state": "new"},
    "service": {"lifecycle": "production", "type": "business"},
    "offering": {"lifecycle": "production", "audience": "Customers"},
    "calendar": {"type": "business_hours", "lifecycle": "production"},
    "announcement": {"audience": "public"},
}
WORD = re.compile(r"canary[0-9]+x|[A-Z]{2,6}-261120-[HS][0-9]{4}")
LATER = "2026-11-20T10:00:00Z"


class Canary(NamedTuple):
    """Where a word stands: in which document, at which path of its kind.

    ``names`` says that it is an identifier, ``internal`` that a schema marks it or what is around it.
    """

    document: str
    kind: str
    path: str
    names: bool = False
    internal: bool = False


class Canaries:
    """Makes the documents and remembers every word."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.words: dict[str, Canary] = {}
        self._numbers = itertools.count(100)

    def word(self, about: Canary) -> str:
        """Return a word that is a valid identifier, and a token of the search index as it is."""
        name = f"canary{next(self._numbers)}x"
        self.words[name] = about
        return name

    def documents(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield kind, path and data: of each kind one document to show, and one that only staff may read."""
        for number, kind in enumerate(self.book.kinds.values()):
            for inside in (False, True):
                if kind.is_record:
                    name = f"{kind.prefix}-261120-{'H' if inside else 'S'}{number:04d}"
                    path = f"{kind.folder}/2026/11/{name}.yaml"
                else:
                    name = f"canary{next(self._numbers)}x"
                    path = f"{kind.folder}/{name}.yaml"
                self.words[name] = Canary(name, kind.name, "id")
                yield kind.name, path, self._document(kind, name, inside=inside)

    def _document(self, kind: Kind, name: str, *, inside: bool) -> dict[str, Any]:
        chosen = CHOSEN.get(kind.name, {})
        data = {
            field: self._value(schema, Canary(name, kind.name, field), chosen)
            for field, schema in kind.fields.items()
        }
        data |= {"id": name, kind.tag: kind.name}
        if inside:
            data["labels"]["audience"] = "internal"
        extra = self.word(Canary(name, kind.name, "of_no_schema"))
        return {**data, "of_no_schema": extra}

    def _value(self, schema: Mapping[str, Any], at: Canary, chosen: Mapping[str, Any]) -> Any:
        at = at._replace(internal=at.internal or schema.get("x-internal") is True)
        if at.path in chosen:
            value = chosen[at.path]
            return [value] if schema.get("type") == "array" else value
        if schema.get("type") == "array":
            return [self._value(schema.get("items", {}), at, chosen)]
        if schema.get("type") == "object":
            parts = schema.get("properties")
            if parts:
                return {
                    k: self._value(p, at._replace(path=f"{at.path}.{k}"), chosen) for k, p in parts.items()
                }
            inner = at._replace(path=f"{at.path}.?")
            return {self.word(inner): self.word(inner), self.word(inner): self.word(inner)}
        return self._scalar(schema, at)

    def _scalar(self, schema: Mapping[str, Any], at: Canary) -> Any:
        kind = schema.get("type")
        if "enum" in schema:
            return schema["enum"][0]
        if kind == "boolean":
            return False
        if kind in ("integer", "number"):
            return 1
        if schema.get("format") in ("date-time", "date"):
            return LATER if schema["format"] == "date-time" else LATER[:10]
        pattern = str(schema.get("pattern", ""))
        names = "x-ref" in schema or pattern.startswith(("^[a-z][a-z0-9-]", "^[A-Za-z][A-Za-z0-9-]"))
        word = self.word(at._replace(names=names))
        return f"https://host.example/{word}" if schema.get("format") == "uri" else word


FIELD: dict[str, Any] = {"description": "Added later.", "type": "string", "maxLength": 200}


def write_rulebook(root: Path) -> RuleBook:
    """Write the rule book that ships with things that somebody added later and no policy knows."""
    shutil.copytree(packaged_rulebook_root() / "schemas", root / "schemas")
    for name, places in {"records/incident": (), "cmdb/service": (), "records/change": ("outage",)}.items():
        path = root / f"schemas/{name}.schema.json"
        schema = json.loads(path.read_text())
        place = schema
        for step in places:
            place = place["properties"][step]
        place["properties"]["added_later"] = FIELD
        path.write_text(json.dumps(schema))
    common = json.loads((root / "schemas/common.schema.json").read_text())
    common["definitions"]["timeline"]["items"]["properties"]["added_later"] = FIELD
    (root / "schemas/common.schema.json").write_text(json.dumps(common))
    gadget = json.loads((root / "schemas/cmdb/facility.schema.json").read_text())
    gadget["x-itsm"] |= {"class": "gadget", "plural": "gadgets", "folder": "cmdb/gadgets"}
    (root / "schemas/cmdb/gadget.schema.json").write_text(json.dumps(gadget))
    return read_rulebook(WorkingTree(root))


def write_canaries(root: Path) -> Canaries:
    """Write the repository and return its words."""
    made = Canaries(write_rulebook(root))
    found = list(made.documents())
    written: set[str] = set()
    ids: dict[str, list[str]] = {}
    for kind, _, data in found:
        ids.setdefault(kind, []).append(data["id"])
    for kind, path, data in found:
        _connect(kind, data, ids)
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(data))
        written |= set(WORD.findall(json.dumps(data)))
    made.words = {word: about for word, about in made.words.items() if word in written}
    settings = "version: 1\norganisation: Example Ltd\nsite:\n  edit_url: https://forge.example/canary1x\n"
    settings += "  repository: {url: https://forge.example/canary2x, forge: gitea}\n"
    (root / "itsm.yaml").write_text(settings)
    return made


def _connect(kind: str, data: dict[str, Any], ids: Mapping[str, list[str]]) -> None:
    """Let a document name others, shown and withheld ones, in references, links and prose."""
    others = [i for name in ("service", "server", "incident", "request", "person") for i in ids[name]]
    data["links"] += [{"type": "relates_to", "target": i} for i in others]
    for key, name in (("service", "service"), ("owner", "person"), ("reported_by", "person")):
        if key in data:
            data[key] = ids[name][0]
    if "services" in data:
        data["services"] = ids["service"]
    if "cis" in data:
        data["cis"] = [*ids["server"], *ids["service"]]
    if "teams" in data:
        data["teams"] = ids["team"]
    if "left_open" in data:
        data["left_open"][0]["record"] = ids["incident"][0]
    if "timeline" in data:
        first, state = data["timeline"][0], data.get("state")
        by = ids["person"][0]
        data["timeline"] = [
            {**first, "by": by, "state": state},
            {"at": "2026-11-21T10:00:00Z", "by": by, "note": first["note"]},
        ]
    label = "title" if "title" in data else "name"
    data[label] = f"{data[label]} after {ids['incident'][1]}"
