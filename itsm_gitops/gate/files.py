"""Which files beside the records belong to which item: the patterns that items have under ``paths``.

Patterns are read from the target branch, so nobody takes a file over in the request that edits it. A file may belong
to several items; each of them counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from itsm_gitops.model.paths import glob
from itsm_gitops.model.roles import names
from itsm_gitops.snapshots import Store

FIELD = "paths"
_WILD = ("*", "?")


def files_of_items(base: Store, files: Iterable[str]) -> Mapping[str, list[str]]:
    """Return the items to which some of the files belong, with those files, by identifier."""
    listed = list(files)
    if not listed:
        return {}
    found: dict[str, list[str]] = {}
    for identifier, pattern in _patterns(base):
        fixed = _fixed_part(pattern)
        matched = [f for f in listed if f.startswith(fixed) and glob(pattern).fullmatch(f)]
        if matched:
            found.setdefault(identifier, []).extend(matched)
    return {i: list(dict.fromkeys(found[i])) for i in sorted(found)}


def _patterns(base: Store) -> Iterator[tuple[str, str]]:
    """Yield the patterns of all items; only files that hold the word are read as documents."""
    kinds = [k.name for k in base.book.kinds.values() if not k.is_record and FIELD in k.fields]
    items = {e.path: e.id for e in base.of_kinds(kinds)}
    word = FIELD.encode()
    for path in [p for p, raw in base.snapshot.read_many(sorted(items)) if word in raw]:
        for pattern in names(base.data(items[path]).get(FIELD)):
            yield items[path], pattern


def _fixed_part(pattern: str) -> str:
    """Return what every path begins with that a pattern describes."""
    ends = [at for mark in _WILD if (at := pattern.find(mark)) >= 0]
    return pattern[: min(ends)] if ends else pattern
