"""Migrations: words of the rule book that were renamed, with all documents, at one time.

A file of ``schemas/migrations`` says what was renamed, from what to what, when, by whom and why. Whoever compares a
snapshot with an older one reads the older one through the migrations that it does not have yet. This module
defines a migration; `migration_places` finds its word in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from itsm_gitops.model.categories import CATEGORIES, category_fields
from itsm_gitops.model.errors import NotFound, Refused, did_you_mean
from itsm_gitops.model.kinds import GROUPS, RECORD
from itsm_gitops.model.rulebook import RuleBook

FOLDER = "schemas/migrations/"
STATE, FIELD, KIND, LINK, VALUE = SORTS = ("state", "field", "kind", "link", "value")


@dataclass(frozen=True, slots=True)
class Migration:
    """One renamed word. ``path`` is the file that says so; empty for one that is only planned.

    ``kind`` is that of a state, field or value, ``field`` the dotted field of a value. ``new`` is empty where the
    word was removed and nothing stands in its place. ``removed`` says that ``new`` was there before: both became one.
    """

    sort: str
    old: str
    new: str
    kind: str = ""
    field: str = ""
    removed: bool = False
    at: str = ""
    by: str = ""
    reason: str = ""
    path: str = ""

    @property
    def subject(self) -> str:
        """What is renamed, as the command line names it: ``change:approved``, ``incident.location``."""
        return _SUBJECTS[self.sort].format(kind=self.kind, field=self.field, old=self.old)

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        if not self.new:
            return f"{self.sort} {self.subject} was removed"
        verb = "became" if self.removed else "was renamed to"
        return f"{self.sort} {self.subject} {verb} {self.new}"

    def file(self) -> dict[str, Any]:
        """Return what the file of this migration holds."""
        found: dict[str, Any] = {"migration": self.sort}
        found.update({k: v for k, v in (("kind", self.kind), ("field", self.field)) if v})
        found["from"] = self.old
        if self.new:
            found["to"] = self.new
        if self.removed:
            found["removed"] = True
        return {**found, "at": self.at, "by": self.by, "reason": self.reason}


_SUBJECTS = {
    STATE: "{kind}:{old}",
    FIELD: "{kind}.{old}",
    KIND: "{old}",
    LINK: "{old}",
    VALUE: "{kind}.{field} {old}",
}


def read_migration(path: str, raw: Any) -> Migration | None:
    """Return the migration that a file holds; None where it holds none (a rule says why)."""
    if not isinstance(raw, Mapping) or raw.get("migration") not in SORTS:
        return None
    words = [raw.get(k, "") for k in ("from", "to", "kind", "field", "at", "by", "reason")]
    if not all(isinstance(word, str) for word in words) or not words[0] or not words[4]:
        return None
    old, new, kind, field, at, by, reason = words
    removed = raw.get("removed") is True or not new
    return Migration(raw["migration"], old, new, kind, field, removed, at, by, reason, path)


def in_order(migrations: Iterable[Migration]) -> tuple[Migration, ...]:
    """Return migrations in the order in which they were made."""
    return tuple(sorted(migrations, key=lambda m: (m.at, m.path)))


@dataclass(frozen=True, slots=True)
class KindShape:
    """What a migration must know of one kind: where its documents and its state are."""

    name: str
    family: str
    folder: str
    path: str
    state_field: str
    life_cycle: str
    plays: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    vocabularies: frozenset[str] = frozenset()  # fields whose words have levels, behind slashes
    inner: Mapping[str, str] = field(default_factory=dict)  # life cycles within a document, with their fields

    @property
    def own_key(self) -> str:
        """The key under which a document names its kind."""
        return "kind" if self.family == RECORD else "class"


@dataclass(frozen=True, slots=True)
class BookShape:
    """The kinds of a rule book, and what is at the other end of each relation, as far as migrations must know them."""

    kinds: Mapping[str, KindShape]
    ends: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # kinds and groups, by relation and inverse

    def after(self, migration: Migration) -> BookShape:
        """Return the shape that a migration leaves behind."""
        found, ends = dict(self.kinds), dict(self.ends)
        if migration.sort == LINK and migration.old in ends and migration.new:
            ends[migration.new] = ends.pop(migration.old)
        if migration.sort == KIND and migration.old in found and migration.new:
            ends = {
                w: tuple(migration.new if n == migration.old else n for n in names)
                for w, names in ends.items()
            }
            found = {
                migration.new if n == migration.old else n: (
                    replace(k, name=migration.new) if n == migration.old else k
                )
                for n, k in found.items()
            }
        kind = found.get(migration.kind)
        if migration.sort == FIELD and kind is not None and "." not in migration.old:
            fields = kind.fields - {migration.old} | {migration.new} - {""}
            renamed = migration.new if kind.state_field == migration.old else kind.state_field
            found[kind.name] = replace(kind, fields=fields, state_field=renamed)
        kind = found.get(migration.kind)
        if migration.sort == FIELD and kind is not None and migration.new:
            inner = {flow: _moved(path, migration) for flow, path in kind.inner.items()}
            found[kind.name] = replace(kind, inner=inner)
        return BookShape(found, ends)

    def before(self, migration: Migration) -> BookShape:
        """Return the shape that a migration found."""
        if migration.removed or not migration.new:
            return self
        back = replace(migration, old=migration.new, new=migration.old)
        return self.after(back)

    @classmethod
    def of(cls, book: RuleBook) -> BookShape:
        """Return the shape of a rule book; raises RuleBookError where it cannot be used."""
        return cls(
            {
                name: KindShape(
                    name=name,
                    family=kind.family,
                    folder=kind.folder,
                    path=kind.schema_path,
                    state_field=kind.stages.state_field if kind.stages else "",
                    life_cycle=kind.stages.name if kind.stages else "",
                    inner={flow.name: flow.state_field for flow in kind.inner},
                    plays=kind.plays,
                    fields=frozenset(kind.fields),
                    vocabularies=frozenset(category_fields(kind)),
                )
                for name, kind in book.kinds.items()
            },
            _ends(book),
        )

    def is_inner(self, flow: object, migration: Migration) -> bool:
        """Whether the value of a migration is a state of a life cycle within a document, this one."""
        kind = self.kinds.get(migration.kind)
        return migration.sort == VALUE and kind is not None and kind.inner.get(str(flow)) == migration.field

    def has_levels(self, migration: Migration) -> bool:
        """Whether the word of a migration is one of the tree of categories, which all such fields share."""
        kind = self.kinds.get(migration.kind)
        return migration.sort == VALUE and kind is not None and migration.field in kind.vocabularies

    @property
    def vocabularies(self) -> frozenset[str]:
        """The fields of all kinds whose words are of the tree of categories."""
        return frozenset(f for k in self.kinds.values() for f in k.vocabularies)

    def at(self, path: str) -> KindShape | None:
        """Return the kind whose folder holds a document."""
        holding = [k for k in self.kinds.values() if path.startswith(f"{k.folder}/")]
        return max(holding, key=lambda k: len(k.folder), default=None)

    def sharing(self, name: str) -> frozenset[str]:
        """Return the kinds that have their life cycle with this one; itself at least."""
        kind = self.kinds.get(name)
        if kind is None or not kind.life_cycle:
            return frozenset([name])
        return frozenset(k.name for k in self.kinds.values() if k.life_cycle == kind.life_cycle)


def _moved(path: str, migration: Migration) -> str:
    """Return what a dotted field is called once a field is renamed that it is, or lies in."""
    inside = path == migration.old or path.startswith(f"{migration.old}.")
    return migration.new + path[len(migration.old) :] if inside else path


def _ends(book: RuleBook) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, link in book.links.items():
        both = (*link.sources, *link.targets)
        found[name] = both if link.symmetric else link.targets
        found[link.inverse] = both if link.symmetric else link.sources
    return found


def pending(present: Sequence[Migration], former: Iterable[Migration]) -> tuple[Migration, ...]:
    """Return the migrations of a rule book that a former one does not have, in order."""
    known = {m.path for m in former}
    return in_order(m for m in present if m.path not in known)


def migrations_of(book: RuleBook) -> tuple[Migration, ...]:
    """Return the migrations that a rule book holds, in order; files that hold none are left out (a rule names them)."""
    found = (read_migration(p, book.policy(p)) for p in book.files if p.startswith(FOLDER))
    return in_order(m for m in found if m is not None)


# What a document is, and what tells it from the others, has no other name: links, paths and merges rely on it.
_FIXED_FIELDS = frozenset(("id", "kind", "class", "timeline", "links", "aliases"))


def vocabulary(book: RuleBook, migration: Migration) -> frozenset[str] | None:
    """Return the words among which that of a migration is; None where any text may stand.

    Raises Refused where nothing of that sort can be renamed, and NotFound for an unknown kind or field.
    """
    if migration.sort == KIND:
        return frozenset({*book.kinds, *GROUPS, *(k.plural for k in book.kinds.values())})
    if migration.sort == LINK:
        return frozenset({*book.links, *book.inverses})
    kind = book.kind(migration.kind)
    if kind.name != migration.kind:
        raise NotFound(f"there is no kind '{migration.kind}'", f"is it {kind.name}?")
    if migration.sort == STATE:
        if kind.stages is None:
            raise Refused(f"{kind.plural_title.lower()} have no life cycle", "")
        within = next((f for f in kind.inner if migration.old in f.states), None)
        if within is not None and migration.old not in kind.stages.states:
            raise NotFound(
                f"'{migration.old}' is a state of the life cycle '{within.name}' within {kind.plural_title.lower()}",
                f"itsm migrate value {kind.name}.{within.state_field} {migration.old} {migration.new or 'NEW'}",
            )
        return frozenset(kind.stages.states)
    if migration.sort == FIELD:
        *above, last = migration.old.split(".")
        if not above and last in (*_FIXED_FIELDS, kind.state_field, kind.label):
            raise Refused(f"the field '{last}' has its name from the tool", "it cannot be renamed or removed")
        return frozenset(_fields(kind.schema, above, kind.name))
    *above, last = migration.field.split(".")
    fields = _fields(kind.schema, above, kind.name)
    if last not in fields:
        raise NotFound(f"{kind.name} has no field '{migration.field}'", did_you_mean(last, fields))
    words = _listed_words(fields[last], f"{kind.name}.{migration.field}")
    tree = book.policy(CATEGORIES).get("categories")
    if words is None and isinstance(tree, Mapping):
        # Whoever names a category below an open one has it in documents only: then there is no list of them.
        listed = frozenset(str(name) for name in tree)
        return listed if migration.old in listed or migration.new in listed else None
    return words


def _fields(schema: Any, steps: Sequence[str], kind: str) -> Mapping[str, Any]:
    """Return the fields that a schema describes below a dotted path; a list on the way stands for its entries."""
    for step in ("", *steps):
        properties = schema.get("properties")
        inner = schema if step == "" else properties.get(step) if isinstance(properties, Mapping) else None
        inner = inner.get("items", inner) if isinstance(inner, Mapping) else None
        if not isinstance(inner, Mapping):
            raise NotFound(f"{kind} has no field '{'.'.join(steps)}'", "")
        schema = inner
    found = schema.get("properties", {})
    return found if isinstance(found, Mapping) else {}


def _listed_words(field: Any, name: str) -> frozenset[str] | None:
    items = field.get("items", field) if isinstance(field, Mapping) else None
    field = items if isinstance(items, Mapping) else {}
    if isinstance(field.get("enum"), list):
        return frozenset(word for word in field["enum"] if isinstance(word, str))
    if field.get("x-vocabulary") is True:
        return None
    raise Refused(
        f"{name} takes any text, so nobody can say that a word of it was renamed",
        'only words of a list (enum), or of a field that its schema calls "x-vocabulary": true, are renamed',
    )
