"""Reports as text, JSON, GitHub annotations and Markdown: pure strings of one ``Report``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from itsm_gitops.model.findings import ERROR, INFO, SEVERITIES, WARNING, Finding, json_pointer
from itsm_gitops.model.text import safe_text
from itsm_gitops.rules.engine import CheckReport

JSON_VERSION = 1
GITHUB_LIMIT = 10  # annotations of one level that GitHub shows for one step
SUMMARY_BYTES = 900_000  # GitHub drops a step summary above 1024 KiB
_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "notice"}


def plural(count: int, word: str) -> str:
    """Say a number of things: ``1 file``, ``2 files``."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def summary(report: CheckReport) -> str:
    """Say the result in one line."""
    time = f"{report.seconds:.1f} s"
    if not report.shard.whole:
        time += f"; shard {report.shard}"
    if report.history:
        time += f"; {plural(report.history, 'record')} from before the cut-over not asked about the process"
    if report.in_their_time:
        time += f"; {plural(report.in_their_time, 'finished record')} judged by the rule book of the time"
    unjudged = ""
    if report.unjudged:
        unjudged = f"; {plural(report.unjudged, 'document')} not judged: the rule book comes first"
    read = plural(report.files, "file") + (" that the change concerns" if report.part else "")
    if not report.findings:
        return f"no findings in {read} ({time}){unjudged}"
    words = {ERROR: "error", WARNING: "warning", INFO: "note"}
    counts = [plural(report.count(s), words[s]) for s in SEVERITIES if report.count(s)]
    # The first shard reports what others count: rules about all documents find something in any file.
    of = f"{report.touched} of {read}" if report.shard.whole else plural(report.touched, "file")
    return f"{', '.join(counts)} in {of} ({time}){unjudged}"


def _shown(value: str) -> str:
    """Make text safe for a terminal and for a CI log, where ``##[`` is a command anywhere in a line."""
    return safe_text(value).replace("##[", "## [")


def line(finding: Finding) -> str:
    """Write a finding as ``path:line:col: severity CODE message``, safe to print."""
    place = f"{_shown(finding.path)}:{finding.line}:{finding.column}"
    return f"{place}: {finding.severity} {finding.code} {_shown(finding.message)}"


def hint(finding: Finding) -> str:
    """Write the hint of a finding, safe to print; empty where there is none."""
    return _shown(finding.hint)


def text(report: CheckReport) -> str:
    """Return the report for a terminal without colour; ends with the summary line."""
    lines = [f"fixed {_shown(r.path)}: {_shown(r.message)} ({r.code})" for r in report.fixed]
    return "\n".join([*lines, *_plain(report), summary(report)]) + "\n"


def _plain(report: CheckReport) -> Iterator[str]:
    """Yield every finding and its hint without colour."""
    for finding in report.findings:
        yield line(finding)
        if finding.hint:
            yield f"    hint: {hint(finding)}"


def as_json(report: CheckReport) -> str:
    """Return the report as JSON, version 1; texts are as they are in the records."""
    data = {
        "version": JSON_VERSION,
        "snapshot": report.snapshot,
        "base": report.base or None,
        "shard": None if report.shard.whole else {"number": report.shard.number, "count": report.shard.count},
        "files": report.files,
        "records": report.records,
        "part": report.part,
        "unjudged": report.unjudged,
        "history": report.history,
        "seconds": round(report.seconds, 3),
        "counts": {s: report.count(s) for s in SEVERITIES},
        "fixed": [r._asdict() for r in report.fixed],
        "findings": [
            {
                "code": f.code,
                "severity": f.severity,
                "path": f.path,
                "line": f.line,
                "column": f.column,
                "pointer": json_pointer(f.pointer),
                "message": f.message,
                "hint": f.hint,
            }
            for f in report.findings
        ],
    }
    # ensure_ascii: a lone surrogate from a file name, or an escape, must not reach a terminal.
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def _data(value: str) -> str:
    """Escape the message of a workflow command; line ends are visible escapes already."""
    return _shown(value).replace("%", "%25")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _annotation(finding: Finding) -> str:
    where = f"file={_property(finding.path)},line={finding.line},col={finding.column}"
    message = finding.message + (f" ({finding.hint})" if finding.hint else "")
    return f"::{_LEVELS[finding.severity]} {where},title={_property(finding.code)}::{_data(message)}"


def github(report: CheckReport) -> str:
    """Return workflow commands: the first of each level as annotations, then the summary line.

    GitHub shows at most ten of a level; where there are more, the tenth says how many, and a
    folded group of the log lists all.
    """
    lines: list[str] = []
    capped = False
    for severity in SEVERITIES:
        found = [f for f in report.findings if f.severity == severity]
        shown = found if len(found) <= GITHUB_LIMIT else found[: GITHUB_LIMIT - 1]
        lines += [_annotation(f) for f in shown]
        if len(found) > len(shown):
            level, more = _LEVELS[severity], plural(len(found) - len(shown), "more finding")
            lines.append(f"::{level} title=itsm check::{more} of level {level}, see the log and the summary")
            capped = True
    if capped:
        lines += ["::group::All findings", *_plain(report), "::endgroup::"]
    return "\n".join([*lines, summary(report)]) + "\n"


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:])")


def _cell(value: str) -> str:
    """Write text as text in a Markdown table: no markup, links, mentions or HTML."""
    return (
        _MARKDOWN.sub(r"\\\1", safe_text(value))
        .replace("\\<", "&lt;")
        .replace("\\@", "&#64;")
        .replace("##\\[", "## [")
    )


def markdown(report: CheckReport) -> str:
    """Return the step summary: one table row per finding, cut on a line below 900 KB."""
    head = ["## itsm check", "", summary(report)]
    if not report.findings:
        return "\n".join(head) + "\n"
    head += ["", "| Where | Severity | Rule | What | Hint |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *_rows(report.findings, SUMMARY_BYTES)]) + "\n"


def _rows(findings: Sequence[Finding], room: int) -> list[str]:
    ordered = sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
    rows: list[str] = []
    for number, f in enumerate(ordered):
        cells = (f"{f.path}:{f.line}:{f.column}", f.severity, f.code, f.message, f.hint)
        row = "| " + " | ".join(_cell(c) for c in cells) + " |"
        room -= len(row.encode("utf-8", "replace")) + 1
        if room < 0:
            rows.append(f"| … | | | {plural(len(ordered) - number, 'more finding')} | |")
            break
        rows.append(row)
    return rows
