"""Templates that authorise: their own life, and what a document made from one may not say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from itsm_gitops.model import clock
from itsm_gitops.model.paths import glob
from itsm_gitops.model.roles import names

PROPOSED = "proposed"
APPROVED = "approved"
RETIRED = "retired"

# How far a document may go where its template says nothing.
OUTAGE_MINUTES = 15
WINDOW_HOURS = 24
_LEVELS = ("low", "medium", "high")

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


def beyond_limits(template: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields in which a document goes further than its template allows, each with a reason.

    The limits are those under ``limits``, else the template's own values, else those of this module: what was
    approved once was approved for something of that size. An interruption of unknown length is beyond any.
    """
    found = {
        "outage.minutes": _long_outage(template, data),
        "planned_end": _long_window(template, data),
        "risk.level": _high_risk(template, data),
    }
    return {field: reason for field, reason in found.items() if reason}


def _long_outage(template: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    limit = value_at(template, "limits.outage_minutes")
    if limit is None:
        limit = value_at(template, "values.outage.minutes")
    if limit is None:
        limit = 0 if value_at(template, "values.outage.expected") is False else OUTAGE_MINUTES
    minutes = value_at(data, "outage.minutes")
    if minutes is None:
        unknown = value_at(data, "outage.expected") is True
        return f"an interruption of unknown length is planned, and {limit} min are allowed" if unknown else ""
    allowed = minutes.__class__ in (int, float) and limit.__class__ in (int, float) and minutes <= limit
    return "" if allowed else f"an interruption of {minutes} min is planned, and {limit} min are allowed"


def _long_window(template: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    limit = value_at(template, "limits.window_hours") or WINDOW_HOURS
    start, end = (clock.parse_time(str(data.get(k, ""))) for k in ("planned_start", "planned_end"))
    if start is None or end is None or limit.__class__ is not int or end - start <= timedelta(hours=limit):
        return ""
    return f"the window is {clock.age(start, end)} long, and {limit} h are allowed"


def _high_risk(template: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    limit = value_at(template, "limits.risk") or value_at(template, "values.risk.level") or _LEVELS[0]
    level = value_at(data, "risk.level")
    if level not in _LEVELS or (limit in _LEVELS and _LEVELS.index(level) <= _LEVELS.index(limit)):
        return ""
    return f"the risk is {level}, and {limit} is allowed"


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
