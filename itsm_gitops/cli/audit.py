"""`itsm audit`: record, verify and show the evidence about merges; its tables are in `audit_tables`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itsm_gitops.cli.audit_tables import TABLES, period_options
from itsm_gitops.cli.base import App, by_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.practice import practice_command
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.evidence.recording import Recorded
    from itsm_gitops.evidence.writing import StatementDraft

_F = TypeVar("_F", bound=Callable[..., Any])


@group_with_help("audit")
def audit_command() -> None:
    """Record who approved what, and prove it later.

    Every merge gets a statement on the branch itsm/evidence, which only grows: who had to approve,
    who did, by which rules, about which content. Each statement names the one before. 'verify'
    computes all of it again without asking anybody.
    """


def _source_options(function: _F) -> _F:
    """Add the options that say where reviews come from and where evidence goes."""
    for option in reversed(
        (
            click.option("--forge", default="", help="Ask github, gitlab, gitea or forgejo for reviews."),
            click.option("--request", metavar="N", type=click.IntRange(min=1), default=None,
                         help="The pull request's number, where the merge does not lead to it."),
            click.option("--reviews", metavar="FILE", default="", help="Reviews from a JSON file (itsm approvals --help)."),
            click.option("--push", is_flag=True, help="Fetch the evidence of others first, and push ours."),
            click.option("--sign", is_flag=True, help="Sign the statements with your SSH key."),
            click.option("--key", metavar="FILE", default="", help="Key to sign with. Default: git config user.signingKey."),
            by_option,
            json_option,
        )
    ):  # fmt: skip
        function = option(function)
    return function


@command(
    "record",
    [
        ("itsm audit record", "the usual branch, with the signed statements in this repository"),
        ("itsm audit record --forge github --push", "in a workflow, after every push to main"),
        ("itsm audit record --since v1.0 --reviews reviews.json", "begin later; reviews from a file"),
        ("itsm audit record --sign --by change-manager", "with the recorder's own signature"),
    ],
)
@click.option("--target", metavar="BRANCH", default="", help="The branch.  [default: main of origin]")
@click.option("--since", metavar="REV", default="", shell_complete=lazily("revisions"),
              help="Begin after this commit.  [default: where evidence or the rules begin]")  # fmt: skip
@_source_options
@pass_app
def record_command(app: App, /, as_json: bool, request: int | None, **options: Any) -> int:
    """Write down how everything came to a branch.

    Each merge that has no statement yet is judged by the rules of its own base, with the reviews of
    its pull request and the statements that approvers signed; texts that nobody signed are left out. What
    did not pass the gate is recorded too, as bypassed. Writers who come at the same time lose nothing.
    Exit code 1: some merges could not be recorded; the others were.
    """
    from itsm_gitops.evidence.recording import RecordingOptions, record

    recorded = record(app.repo, RecordingOptions(request=request or 0, **options))
    if as_json:
        print_json({**_recorded_json(recorded), "refused": list(recorded.refusals)})
        return int(bool(recorded.refusals))
    style = styles(sys.stdout)
    if not recorded.drafts and not recorded.refusals:
        echo(f"nothing new on {safe_text(recorded.target)}: every merge has its statement")
    for draft in recorded.drafts:
        echo(_line(draft), color=style.on)
    if recorded.commit:
        where = "pushed to" if recorded.pushed else "kept on"
        echo(style.dim(f"{where} itsm/evidence {recorded.commit[:12]}"), color=style.on)
    for refusal in recorded.refusals:
        echo(f"not recorded: {safe_text(refusal)}", err=True)
    return int(bool(recorded.refusals))


def _line(draft: StatementDraft) -> str:
    from itsm_gitops.cli.audit_text import RESULT_STYLES
    from itsm_gitops.model.text import shorten

    style, columns = styles(sys.stdout), terminal_width()
    label = style.paint(draft.result.ljust(14), RESULT_STYLES.get(draft.result, ""))
    changes = ", ".join(draft.assessment.changes[:2])
    title = f"{changes}  {draft.landed.subject}" if changes else draft.landed.subject
    return f"{label}  {draft.landed.commit[:12]}  {shorten(safe_text(title), max(20, columns - 30))}"


def _recorded_json(recorded: Recorded) -> dict[str, Any]:
    return {
        "commit": recorded.commit or None,
        "target": recorded.target,
        "pushed": recorded.pushed,
        "statements": [
            {
                "kind": d.kind,
                "merge": d.landed.commit,
                "base": d.assessment.base,
                "result": d.result,
                "changes": list(d.assessment.changes),
            }
            for d in recorded.drafts
        ],
    }


@command(
    "verify",
    [
        ("itsm audit verify", "everything, since evidence began"),
        ("itsm audit verify --since 2026-10-01 --until 2026-12-31", "a period"),
        ("itsm audit verify --anchor 4be1f2a9c0d1", "and it holds what an earlier audit saw"),
        ("itsm audit verify --forge github -n 10", "and ask the forge again about 10 merges"),
        ("itsm audit verify --json", "for programs"),
    ],
)
@period_options
@click.option(
    "--anchor", metavar="COMMIT", default="", help="Commit of itsm/evidence that must still be in it."
)
@click.option("--forge", default="", help="Ask github, gitlab, gitea or forgejo again about a sample.")
@click.option("-n", "count", type=click.IntRange(min=1), default=25, show_default=True,
              help="About how many merges the forge is asked.")  # fmt: skip
@json_option
@pass_app
def verify_command(app: App, /, anchor: str, forge: str, count: int, as_json: bool, **period: str) -> int:
    """Compute everything again, offline, and name what is wrong.

    For each merge the approvers that were needed are found by the policy, the roles and the CMDB
    of the commit it was merged into, and compared with the evidence.

    \b
      TAMPERED    evidence, its chain, a signature or the branch was changed
      BACKDATED   something claims a time that it cannot have
      MISMATCH    computed again, something else comes out
      UNVOUCHED   counts reviews that nobody has signed for
      UNREVIEWED  merged, and there is no statement about it
      BYPASSED    merged without the approvals that were asked for
      COMPOSED    approved as proposed; nobody saw what the merge made of it
      OVERDUE     let pass in an emergency, and not reviewed in time
      OVERRIDDEN  let pass in an emergency (for information)

    Exit code 0: nothing is wrong; 1: findings. Keep the commit it prints for the next --anchor.
    """  # noqa: D301 - click needs the backspace itself
    from itsm_gitops.evidence.auditing import report_json, verify, verify_with_forge

    report = verify(app.repo, anchor=anchor, **period)
    if forge:
        report = verify_with_forge(app.repo, report, forge, count)
    if as_json:
        print_json(report_json(report))
    else:
        from itsm_gitops.cli.audit_text import report_lines

        style = styles(sys.stdout)
        lines = report_lines(report, style, terminal_width(), app.repo.config.timezone)
        echo("\n".join(lines), color=style.on)
    return int(not report.clean)


@command(
    "retro",
    [
        ("itsm audit retro K7QF3", "by the statements signed since the merge"),
        (
            "itsm audit retro K7QF3 --forge github --push",
            "by the reviews of its pull request since the merge",
        ),
        ("itsm audit retro 4be1f2a9c0d1 --reviews reviews.json", "a merge that no change record names"),
    ],
)
@click.argument("what", metavar="CHG|COMMIT", shell_complete=lazily("identifiers"))
@_source_options
@pass_app
def retro_command(app: App, /, what: str, as_json: bool, request: int | None, **options: Any) -> int:
    """Record the review that an emergency still owes.

    What was merged by an override (or past the gate) is judged again by reviews that were given
    since, of the same content, by everybody who would have had to approve. The result is a second
    statement; the first stays as it is. Exit code 1: approvals are still missing.
    """
    from itsm_gitops.evidence.recording import RecordingOptions, retro

    recorded = retro(app.repo, what, RecordingOptions(request=request or 0, **options))
    (draft,) = recorded.drafts
    if as_json:
        from itsm_gitops.gate.explain import as_json as data

        print_json({**_recorded_json(recorded), "assessment": data(draft.assessment)})
        return int(not draft.assessment.passes)
    style = styles(sys.stdout)
    if draft.assessment.passes:
        echo(_line(draft), color=style.on)
        where = "pushed to" if recorded.pushed else "kept on"
        echo(style.dim(f"{where} itsm/evidence {recorded.commit[:12]}"), color=style.on)
        return 0
    from itsm_gitops.cli.approvals import render
    from itsm_gitops.cli.audit_text import how_to_approve

    echo("\n".join(render(draft.assessment, style, terminal_width())), color=style.on)
    echo("\n".join(how_to_approve(draft, style)), color=style.on)
    return 1


@command(
    "show",
    [
        ("itsm audit show K7QF3", "everything recorded about a change"),
        ("itsm audit show 4be1f2a9c0d1", "about a merge"),
        ("itsm audit show 17 --json", "statement 17 and those of the same merge, whole"),
    ],
)
@click.argument("what", metavar="CHG|COMMIT|N", shell_complete=lazily("identifiers"))
@json_option
@pass_app
def show_command(app: App, what: str, as_json: bool) -> int:
    """Show the evidence about one change or merge.

    Who had to approve, who did, what did not count and why, and whether all of it comes out the
    same when it is computed again. Exit code 1 where it does not.
    """
    from itsm_gitops.evidence.auditing import show

    statements = show(app.repo, what)
    if as_json:
        print_json(
            [
                {
                    "path": s.statement.path,
                    "sha256": s.statement.name,
                    "findings": [f.message for f in s.findings],
                    "statement": s.statement.whole,
                }
                for s in statements
            ]
        )
    else:
        from itsm_gitops.cli.audit_text import statement_lines

        style = styles(sys.stdout)
        lines: list[str] = []
        for statement in statements:
            lines += ([""] if lines else []) + list(
                statement_lines(statement, style, terminal_width(), app.repo.config.timezone)
            )
        echo("\n".join(lines), color=style.on)
    return int(any(s.findings for s in statements))


for _sub in (record_command, verify_command, retro_command, show_command, practice_command, *TABLES):
    audit_command.add_command(_sub)
