"""Lists of archived records: finished records of old years that left the tree and are still known.

``records/archived/2019.txt`` names the records of 2019 that are no more in the tree. A line ``commit HASH`` says in
which commit those after it can be read; every other line is an identifier. Lines that begin with ``#`` and empty
lines mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

ARCHIVED = "records/archived"
_LIST = re.compile(rf"{ARCHIVED}/[0-9]{{4}}\.txt", re.ASCII)
_COMMIT = re.compile(r"commit ([0-9a-f]{40}|[0-9a-f]{64})", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Z]{2,6}-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{5}", re.ASCII)
_HEAD = "# Records that left the tree. itsm show ID --at COMMIT reads them; reverting the commit brings them back.\n"


class ArchivedRecord(NamedTuple):
    """Where an archived record stands: the list and the line that name it, and the commit that has its file."""

    commit: str
    path: str
    line: int


class ListFault(NamedTuple):
    """A line of a list that says nothing."""

    path: str
    line: int
    message: str


def is_list(path: str) -> bool:
    """Whether a file is a list of archived records."""
    return bool(_LIST.fullmatch(path))


def list_of(year: int) -> str:
    """Return the path of the list for the records of a year."""
    return f"{ARCHIVED}/{year:04d}.txt"


def read_list(path: str, content: bytes) -> tuple[dict[str, ArchivedRecord], list[ListFault]]:
    """Read one list: its records by identifier, the first line winning, and what is wrong with it."""
    found: dict[str, ArchivedRecord] = {}
    faults: list[ListFault] = []
    commit = ""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        named = _COMMIT.fullmatch(text)
        if named:
            commit = named.group(1)
        elif not _IDENTIFIER.fullmatch(text):
            faults.append(ListFault(path, number, "this is no identifier of a record and no commit"))
        elif not commit:
            faults.append(ListFault(path, number, f"no line above says in which commit {text} can be read"))
        elif text in found:
            faults.append(ListFault(path, number, f"{text} stands in line {found[text].line} already"))
        else:
            found[text] = ArchivedRecord(commit, path, number)
    return found, faults


def with_records(content: bytes | None, commit: str, identifiers: Iterable[str]) -> bytes:
    """Return a list (None: a new one) with more records, which can be read in a commit."""
    before = content or _HEAD.encode()
    before += b"" if before.endswith(b"\n") else b"\n"
    lines = [f"commit {commit}", *sorted(identifiers)]
    return before + "".join(f"{line}\n" for line in lines).encode()


def where(archived: Mapping[str, ArchivedRecord], identifier: str) -> str:
    """Return how an archived record is read."""
    return f"itsm show {identifier} --at {archived[identifier].commit[:12]}"
