"""``check``: judge a snapshot, or what happened between two, and report every finding in order."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops.model import clock
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.findings import ERROR, SEVERITIES, WARNING, Finding, at_least, sort_key
from itsm_gitops.repository import INDEX, Repository
from itsm_gitops.repository.request_files import RequestFiles
from itsm_gitops.rules import remembered
from itsm_gitops.rules.changes import Range, read_range
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.exemption import count_history, is_history
from itsm_gitops.rules.former_books import in_their_time
from itsm_gitops.rules.judge import JudgedSnapshot, judge_snapshot, run, run_rule, to_finding
from itsm_gitops.rules.keeping import Keeping
from itsm_gitops.rules.locating import locate
from itsm_gitops.rules.registry import find_rule, replaced
from itsm_gitops.rules.request import RequestReport, judge_request
from itsm_gitops.rules.rule import CHANGE, Hit
from itsm_gitops.rules.settings import configured
from itsm_gitops.rules.shard import WHOLE, Shard
from itsm_gitops.snapshots import Config, Snapshot, Store
from itsm_gitops.snapshots.snapshot import CONFIG
from itsm_gitops.snapshots.workers import collector_paused

if TYPE_CHECKING:
    from itsm_gitops.rules.fix import Repair


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``check`` found. ``files`` and ``records`` count what was asked for, ``seconds`` is wall time.

    ``fixed`` lists what ``fix=True`` repaired; ``snapshot`` names what was judged and ``base`` the
    commit it was compared with (empty without one). ``history`` counts the records that were finished before
    the cut-over, of which nobody asks how they came about; ``unjudged`` the documents that were not
    judged because the rule book has errors. ``part`` says that only what a request can have altered was
    read and counted. ``in_their_time`` counts the finished records that the rule book of today would refuse and that
    of their time did not. With a ``shard`` all of it is about that part: each number, added up over the shards, is that
    of the whole.
    """

    findings: tuple[Finding, ...]
    files: int
    records: int
    seconds: float
    fixed: tuple[Repair, ...] = ()
    snapshot: str = ""
    base: str = ""
    unjudged: int = 0
    history: int = 0
    part: bool = False
    shard: Shard = WHOLE
    in_their_time: int = 0

    def count(self, severity: str) -> int:
        """Return how many findings have exactly this severity."""
        return sum(f.severity == severity for f in self.findings)

    def fails(self, threshold: str = ERROR) -> bool:
        """Whether any finding is as bad as ``threshold`` or worse, or documents could not be judged."""
        return self.unjudged > 0 or any(at_least(f.severity, threshold) for f in self.findings)

    @property
    def touched(self) -> int:
        """How many files have findings."""
        return len({f.path for f in self.findings})


def check(
    repo: Repository,
    *,
    at: str | None = None,
    base: str | None = None,
    paths: Iterable[str | PathLike[str]] | None = None,
    fix: bool = False,
    shard: Shard = WHOLE,
    whole: bool = False,
    files: RequestFiles | None = None,
) -> CheckReport:
    """Judge a snapshot and return all findings, located and sorted.

    ``at`` is None for the working tree, ``":"`` for the index or a revision. With ``base`` only
    what changed since the merge base with it is reported, and the rules about changes (life
    cycles, immutable fields, authorised edits …) judge by the rule book of that commit. ``paths``
    (files or folders, relative to the root) limit what is reported, not what is looked at.
    ``fix`` first repairs the working tree where that loses nothing.

    With ``base`` only what the change can have altered is read, which gives the same findings as reading everything;
    ``whole`` reads everything. ``files`` are those between both, where Git was asked for them already. Raises GitError
    for an unknown revision or a missing history, UsageError for ``fix`` with ``at``, and for a shard of what changed
    or of a repair. ``shard`` reports a part of the findings, see ``rules.shard``.
    """
    started = time.perf_counter()
    # A snapshot is large and has hardly any circles: looking for them takes longer than the rules.
    with collector_paused():
        if at is None and base is None and paths is None and not fix and shard.whole:
            return _check_all(repo, clock.now(), started)
        return _check(repo, at, base, paths, files, shard, fix=fix, whole=whole, started=started)


