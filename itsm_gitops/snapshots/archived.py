"""The archived records of a snapshot: what its lists name."""

from __future__ import annotations

from collections.abc import Mapping

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model.archive import ARCHIVED, ArchivedRecord, ListFault, is_list, read_list, where
from itsm_gitops.model.errors import Ambiguous, NotFound
from itsm_gitops.model.ids import find
from itsm_gitops.snapshots.snapshot import Snapshot


def read_archived(snapshot: Snapshot) -> tuple[dict[str, ArchivedRecord], list[ListFault]]:
    """Read every list of a snapshot: the archived records by identifier, and what is wrong with the lists."""
    paths = [i.path for i in snapshot.files(ARCHIVED) if i.mode == REGULAR and is_list(i.path)]
    records: dict[str, ArchivedRecord] = {}
    faults: list[ListFault] = []
    for path, content in snapshot.read_many(paths):
        found, wrong = read_list(path, content)
        faults += wrong
        for identifier, record in found.items():
            if identifier in records:
                other = records[identifier].path
                faults.append(ListFault(path, record.line, f"{identifier} stands in {other} already"))
            else:
                records[identifier] = record
    return records, faults


def missing(fragment: str, archived: Mapping[str, ArchivedRecord], error: NotFound) -> NotFound:
    """Return what to say where nothing is called like ``fragment``: where it is, if it is an archived record."""
    try:
        identifier = find(fragment, archived)
    except (NotFound, Ambiguous):
        return error
    return NotFound(f"{identifier} is archived", f"{where(archived, identifier)} shows it")
