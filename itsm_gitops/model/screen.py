"""What an audience sees of a document: the one place where fields, notes, people and links are withheld.

A schema and an audience make a tree of what may pass; what is not in the tree does not. So a field
that nobody classified, a key that no schema knows and a value of the wrong shape are withheld.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from itsm_gitops.model.audience import NAMES, Audience, KindVisibility
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.timeline import times_of

WITHHELD = "(withheld)"
_RECORD = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,6}-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{5}(?![A-Za-z0-9])")
# How the patterns of identifiers begin: a field with one names something, whether it says what or not.
_NAMING = ("^[a-z][a-z0-9-]", "^[A-Za-z][A-Za-z0-9-]", "^[A-Z]{2,6}-")


class Nothing(Enum):
    """Why a value is not there: it may not be shown, or what it names may not."""

    NOT_SHOWN = 0
    LOST = 1


NOT_SHOWN, _LOST = Nothing.NOT_SHOWN, Nothing.LOST


class Names(NamedTuple):
    """Which identifiers an audience may see.

    ``visible`` are those of documents that are shown, ``known`` those of all documents,
    ``people`` says for each person who is not shown which team stands for them ('' for none),
    ``outside`` whether names from outside the repository are shown.
    """

    visible: Container[str]
    known: Container[str]
    people: Mapping[str, str]
    outside: bool

    def shown(self, identifier: str, *, is_open: bool) -> str | Nothing:
        """Return what stands for an identifier. A person who is not shown leaves a gap, anything else is lost."""
        if identifier in self.visible:
            return identifier
        if identifier in self.people:
            return self.people[identifier] or NOT_SHOWN
        if is_open and identifier not in self.known:
            return identifier if self.outside else NOT_SHOWN
        return _LOST

    def text(self, text: str) -> str:
        """Return a text in which identifiers of records that are not shown are withheld."""
        return _RECORD.sub(self._mention, text) if "-" in text else text

    def _mention(self, found: re.Match[str]) -> str:
        return found.group() if found.group() in self.visible else WITHHELD


@dataclass(frozen=True, slots=True)
class ScreenRule:
    """What may pass at one place of a schema.

    ``children`` are the parts of an object, ``items`` what a list holds, ``all`` passes everything
    below, ``names`` marks an identifier (``is_open``: of something that may be outside). An object in
    a list goes as a whole when a reference in ``demands`` is lost; with ``beyond`` it also goes when
    nothing but these fields is left of it.
    """

    children: Mapping[str, ScreenRule] | None = None
    items: ScreenRule | None = None
    all: bool = False
    names: bool = False
    is_open: bool = False
    demands: tuple[str, ...] = ()
    beyond: bool = False


def tree(kind: Kind, audience: Audience) -> ScreenRule:
    """Return what an audience may see of the documents of a kind: nothing where the kind is withheld."""
    shown = audience.kinds.get(kind.name)
    if shown is None:
        return ScreenRule(children={})
    found = _part(kind.schema, "", shown, internal=audience.internal)
    children = dict(found.children or {}) if found else {}
    return ScreenRule(children={"id": ScreenRule(), kind.tag: ScreenRule(), **children})


def _part(
    schema: Mapping[str, Any], path: str, shown: KindVisibility, *, internal: bool, in_list: bool = False
) -> ScreenRule | None:
    if path in shown.withhold or (schema.get("x-internal") is True and not internal):
        return None
    properties = schema.get("properties")
    if isinstance(properties, dict):
        children = {
            name: part
            for name, child in properties.items()
            if (part := _part(child, f"{path}.{name}" if path else name, shown, internal=internal))
        }
        required = tuple(schema.get("required", ())) if in_list else ()
        beyond = schema.get("minProperties", 0) > len(required) > 0
        return ScreenRule(children, demands=required, beyond=beyond) if children else None
    items = schema.get("items")
    if isinstance(items, dict):
        held = _part(items, path, shown, internal=internal, in_list=True)
        return ScreenRule(items=held) if held else None
    if schema.get("type") in ("object", "array"):
        return ScreenRule(all=True) if shown.covers_all(path) and not _marks(schema, internal) else None
    if not shown.covers(path):
        return None
    reference = schema.get("x-ref")
    if reference is None:
        named = str(schema.get("pattern", "")).startswith(_NAMING)
        return ScreenRule(names=named, is_open=named)
    return ScreenRule(names=True, is_open=bool(reference.get("open", False)))


def visible_fields(kind: Kind, audience: Audience) -> dict[str, Any]:
    """Return the schemas of the fields of a kind, and of their parts, that an audience may see."""
    return (
        dict(kind.fields)
        if audience.everything
        else dict(_pruned(kind.schema, tree(kind, audience))["properties"])
    )


def _pruned(schema: Mapping[str, Any], part: ScreenRule) -> Mapping[str, Any]:
    if part.children is not None:
        properties = schema.get("properties", {})
        kept = {k: _pruned(properties[k], child) for k, child in part.children.items() if k in properties}
        return {**schema, "properties": {k: kept[k] for k in properties if k in kept}}
    if part.items is not None:
        return {**schema, "items": _pruned(schema["items"], part.items)}
    return schema


def _marks(schema: Any, internal: bool) -> bool:
    """Whether an open area has a part for staff only, which it could not be told from."""
    if internal or not isinstance(schema, dict | list):
        return False
    if isinstance(schema, dict) and schema.get("x-internal") is True:
        return True
    return any(_marks(child, internal) for child in (schema.values() if isinstance(schema, dict) else schema))


def screen(part: ScreenRule, value: Any, names: Names) -> Any:
    """Return what may pass of a value, a Nothing when nothing may."""
    if part.all:
        return _everything(value, names)
    if part.children is not None:
        return _mapping(part, part.children, value, names) if isinstance(value, dict) else NOT_SHOWN
    if part.items is not None:
        return _list(part.items, value, names) if isinstance(value, list) else NOT_SHOWN
    if isinstance(value, str):
        return names.shown(value, is_open=part.is_open) if part.names else names.text(value)
    return NOT_SHOWN if isinstance(value, dict | list) else value


def _mapping(
    part: ScreenRule, children: Mapping[str, ScreenRule], value: Mapping[str, Any], names: Names
) -> Any:
    if any(k in value and k in children and _loses(children[k], value[k], names) for k in part.demands):
        return NOT_SHOWN
    kept = {}
    for key, held in value.items():
        child = children.get(key)
        found = NOT_SHOWN if child is None else screen(child, held, names)
        if not isinstance(found, Nothing):
            kept[key] = found
    if not kept or (part.beyond and not kept.keys() - set(part.demands)):
        return NOT_SHOWN
    return kept


def _loses(part: ScreenRule, value: Any, names: Names) -> bool:
    """Whether an identifier, or one of a list of them, names something that is not shown (people aside)."""
    if part.items is not None and isinstance(value, list):
        return any(_loses(part.items, item, names) for item in value)
    return part.names and isinstance(value, str) and names.shown(value, is_open=part.is_open) is _LOST


def _list(part: ScreenRule, value: list[Any], names: Names) -> Any:
    kept: list[Any] = []
    for item in value:
        found = screen(part, item, names)
        if isinstance(found, Nothing) or (part.names and found in kept):  # two people of one team
            continue
        kept.append(found)
    return kept or NOT_SHOWN


def _everything(value: Any, names: Names) -> Any:
    if isinstance(value, str):
        return names.text(value)
    if isinstance(value, list):
        return [_everything(item, names) for item in value]
    if isinstance(value, dict):
        return {names.text(str(k)): _everything(v, names) for k, v in value.items()}
    return value


class Times(NamedTuple):
    """The first, the last and the last state's time of what is shown of a timeline, as an entry has them."""

    opened: str
    updated: str
    entered: str


