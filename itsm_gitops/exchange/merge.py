"""What an import changes in a document that exists: the mapping's values, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.exchange.mapping import OVERRIDE_FIELD, PRIORITY_FIELD, CsvMapping
from itsm_gitops.exchange.retelling import Reteller, as_in_table
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind

_TIMELINE = "timeline"
_LISTS = ("links", "external_refs", "aliases")
_NOTHING: Any = object()
Edits = list[documents.Set | documents.Append | documents.Remove]


class Changes(NamedTuple):
    """What an import changes in a document.

    ``edits`` is None where it can change nothing; ``stay`` are fields that stay, ``cleared`` those that a step clears.
    """

    edits: Edits | None
    stay: Sequence[str] = ()
    cleared: Sequence[str] = ()


class Managed:
    """The values of documents that one mapping is responsible for."""

    def __init__(self, mapping: CsvMapping) -> None:
        names = [tuple(n.split(".")) for n in mapping.fields if n != PRIORITY_FIELD]
        if PRIORITY_FIELD in mapping.fields:
            names.append((OVERRIDE_FIELD,))
        self.paths: list[tuple[str, ...]] = sorted(names)
        self._types = {link.type for link in mapping.links}
        self._system = mapping.system or "unknown"
        self._links = bool(mapping.links)

    def values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values by the path of their field; a field that is not there is left out."""
        found = {".".join(path): value for path in self.paths if (value := _at(data, path)) is not _NOTHING}
        for name in _LISTS[:2] if self._links else ():
            own = [entry for entry in data.get(name, ()) if self.owns(name, entry)]
            if own:
                found[name] = own
        return found

    def owns(self, name: str, entry: Any) -> bool:
        """Whether an entry of ``links`` or ``external_refs`` is one that the mapping could have made."""
        if not isinstance(entry, dict):
            return False
        if name == "links":
            return entry.get("type") in self._types
        return entry.get("system") == self._system and "url" not in entry


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    kind: Kind,
    managed: Managed,
    reteller: Reteller,
    *,
    unedited: bool,
) -> Changes:
    """Return the edits that make the table's values those of the document, and the fields that stay.

    ``unedited`` says that the managed values are those of the last import: then what the table no longer
    says goes. Else it stays and is named, unless the life cycle takes it away on the way to the new state.
    The edits are None where the history differs: somebody wrote into the timeline, which only grows.
    """
    before, later = as_in_table(old.get(_TIMELINE, [])), new.get(_TIMELINE, [])
    if later[: len(before)] != before:
        return Changes(None)
    later = later[len(before) :]
    edits: Edits = []
    stay: list[str] = []
    cleared = set(_cleared(kind, before, later, new))
    for name, value in new.items():
        if name not in (_TIMELINE, *_LISTS) and (name,) not in managed.paths and not isinstance(value, dict):
            edits += [documents.Set((name,), value)] if old.get(name) != value else []
    for path in managed.paths:
        value, present = _at(new, path), _at(old, path)
        if value is not _NOTHING and value != present:
            edits.append(documents.Set(path, value))
        elif value is _NOTHING and present is not _NOTHING:
            if unedited or path[0] in cleared:
                edits.append(documents.Remove(_whole(old, new, path)))
            else:
                stay.append(".".join(path))
    cut = {e.pointer for e in edits if isinstance(e, documents.Remove)}
    edits += [
        documents.Remove((n,)) for n in sorted(cleared) if n in old and n not in new and (n,) not in cut
    ]
    for name in _LISTS:
        edits += _list_edits(name, old.get(name, []), new.get(name, []), managed, unedited=unedited)
    told = reteller.events(old.get(_TIMELINE, []), later)
    edits += [documents.Append((_TIMELINE,), entry) for entry in told]
    return Changes(_distinct(edits), stay, sorted(n for n in cleared if n in old and n not in new))


def differing(old: Mapping[str, Any], new: Mapping[str, Any], edits: Edits | None) -> tuple[str, ...]:
    """Return the top-level fields that the table says otherwise than the document."""
    if edits is None:
        return tuple(name for name, value in new.items() if old.get(name) != value)
    return tuple(dict.fromkeys(str(edit.pointer[0]) for edit in edits))


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(data, dict) or step not in data:
            return _NOTHING
        data = data[step]
    return data


def _whole(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Pointer:
    """Return the shortest pointer that removes nothing but the value at ``path``."""
    while len(path) > 1 and len(_at(old, path[:-1])) == 1 and _at(new, path[:-1]) is _NOTHING:
        path = path[:-1]
    return path


def _cleared(kind: Kind, before: list[Any], later: list[Any], data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields that the life cycle clears on the steps that are new."""
    flow = kind.workflow
    states = [e["state"] for e in before if isinstance(e, dict) and "state" in e]
    state = states[-1] if states else ""
    for entry in later:
        reached = entry.get("state")
        step = flow.step(state, reached, data) if flow and reached else None
        yield from step.clear if step else ()
        state = reached or state


def _list_edits(
    name: str, old: list[Any], new: list[Any], managed: Managed, *, unedited: bool
) -> Iterator[documents.Set | documents.Append | documents.Remove]:
    stale = (
        [e for e in old if unedited and managed.owns(name, e) and e not in new] if name != "aliases" else []
    )
    wanted = [e for e in old if e not in stale] + [e for e in new if e not in old]
    if not stale:
        yield from (documents.Append((name,), e) for e in new if e not in old)
    elif wanted:
        yield documents.Set((name,), wanted)
    else:
        yield documents.Remove((name,))


def _distinct(edits: Edits) -> Edits:
    seen: set[Pointer] = set()
    found: Edits = []
    for edit in edits:
        if isinstance(edit, documents.Remove):
            if edit.pointer in seen:
                continue
            seen.add(edit.pointer)
        found.append(edit)
    return found
