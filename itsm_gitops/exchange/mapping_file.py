"""Reads a mapping file: finds it, checks it against its schema and the rule book, and builds the mapping."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.exchange import mapping_checks
from itsm_gitops.exchange.mapping import (
    DEFAULT_ACTOR,
    TEXT,
    CommentRule,
    CsvMapping,
    LinkRule,
    Milestone,
    RelationMapping,
    TimelineRules,
    ValueRule,
)
from itsm_gitops.exchange.tables import Dialect
from itsm_gitops.exchange.times import LocalTimes
from itsm_gitops.model.errors import ItsmError, NotFound, did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.rules import schema
from itsm_gitops.schema import validate
from itsm_gitops.snapshots import packaged_rulebook_root

SCHEMA = "schemas/meta/csv-import.schema.json"
FOLDER = "schemas/imports/"
_PLACEHOLDER = re.compile(r"\{([^{}|]+)(?:\|([^{}]*))?\}")


class MappingError(ItsmError):
    """A mapping file that cannot be used; the message begins with path, line and column."""

    exit_code = 2


def read_mapping(repo: Repository, source: Path | str) -> CsvMapping | RelationMapping:
    """Read a mapping file, or one of the rule book's by name (``servicenow-incidents``).

    Raises NotFound with near names, or MappingError with every fault and its line and column.
    """
    name, raw = _find(repo, source)
    loaded = documents.load(raw, limits=documents.RULEBOOK_LIMITS)
    if loaded.problems:
        lines = [f"{name}:{p.line}:{p.column}: {p.message}" for p in loaded.problems]
        raise MappingError("\n".join(lines), loaded.problems[0].hint)
    book = repo.book
    faults = [coded.hit for coded in schema.explain(validate.slow(mapping_schema()), loaded.data)]
    if not faults:
        faults = list(mapping_checks.check(loaded.data, book))
    if faults:
        places = documents.locate(raw)
        lines = []
        for fault in faults:
            span = places.key(fault.pointer) if fault.at_key else None
            span = span or places.nearest(fault.pointer)
            lines.append(f"{name}:{span.line}:{span.column}: {fault.message}")
        raise MappingError("\n".join(lines), faults[0].hint or f"the schema of mappings is {SCHEMA}")
    folder = Path(source).parent if Path(source).is_file() else repo.root
    return _MappingBuilder(name, loaded.data, folder).build(book)


def mapping_schema() -> dict[str, Any]:
    """Return the JSON Schema of mapping files, as this package ships it."""
    text = (packaged_rulebook_root() / SCHEMA).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _find(repo: Repository, source: Path | str) -> tuple[str, bytes]:
    path = Path(source)
    if path.is_file():
        return str(source), path.read_bytes()
    snapshot = repo.snapshot()
    wanted = f"{FOLDER}{source}.yaml"
    for info in snapshot.files("schemas"):
        if info.path == wanted:
            return wanted, snapshot.read(wanted)
    packaged = packaged_rulebook_root() / wanted
    if "/" not in str(source) and packaged.is_file():
        return wanted, packaged.read_bytes()
    shipped = {p.stem for p in (packaged_rulebook_root() / FOLDER).glob("*.yaml")}
    hint = did_you_mean(str(source), shipped) or f"a file, or one of: {', '.join(sorted(shipped))}"
    raise NotFound(f"there is no mapping '{source}'", hint)


class _MappingBuilder:
    """Builds a mapping of data that the schema and the checks accept."""

    def __init__(self, name: str, data: Mapping[str, Any], folder: Path) -> None:
        self._name = name
        self._data = data
        self._folder = folder
        times = data.get("times")
        self._zone = times["time_zone"] if times else ""
        self._times = LocalTimes(times["format"], times["time_zone"]) if times else None

    def build(self, book: RuleBook) -> CsvMapping | RelationMapping:
        """Return the mapping of a table of records or items, or of one of relations."""
        data = self._data
        common = self._common()
        if "relations" in data:
            parts = {n: make_rule(data["relations"][n], ("relations", n)) for n in ("from", "type", "to")}
            return RelationMapping(**common, source=parts["from"], type=parts["type"], target=parts["to"])
        line = data.get("timeline")
        return CsvMapping(
            **common,
            kind=book.kind(data["kind"]),
            key=make_rule(data["key"], ("key",)),
            fields={n: make_rule(r, ("columns", n)) for n, r in data["columns"].items()},
            links=tuple(_link(raw, ("links", i)) for i, raw in enumerate(data.get("links", ()))),
            timeline=self._timeline(line) if line else None,
            create=tuple(data.get("create", ())),
            items=data.get("items", {}),
        )

    def _common(self) -> dict[str, Any]:
        data, source = self._data, self._data.get("source", {})
        dialect = Dialect(
            encoding=source.get("encoding", "utf-8"),
            delimiter=source.get("delimiter", ","),
            quote=source.get("quote", '"'),
            header=tuple(source.get("header", ())),
            header_row=source.get("header_row"),
            escaped=source.get("escaped", False),
        )
        return {
            "name": self._name,
            "dialect": dialect,
            "missing": frozenset(data.get("missing", [""])),
            "times": self._times,
            "column_times": {
                column: LocalTimes(pattern, self._zone)
                for column, pattern in data.get("times", {}).get("columns", {}).items()
            },
            "system": data.get("system", ""),
            "actor": data.get("actor", DEFAULT_ACTOR),
            "people": self._people(data.get("people", {})),
        }

    def _people(self, raw: Mapping[str, str] | str) -> Mapping[str, str]:
        """Return handles by name: the mapping's own, or those of a CSV file with the columns name and handle."""
        if not isinstance(raw, str):
            return dict(raw)
        path = self._folder / raw
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeError, csv.Error) as error:
            raise MappingError(
                f"{self._name}: the table of people {raw} cannot be read: {error}",
                "a CSV file in UTF-8 beside the mapping, with the columns name and handle",
            ) from error
        found = {(row.get("name") or "").strip(): (row.get("handle") or "").strip() for row in rows}
        for line, row in enumerate(rows, start=2):
            handle = (row.get("handle") or "").strip()
            if not (row.get("name") or "").strip() or not mapping_checks.HANDLE.fullmatch(handle):
                raise MappingError(
                    f"{path}:{line}:1: needs a name and a handle, not '{handle}'",
                    "a handle has lower-case letters, digits and hyphens, a letter first",
                )
        pairs = [((row.get("name") or ""), (row.get("handle") or "").strip()) for row in rows]
        for name, handles in mapping_checks.two_handles(pairs):
            raise MappingError(f"{path}: '{name}' has two handles: {handles}", "give each name one handle")
        return found

    def _timeline(self, raw: Mapping[str, Any]) -> TimelineRules:
        opened, events = raw["opened"], raw.get("events", {})
        steps: Sequence[Mapping[str, Any]] = raw.get("steps", ())
        at: Pointer = ("timeline",)
        return TimelineRules(
            opened_at=opened["at"],
            opened_by=_maybe(opened.get("by"), (*at, "opened", "by")),
            state=make_rule(raw["state"], (*at, "state")),
            steps=tuple(
                Milestone(s["state"], s["at"], _maybe(s.get("by"), (*at, "steps", i, "by")))
                for i, s in enumerate(steps)
            ),
            fill_steps=raw.get("fill_steps", False),
            event_at=events.get("at", ""),
            event_by=_maybe(events.get("by"), (*at, "events", "by")),
            track=tuple((t["column"], t["label"]) for t in events.get("track", ())),
            comments=tuple(self._comment(c, i) for i, c in enumerate(raw.get("comments", ()))),
        )

    def _comment(self, raw: Mapping[str, Any], index: int) -> CommentRule:
        return CommentRule(
            column=raw["column"],
            form=raw.get("form", TEXT),
            field=raw.get("as", "comment"),
            at=raw.get("at", ""),
            by=_maybe(raw.get("by"), ("timeline", "comments", index, "by")),
            times=LocalTimes(raw["time_format"], self._zone) if "time_format" in raw else self._times,
        )


