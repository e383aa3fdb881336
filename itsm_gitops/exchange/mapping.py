"""The mapping file of a CSV import: what it says, and what is wrong with it and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.exchange.tables import Dialect
from itsm_gitops.exchange.times import LocalTimes
from itsm_gitops.model.errors import ItsmError, NotFound, did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.model.shape import Misfit, misfits
from itsm_gitops.repository import Repository, packaged_rulebook_root

SCHEMA = "schemas/meta/csv-import.schema.json"
FOLDER = "schemas/imports/"
PRIORITY_FIELD = "priority"
OVERRIDE_FIELD = "priority_override"
_SOURCES = ("column", "template", "value")
_PLACEHOLDER = re.compile(r"\{([^{}|]+)(?:\|([^{}]*))?\}")
# Fields that the import sets by itself, so that no column may.
_OWN = frozenset({"id", "kind", "class", "state", "timeline", "aliases", "links", "external_refs"})


class MappingError(ItsmError):
    """A mapping file that cannot be used; the message begins with path, line and column."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """How one value is made: from a column, a template of columns, or always the same."""

    pointer: Pointer = ()
    column: str = ""
    template: tuple[tuple[str, str, str], ...] = ()  # (text before, column, text when missing)
    tail: str = ""
    value: Any = None
    regex: re.Pattern[str] | None = None
    map: Mapping[str, Any] | None = None
    default: Any = None
    type: str = ""
    separator: str = ""
    slug: bool = False
    states: tuple[str, ...] = ()
    ensure: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the rule reads."""
        return (self.column,) if self.column else tuple(name for _, name, _ in self.template)


@dataclass(frozen=True, slots=True)
class Step:
    """A state and the column that says when it was reached."""

    state: str
    at: str
    by: Rule | None = None


