"""Formats statements and audit reports for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.cli.render import Style, facts, wrap
from itsm_gitops.cli.times import local, zone_note
from itsm_gitops.evidence.audit import AuditedBranch, AuditReport
from itsm_gitops.evidence.auditing import CheckedStatement
from itsm_gitops.evidence.cells import not_counted
from itsm_gitops.evidence.ledger import AuditFinding
from itsm_gitops.evidence.reading import todays_verdicts
from itsm_gitops.evidence.writing import StatementDraft
from itsm_gitops.model import clock
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.text import safe_text, shorten

RESULT_STYLES = {
    "SATISFIED": "green",
    "OVERRIDDEN": "yellow",
    "BYPASSED": "bold red",
    "COMPOSED": "bold red",
    "UNREVIEWED": "bold red",
    "NOT_APPLICABLE": "dim",
}
_INDENT = 12


def report_lines(report: AuditReport, style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield what an audit found: the branches, each finding, and the sum."""
    for branch in report.branches:
        yield _branch(branch, style)
    ends = f"evidence ends with {report.ledger[:12]}" if report.ledger else "there is no evidence"
    words = f"{report.statements} statement{_s(report.statements)} computed again; {ends}"
    yield style.dim(words)
    if report.asked is not None:
        yield style.dim(f"the forge was asked again about {report.asked} merge{_s(report.asked)}")
    for finding in report.findings:
        yield ""
        yield from _finding(finding, style, columns, zone)
    yield ""
    errors = sum(f.severity == ERROR for f in report.findings)
    notes = len(report.findings) - errors
    more = f", {notes} for information" if notes else ""
    if errors:
        yield style.error(f"{errors} finding{_s(errors)}") + more
    else:
        yield style.good("clean") + more


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _branch(branch: AuditedBranch, style: Style) -> str:
    total = sum(branch.results.values())
    results = ", ".join(
        style.paint(f"{n} {r.lower().replace('_', ' ')}", RESULT_STYLES.get(r, ""))
        for r, n in branch.results.items()
    )
    since = f" since {branch.start[:12]}" if branch.start else ""
    result_text = f": {results}" if results else ""
    return f"{style.bold(safe_text(branch.target))}  {total} merge{_s(total)}{since}{result_text}"


