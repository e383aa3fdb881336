"""`itsm codeowners`: who is asked for a review, written from the CMDB."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.forges import connection as forging
from itsm_gitops.graph import ownership
from itsm_gitops.model.errors import Refused
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.outside import outside


class Codeowners(NamedTuple):
    """CODEOWNERS of a snapshot: where it belongs, what it should be, whether it is that.

    ``unknown`` are owners whom nobody on the forge stands for.
    """

    path: str
    text: str
    current: bool
    unknown: tuple[str, ...]


def codeowners(
    repo: Repository, *, forge: str = "", at: str | None = None, write: bool = False
) -> Codeowners:
    """Return what CODEOWNERS should be, and write it if asked; raises UsageError for an unknown forge.

    Raises Incomplete where a file of the CMDB cannot be read: its owner would be asked no more.
    """
    name = forging.forge_name(repo, forge)
    store = repo.store(at)
    store.require_complete(
        "who is asked for a review", [k.name for k in store.book.kinds.values() if not k.is_record]
    )
    wanted = ownership.codeowners(store, name)
    path = ownership.PLACES[name]
    found = outside(repo.snapshot(at), path)
    raw = wanted.text.encode()
    if len(raw) > ownership.SIZE_MAX:
        raise Refused(
            f"CODEOWNERS would have {len(raw):,} bytes, and forges ignore it above {ownership.SIZE_MAX:,}",
            "leave out some forge_groups, or give whole folders to one team by hand",
        )
    if write and found != raw:
        from itsm_gitops.documents import write_atomic

        write_atomic(repo.root / path, raw, expected=found)
        found = raw
    return Codeowners(path, wanted.text, found == raw, wanted.unknown)
