"""A finding: one thing that is wrong, where, and what to do about it. Findings are data."""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"
INFO = "info"
OFF = "off"
SEVERITIES = (ERROR, WARNING, INFO)
_RANK = {ERROR: 0, WARNING: 1, INFO: 2, OFF: 3}

Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``line`` and ``column`` count from 1; 0 means not located yet.

    ``pointer`` is the path of keys and list positions to the offending value; ``at_key`` asks for
    the position of the last key instead of its value.
    """

    code: str
    severity: str
    path: str
    message: str
    hint: str = ""
    pointer: Pointer = ()
    line: int = 0
    column: int = 0
    at_key: bool = False


def sort_key(finding: Finding) -> tuple[str, int, int, str, str]:
    """Order findings by path, place, code and message, so that output is the same every time."""
    return (finding.path, finding.line, finding.column, finding.code, finding.message)


def at_least(severity: str, threshold: str) -> bool:
    """Whether ``severity`` is as bad as ``threshold`` or worse."""
    return _RANK[severity] <= _RANK[threshold]


def json_pointer(pointer: Pointer) -> str:
    """Write a pointer as RFC 6901 text, for example ``/links/0/target``."""
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in pointer)