def times(data: Mapping[str, Any]) -> Times:
    """Return the times of a document that was screened."""
    return Times(*times_of(data.get("timeline")))


def screen_entry(kind: Kind, part: ScreenRule, entry: Entry, seen: Times, names: Names) -> Entry:
    """Return what may pass of an entry: the entry of the screened document."""
    children = part.children or {}

    def of(key: str, value: Any) -> Any:
        child = children.get(key)
        return NOT_SHOWN if child is None else screen(child, value, names)

    columns = {k: shown for k, v in entry.columns.items() if not isinstance(shown := of(k, v), Nothing)}
    columns["id"] = entry.id
    title, state = of(kind.label, entry.title), of(kind.state_field, entry.state)
    aliases = of("aliases", list(entry.aliases))
    return replace(
        entry,
        title=title if isinstance(title, str) else "",
        state=state if isinstance(state, str) else "",
        columns=columns,
        edges=tuple(_edges(part, entry, names)),
        aliases=tuple(aliases) if isinstance(aliases, list) else (),
        **seen._asdict(),
    )


def _edges(part: ScreenRule, entry: Entry, names: Names) -> Iterator[Edge]:
    for edge in entry.edges:
        place: ScreenRule | None = part
        for step in edge.pointer:
            if place is not None:
                place = (place.children or {}).get(str(step)) if isinstance(step, str) else place.items
        named = edge.pointer[0] != "links" or "type" in _link_parts(part)
        if place is None or not place.names or not named:
            continue
        target = names.shown(edge.target, is_open=place.is_open)
        if isinstance(target, str):
            yield edge._replace(target=target)


def _link_parts(part: ScreenRule) -> Mapping[str, ScreenRule]:
    links = (part.children or {}).get("links")
    return (links.items.children or {}) if links and links.items else {}


def names_of(
    audience: Audience, visible: Container[str], known: Container[str], people: Mapping[str, str]
) -> Names:
    """Return the names that an audience may see; ``people`` are those who are not shown, with their teams."""
    return Names(visible, known, people, audience.people == NAMES)
