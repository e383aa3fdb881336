"""The rule book: every kind, life cycle, link type and policy of one repository, read lazily."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from itsm_gitops.model import ids
from itsm_gitops.model.errors import NotFound, RuleBookError, did_you_mean
from itsm_gitops.model.kind_heads import KindHead, Kinds, in_group, plural_title, read_heads, unusable
from itsm_gitops.model.kinds import GROUPS, ITEM, RECORD, Kind, Reference, find_references, inline
from itsm_gitops.model.link_types import LinkType, read_link_type
from itsm_gitops.model.meaning import roles_of_old_kind
from itsm_gitops.model.once import Once
from itsm_gitops.model.user_rules import RULES, UserRule, read_user_rule
from itsm_gitops.model.workflow import Workflow, read_workflow

COMMON = "schemas/common.schema.json"
LINKS = "schemas/policies/links.yaml"
PRIORITY = "schemas/policies/priority.yaml"
CHANGE_CONTROL = "schemas/policies/change-control.yaml"
CHANGE_MODELS = "schemas/policies/change-models.yaml"
MAJOR_INCIDENTS = "schemas/policies/major-incidents.yaml"
RECURRING = "schemas/policies/recurring.yaml"
RISK = "schemas/policies/risk.yaml"
ROLES = "schemas/policies/roles.yaml"

_schemas: Once[Any] = Once()
_lives: Once[Workflow] = Once()
_references: Once[tuple[Reference, ...]] = Once()


class RuleBook:
    """One repository's rule book.

    ``files`` are the paths of the rule book, ``load`` returns the parsed content of one (raising
    RuleBookError where that is impossible). Parts are read when first asked for.
    """

    def __init__(self, files: Iterable[str], load: Callable[[str], Any]) -> None:
        self.files = tuple(sorted(files))
        self._load = load
        self._workflows: dict[str, Workflow] = {}
        self._built: dict[str, Kind] = {}
        self._kinds_below: dict[str, Kind | None] = {}  # of every folder that was asked about
        self._inlined: dict[str, Any] = {}  # definitions, by name
        self._states: dict[tuple[str, str], frozenset[str]] = {}
        self._playing: dict[str, tuple[str, ...]] = {}
        self._policies: dict[str, Mapping[str, Any]] = {}
        self._placed: tuple[Kind | None, str, str] = (None, "", "")

    def without(self, kinds: Iterable[str]) -> RuleBook:
        """Return this rule book as it would be without some kinds."""
        gone = {self._heads[name].path for name in kinds}
        return RuleBook((f for f in self.files if f not in gone), self._load)

    def reworded(self, how: Callable[[str, Any], Any]) -> RuleBook:
        """Return this rule book with what ``how`` makes of the content of each file (path and data)."""
        return RuleBook(self.files, lambda path: how(path, self._load(path)))

    @cached_property
    def kinds(self) -> Kinds:
        """Every kind and class by name: records first, each family in file order.

        Raises RuleBookError when a file cannot be used, a name, prefix or folder is used twice, or
        there is no kind at all. A kind is built when it is first looked up: a command that shows
        one record needs two or three of twenty.
        """
        return Kinds({name: name for name in self._heads}, self._kind)

    @property
    def records(self) -> list[Kind]:
        """The kinds of record, in file order; no class of item is built for them."""
        return [self._kind(head.name) for head in self._heads.values() if head.family == RECORD]

    @cached_property
    def _heads(self) -> dict[str, KindHead]:
        return read_heads(self.files, self._load)

    @cached_property
    def _definitions(self) -> Mapping[str, Any]:
        raw = self._load(COMMON) if COMMON in self.files else {}
        definitions: Mapping[str, Any] = raw.get("definitions", {})
        return definitions

    def _kind(self, name: str) -> Kind:
        if name not in self._built:
            self._built[name] = self._build(self._heads[name])
        return self._built[name]

    def _build(self, head: KindHead) -> Kind:
        try:
            schema = self._schema(head)
            about = schema["x-itsm"]
            name = about.get("workflow")
            workflow = self.workflow(name) if name else None
            return Kind(
                name=head.name,
                family=head.family,
                title=schema["title"],
                plural=head.plural,
                plural_title=plural_title(about),
                description=schema.get("description", ""),
                prefix=head.prefix,
                folder=head.folder,
                operational=head.operational,
                schema=schema,
                schema_path=head.path,
                workflow=workflow,
                references=_references(schema, make=lambda: tuple(find_references(schema))),
                plays=self._plays[head.name],
                stages=workflow or self._shared_life(schema["properties"]),
                inner=tuple(self.workflow(n) for n in about.get("inner_workflows", ())),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise unusable(head.path, error) from error

    def _schema(self, head: KindHead) -> Any:
        raw, definitions = head.raw, self._definitions
        try:
            return _schemas(raw, definitions, make=lambda: inline(raw, definitions, self._inlined))
        except RuleBookError as error:
            raise RuleBookError(f"{head.path}: {error.message}", error.hint) from error

    def workflow(self, name: str) -> Workflow:
        """Return a life cycle by name; raises RuleBookError when it cannot be used."""
        if name not in self._workflows:
            path = f"schemas/workflows/{name}.yaml"
            if path not in self.files:
                raise RuleBookError(f"there is no life cycle '{name}' ({path})")
            try:
                raw = self._load(path)
                self._workflows[name] = _lives(raw, make=lambda: read_workflow(raw))
            except (KeyError, TypeError, AttributeError) as error:
                raise RuleBookError(f"{path}: missing or wrong: {error}") from error
        return self._workflows[name]

    @property
    def life_cycles(self) -> list[Workflow]:
        """The life cycles that kinds name, each once, in file order; no kind is built for them."""
        names = dict.fromkeys(head.raw["x-itsm"].get("workflow") for head in self._heads.values())
        return [self.workflow(name) for name in names if name]

    @cached_property
    def links(self) -> dict[str, LinkType]:
        """The link vocabulary by name."""
        try:
            return {n: read_link_type(n, raw) for n, raw in self.policy(LINKS).get("links", {}).items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise RuleBookError(f"{LINKS}: missing or wrong: {error}") from error

    @cached_property
    def inverses(self) -> dict[str, LinkType]:
        """The link vocabulary by inverse name (symmetric links are not in it)."""
        return {link.inverse: link for link in self.links.values() if not link.symmetric}

    def policy(self, path: str) -> Mapping[str, Any]:
        """Return the data of one policy file; empty when the rule book has none."""
        known = self._policies.get(path)
        if known is None:
            known = self._policies[path] = self._load(path) if path in self.files else {}
        return known

    @cached_property
    def user_rules(self) -> tuple[UserRule, ...]:
        """The repository's own rules, by path; raises RuleBookError for one that cannot be used."""
        found = []
        for path in self.files:
            if path.startswith(RULES) and path.endswith(".yaml"):
                try:
                    found.append(read_user_rule(path, self._load(path)))
                except (KeyError, TypeError, AttributeError) as error:
                    raise unusable(path, error) from error
        return tuple(found)

    @cached_property
    def workflow_examples(self) -> tuple[tuple[Workflow, tuple[Mapping[str, Any], ...]], ...]:
        """The life cycles that show examples, each with them, by path."""
        found = []
        for path in self.files:
            if path.startswith("schemas/workflows/") and path.endswith(".yaml"):
                flow, examples = self.workflow(PurePosixPath(path).stem), self._load(path).get("examples", ())
                found.append((flow, tuple(examples)))
        return tuple(found)

    def template(self, name: str) -> Mapping[str, Any]:
        """Return the data of one template; raises NotFound with the nearest name."""
        path = f"schemas/templates/{name}.yaml"
        if path not in self.files:
            hint = did_you_mean(name, self.templates) or f"there are: {', '.join(self.templates)}"
            raise NotFound(f"there is no template '{name}'", hint)
        data: Mapping[str, Any] = self._load(path)
        return data

    @property
    def templates(self) -> list[str]:
        """The names of all templates."""
        return [PurePosixPath(p).stem for p in self.files if p.startswith("schemas/templates/")]

    def kind(self, word: str) -> Kind:
        """Return a kind by name, plural or prefix, in any case; raises NotFound with a hint."""
        lowered = word.lower().replace("_", "-")
        for head in self._heads.values():
            if lowered in (head.name, head.plural, head.prefix.lower()) and lowered:
                return self._kind(head.name)
        raise NotFound(f"there is no kind '{word}'", did_you_mean(word, self.kinds))

    @cached_property
    def by_prefix(self) -> Kinds:
        """Kinds of record by identifier prefix."""
        return Kinds({h.prefix: h.name for h in self._heads.values() if h.prefix}, self._kind)

    @cached_property
    def _plays(self) -> Mapping[str, tuple[str, ...]]:
        """The roles of each kind; where no kind has any, they follow from the names."""
        abouts = {name: head.raw["x-itsm"] for name, head in self._heads.items()}
        if not any("plays" in about for about in abouts.values()):
            return {name: roles_of_old_kind(name) for name in abouts}
        return {name: tuple(about.get("plays", ())) for name, about in abouts.items()}

    def playing(self, role: str) -> tuple[str, ...]:
        """Return the names of the kinds that play a role, records first, in file order."""
        known = self._playing.get(role)
        if known is None:
            known = tuple(name for name, roles in self._plays.items() if role in roles)
            self._playing[role] = known
        return known

    def player(self, role: str) -> Kind | None:
        """Return the first kind that plays a role; None where none does."""
        return next((self._kind(name) for name in self.playing(role)), None)

    def states(self, kind: str, role: str) -> frozenset[str]:
        """Return the states of a kind that play a role."""
        known = self._states.get((kind, role))
        if known is None:
            stages = self.kinds[kind].stages
            known = self._states[kind, role] = stages.playing(role) if stages else frozenset()
        return known

    def _shared_life(self, fields: Mapping[str, Any]) -> Workflow | None:
        """Return the life cycle of other classes whose field of state, with no other states, is among these."""
        used = (h.raw["x-itsm"].get("workflow") for h in self._heads.values() if h.family == ITEM)
        # Those of kinds that an audience does not see still say what a state means.
        there = (PurePosixPath(p).stem for p in self.files if p.startswith("schemas/workflows/"))
        for name in filter(None, dict.fromkeys((*used, *there))):
            life = self.workflow(name)
            field = fields.get(life.state_field)
            states = field.get("enum") if isinstance(field, dict) else None
            if states and life.states.keys() >= set(states):
                return life
        return None

    @cached_property
    def by_folder(self) -> Kinds:
        """Kinds by the folder their documents live in."""
        return Kinds({h.folder: h.name for h in self._heads.values()}, self._kind)

    def path_for(self, kind: Kind, identifier: str) -> str:
        """Return the one path a document may have; raises NotFound for a malformed identifier."""
        last = self._placed
        if last[0] is kind and last[1] == identifier:  # two rules ask, one after the other
            return last[2]
        path = self._path_for(kind, identifier)
        self._placed = (kind, identifier, path)
        return path

    def _path_for(self, kind: Kind, identifier: str) -> str:
        if not kind.is_record:
            if not ids.is_item_id(identifier):
                raise NotFound(
                    f"'{identifier}' cannot name a {kind.title.lower()}",
                    "use lower-case letters, digits and single hyphens, at most 63, letter first",
                )
            return f"{kind.folder}/{identifier}.yaml"
        parsed = ids.parse_record_id(identifier)
        if parsed is None or parsed[0] != kind.prefix:
            raise NotFound(
                f"'{identifier}' is not an identifier of a {kind.title.lower()}",
                f"it looks like {kind.prefix}-261122-K7QF3",
            )
        day = parsed[1]
        return f"{kind.folder}/{day.year}/{day.month:02d}/{identifier}.yaml"

    def kind_at(self, path: str) -> Kind | None:
        """Return the kind whose folder holds ``path``; None when no kind's does."""
        folder = above = path.rpartition("/")[0]
        while folder not in self._kinds_below:
            while above and above not in self.by_folder:
                above = above.rpartition("/")[0]
            self._kinds_below[folder] = self.by_folder[above] if above else None
        return self._kinds_below[folder]

    def members(self, names: Iterable[str]) -> frozenset[str]:
        """Expand kinds, classes and the groups record, ci, item and any into kind names."""
        found: set[str] = set()
        for name in names:
            if name in GROUPS:
                found.update(head.name for head in self._heads.values() if in_group(head, name))
            else:
                found.add(name)
        return frozenset(found)