def _link(raw: Mapping[str, Any], at: Pointer) -> LinkRule:
    return LinkRule(raw["type"], make_rule({k: v for k, v in raw.items() if k != "type"}, at))


def make_rule(raw: Any, at: Pointer) -> ValueRule:
    """Build one rule of its text or its mapping, which stands at ``at``."""
    if isinstance(raw, str):
        return ValueRule(at, column=raw)
    parts, tail = _split(raw.get("template", ""))
    return ValueRule(
        at,
        column=raw.get("column", ""),
        template=parts,
        tail=tail,
        value=raw.get("value"),
        regex=re.compile(raw["regex"]) if "regex" in raw else None,
        map=raw.get("map"),
        default=raw.get("default"),
        type=raw.get("type", ""),
        separator=raw.get("separator", ""),
        slug=raw.get("slug", False),
        states=tuple(raw.get("states", ())),
        ensure=raw.get("ensure", ""),
    )


def _split(template: str) -> tuple[tuple[tuple[str, str, str | None], ...], str]:
    parts, end = [], 0
    for match in _PLACEHOLDER.finditer(template):
        parts.append((template[end : match.start()], match[1].strip(), match[2]))
        end = match.end()
    return tuple(parts), template[end:]


def _maybe(raw: Any, at: Pointer) -> ValueRule | None:
    return None if raw is None else make_rule(raw, at)
