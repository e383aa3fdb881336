"""`itsm codeowners --from FILE`: what a CODEOWNERS file says, written into the items that the files belong to."""

from __future__ import annotations

import json
from typing import NamedTuple

from itsm_gitops.editing.edits import set_fields
from itsm_gitops.editing.fields import SET, Assignment
from itsm_gitops.graph.file_owners import FIELD, FileOwnerLine, read_codeowners
from itsm_gitops.model.errors import Refused, UsageError
from itsm_gitops.repository import Repository

_SIZE_MAX = 3_000_000  # GitHub reads no larger one


class ImportedOwners(NamedTuple):
    """The lines of a CODEOWNERS file, and the items that got patterns they did not have, by identifier."""

    lines: tuple[FileOwnerLine, ...]
    added: dict[str, list[str]]


def import_codeowners(repo: Repository, raw: bytes, *, write: bool = False) -> ImportedOwners:
    """Return which patterns of a CODEOWNERS file belong to which item, and write them if asked.

    Raises Refused for a file that is too large or not UTF-8, UsageError where the rule book has no ``paths``.
    """
    if len(raw) > _SIZE_MAX:
        raise Refused(f"it has {len(raw):,} bytes, and forges ignore CODEOWNERS above {_SIZE_MAX:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"it is not UTF-8 (byte {error.start})", "save it as UTF-8 first") from error
    store = repo.store()
    if not any(FIELD in kind.fields for kind in store.book.kinds.values()):
        raise UsageError(
            f"no class of this rule book has a field '{FIELD}'",
            f"add '{FIELD}' to the classes that own files",
        )
    lines = tuple(read_codeowners(store, text))
    added: dict[str, list[str]] = {}
    for line in lines:
        known = store.data(line.item).get(FIELD) if line.item else None
        fresh = [p for p in line.patterns if line.item and p not in (known or ())]
        if fresh:
            named = added.setdefault(line.item, [])
            named += [p for p in fresh if p not in named]
    for item, patterns in added.items() if write else ():
        whole = [*(store.data(item).get(FIELD) or ()), *patterns]
        set_fields(repo, item, [Assignment((FIELD,), SET, json.dumps(whole, ensure_ascii=False))])
    return ImportedOwners(lines, added)
