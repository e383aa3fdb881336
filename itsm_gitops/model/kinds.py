"""Kinds of record and classes of CMDB item, as one JSON Schema each declares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.workflow import Workflow

RECORD = "record"
ITEM = "item"
ANY_INDEX = "*"

# Names that stand for many kinds in `from`, `to` and `x-ref`.
GROUPS = ("record", "ci", "item", "any")


class Reference(NamedTuple):
    """A field whose value names other entities (``x-ref`` in the schema).

    ``pointer`` has ``*`` where any list position stands. ``open`` references may name something
    that is not in the repository (a requester who is not in the directory).
    """

    pointer: Pointer
    relation: str
    targets: tuple[str, ...]
    open: bool = False

    def values(self, data: Any) -> Iterator[tuple[str, Pointer]]:
        """Yield each string the field holds in ``data``, with its exact pointer."""
        yield from _values(data, self.pointer, ())


def _values(node: Any, rest: Pointer, at: Pointer) -> Iterator[tuple[str, Pointer]]:
    if not rest:
        if isinstance(node, str):
            yield node, at
        return
    step, tail = rest[0], rest[1:]
    if step == ANY_INDEX:
        if isinstance(node, list):
            for index, item in enumerate(node):
                yield from _values(item, tail, (*at, index))
    elif isinstance(node, dict) and step in node:
        yield from _values(node[step], tail, (*at, step))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record or a class of CMDB item; ``schema`` has shared definitions inlined.

    ``tag`` is the key that holds the name in a document: ``kind`` for records, ``class`` for
    CMDB items. ``label`` is the field shown as its title. ``operational`` classes can fail and
    take part in impact analysis. ``plays`` are the roles of the kind (`meaning.py`). ``stages`` is the life cycle
    that gives its states their meaning: its own, or for a class without one that of other classes whose
    field of state it has. ``inner`` are the life cycles of tracked fields within its documents. ``keys`` is the canonical order of the top-level keys.
    """

    name: str
    family: str
    title: str
    plural: str
    plural_title: str
    description: str
    prefix: str
    folder: str
    operational: bool
    schema: Mapping[str, Any]
    schema_path: str
    workflow: Workflow | None
    references: tuple[Reference, ...]
    plays: tuple[str, ...] = ()
    stages: Workflow | None = None
    inner: tuple[Workflow, ...] = ()

    @property
    def is_record(self) -> bool:
        """Whether documents of this kind are records (and not CMDB items)."""
        return self.family == RECORD

    @property
    def tag(self) -> str:
        """The key that names the kind in a document."""
        return "kind" if self.is_record else "class"

    @property
    def confidential(self) -> bool:
        """Whether documents of this kind are confidential; any mark that is not plainly "no" counts."""
        return self.schema.get("x-itsm", {}).get("confidential", False) is not False

    @property
    def label(self) -> str:
        """The key of the human-readable title."""
        return "title" if self.is_record else "name"

    @property
    def state_field(self) -> str:
        """The key that holds the state; ``state`` where no workflow says otherwise."""
        return self.workflow.state_field if self.workflow else "state"

    @property
    def fields(self) -> Mapping[str, Any]:
        """The schema of each top-level field, in canonical order."""
        properties: Mapping[str, Any] = self.schema["properties"]
        return properties

    @property
    def keys(self) -> tuple[str, ...]:
        """The canonical order of the top-level keys."""
        return tuple(self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that every document of this kind needs."""
        return tuple(self.schema.get("required", ()))


def in_order_of_work(kinds: Iterable[Kind]) -> list[Kind]:
    """Return kinds in the order of daily work: incidents first; those that play no role in it last, as they came."""
    order = meaning.ORDER_OF_WORK
    return sorted(
        kinds, key=lambda kind: min((order.index(r) for r in kind.plays if r in order), default=len(order))
    )


def inline(node: Any, definitions: Mapping[str, Any], done: dict[str, Any] | None = None) -> Any:
    """Return a schema with each ``$ref`` to a shared definition replaced by that definition.

    Only references of the form ``…#/definitions/NAME`` exist in a rule book; keywords beside a
    ``$ref`` win over the definition's, so a field can have its own description. ``done`` remembers
    finished definitions from one call to the next. Raises RuleBookError for an unknown definition
    and for one that contains itself.
    """
    done = {} if done is None else done
    if node.__class__ is list:
        return [inline(n, definitions, done) if n.__class__ in _NESTED else n for n in node]
    if node.__class__ is not dict:
        return node
    own = {k: inline(v, definitions, done) if v.__class__ in _NESTED else v for k, v in node.items()}
    ref = node.get("$ref")
    if not isinstance(ref, str):
        return own
    del own["$ref"]
    name = ref.rsplit("/", 1)[-1]
    if name not in done:
        if not isinstance(definitions.get(name), Mapping):
            raise RuleBookError(f"there is no definition '{name}' for '{ref}'", _CHECK)
        done[name] = None  # begun
        done[name] = inline(definitions[name], definitions, done)
    if done[name] is None:
        raise RuleBookError(f"the definition '{name}' contains itself", _CHECK)
    return {**done[name], **own}


_CHECK = "itsm check names the place"


_NESTED = (dict, list)


def find_references(schema: Any, at: Pointer = ()) -> Iterator[Reference]:
    """Yield the references that a schema declares with ``x-ref``, in schema order."""
    if not isinstance(schema, dict):
        return
    ref = schema.get("x-ref")
    if ref:
        yield Reference(at, ref["relation"], tuple(ref["to"]), ref.get("open", False))
    for name, child in schema.get("properties", {}).items():
        yield from find_references(child, (*at, name))
    if "items" in schema:
        yield from find_references(schema["items"], (*at, ANY_INDEX))
