"""`itsm check` and `itsm fmt`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.model.errors import ItsmError, UsageError

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.rules import CheckReport


def check(
    repo: Repository,
    paths: Sequence[str] = (),
    *,
    at: str | None = None,
    base: str | None = None,
    fix: bool = False,
    shard: str = "",
) -> CheckReport:
    """Judge a snapshot, or what changed since it left ``base``; see ``rules.check``.

    ``paths`` are files or folders as typed, relative to the present folder; ``shard`` is empty or
    ``NUMBER/COUNT``. Raises UsageError for a path that is not there and for what is no shard.
    """
    files = None
    if base is not None and not fix:
        from itsm_gitops.repository.request_files import RequestFiles

        files = RequestFiles.between(repo, base, at)  # Git works while the rules are imported
    try:
        from itsm_gitops import rules
        from itsm_gitops.rules.shard import WHOLE, read_shard

        part = read_shard(shard) if shard else WHOLE
        wanted = inside(repo, paths, at) if paths else None
        return rules.check(repo, at=at, base=base, paths=wanted, fix=fix, shard=part, files=files)
    finally:
        if files:
            files.close()


def inside(repo: Repository, paths: Iterable[str], at: str | None = None) -> list[str]:
    """Return paths as typed as paths relative to the root; identifiers become their files."""
    found = []
    for named in paths:
        # Not resolved: a link inside the repository is a finding, not the file it points at.
        path = Path(os.path.normpath(Path.cwd() / named))
        within = path.relative_to(repo.root).as_posix() if path.is_relative_to(repo.root) else named
        exists = os.path.lexists(path) if at is None else bool(repo.snapshot(at).files(within))
        if exists or within == ".":
            found.append("" if within == "." else within)
            continue
        try:
            found.append(repo.locate(named, at))
        except ItsmError as error:
            hint = (
                error.hint
                if error.hint.startswith(("did you mean", "one of"))
                else "give files, folders or identifiers"
            )
            raise UsageError(f"there is no file, folder or document '{named}'", hint) from error
    return found


class Formatted(NamedTuple):
    """What `itsm fmt` did: paths whose form changed (or would), those that are fine, and refusals."""

    changed: list[str]
    unchanged: int
    refused: list[tuple[str, str]]


def fmt(repo: Repository, paths: Sequence[str] = (), *, check_only: bool = False) -> Formatted:
    """Put documents into canonical form; ``check_only`` writes nothing.

    Files that cannot be read or formatted are named with the reason and left alone.
    """
    from itsm_gitops.documents import fmt as canonical
    from itsm_gitops.documents import write_atomic

    snapshot = repo.snapshot()
    wanted = inside(repo, paths) if paths else [""]
    files = [f.path for f in snapshot.files("cmdb", "records") if f.path.endswith(".yaml")]
    chosen = [f for f in files if any(w in ("", f) or f.startswith(f"{w}/") for w in wanted)]
    found = Formatted([], 0, [])
    good = 0
    unread = dict.fromkeys(chosen)
    for path, raw in snapshot.read_many(chosen):
        del unread[path]
        kind = repo.book.kind_at(path)
        try:
            new = canonical(raw, kind.keys if kind else ())
            if new != raw and not check_only:
                write_atomic(repo.root / path, new, expected=raw)
        except ItsmError as error:
            found.refused.append((path, error.message))
            continue
        if new != raw:
            found.changed.append(path)
        else:
            good += 1
    found.refused.extend((path, "it cannot be read") for path in unread)
    return found._replace(unchanged=good)
