"""The heads of kinds: what tells one from the others, read from a schema file without building the kind.

`Kinds` is a mapping of kinds that are built when somebody looks one up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.kinds import GROUPS, ITEM, RECORD, Kind

_SCHEMA_FOLDERS = {"schemas/records/": RECORD, "schemas/cmdb/": ITEM}


@dataclass(frozen=True, slots=True)
class KindHead:
    """What tells a kind from the others; ``raw`` is its schema file as written."""

    name: str
    family: str
    path: str
    plural: str
    prefix: str
    folder: str
    operational: bool
    raw: Mapping[str, Any]

    @property
    def is_record(self) -> bool:
        """Whether documents of it are records; else they are CMDB items."""
        return self.family == RECORD


def read_heads(files: Sequence[str], load: Callable[[str], Any]) -> dict[str, KindHead]:
    """Return the head of every kind by name: records first, each family in the order of ``files``.

    Raises RuleBookError when a file cannot be used, a name, prefix or folder is used twice, or there is no kind at all.
    """
    found: dict[str, KindHead] = {}
    taken = set(GROUPS)
    for folder, family in _SCHEMA_FOLDERS.items():
        for path in files:
            if path.startswith(folder) and path.endswith(".schema.json"):
                head = _read_head(path, family, load(path))
                own = {head.name, head.folder, head.prefix} - {""}
                if own & taken:
                    clash = ", ".join(f"'{word}'" for word in sorted(own & taken))
                    raise RuleBookError(f"{path}: {clash} is already taken", "choose another name")
                taken |= own
                found[head.name] = head
    if not found:
        raise RuleBookError(
            "this repository has no rule book (no schemas/records/*.schema.json)",
            "git checkout -- schemas brings back what was committed; itsm init writes a new repository",
        )
    return found


def in_group(kind: Kind | KindHead, group: str) -> bool:
    """Whether a kind, or the head of one, is one of those that a group stands for."""
    if group == "any":
        return True
    if group == "ci":
        return kind.operational
    return kind.is_record == (group == "record")


def plural_title(about: Mapping[str, Any]) -> str:
    """Return what many of a kind are called, by the ``x-itsm`` of its schema."""
    return str(about.get("plural_title", about["plural"].replace("-", " ").capitalize()))


def _read_head(path: str, family: str, raw: Any) -> KindHead:
    try:
        about = raw["x-itsm"]
        record = family == RECORD
        head = KindHead(
            name=about["kind" if record else "class"],
            family=family,
            path=path,
            plural=about["plural"],
            prefix=about["prefix"] if record else "",
            folder=about["folder"],
            operational=about.get("operational", False),
            raw=raw,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise unusable(path, error) from error
    for word in (head.name, head.plural, head.prefix, head.folder):
        if not isinstance(word, str):
            raise RuleBookError(f"{path}: in x-itsm {word!r} is not text", "see schemas/README.md")
    return head


def unusable(path: str, error: Exception) -> RuleBookError:
    """Return the error to raise for a file in which a part is missing or of the wrong type."""
    return RuleBookError(f"{path}: missing or wrong: {error}", "see schemas/README.md")


class Kinds(Mapping[str, Kind]):
    """Kinds under some key, each built when it is first looked up."""

    def __init__(self, names: Mapping[str, str], build: Callable[[str], Kind]) -> None:
        self._names = names
        self._build = build
        self._built: dict[str, Kind] = {}

    def __getitem__(self, key: str) -> Kind:
        kind = self._built.get(key)  # asked for every entry of a snapshot
        if kind is None:
            kind = self._built[key] = self._build(self._names[key])
        return kind

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