def _finding(finding: AuditFinding, style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield one finding: what and where on the first line, then why, then what to do."""
    look = "bold red" if finding.severity == ERROR else "yellow"
    changes = ", ".join(finding.changes[:2])
    at = local(clock.format_time(finding.at), zone) if finding.at else ""
    where = "  ".join(safe_text(w) for w in (finding.commit[:12], at, finding.target, changes) if w)
    label = style.paint(finding.code.ljust(_INDENT - 2), look)
    yield f"{label}  {shorten(where or safe_text(finding.path), columns - _INDENT)}"
    lead = " " * _INDENT
    yield from (lead + line for line in wrap(safe_text(finding.message), columns - _INDENT))
    if finding.hint:
        yield from (lead + style.dim(line) for line in wrap(safe_text(finding.hint), columns - _INDENT))


def statement_lines(entry: CheckedStatement, style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield one statement: what it is about, each requirement, what did not count, whether it holds."""
    statement = entry.statement
    predicate, assessment = statement.predicate, statement.predicate["assessment"]
    changes = ", ".join(statement.changes[:3]) or statement.merge[:12]
    kind = "" if statement.kind == "merge" else ", reviewed afterwards"
    result = style.paint(statement.result.lower().replace("_", " "), RESULT_STYLES.get(statement.result, ""))
    yield f"{style.bold(safe_text(changes))}: {result}{kind}"
    yield from facts(list(_facts(predicate, assessment, entry, zone)), columns, style)
    yield ""
    for verdict, word in zip(assessment["requirements"], todays_verdicts(assessment), strict=True):
        if word != "NOT_APPLICABLE":
            yield from _verdict({**verdict, "result": word}, style, columns, zone)
    for rejected in not_counted(statement, entry.contents):
        review = rejected["review"]
        who = review["person"] or review["login"] or review["identity"] or "a deleted account"
        text = safe_text(f"not counted, {who}: {rejected['reason']}")
        yield from (style.dim(line) for line in _hanging(text, columns))
    for finding in entry.findings:
        yield ""
        yield from _finding(finding, style, columns, zone)
    if not entry.findings:
        yield style.good("holds") + style.dim(": computed again, the same comes out")


def _facts(
    predicate: Mapping[str, Any], assessment: Mapping[str, Any], entry: CheckedStatement, zone: str
) -> Iterator[tuple[str, str]]:
    statement = entry.statement
    at = local(clock.format_time(statement.evaluated_at), zone)
    yield "merge", safe_text(f"{statement.merge[:12]} into {assessment['target']}, {at}{zone_note(zone)}")
    merger = predicate["merger"]
    by = f", merged by {merger['account']}" if merger.get("account") else ""
    yield "authors", safe_text(", ".join(assessment["authors"]) or "nobody who is known")
    yield "committer", safe_text(f"{merger.get('committer', '')}{by}")
    apart = assessment.get("separated")
    if isinstance(apart, dict) and apart:
        yield "kept apart", safe_text("; ".join(map(str, apart.values())))
    if predicate["request"].get("url"):
        yield "request", safe_text(f"{predicate['request']['url']}")
    yield "base", f"{statement.base[:12]}, content {str(assessment['digest'])[7:19]}"
    if assessment.get("unseen"):  # what the branch showed by itself, beside what landed
        yield "not shown", safe_text(f"by the branch itself, made by the merge: {assessment['unseen']}")
    policy = assessment["sources"].get("schemas/policies/approvals.yaml")
    if policy:
        yield "policy", safe_text(f"{str(policy)[:12]} of schemas/policies/approvals.yaml")
    signer = f"signed by {predicate['signer']}" if predicate["signer"] else "not signed"
    recorded = local(clock.format_time(statement.recorded_at), zone)
    yield "recorded", safe_text(f"{recorded}, statement {statement.sequence}, {signer}")
    yield "vouched for", safe_text(f"by {entry.voucher.by}")
    if statement.retro_due:
        yield "review due", local(clock.format_time(statement.retro_due), zone)


def _verdict(verdict: Mapping[str, Any], style: Style, columns: int, zone: str) -> Iterator[str]:
    look = {**RESULT_STYLES, "UNSATISFIED": "bold red", "ERROR": "bold red"}.get(verdict["result"], "")
    name, *more = wrap(safe_text(verdict["name"]), columns - 13)
    yield f"{style.paint(verdict['result'].ljust(11), look)}  {style.bold(name)}"
    yield from (" " * 13 + style.bold(line) for line in more)
    yield from (" " * 13 + line for line in wrap(safe_text(verdict["reason"]), columns - 13))
    for approval in verdict["counted"]:
        how = "signed" if approval["signed"] else f"on {approval['source']}"
        at = local(str(approval["at"]), zone)
        text = safe_text(f"{approval['person']} {how} {at}, saw {str(approval['commit'])[:12]}")
        yield from (" " * 13 + style.dim(line) for line in wrap(text, columns - 13))


def _hanging(text: str, columns: int) -> Iterator[str]:
    for number, line in enumerate(wrap(text, columns - 2)):
        yield ("  " if number else "") + line


def how_to_approve(draft: StatementDraft, style: Style) -> Iterator[str]:
    """Yield the command by which somebody who is still missing signs."""
    assessment = draft.assessment
    yield ""
    yield "Who is still missing reviews the pull request on its forge, or signs:"
    yield style.dim(f"  itsm approve --sign --base {assessment.base[:12]} --head {assessment.head[:12]} \\")
    yield style.dim(f"      --target {safe_text(assessment.target)}")
