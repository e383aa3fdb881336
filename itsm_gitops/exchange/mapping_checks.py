"""What the schema of a mapping cannot see: names that the rule book must know, and parts that belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itsm_gitops.exchange.fitting import caseless
from itsm_gitops.exchange.mapping import OVERRIDE_FIELD, PRIORITY_FIELD
from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.rules.rule import Hit
from itsm_gitops.schema.faults import pattern_fault

HANDLE = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_SOURCES = ("column", "template", "value")
_OF_DOCUMENTS = ("kind", "key", "columns")
# Fields that the import sets by itself, so that no column may.
_OWN = frozenset({"id", "kind", "class", "state", "timeline", "aliases", "links", "external_refs"})


def check(data: Mapping[str, Any], book: RuleBook) -> Iterator[Hit]:
    """Yield everything that is wrong with a mapping which its schema accepts."""
    yield from _people(data)
    if "relations" in data:
        yield from _relations(data, book)
        return
    missing = [name for name in _OF_DOCUMENTS if name not in data]
    for name in missing:
        yield Hit(
            f"the field '{name}' is missing",
            (),
            "a mapping has kind, key and columns, or relations for a table whose rows are links",
        )
    if missing:
        return
    try:
        kind = book.kind(data["kind"])
    except NotFound as error:
        yield Hit(error.message, ("kind",), error.hint)
        return
    yield from _rule(data["key"], ("key",))
    yield from _fields(data, kind, book)
    yield from _classes(data, book)
    yield from _history(data, kind)
    yield from _links(data, kind, book)


def _people(data: Mapping[str, Any]) -> Iterator[Hit]:
    people = data.get("people", {})
    for name, handle in people.items() if isinstance(people, dict) else ():
        if not isinstance(handle, str) or not HANDLE.fullmatch(handle):
            hint = "lower-case letters, digits and hyphens, a letter first"
            yield Hit(f"'{handle}' is not a handle", ("people", name), hint)
    pairs = people.items() if isinstance(people, dict) else ()
    for name, handles in two_handles((str(n), str(h)) for n, h in pairs):
        yield Hit(f"'{name}' has two handles: {handles}", ("people", name), "give each name one handle")


def two_handles(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the names, as they stand last, that a table of people gives different handles, and those."""
    first: dict[str, str] = {}
    found = []
    for name, handle in pairs:
        if first.setdefault(caseless(name), handle) != handle:
            found.append((name, f"{first[caseless(name)]} and {handle}"))
    return found


def _relations(data: Mapping[str, Any], book: RuleBook) -> Iterator[Hit]:
    for name in ("kind", "key", "columns", "links", "timeline", "create", "items"):
        if name in data:
            yield Hit(f"'{name}' has no place beside 'relations'", (name,), "use two mappings", at_key=True)
    for name in ("from", "type", "to"):
        yield from _rule(data["relations"][name], ("relations", name))
    rule = data["relations"]["type"]
    if isinstance(rule, dict):
        at: Pointer = ("relations", "type")
        words = [((*at, "value"), rule.get("value")), ((*at, "default"), rule.get("default"))]
        words += [((*at, "map", k), v) for k, v in rule.get("map", {}).items()]
        for place, word in words:
            if word is not None:
                yield from _link_type(word, place, book)


def _link_type(word: Any, at: Pointer, book: RuleBook) -> Iterator[Hit]:
    words = [n for n, t in book.links.items() if t.in_links]
    words += [n for n, t in book.inverses.items() if t.in_links]
    if word not in words:
        hint = did_you_mean(str(word), words) or f"one of: {', '.join(words)}"
        yield Hit(f"there is no link type '{word}'", at, hint)


