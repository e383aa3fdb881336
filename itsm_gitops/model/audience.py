"""Who a site is for: what schemas/policies/audiences.yaml says of one audience."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.conditions import Condition, Either, holds
from itsm_gitops.model.errors import NotFound, RuleBookError, did_you_mean, is_slip
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.once import Once
from itsm_gitops.model.subjects import DocumentSubject

AUDIENCES = "schemas/policies/audiences.yaml"
INTERNAL = "internal"
NAMES, TEAMS, NONE = "names", "teams", "none"
ALL = "*"
CONFIDENTIAL = "confidential"

Lines = Mapping[str, Any]
_NONE: Lines = MappingProxyType({})
_only: Once[Condition] = Once()
_never: Once[Condition] = Once()


class _Shown(DocumentSubject):
    """A document, in which keys may have dots themselves; nothing is followed out of it."""

    def values(self, path: str) -> list[Any] | None:
        """Return the values at a path."""
        return list(values_at(self._data, path))


class KindVisibility(NamedTuple):
    """What an audience sees of one kind.

    ``fields`` are paths (``title``, ``outage.minutes``, ``cost.*``; lists count as what they hold),
    ``*`` is every field. ``withhold`` are paths that are not shown whatever ``fields`` says. ``only``
    and ``never`` choose among the documents: values by path. A document is shown by exactly a value of
    ``only``, and withheld by a value of ``never`` however it is written and by every level below it.
    """

    fields: frozenset[str]
    withhold: frozenset[str] = frozenset()
    only: Lines = _NONE
    never: Lines = _NONE

    def without(self, lines: Lines) -> KindVisibility:
        """Return the same but for documents with some values, which are withheld as by ``never``."""
        more = {path: [*self.never.get(path, ()), *values] for path, values in lines.items()}
        return self._replace(never={**self.never, **more}) if more else self

    def covers(self, path: str) -> bool:
        """Whether the value at a path is shown."""
        return ALL in self.fields or path in self.fields or self.covers_all(path)

    def covers_all(self, path: str) -> bool:
        """Whether everything at and below a path is shown, unknown parts included."""
        parts = path.split(".")
        ways = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        return ALL in self.fields or any(f"{way}.{ALL}" in self.fields for way in ways)

    def admits(self, data: Mapping[str, Any]) -> bool:
        """Whether a document is one that is shown."""
        # An unknown answer hides the document.
        if self.only and not holds(
            _only(self.only, make=lambda: read_condition(self.only, exact=True)), _Shown(data)
        ):
            return False
        return not self.hides(data)

    def hides(self, data: Mapping[str, Any]) -> bool:
        """Whether ``never`` withholds a document by some of its fields."""
        return bool(self.never) and holds(_never(self.never, make=self._hidden), _Shown(data), unknown=True)

    def _hidden(self) -> Condition:
        """Return the condition of what is never shown: one line is enough."""
        return Either(tuple(read_condition({path: values}) for path, values in self.never.items()))


@dataclass(frozen=True, slots=True)
class Audience:
    """One audience of a site; the default is the one that everything is shown to.

    ``internal`` says whether fields that schemas mark ``x-internal`` are shown, ``confidential`` whether
    documents that say that they are confidential are, ``people`` whether
    people appear by name, as their team or not at all, ``sources`` whether pages name and link the
    files they are made from, ``handbook`` which files of the written handbook are published (True:
    all of them).
    """

    name: str = INTERNAL
    title: str = "Internal"
    everything: bool = True
    internal: bool = True
    confidential: bool = True
    people: str = NAMES
    sources: bool = True
    forms: bool = True
    reports: bool = True
    handbook: bool | tuple[str, ...] = True
    kinds: Mapping[str, KindVisibility] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def reference(self) -> bool:
        """Whether the references of the rule book are published; that of its policies names people."""
        return self.handbook is True and self.people == NAMES

    def admits(self, kind: Kind, data: Mapping[str, Any]) -> bool:
        """Whether a document of a kind is shown."""
        if self.everything:
            return True
        if not self.confidential and is_confidential(kind, data):
            return False
        shown = self.kinds.get(kind.name)
        if shown is None or not shown.admits(data):
            return False
        return not any(map(shown.hides, _meant(kind, data, {path.partition(".")[0] for path in shown.never})))


def is_confidential(kind: Kind, data: Mapping[str, Any]) -> bool:
    """Whether a document is marked as confidential.

    Whatever the mark holds: only its absence and a plain "no" say that a document is not, and a slip of the pen in the
    name of the field is no absence.
    """
    return any(
        one.get(CONFIDENTIAL, False) is not False for one in (data, *_meant(kind, data, [CONFIDENTIAL]))
    )


def _meant(kind: Kind, data: Mapping[str, Any], names: Collection[str]) -> Iterator[Lines]:
    """Yield each field that the kind does not have under the one of some names that it is a slip of."""
    for key in data.keys() - kind.fields.keys():
        for name in names:
            if isinstance(key, str) and is_slip(key, [name]):
                yield {name: data[key]}


def audience_of(policy: Mapping[str, Any], name: str, people: Collection[str]) -> Audience:
    """Return an audience of a policy's data; ``internal`` is there even where no policy names it.

    ``people`` are the classes of people: an audience that is shown no names is shown none of them.

    Raises NotFound with the names there are, RuleBookError when the policy cannot be used.
    """
    try:
        known = policy.get("audiences", {})
        if name not in known:
            if name == INTERNAL:
                return Audience()
            if not known:
                hint = "`itsm init` writes it into a new repository: copy it, with its schema, from there"
                raise NotFound(f"there is no audience '{name}': there is no {AUDIENCES}", hint)
            hint = did_you_mean(name, known) or f"there are: {', '.join(sorted({*known, INTERNAL}))}"
            raise NotFound(f"there is no audience '{name}' in {AUDIENCES}", hint)
        return _read(name, known[name], people)
    except (KeyError, TypeError, AttributeError) as error:
        raise RuleBookError(f"{AUDIENCES}: missing or wrong: {error}") from error


def _read(name: str, raw: Mapping[str, Any], persons: Collection[str]) -> Audience:
    if raw.get("everything") is True:
        return Audience(name, raw["title"])
    people = raw.get("people", NONE)
    withhold, never = frozenset(raw.get("withhold", ())), raw.get("never", {})
    kinds = {
        kind: KindVisibility(
            frozenset(about["fields"]),
            withhold | frozenset(about.get("withhold", ())),
            about.get("only", {}),
            {**never, **about.get("never", {})},
        )
        for kind, about in raw.get("kinds", {}).items()
        if kind not in persons or people == NAMES
    }
    handbook = raw.get("handbook", False)
    return Audience(
        name=name,
        title=raw["title"],
        everything=False,
        internal=raw.get("internal") is True,
        confidential=raw.get(CONFIDENTIAL) is True,
        people=people,
        sources=raw.get("sources") is True,
        forms=raw.get("forms") is True,
        reports=raw.get("reports") is True,
        handbook=handbook if isinstance(handbook, bool) else tuple(handbook),
        kinds=kinds,
    )


def values_at(data: Any, path: str) -> Iterator[Any]:
    """Yield each value at a path with dots; lists count as what they hold, keys may have dots themselves."""
    if isinstance(data, list):
        for item in data:
            yield from values_at(item, path)
    elif not path:
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if path == key:
                yield from values_at(value, "")
            elif isinstance(key, str) and path.startswith(f"{key}."):
                yield from values_at(value, path[len(key) + 1 :])