def _check(
    repo: Repository,
    at: str | None,
    base: str | None,
    paths: Iterable[str | PathLike[str]] | None,
    files: RequestFiles | None,
    shard: Shard,
    *,
    fix: bool,
    whole: bool,
    started: float,
) -> CheckReport:
    if fix and at is not None:
        raise UsageError("only the working tree can be repaired", "leave out --at")
    if not shard.whole and (fix or base is not None):
        raise _NO_SHARD["fix" if fix else "base"]
    now = clock.now()
    fixed: tuple[Repair, ...] = ()
    wanted = _wanted(repo, paths)
    if fix:
        from itsm_gitops.rules import fix as repairs

        fixed = repairs.repair(
            repo, [f for f in judge_snapshot(repo.snapshot(), now).findings if wanted(f.path)]
        )
    if base is not None and not whole:
        files = files if files and not fixed else RequestFiles.between(repo, base, at)
        try:
            request = judge_request(files, now)
            if request is not None:
                return _report_request(repo, request, wanted, now, started, fixed)
        finally:
            files.close()
    judged, snapshot, found, settings, commit = _judge(repo, at, base, now, shard)
    merged = commit or (at if at not in (None, INDEX) else "HEAD")
    return _report(
        repo, merged, judged, snapshot, found, settings, now, wanted, started, commit, fixed, shard
    )


def _check_all(repo: Repository, now: datetime, started: float) -> CheckReport:
    """Judge the whole working tree, or return the findings that were kept about the same state."""
    snapshot = repo.snapshot()
    memory = remembered.CheckMemory.of(snapshot, repo.taken())
    said = memory.recall(now) if memory else None
    if memory and said:
        context = NetworkContext(memory.store, now, said.refused)
        found = [f for code in said.again for f in run_rule(find_rule(code), context)]
        asked = locate(snapshot, configured(found, memory.config, now, memory.store))
        return CheckReport(
            findings=tuple(sorted({*said.findings, *asked}, key=sort_key)),
            files=said.files,
            records=said.records,
            seconds=time.perf_counter() - started,
            snapshot=snapshot.name,
            history=said.history,
        )
    keeping, loading = Keeping(now), remembered.Loading(snapshot, memory)
    judged = judge_snapshot(snapshot, now, keeping, loading)
    wanted = _Wanted(None)
    report = _report(
        repo, "HEAD", judged, snapshot, judged.findings, judged.config, keeping.now, wanted, started
    )
    if judged.context and not report.in_their_time:  # history has a say there, and nobody watches it
        counts = (report.files, report.records, report.history)
        again = tuple(sorted(keeping.again))
        said = remembered.Remembered(report.findings, again, judged.context.refused, *counts)
        loading.keep(keeping, said)
    return report


def _report(
    repo: Repository,
    merged: str,
    judged: JudgedSnapshot,
    snapshot: Snapshot,
    found: Sequence[Finding],
    settings: Config,
    now: datetime,
    wanted: _Wanted,
    started: float,
    commit: str = "",
    fixed: tuple[Repair, ...] = (),
    shard: Shard = WHOLE,
) -> CheckReport:
    """Put a report together: findings as the settings want them, with their places.

    ``merged`` is the revision whose history gives the rules of the time of finished records.
    """
    store = judged.store
    dropped: list[Finding] = []
    found = replaced(found)
    if store is not None:
        found, dropped = in_their_time(repo, store, found, merged, now)
        found += _outlived(store, dropped) if commit else []
    if not judged.unjudged:  # what makes the rule book unusable is never softened, nor left out of a part
        found = [f for f in configured(found, settings, now, store) if wanted(f.path)]
    located = sorted(set(locate(snapshot, found)), key=sort_key)
    paths = store.files if store else [f.path for f in snapshot.files()]
    return CheckReport(
        findings=tuple(located),
        files=sum(wanted(path) and shard.counts(path) for path in paths),
        records=_records(store, wanted, shard) if store else 0,
        seconds=time.perf_counter() - started,
        fixed=fixed,
        snapshot=snapshot.name,
        base=commit,
        unjudged=judged.unjudged,
        history=count_history(store, settings.cut_over, lambda p: shard.owns(p) and not store.root_of(p))
        if store
        else 0,
        shard=shard,
        in_their_time=len({f.path for f in dropped if wanted(f.path)}),
    )


_NO_SHARD = {
    "base": UsageError(
        "what changed since a commit is not divided into shards",
        "leave out --shard: --base looks at the request alone; shards are for a check of everything",
    ),
    "fix": UsageError("a repair is not divided into shards", "leave out --shard, or --fix"),
}