def _links(data: Mapping[str, Any], kind: Kind, book: RuleBook) -> Iterator[Hit]:
    for index, link in enumerate(data.get("links", ())):
        at: Pointer = ("links", index)
        yield from _rule({k: v for k, v in link.items() if k != "type"}, at)
        faults = list(_link_type(link["type"], (*at, "type"), book))
        yield from faults
        if faults:
            continue
        forward = book.links.get(link["type"])
        inverse = book.inverses.get(link["type"])
        ends = forward.sources if forward else inverse.targets if inverse else ()
        if kind.name not in book.members(ends):
            fits = [n for n, t in book.links.items() if t.in_links and kind.name in book.members(t.sources)]
            hint = f"these can: {', '.join(fits)}"
            yield Hit(f"'{link['type']}' cannot start at {_many(kind)}", (*at, "type"), hint)


def _fields(data: Mapping[str, Any], kind: Kind, book: RuleBook) -> Iterator[Hit]:
    for name, rule in data["columns"].items():
        at: Pointer = ("columns", name)
        head = name.partition(".")[0]
        derived = name == PRIORITY_FIELD and OVERRIDE_FIELD in kind.fields and book.policy(PRIORITY)
        if head in _OWN:
            yield Hit(f"'{head}' is set by the import itself", at, at_key=True)
        elif head not in kind.fields and not derived:
            hint = did_you_mean(head, kind.fields)
            yield Hit(f"{_many(kind)} have no field '{head}'", at, hint, at_key=True)
        yield from _rule(rule, at)
        if isinstance(rule, dict) and rule.get("type") in ("time", "date") and "times" not in data:
            yield Hit("needs `times` with a format and a time zone", at)


def _rule(rule: Any, at: Pointer) -> Iterator[Hit]:
    if not isinstance(rule, dict):
        return
    if sum(source in rule for source in _SOURCES) != 1:
        yield Hit(f"needs exactly one of: {', '.join(_SOURCES)}", at)
    for why, hint in pattern_fault(rule.get("regex", "")):
        yield Hit(f"is not a regular expression that may be used: {why}", (*at, "regex"), hint)


def _classes(data: Mapping[str, Any], book: RuleBook) -> Iterator[Hit]:
    places: list[tuple[Pointer, str]] = []
    places += [(("create", i, "class"), item["class"]) for i, item in enumerate(data.get("create", ()))]
    places += [(("items", name), name) for name in data.get("items", {})]
    for name, rule in data["columns"].items():
        if isinstance(rule, dict) and "ensure" in rule:
            places.append((("columns", name, "ensure"), rule["ensure"]))
    classes = [k.name for k in book.kinds.values() if not k.is_record]
    for at, name in places:
        if name not in classes:
            yield Hit(f"there is no class '{name}'", at, did_you_mean(name, classes))


def _history(data: Mapping[str, Any], kind: Kind) -> Iterator[Hit]:
    line = data.get("timeline")
    if not kind.is_record:
        if line is not None:
            yield Hit(f"{_many(kind)} have no timeline", ("timeline",), at_key=True)
        return
    if line is None:
        yield Hit(f"'timeline' is missing: when was each {kind.name} opened, and what is its state?")
        return
    if "times" not in data:
        yield Hit("'times' is missing: the format and the time zone of the dates")
    yield from _rule(line["state"], ("timeline", "state"))
    for index, comment in enumerate(line.get("comments", ())):
        yield from _rule(comment.get("by"), ("timeline", "comments", index, "by"))
    states = kind.workflow.states if kind.workflow else {}
    named: list[tuple[Pointer, Any]] = []
    named += [(("timeline", "steps", i, "state"), s["state"]) for i, s in enumerate(line.get("steps", ()))]
    rule = line["state"]
    if isinstance(rule, dict):
        named += [(("timeline", "state", "map", k), v) for k, v in rule.get("map", {}).items()]
        named += [(("timeline", "state", n), rule[n]) for n in ("value", "default") if n in rule]
    for at, state in named:
        if state is not None and state not in states:
            hint = did_you_mean(str(state), states) or f"one of: {', '.join(states)}"
            yield Hit(f"{_many(kind)} have no state '{state}'", at, hint)


def _many(kind: Kind) -> str:
    return kind.plural.replace("-", " ")
