"""Templates that authorise: their own life, and what a document made from one may not say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itsm_gitops.model.paths import glob
from itsm_gitops.model.roles import names

PROPOSED = "proposed"
APPROVED = "approved"
RETIRED = "retired"

# One that was approved can be taken back for another proposal; one that was retired begins anew.
_STEPS: Mapping[str, tuple[str, ...]] = {
    PROPOSED: (APPROVED, RETIRED),
    APPROVED: (RETIRED, PROPOSED),
    RETIRED: (PROPOSED,),
}


def next_stages(status: str) -> tuple[str, ...]:
    """Return the stages of life that may follow one."""
    return _STEPS.get(status, ())


def departures(template: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    """Return the fixed fields that a document says otherwise than its template.

    A field that is left out says nothing else, and line breaks make no difference.
    """
    fixed, values = template.get("fixed"), template.get("values")
    found = []
    for field in fixed if isinstance(fixed, list) else ():
        mine = value_at(data, str(field))
        if mine is not None and not _same(mine, value_at(values, str(field))):
            found.append(str(field))
    return found


def classes_beyond(template: Mapping[str, Any], classes: Iterable[str]) -> list[str]:
    """Return the classes that a template may not touch, each once."""
    allowed = _limit(template, "classes")
    return [] if allowed is None else [c for c in dict.fromkeys(classes) if c not in allowed]


def paths_beyond(template: Mapping[str, Any], paths: Iterable[str]) -> list[str]:
    """Return the files beside the records that a template may not touch."""
    allowed = _limit(template, "paths")
    if allowed is None:
        return []
    return [p for p in paths if not any(glob(pattern).fullmatch(p) for pattern in allowed)]


def _limit(template: Mapping[str, Any], sort: str) -> list[str] | None:
    """Return what of one sort a template may touch; None where it sets no limit.

    A limit that cannot be read allows nothing.
    """
    touches = template.get("touches", {})
    if not isinstance(touches, Mapping):
        return []
    return names(touches[sort]) if sort in touches else None


def value_at(data: Any, dotted: str) -> Any:
    """Return the value of a field such as ``risk.level``; None where there is none."""
    for step in dotted.split("."):
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def _same(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, str) and isinstance(theirs, str):
        return mine.split() == theirs.split()
    # True is no number here, as it is none in a document.
    return bool(mine == theirs) and isinstance(mine, bool) == isinstance(theirs, bool)
