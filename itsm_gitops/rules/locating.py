"""Where a finding is: line and column of the place that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from itsm_gitops import documents
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import Finding
from itsm_gitops.snapshots.snapshot import Snapshot

_KEPT = 512  # files whose positions are remembered while findings are located


def locate(snapshot: Snapshot, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Give every finding its line and column; files without findings are not looked at."""
    maps: dict[str, documents.SourceMap | None] = {}
    for finding in sorted(findings, key=lambda f: f.path):
        if finding.line:
            yield finding
            continue
        if finding.path not in maps:
            if len(maps) >= _KEPT:
                maps.clear()
            maps[finding.path] = _map(snapshot, finding.path)
        source = maps[finding.path]
        span = None
        if source is not None:
            span = source.key(finding.pointer) if finding.at_key else None
            span = span or source.nearest(finding.pointer)
        yield replace(finding, line=span.line if span else 1, column=span.column if span else 1)


def _map(snapshot: Snapshot, path: str) -> documents.SourceMap | None:
    try:
        return documents.locate(snapshot.read(path))
    except ItsmError:
        return None  # deleted in this range, or not a regular file: the finding is about the file
