"""Reports: complete, bounded, and harmless whatever stands in the records."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from itsm_gitops.model.findings import ERROR, INFO, WARNING, Finding
from itsm_gitops.rules import CheckReport, Repair
from itsm_gitops.rules import report as reports

HOSTILE = "\x1b[2Japproved\r\n::set-output name=x::y ##[error]z 100% \u202e <b>|`@all`"


def finding(
    severity: str = ERROR, number: int = 1, message: str = "there is no 'x'", hint: str = ""
) -> Finding:
    return Finding("K001", severity, "records/a.yaml", message, hint, ("links", 0, "target"), number, 5)


def report(*findings: Finding, **more: object) -> CheckReport:
    return CheckReport(findings, files=431, records=400, seconds=0.94, **more)  # type: ignore[arg-type]


def test_text_has_place_hint_and_summary() -> None:
    made = report(
        finding(hint="did you mean y?"), finding(WARNING, 2), fixed=(Repair("b.yaml", "W002", "set state"),)
    )
    assert reports.text(made) == (
        "fixed b.yaml: set state (W002)\n"
        "records/a.yaml:1:5: error K001 there is no 'x'\n"
        "    hint: did you mean y?\n"
        "records/a.yaml:2:5: warning K001 there is no 'x'\n"
        "1 error, 1 warning in 1 of 431 files (0.9 s)\n"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "no findings in 431 files (0.9 s)"),
        ([finding(INFO)] * 2, "2 notes in 1 of 431 files (0.9 s)"),
        ([finding()] * 2, "2 errors in 1 of 431 files (0.9 s)"),
    ],
)
def test_summary(found: list[Finding], said: str) -> None:
    assert reports.summary(report(*found)) == said


def test_json_is_versioned_and_complete() -> None:
    made = report(finding(hint="h"), base="abc", snapshot="working tree")
    data = json.loads(reports.as_json(made))
    assert data["version"] == 1
    assert data["counts"] == {"error": 1, "warning": 0, "info": 0}
    assert (data["files"], data["records"], data["base"], data["fixed"]) == (431, 400, "abc", [])
    assert data["findings"] == [
        {
            "code": "K001",
            "severity": "error",
            "path": "records/a.yaml",
            "line": 1,
            "column": 5,
            "pointer": "/links/0/target",
            "message": "there is no 'x'",
            "hint": "h",
        }
    ]


def test_github_annotates_with_escapes() -> None:
    hostile = replace(finding(message="50% of\na: b, c"), path="records/a,b:c.yaml")
    first = reports.github(report(hostile)).splitlines()[0]
    assert first == "::error file=records/a%2Cb%3Ac.yaml,line=1,col=5,title=K001::50%25 of\\na: b, c"


def test_github_is_capped_per_level_errors_first() -> None:
    warnings = [finding(WARNING, n) for n in range(1, 11)]
    errors = [finding(ERROR, n) for n in range(1, 26)]
    lines = reports.github(report(*warnings, *errors)).splitlines()
    assert [line.split(" ")[0] for line in lines[:20]] == ["::error"] * 10 + ["::warning"] * 10
    assert (
        lines[9] == "::error title=itsm check::16 more findings of level error, see the log and the summary"
    )
    assert lines[20] == "::group::All findings"
    assert sum(line.startswith("records/") for line in lines[21:-2]) == 35
    assert lines[-2:] == ["::endgroup::", "25 errors, 10 warnings in 1 of 431 files (0.9 s)"]


@pytest.mark.parametrize("form", [reports.text, reports.github, reports.markdown])
def test_hostile_text_does_nothing(form: object) -> None:
    made = report(replace(finding(message=HOSTILE, hint=HOSTILE), path=f"records/{HOSTILE}.yaml"))
    out = form(made)  # type: ignore[operator]
    assert not any(c in out for c in "\x1b\r\u202e")
    assert "##[" not in out
    assert sum(line.startswith("::set-output") for line in out.splitlines()) == 0
    assert len(out.splitlines()) == len(form(report(finding(hint="h"))).splitlines())  # type: ignore[operator]


def test_markdown_shows_text_as_text() -> None:
    row = reports.markdown(report(finding(message="<b>|`x` [a](http://b) @team *c*"))).splitlines()[-1]
    assert row.count(" | ") == 4
    assert "<b>" not in row
    assert "\\[a\\]\\(http\\:" in row
    assert "&#64;team" in row


def test_markdown_is_cut_on_a_line_below_the_limit() -> None:
    made = report(*(finding(message="x" * 1000, number=n) for n in range(2000)))
    out = reports.markdown(made)
    assert len(out.encode()) < 1_000_000
    last = out.splitlines()[-1]
    shown = out.count("\n| records")
    assert last == f"| … | | | {2000 - shown:,} more findings | |"


def test_a_lone_surrogate_in_a_name_can_be_printed() -> None:
    made = report(replace(finding(), path="records/\udcff.yaml"))
    for form in (reports.text, reports.as_json, reports.github, reports.markdown):
        form(made).encode()