def _report_request(
    repo: Repository,
    request: RequestReport,
    wanted: _Wanted,
    now: datetime,
    started: float,
    fixed: tuple[Repair, ...],
) -> CheckReport:
    """Report a request of which only a part was read."""
    store = request.store
    timely = in_their_time(repo, store, replaced(request.findings), request.commit, now)
    asked = [*timely.kept, *_outlived(store, timely.dropped)]
    found = configured(asked, request.config, now, store)
    located = sorted(set(locate(request.snapshot, (f for f in found if wanted(f.path)))), key=sort_key)
    paths = [p for p in request.paths if wanted(p)]
    entries = [e for e in map(store.by_path.get, paths) if e is not None]
    cut_over = request.config.cut_over
    return CheckReport(
        findings=tuple(located),
        files=len(paths),
        records=sum(store.book.kinds[e.kind].is_record for e in entries),
        seconds=time.perf_counter() - started,
        fixed=fixed,
        snapshot=request.snapshot.name,
        base=request.commit,
        history=sum(is_history(e, store, cut_over) for e in entries) if cut_over else 0,
        part=True,
        in_their_time=len({f.path for f in timely.dropped if wanted(f.path)}),
    )


def _outlived(store: Store, dropped: Sequence[Finding]) -> list[Finding]:
    """Return one finding for each file that demands more of finished records than the rules of their time."""
    by_file: dict[str, list[Finding]] = {}
    for finding in dropped:
        entry = store.by_path[finding.path]
        offering = next(
            (e.target for e in entry.edges if finding.code == _FORM and e.pointer == ("offering",)), ""
        )
        form = store.entries.get(offering)
        kind = store.book.kinds[entry.kind]
        by_file.setdefault(form.path if form else kind.schema_path, []).append(finding)
    rule, found = find_rule("S027"), []
    for path, about in sorted(by_file.items()):
        count = len({f.path for f in about})
        records = "1 finished record" if count == 1 else f"{count:,} finished records"
        message = f"{records} would be refused by this today ({about[0].message})"
        found.append(to_finding(rule, Hit(message, line=1, column=1), path))
    return found


_FORM = "S011"


def _records(store: Store, wanted: _Wanted, shard: Shard) -> int:
    """Count the records among the documents asked for."""
    records = (e.path for e in store.entries.values() if store.book.kinds[e.kind].is_record)
    return sum(wanted(path) and shard.owns(path) and not store.root_of(path) for path in records)


def _judge(
    repo: Repository, at: str | None, base: str | None, now: datetime, shard: Shard
) -> tuple[JudgedSnapshot, Snapshot, list[Finding], Config, str]:
    """Judge head, and against base where one is named; return also whose settings hold."""
    snapshot = repo.snapshot(at)
    if base is None:
        judged = judge_snapshot(snapshot, now, shard=shard)
        return judged, snapshot, judged.findings, judged.config, ""
    span = read_range(repo, base, at)
    judged = judge_snapshot(snapshot, now)
    if judged.context is None:  # nobody knows what the change brings: all errors of the rule book count
        return judged, snapshot, judged.findings, span.config, span.commit
    found = _since(judged.findings, span, now)
    found += run(CHANGE, span.context(judged.context))
    return judged, snapshot, found, span.config, span.commit


def _since(findings: Sequence[Finding], span: Range, now: datetime) -> list[Finding]:
    """Return the findings in changed files, and those that the change brought about elsewhere."""
    # A root that cannot be read is reported each time: the request may link to anything in it.
    kept = [f for f in findings if f.path in span.changed or (f.code, f.path) == ("P014", CONFIG)]
    others = [f for f in findings if f not in kept]
    if others:
        before = {_key(f) for f in judge_snapshot(span.snapshot, now).findings}
        kept += [f for f in others if _key(f) not in before]
    return kept


def _key(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.path, finding.message, finding.pointer)


class _Wanted:
    def __init__(self, roots: Sequence[str] | None) -> None:
        self._roots = roots

    def __call__(self, path: str) -> bool:
        if self._roots is None:
            return True
        return any(r in ("", path) or path.startswith(f"{r}/") for r in self._roots)


def _wanted(repo: Repository, paths: Iterable[str | PathLike[str]] | None) -> _Wanted:
    if paths is None:
        return _Wanted(None)
    roots = []
    for named in paths:
        path = Path(fspath(named))
        if path.is_absolute():
            resolved = path.parent.resolve() / path.name
            if not resolved.is_relative_to(repo.root):
                raise UsageError(f"{named} is outside this repository", f"its root is {repo.root}")
            path = resolved.relative_to(repo.root)
        roots.append("" if path == Path() else path.as_posix())
    return _Wanted(roots)


def worst(findings: Iterable[Finding]) -> str:
    """Return the worst severity among findings; empty for none."""
    present = {f.severity for f in findings}
    return next((s for s in SEVERITIES if s in present), "")


__all__ = ["ERROR", "WARNING", "CheckReport", "check", "worst"]
