"""`itsm hook`: what a plain Git server and a forge's workflows call."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import App, json_option, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.output import echo
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.evidence.hook import Decision
    from itsm_gitops.gate.types import Assessment

_NAMED = 5


@group_with_help("hook")
def hook_command() -> None:
    """Judge what arrives: hooks of servers, events of forges."""


@command(
    "pre-receive",
    [("itsm hook pre-receive", "the whole of hooks/pre-receive, after '#!/bin/sh' and exec")],
)
@click.option("--check/--no-check", default=True, help="Judge the documents too.  [default: check]")
def pre_receive_command(check: bool) -> int:
    """Refuse a push to a guarded branch without its approvals.

    Git starts this on the server. Approvals are the signed statements in the repository and in the
    push itself (itsm approve --sign); a statement whose signature, name or time is wrong is refused.
    Guarded are main, master and trunk, the branch of HEAD, those that `branches` of the approvals
    policy lists, and those of `git config itsm.protected`.
    """
    from itsm_gitops.evidence.hook import pre_receive, read_updates, taken_back

    decisions = pre_receive(read_updates(sys.stdin), os.environ, check=check)
    for decision in decisions:
        _tell(decision)
    statements = taken_back(decisions)
    if statements:
        count = "1 good statement" if len(statements) == 1 else f"{len(statements)} good statements"
        echo(
            f"itsm: Git takes all of a push or nothing, so the {count} in it did not arrive either.", err=True
        )
        more = " …" if len(statements) > _NAMED else ""
        named = " ".join(statements[:_NAMED])
        echo(
            f"  They are kept in your clone; hand them in first: git push origin {safe_text(named)}{more}",
            err=True,
        )
    return int(not all(d.allowed for d in decisions))


hook_command.add_command(pre_receive_command)


@command(
    "post-receive",
    [("itsm hook post-receive", "the whole of hooks/post-receive, after '#!/bin/sh' and exec")],
)
def post_receive_command() -> int:
    """Write down how a protected branch came to what was pushed.

    Git starts this on the server after a push has landed. The statement (itsm audit show) goes to
    the branch itsm/evidence. The server signs it where git config itsm.signer names a person and
    itsm.signingKey that person's key.
    """
    from itsm_gitops.evidence.hook import post_receive, read_updates
    from itsm_gitops.model.errors import ItsmError

    try:
        recorded = post_receive(read_updates(sys.stdin), os.environ)
    except ItsmError as error:
        # The push has landed: whoever pushed should know that its evidence is missing.
        echo(f"itsm: evidence is missing: {safe_text(error.message)}", err=True)
        return 1
    for draft in recorded:
        if draft.result in ("BYPASSED", "COMPOSED"):
            echo(
                f"itsm: {draft.landed.commit[:12]} is recorded as {draft.result.lower()}: itsm audit verify",
                err=True,
            )
    return 0


hook_command.add_command(post_receive_command)


@command(
    "rerun",
    [
        ("itsm hook rerun --check gate", "in a workflow: for the pull request of the event"),
        ("itsm hook rerun --check gate --all", "where time has changed the answer"),
    ],
)
@click.option("--check", "name", metavar="NAME", default="gate", help="The job's name.  [default: gate]")
@click.option(
    "--workflow",
    metavar="PATH",
    default=".github/workflows/itsm-gate.yml",
    help="The workflow file that has the job.  [default: .github/workflows/itsm-gate.yml]",
)
@click.option("--all", "every", is_flag=True, help="Every open pull request, drafts left out.")
@click.option("--forge", type=click.Choice(("github",)), default=None, help="Which forge it is on.")
@json_option
@pass_app
def rerun_command(app: App, name: str, workflow: str, every: bool, forge: str | None, as_json: bool) -> int:
    """Run the workflow of pull requests again, on GitHub.

    A required check only turns green by its own new run: a review does not start one that the
    pull request of a fork can trust. A job that would say today what it said last is left alone, and so is one of
    the same name in another workflow: GitHub repeats no run more than 50 times. A review that changes the words
    and not the answer starts it again up to the 25th time. Exit 1 where GitHub refuses.
    """
    from itsm_gitops.gate.rerun import rerun

    reruns = list(rerun(app.repo, check=name, workflow=workflow, every=every, forge=forge or ""))
    if as_json:
        print_json([{"number": r.number, "started": r.started, "reason": r.reason} for r in reruns])
    else:
        for entry in reruns:
            outcome = "started again" if entry.started else entry.reason
            echo(f"{entry.number}: {safe_text(outcome)}")
        if not reruns:
            echo("no open pull request")
    return int(any(r.failed for r in reruns))


hook_command.add_command(rerun_command)


def _tell(decision: Decision) -> None:
    """Say a refusal, line by line: Git shows these to whoever pushes."""
    if decision.allowed:
        return
    echo(f"itsm: {safe_text(decision.update.ref)}: {safe_text(decision.reason)}", err=True)
    for finding in decision.findings[:10]:
        place = f"{finding.path}:{finding.line}:{finding.column}"
        echo(f"  {safe_text(f'{place} {finding.code} {finding.message}')}", err=True)
    if decision.assessment is not None:
        for line in explained(decision.assessment):
            echo(f"  {safe_text(line)}", err=True)


def explained(assessment: Assessment) -> list[str]:
    """Return what is missing, who could give it, and why what was given does not count."""
    lines = [*assessment.messages]
    for verdict in assessment.verdicts:
        if verdict.result in ("UNSATISFIED", "ERROR"):
            need = verdict.requirement
            subject = f" of {need.subject}" if need.subject else ""
            who = f"{need.role.replace('_', ' ')}{subject}".strip()
            could = f" (could: {', '.join(verdict.could[:6])})" if verdict.could else ""
            lines.append(f"{who}: {verdict.reason}{could}")
    for rejected in assessment.rejected:
        person = rejected.review.person or rejected.review.login or "a deleted account"
        lines.append(f"not counted, {person}: {rejected.reason}")
    if any(v.result == "UNSATISFIED" for v in assessment.verdicts):
        lines.append("itsm approve --sign writes an approval; push it before the branch, or together with it")
    return lines
