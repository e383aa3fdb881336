"""Filters of lists: words of a command line become one test of an entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.columns import Rows, column_names, explains_fields
from itsm_gitops.editing.fields import Reader
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound, UsageError, did_you_mean
from itsm_gitops.model.facts import SPARES
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.priority import priority
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.model.text import without_accents
from itsm_gitops.model.workflow import CATEGORIES

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository, Store

OPEN, FINISHED = "open", "finished"
_NOBODY = "none"


@dataclass(frozen=True)
class Filters:
    """What to list. Empty filters let everything pass; several words of one filter are an "or"."""

    states: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    cis: tuple[str, ...] = ()
    since: str = ""
    where: tuple[tuple[str, str], ...] = ()
    text: str = ""


def predicate(
    repo: Repository, store: Store, kinds: Sequence[Kind], filters: Filters
) -> Callable[[Entry], bool]:
    """Return the test that an entry passes where it is to be listed.

    Raises UsageError for words that mean nothing, NotFound and Ambiguous for documents.
    """
    tests = [
        _state_test(kinds, filters.states),
        _target_test(store, filters.services, ("affects",)),
        _field_test(
            store, filters.teams, ("assigned_team", "owner", "fulfilment_team", "teams"), meaning.TEAM
        ),
        _field_test(store, filters.assignees, ("assignee", "implementers", "owner"), meaning.PERSON),
        _target_test(store, filters.cis, ()),
        _priority_test(store, filters.priorities),
        _since_test(repo, filters.since),
        _text_test(filters.text),
        *(_where_test(store, kinds, name, value) for name, value in filters.where),
    ]
    used = [t for t in tests if t is not None]
    return lambda entry: all(test(entry) for test in used)


_Test = Callable[[Entry], bool] | None


def _state_test(kinds: Sequence[Kind], words: Sequence[str]) -> _Test:
    if not words:
        return None
    wanted: set[tuple[str, str]] = set()
    names = {s for k in kinds if k.workflow for s in k.workflow.states}
    for word in (w.lower().replace("-", "_") for w in words):
        if word not in names and word not in (OPEN, FINISHED, *CATEGORIES):
            known = [OPEN, FINISHED, *CATEGORIES, *names]
            listed = f"states: {', '.join([OPEN, FINISHED, *sorted(names)])}"
            raise UsageError(f"no listed kind has a state '{word}'", did_you_mean(word, known) or listed)
        for kind in kinds:
            wanted.update((kind.name, s) for s in _states(kind, word, exact=word in names))
    return lambda e: (e.kind, e.state) in wanted


def _states(kind: Kind, word: str, *, exact: bool) -> list[str]:
    """Return the states of a kind that a word means: a state itself before a category."""
    flow = kind.workflow
    if flow is None:
        return []
    if exact:
        return [word] if word in flow.states else []
    if word in (OPEN, FINISHED):
        return [s for s in flow.states if flow.is_open(s) == (word == OPEN)]
    return [s for s, about in flow.states.items() if about.category == word]


def _target_test(store: Store, words: Sequence[str], relations: Sequence[str]) -> _Test:
    if not words:
        return None
    targets = {store.find(w).id for w in words}
    return lambda e: any(
        x.target in targets and (x.relation in relations if relations else x.relation != SPARES)
        for x in e.edges
    )


def _field_test(store: Store, words: Sequence[str], fields: Sequence[str], role: str) -> _Test:
    """Match handles in some fields; ``none`` matches documents without any of them.

    Raises NotFound for a handle that is in no document's fields and is nobody of the role, so that a mistyped
    name is not taken for "no work".
    """
    if not words:
        return None
    wanted = {w.lower() for w in words}
    names = {*store.broken, *(e.id for e in facts.of_role(store.book, store.entries.values(), role))}
    unknown = wanted - names - {_NOBODY}
    if unknown:
        names.update(*(_handles(store, e, fields) for e in store.entries.values()))
        for word in sorted(unknown - names):
            near = did_you_mean(word, names)
            raise NotFound(f"there is no {role} '{word}'", near or f"itsm list {role}s shows who there is")

    def test(entry: Entry) -> bool:
        held = _handles(store, entry, fields)
        return bool(held & wanted) or (not held and _NOBODY in wanted)

    return test


def _handles(store: Store, entry: Entry, fields: Sequence[str]) -> set[str]:
    """Return the handles that some fields of a document hold."""
    own = store.book.kinds[entry.kind].fields
    held: set[str] = set()
    for field in fields:
        if field in own:
            value = entry.columns.get(field)
            held.update([str(value)] if value is not None else _targets(entry, field))
    return held


def _targets(entry: Entry, field: str) -> list[str]:
    return [e.target for e in entry.edges if e.pointer[0] == field]


def _priority_test(store: Store, words: Sequence[str]) -> _Test:
    if not words:
        return None
    policy = store.book.policy(PRIORITY)
    known = list(policy.get("priorities", {}))
    wanted = {w.upper() for w in words}
    for word in wanted - set(known):
        raise UsageError(f"there is no priority '{word}'", f"priorities: {', '.join(known)}")

    def test(entry: Entry) -> bool:
        found = priority(policy, entry.columns)
        return found is not None and found.name in wanted

    return test


def _since_test(repo: Repository, text: str) -> _Test:
    if not text:
        return None
    moment = since(repo, text)
    return lambda e: bool((at := clock.parse_time(e.updated)) and at >= moment)


def since(repo: Repository, text: str) -> datetime:
    """Read a date, a date and time or how long ago (``7d``) as a moment; raises UsageError."""
    schema = {"type": "string", "format": "date-time"}
    sign = f"-{text}" if text[:1].isdigit() and text[-1:].isalpha() and "T" not in text else text
    hint = "write 7d, 12h, 2026-11-22 or '2026-11-22 20:00'"
    try:
        said = str(Reader(repo.config.timezone, lambda _, t: t).value(schema, sign, "--since"))
    except UsageError as error:
        raise UsageError(error.message, hint) from error
    moment = clock.parse_time(said)
    if moment is None:
        raise UsageError(f"--since: '{text}' is not a time", hint)
    return moment


def _text_test(text: str) -> _Test:
    wanted = _searchable(text)
    return (lambda e: wanted in _searchable(e.title) or wanted in _searchable(e.id)) if text else None


def _searchable(text: str) -> str:
    return without_accents(text).casefold()


def _where_test(store: Store, kinds: Sequence[Kind], name: str, value: str) -> _Test:
    first, *rest = name.replace("-", "_").split(".")
    known = column_names(kinds)
    if first not in known:
        raise UsageError(
            f"no listed kind has a field '{first}'", did_you_mean(first, known) or explains_fields(kinds)
        )
    wanted = value.casefold()
    rows = Rows(store, ())
    if not rest:
        _refuse_unknown(store, kinds, first, value)

    def test(entry: Entry) -> bool:
        found = rows.value(entry, first)
        for step in rest:
            found = found.get(step) if isinstance(found, Mapping) else None
        return _holds(found, wanted)

    return test


def _refuse_unknown(store: Store, kinds: Sequence[Kind], field: str, value: str) -> None:
    """Raise where no document can have a value: it is none of the field's values, or the name of nothing."""
    schemas = [k.fields[field] for k in kinds if field in k.fields]
    options = [str(o).lower() for s in schemas for o in _element(s).get("enum", ())]
    if value in ("", "*") or not schemas:
        return
    if all("enum" in _element(s) for s in schemas) and value.lower() not in options:
        listed = f"values: {', '.join(dict.fromkeys(options))}"
        raise UsageError(
            f"{field}: '{value}' is not one of the values", did_you_mean(value, options) or listed
        )
    if all("x-ref" in _element(s) for s in schemas):
        names = {*store.entries, *store.aliases, *store.broken}
        if value not in names and value not in names.union(
            *(_handles(store, e, (field,)) for e in store.entries.values())
        ):
            raise NotFound(
                f"{field}: there is nothing called '{value}'",
                did_you_mean(value, names) or explains_fields(kinds),
            )


def _element(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a field holds: for a list, what its entries are."""
    items = schema.get("items")
    return items if isinstance(items, dict) else schema


def _holds(value: Any, wanted: str) -> bool:
    """Whether a value is what was asked for: ``*`` is any, empty is none, lists match by member."""
    if value is None:
        return wanted == ""
    if wanted == "*":
        return True
    if isinstance(value, list):
        return any(_holds(v, wanted) for v in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.casefold() == wanted
