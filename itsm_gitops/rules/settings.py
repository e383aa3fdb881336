"""What itsm.yaml says of findings: other severities, and findings accepted until a date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from itsm_gitops.model.findings import OFF, Finding
from itsm_gitops.model.paths import glob
from itsm_gitops.rules.context import day
from itsm_gitops.rules.exemption import without_history
from itsm_gitops.snapshots import Config, Store


def configured(
    findings: Iterable[Finding], settings: Config, now: datetime, store: Store | None
) -> Iterator[Finding]:
    """Apply the severities, the ignores and the cut-over of itsm.yaml; ``store`` has the records judged."""
    if store is not None:
        findings = without_history(findings, store, settings.cut_over)
    ignores = [
        (ignore.code, glob(ignore.path))
        for ignore in settings.ignore
        if ignore.reason and ((end := day(ignore.until)) is None or end >= now.date())
    ]
    for finding in findings:
        severity = settings.severity.get(finding.code, finding.severity)
        if severity == OFF or any(c == finding.code and p.fullmatch(finding.path) for c, p in ignores):
            continue
        yield replace(finding, severity=severity)
