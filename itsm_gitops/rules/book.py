"""The files of the rule book as one snapshot has them: what rules about the rule book look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from itsm_gitops import documents
from itsm_gitops.git import REGULAR
from itsm_gitops.model import meaning
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import COMMON
from itsm_gitops.rules import schema
from itsm_gitops.rules.rule import Hit
from itsm_gitops.schema import validate
from itsm_gitops.schema.faults import Fault, circle_faults, faults, reference_faults
from itsm_gitops.snapshots import Config, Snapshot

CONFIG = "itsm.yaml"
SEARCH = "schemas/search.yaml"  # words that mean the same to people who search the site
META = "schemas/meta/"


@dataclass(frozen=True, slots=True)
class BookContext:
    """The files of the rule book of one snapshot, each loaded once; broken ones hold problems.

    ``codes`` are those of all rules: settings name them. ``others`` are files of ``schemas/`` that end like none of them.
    """

    config: Config
    now: datetime
    codes: Collection[str]
    files: Mapping[str, documents.Loaded]
    others: Sequence[str] = ()
    _refused: dict[str, list[Hit]] = field(default_factory=dict)
    _metas: dict[tuple[str, bool], validate.Validity | None] = field(default_factory=dict)

    @classmethod
    def read(cls, snapshot: Snapshot, config: Config, now: datetime, codes: Collection[str]) -> BookContext:
        """Read all files of the rule book of a snapshot."""
        paths = [i.path for i in snapshot.files("schemas", CONFIG) if i.mode == REGULAR]
        wanted = [p for p in paths if p.endswith((".json", ".yaml"))]
        files = {path: _load(path, raw) for path, raw in snapshot.read_many(wanted)}
        return cls(config, now, codes, files, [p for p in paths if p not in files])

    def data(self, path: str) -> Any:
        """Return the data of one file; None where it is absent or broken."""
        loaded = self.files.get(path)
        return loaded.data if loaded is not None and not loaded.problems else None

    def refusals(self, path: str) -> list[Hit]:
        """Return what the schema in schemas/meta refuses in one file."""
        if path not in self._refused:
            name, data = meta_of(path), self.data(path)
            meta = self.data(name)
            if meta is not None and path == COMMON:
                meta = _meta_of_definitions(meta)
            if name and (name, path == COMMON) not in self._metas:
                usable = meta is not None and not self.faults(name)
                self._metas[name, path == COMMON] = validate.shared(meta) if usable else None
            validator = self._metas.get((name, path == COMMON))
            good = data is None or validator is None or validator.is_valid(data)
            found = [] if good else schema.explain(validate.slow(meta), data)
            self._refused[path] = [c.hit._replace(path=path) for c in found]
        return self._refused[path]

    def faults(self, path: str) -> Sequence[Fault]:
        """Return what makes a schema of the rule book unusable as a schema."""
        data = self.data(path)
        return _faults(data, make=lambda: faults(data)) if data is not None else ()

    def broken_references(self, path: str) -> Iterator[Fault]:
        """Yield the references of a schema that lead nowhere, elsewhere or in a circle."""
        data, alone = self.data(path), path == COMMON or path.startswith(META)
        definitions = (self.data(COMMON) or {}).get("definitions")
        shared: Mapping[str, Any] = definitions if isinstance(definitions, dict) else {}
        yield from reference_faults(data, None if alone else shared)
        if alone:
            yield from circle_faults(data, inlined=path == COMMON)

    def usable(self, folder: str, suffix: str) -> Iterator[tuple[str, Any]]:
        """Yield path and data of the readable files of one folder."""
        for path in self.files:
            if path.startswith(folder) and path.endswith(suffix) and self.data(path) is not None:
                yield path, self.data(path)

    def kinds(self) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
        """Yield path, schema and ``x-itsm`` of every kind and class that fits its meta schema."""
        for folder in ("schemas/records/", "schemas/cmdb/"):
            for path, data in self.usable(folder, ".schema.json"):
                if not self.refusals(path):
                    yield path, data, data["x-itsm"]

    def roles_of(self, about: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the roles that a kind plays, as the rule book reads them."""
        if any("plays" in other for _, _, other in self.kinds()):
            return tuple(about.get("plays", ()))
        return meaning.roles_of_old_kind(str(about.get("kind", about.get("class"))))

    def players(self, role: str) -> list[tuple[str, Any, Any]]:
        """Return path, schema and life cycle (None where it is broken) of the kinds that play a role."""
        return [
            (path, data, self.data(f"schemas/workflows/{about.get('workflow')}.yaml"))
            for path, data, about in self.kinds()
            if role in self.roles_of(about)
        ]


_faults: Once[Sequence[Fault]] = Once()  # a schema of the rule book is shared and does not change
_definitions_meta: Once[Any] = Once()


def _meta_of_definitions(kind: Any) -> Any:
    """Return the schema of the shared definitions: each is written as a field of a kind is."""
    return _definitions_meta(
        kind,
        make=lambda: {
            "type": "object",
            "required": ["definitions"],
            "properties": {
                "definitions": {
                    "type": "object",
                    "description": "Shared pieces by name.",
                    "additionalProperties": {"$ref": "#/definitions/property"},
                }
            },
            "definitions": kind.get("definitions"),
        },
    )


def _load(path: str, raw: bytes) -> documents.Loaded:
    if path == CONFIG:
        return documents.load(raw)
    return documents.load_rule_file(raw, is_json=path.endswith(".json"))


# What describes the files of each folder of the rule book: the name of a schema in schemas/meta. Policies have one each,
# of their own name.
_DESCRIBED = {
    "records": "kind",
    "cmdb": "kind",
    "workflows": "workflow",
    "templates": "template",
    "rules": "rule",
    "reports": "report",
    "migrations": "migration",
    "views": "view",
    "imports": "csv-import",
    "policies/standards": "standard",
}
POLICIES = "policies"
_OF_ONE_FILE = {CONFIG: "config", COMMON: "kind", SEARCH: "search"}
# How the files of each folder of the rule book end; no other file there is read.
ENDINGS = {f: ".schema.json" if meta == _OF_ONE_FILE[COMMON] else ".yaml" for f, meta in _DESCRIBED.items()}
ENDINGS[POLICIES] = ".yaml"


def meta_of(path: str) -> str:
    """Return the path of the schema that describes a file of the rule book; empty for none."""
    folder, _, file = path.removeprefix("schemas/").rpartition("/")
    name = _OF_ONE_FILE.get(path) or _DESCRIBED.get(folder, "")
    if folder == POLICIES:
        name = file.removesuffix(".yaml")
    return f"{META}{name}.schema.json" if name else ""


def described_files(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return which files each schema of ``schemas/meta`` describes, as patterns by its path.

    ``paths`` are those of a rule book: a meta schema that describes no folder describes the policy of its name.
    COMMON is left out, as no schema describes that file as it stands.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(p for p in paths if p.startswith(META)):
        name = path.removeprefix(META).removesuffix(".schema.json")
        patterns = [path for path in (CONFIG, SEARCH) if name == _OF_ONE_FILE[path]]
        patterns += [
            f"schemas/{folder}/*{ending}"
            for folder, ending in ENDINGS.items()
            if _DESCRIBED.get(folder) == name
        ]
        found[path] = patterns or [f"schemas/{POLICIES}/{name}.yaml"]
    return found