@dataclass(frozen=True, slots=True)
class TimelineRules:
    """Where the history comes from; ``event_at`` is empty for tables with one row per record."""

    opened_at: str
    state: Rule
    opened_by: Rule | None = None
    steps: tuple[Step, ...] = ()
    event_at: str = ""
    event_by: Rule | None = None
    track: tuple[tuple[str, str], ...] = ()  # (column, label)


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """A mapping file, checked against the rule book."""

    name: str
    kind: Kind
    key: str
    dialect: Dialect
    fields: Mapping[str, Rule]
    missing: frozenset[str] = frozenset({""})
    times: LocalTimes | None = None
    system: str = ""
    actor: str = "import"
    links: tuple[tuple[str, str], ...] = ()  # (column, link type)
    timeline: TimelineRules | None = None
    create: tuple[Mapping[str, Any], ...] = ()
    items: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, once each."""
        rules = list(self.fields.values())
        plain = [self.key, *(column for column, _ in self.links)]
        line = self.timeline
        if line:
            by = [line.opened_by, line.event_by, *(step.by for step in line.steps)]
            rules += [line.state, *(rule for rule in by if rule)]
            plain += [line.opened_at, line.event_at, *(s.at for s in line.steps), *(c for c, _ in line.track)]
        return tuple(dict.fromkeys(c for c in (*plain, *(c for r in rules for c in r.columns)) if c))


def read_mapping(repo: Repository, source: Path | str) -> CsvMapping:
    """Read a mapping file, or one of the rule book's by name (``servicenow-incidents``).

    Raises NotFound with near names, or MappingError with every fault and its line and column.
    """
    name, raw = _find(repo, source)
    loaded = documents.load(raw, limits=documents.RULEBOOK_LIMITS)
    if loaded.problems:
        lines = [f"{name}:{p.line}:{p.column}: {p.message}" for p in loaded.problems]
        raise MappingError("\n".join(lines), loaded.problems[0].hint)
    schema = json.loads((packaged_rulebook_root() / SCHEMA).read_text(encoding="utf-8"))
    found = list(misfits(loaded.data, schema, schema))
    found += [] if found else _meaning(loaded.data, repo.book)
    if found:
        places = documents.locate(raw)
        lines = []
        for misfit in found:
            key = places.key(misfit.pointer) if misfit.at_key else None
            span = key or places.nearest(misfit.pointer)
            lines.append(f"{name}:{span.line}:{span.column}: {misfit.message}")
        raise MappingError("\n".join(lines), found[0].hint or f"the schema of mappings is {SCHEMA}")
    return _build(name, loaded.data, repo.book)


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
    known = {p.stem for p in (packaged_rulebook_root() / FOLDER).glob("*.yaml")}
    hint = did_you_mean(str(source), known) or f"a file, or one of: {', '.join(sorted(known))}"
    raise NotFound(f"there is no mapping '{source}'", hint)


def _meaning(data: Mapping[str, Any], book: RuleBook) -> list[Misfit]:
    """What the schema cannot see: names that the rule book must know."""
    try:
        kind = book.kind(data["kind"])
    except NotFound as error:
        return [Misfit(("kind",), error.message, error.hint)]
    found = list(_fields(data, kind, book))
    found += list(_classes(data, book))
    found += list(_history(data, kind))
    for index, link in enumerate(data.get("links", ())):
        known = book.links
        if link["type"] not in known:
            hint = did_you_mean(link["type"], known) or f"one of: {', '.join(known)}"
            found.append(Misfit(("links", index, "type"), f"there is no link type '{link['type']}'", hint))
    return found


def _fields(data: Mapping[str, Any], kind: Kind, book: RuleBook) -> Iterator[Misfit]:
    for name, rule in data["columns"].items():
        at: Pointer = ("columns", name)
        head = name.partition(".")[0]
        derived = name == PRIORITY_FIELD and OVERRIDE_FIELD in kind.fields and book.policy(PRIORITY)
        if head in _OWN:
            yield Misfit(at, f"'{head}' is set by the import itself", at_key=True)
        elif head not in kind.fields and not derived:
            hint = did_you_mean(head, kind.fields)
            yield Misfit(at, f"{_many(kind)} have no field '{head}'", hint, at_key=True)
        yield from _rule(rule, at)
        if isinstance(rule, dict) and rule.get("type") in ("time", "date") and "times" not in data:
            yield Misfit(at, "needs `times` with a format and a time zone")


def _rule(rule: Any, at: Pointer) -> Iterator[Misfit]:
    if not isinstance(rule, dict):
        return
    if sum(source in rule for source in _SOURCES) != 1:
        yield Misfit(at, f"needs exactly one of: {', '.join(_SOURCES)}")
    try:
        re.compile(rule.get("regex", ""))
    except re.error as error:
        yield Misfit((*at, "regex"), f"is not a regular expression: {error}")


def _classes(data: Mapping[str, Any], book: RuleBook) -> Iterator[Misfit]:
    places: list[tuple[Pointer, str]] = []
    places += [(("create", i, "class"), item["class"]) for i, item in enumerate(data.get("create", ()))]
    places += [(("items", name), name) for name in data.get("items", {})]
    for name, rule in data["columns"].items():
        if isinstance(rule, dict) and "ensure" in rule:
            places.append((("columns", name, "ensure"), rule["ensure"]))
    classes = [k.name for k in book.kinds.values() if not k.is_record]
    for at, name in places:
        if name not in classes:
            yield Misfit(at, f"there is no class '{name}'", did_you_mean(name, classes))


def _history(data: Mapping[str, Any], kind: Kind) -> Iterator[Misfit]:
    line = data.get("timeline")
    if not kind.is_record:
        if line is not None:
            yield Misfit(("timeline",), f"{_many(kind)} have no timeline", at_key=True)
        return
    if line is None:
        yield Misfit((), f"'timeline' is missing: when was each {kind.name} opened, and what is its state?")
        return
    if "times" not in data:
        yield Misfit((), "'times' is missing: the format and the time zone of the dates")
    yield from _rule(line["state"], ("timeline", "state"))
    states = kind.workflow.states if kind.workflow else {}
    named: list[tuple[Pointer, Any]] = []
    named += [(("timeline", "steps", i, "state"), s["state"]) for i, s in enumerate(line.get("steps", ()))]
    rule = line["state"]
    if isinstance(rule, dict):
        named += [(("timeline", "state", "map", k), v) for k, v in rule.get("map", {}).items()]
    for at, state in named:
        if state is not None and state not in states:
            hint = did_you_mean(str(state), states) or f"one of: {', '.join(states)}"
            yield Misfit(at, f"{_many(kind)} have no state '{state}'", hint)


def _many(kind: Kind) -> str:
    return kind.plural.replace("-", " ")


def _build(name: str, data: Mapping[str, Any], book: RuleBook) -> CsvMapping:
    source = data.get("source", {})
    times = data.get("times")
    line = data.get("timeline")
    return CsvMapping(
        name=name,
        kind=book.kind(data["kind"]),
        key=data["key"],
        dialect=Dialect(
            encoding=source.get("encoding", "utf-8"),
            delimiter=source.get("delimiter", ","),
            quote=source.get("quote", '"'),
            header=tuple(source.get("header", ())),
        ),
        fields={n: _make_rule(r, ("columns", n)) for n, r in data["columns"].items()},
        missing=frozenset(data.get("missing", [""])),
        times=LocalTimes(times["format"], times["time_zone"]) if times else None,
        system=data.get("system", ""),
        actor=data.get("actor", "import"),
        links=tuple((link["column"], link["type"]) for link in data.get("links", ())),
        timeline=_make_timeline(line) if line else None,
        create=tuple(data.get("create", ())),
        items=data.get("items", {}),
    )


def _make_rule(raw: Any, at: Pointer) -> Rule:
    if isinstance(raw, str):
        return Rule(at, column=raw)
    parts, tail = _split(raw.get("template", ""))
    return Rule(
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


def _split(template: str) -> tuple[tuple[tuple[str, str, str], ...], str]:
    parts, end = [], 0
    for match in _PLACEHOLDER.finditer(template):
        parts.append((template[end : match.start()], match[1].strip(), match[2] or ""))
        end = match.end()
    return tuple(parts), template[end:]


def _make_timeline(raw: Mapping[str, Any]) -> TimelineRules:
    opened, events = raw["opened"], raw.get("events", {})
    steps: Sequence[Mapping[str, Any]] = raw.get("steps", ())
    at: Pointer = ("timeline",)
    return TimelineRules(
        opened_at=opened["at"],
        opened_by=_maybe(opened.get("by"), (*at, "opened", "by")),
        state=_make_rule(raw["state"], (*at, "state")),
        steps=tuple(
            Step(s["state"], s["at"], _maybe(s.get("by"), (*at, "steps", i, "by")))
            for i, s in enumerate(steps)
        ),
        event_at=events.get("at", ""),
        event_by=_maybe(events.get("by"), (*at, "events", "by")),
        track=tuple((t["column"], t["label"]) for t in events.get("track", ())),
    )


def _maybe(raw: Any, at: Pointer) -> Rule | None:
    return None if raw is None else _make_rule(raw, at)
