"""`itsm submit`, `comment`, `codeowners`, `doctor`: work with the forge that the repository is on."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import fields_of

_FORGES = ("github", "gitlab", "gitea", "forgejo")
_forge_option = click.option(
    "--forge",
    type=click.Choice(_FORGES),
    default=None,
    help="Which forge it is on.  [default: from CI, or the remote]",
)


@command(
    "submit",
    [
        ("itsm submit K7QF3", "branch, commit, push; prints where to open the pull request"),
        ("itsm submit K7QF3 --all --open", "with every edited document; opens the page"),
        ("itsm submit K7QF3 --no-push", "only the branch and the commit"),
        ("itsm submit K7QF3 --emergency", "alone on call: signed with your key and pushed to main"),
    ],
)
@click.argument("identifier", metavar="CHG", shell_complete=lazily("identifiers"))
@click.option(
    "-a", "--all", "everything", is_flag=True, help="Commit all edited documents, not only what is staged."
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--push/--no-push", default=True, help="Push the branch.  [default: push]")
@click.option(
    "--target", metavar="BRANCH", default="", help="Branch to merge into.  [default: the remote's own]"
)
@click.option("-m", "--message", metavar="TEXT", default="", help="Message of the commit.")
@click.option(
    "--emergency", is_flag=True, help="You are on call and alone: sign it and push it to the target."
)
@click.option("--key", metavar="FILE", default="", help="Key to sign with.  [default: git's user.signingKey]")
@_forge_option
@json_option
@pass_app
def submit_command(
    app: App,
    identifier: str,
    everything: bool,
    open_page: bool,
    push: bool,
    target: str,
    message: str,
    emergency: bool,
    key: str,
    forge: str | None,
    as_json: bool,
) -> None:
    """Put a change on a branch, push it, say where to go on.

    CHG is a change, or a unique part of its identifier. What is staged comes along. On the target
    branch a new branch change/CHG is begun; on any other branch the commit is made there.

    With --emergency all edited documents are committed, signed with your key and pushed to the
    target branch of a plain Git server. It takes them where the policy lets the one on call
    override; who was skipped reviews it afterwards (itsm audit verify lists what is owed).
    """
    if emergency:
        _land(app, identifier, key, target, message, as_json)
        return
    from itsm_gitops.gate.submit import submit

    submission = submit(
        app.repo,
        identifier,
        everything=everything,
        push=push,
        target=target,
        message=message,
        forge=forge or "",
    )
    if as_json:
        print_json(
            {**fields_of(submission), "paths": list(submission.paths), "commit": submission.commit or None}
        )
        return
    style = styles(sys.stdout)
    what = (
        f"committed {len(submission.paths)} file{'s' if len(submission.paths) != 1 else ''}"
        if submission.commit
        else "nothing to commit"
    )
    pushed = ", pushed" if submission.pushed else ""
    echo(
        f"{style.name(submission.id)} {style.good(what + pushed)} on {safe_text(submission.branch)}",
        color=style.on,
    )
    for path in submission.paths:
        echo(f"  {safe_text(path)}")
    if submission.page and submission.pushed:
        echo(f"open the pull request:\n  {safe_text(submission.page)}")
        if open_page:
            click.launch(submission.page)


def _land(app: App, identifier: str, key: str, target: str, message: str, as_json: bool) -> None:
    from itsm_gitops.gate.emergency import land
    from itsm_gitops.git.actor import acting

    person = acting(app.repo, None)
    submitted, approved = land(app.repo, identifier, person=person, key=key, target=target, message=message)
    verdicts = approved.assessment.verdicts
    if as_json:
        owed = [v.requirement.name for v in verdicts if v.retro_review]
        print_json({"id": submitted.id, "commit": submitted.commit or None, "target": submitted.target,
                    "statement": approved.reference, "owed": owed})  # fmt: skip
        return
    style = styles(sys.stdout)
    echo(f"{style.name(submitted.id)} {style.good('is in')} {safe_text(submitted.target)}", color=style.on)
    for verdict in verdicts:
        if verdict.retro_review:
            text = f"owed within {verdict.retro_review}: {verdict.requirement.name}"
            echo(f"  {safe_text(text)}")
    echo("itsm audit verify lists what is owed")


@command(
    "comment",
    [
        ("itsm comment --forge github", "in a workflow: write it on the pull request of the event"),
        ("itsm comment --pr 17 --dry-run", "print what would be written on pull request 17"),
        (
            "itsm comment --dry-run K7QF3",
            "before there is a pull request: of the branch that carries a change",
        ),
    ],
)
@click.argument("what", metavar="[CHG|BRANCH]", default="", shell_complete=lazily("identifiers"))
@click.option(
    "--pr",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="The pull request.  [default: the event's]",
)
@click.option("--dry-run", is_flag=True, help="Print the comment; send nothing.")
@_forge_option
@json_option
@pass_app
def comment_command(
    app: App, what: str, number: int | None, dry_run: bool, forge: str | None, as_json: bool
) -> None:
    """Write the one comment that a reviewer needs.

    Plan, risk, impact, collisions and who must still approve. The comment is found again and
    replaced. The token is read from ITSM_FORGE_TOKEN or the forge's usual variable. With
    --dry-run and a change or branch no forge is asked.
    """
    from itsm_gitops.gate.briefing import comment, preview

    if what and (number is not None or not dry_run):
        raise UsageError("a comment is written on a pull request", "--pr N, or --dry-run to look at it")
    comment_result = (
        preview(app.repo, what)
        if what
        else comment(app.repo, forge=forge or "", number=number, send=not dry_run)
    )
    if as_json:
        print_json(
            {
                "url": comment_result.url or None,
                "result": comment_result.assessment.result,
                "body": comment_result.body,
            }
        )
    elif dry_run:
        echo(safe_text(comment_result.body, lines=True), nl=False)
    else:
        echo(safe_text(comment_result.url))


@command(
    "codeowners",
    [
        ("itsm codeowners", "print what CODEOWNERS should be"),
        ("itsm codeowners --check", "fail where the file is not up to date"),
        ("itsm codeowners --write --forge gitlab", ""),
        ("itsm codeowners --from .github/CODEOWNERS", "which of its patterns belong to which item"),
        ("itsm codeowners --from .github/CODEOWNERS --write", "write them under paths of the items"),
    ],
)
@click.option("--check", is_flag=True, help="Exit 1 where the file differs; print nothing else.")
@click.option("--write", is_flag=True, help="Write the file; with --from, the items.")
@click.option(
    "--from",
    "source",
    type=click.File("rb"),
    default=None,
    help="Read a CODEOWNERS file instead: its patterns go under paths of the items that folders are named after.",
)
@_forge_option
@at_option
@json_option
@pass_app
def codeowners_command(
    app: App,
    check: bool,
    write: bool,
    source: BinaryIO | None,
    forge: str | None,
    at: str | None,
    as_json: bool,
) -> int:
    """Write CODEOWNERS from the CMDB, or read one into it.

    The forge then asks owners of an edited item for a review. That is routing only: the gate
    decides by the policy. Teams need forge_groups, people identities with a login.

    Files beside the records belong to the items that name them under paths; --from takes those
    patterns from a CODEOWNERS file that is there already. The gate then asks the items' owners.
    """
    from itsm_gitops.gate.codeowners import codeowners
    from itsm_gitops.model.errors import UsageError

    if write and (check or at):
        raise UsageError("--write goes with neither --check nor --at", "itsm codeowners --write")
    if source is not None:
        if check or at or forge:
            raise UsageError(
                "--from goes with neither --check, --at nor --forge", "itsm codeowners --from FILE"
            )
        return _import_owners(app, source, write, as_json)
    owners = codeowners(app.repo, forge=forge or "", at=at, write=write)
    failed = check and not owners.current
    if as_json:
        print_json({**owners._asdict(), "unknown": list(owners.unknown)})
        return int(failed)
    style = styles(sys.stderr)
    if write:
        echo(f"{safe_text(owners.path)} is current")
    elif not check:
        echo(safe_text(owners.text, lines=True), nl=False)
    elif failed:
        echo(f"{safe_text(owners.path)} is not what the CMDB says: itsm codeowners --write")
    if owners.unknown and not check:
        text = f"nobody on the forge stands for: {safe_text(', '.join(owners.unknown))}"
        for line in wrap(text, terminal_width()):
            echo(style.dim(line), err=True, color=style.on)
    return int(failed)


def _import_owners(app: App, source: BinaryIO, write: bool, as_json: bool) -> int:
    """Print what a CODEOWNERS file says about items; exit code 1 where lines are left for somebody to decide."""
    from itsm_gitops.commands.owning import import_codeowners

    found = import_codeowners(app.repo, source.read(), write=write)
    left = [line for line in found.lines if not line.item]
    if as_json:
        print_json(
            {"lines": [line._asdict() for line in found.lines], "added": found.added, "written": write}
        )
        return int(bool(left))
    for item, patterns in found.added.items():
        echo(
            f"{'written' if write else 'would add'}  {safe_text(item)}  paths: {safe_text(', '.join(patterns))}"
        )
    for line in found.lines:
        if line.reason:
            owners = f" ({', '.join(line.owners)})" if line.owners else ""
            mark = "note" if line.item else "left"
            echo(safe_text(f"{mark}  line {line.number}  {line.text}{owners}: {line.reason}"))
    if not found.added and not left:
        echo("every item has its patterns already")
    elif found.added and not write:
        echo("next: itsm codeowners --from FILE --write")
    return int(bool(left))


@command(
    "doctor",
    [
        ("itsm doctor", "look at this machine, this repository and, with a token, the server"),
        ("itsm doctor --offline", "without asking the server"),
        ("itsm doctor --fix", "set up in this clone that Git merges records by meaning"),
        ("itsm doctor --json", ""),
    ],
)
@click.option("--fix", is_flag=True, help="Set up what is a setting of this clone, first.")
@click.option("--offline", is_flag=True, help="Do not ask the server.")
@click.option(
    "--forge",
    type=click.Choice((*_FORGES, "plain")),
    default=None,
    help="Which forge it is on; plain is a Git server without one.  [default: from CI, or the remote]",
)
@json_option
@pass_app
def doctor_command(app: App, fix: bool, offline: bool, forge: str | None, as_json: bool) -> int:
    """Say what is missing for approvals to hold.

    Looks at Git, the repository, the shipped workflows, people's accounts and keys, and at the
    server's rules: required checks, no force pushes. Exit 1 where something would let a change
    through. What cannot be checked is named.
    """
    from itsm_gitops.gate.doctor import doctor
    from itsm_gitops.gate.doctor_people import FAILED, OK, UNKNOWN

    if fix:
        from itsm_gitops.commands.merging import install

        install(app.repo)
    checks = doctor(app.repo, forge=forge or "", offline=offline)
    failed = any(f.result == FAILED for f in checks)
    if as_json:
        print_json([f._asdict() for f in checks])
        return int(failed)
    style = styles(sys.stdout)
    looks = {OK: style.good("ok"), FAILED: style.error("bad"), UNKNOWN: style.dim("?")}
    marks = {OK: "ok ", FAILED: "bad", UNKNOWN: "?  "}
    for check in checks:
        label = looks.get(check.result, style.warning("!")) + " " * (
            3 - len(marks.get(check.result, "!").strip())
        )
        first, *rest = wrap(f"{safe_text(check.subject)}: {safe_text(check.message)}", terminal_width() - 5)
        echo(f" {label} {first}", color=style.on)
        more = rest + (wrap(safe_text(check.hint), terminal_width() - 5) if check.hint else [])
        for line in more:
            echo(f"     {style.dim(line) if line not in rest else line}", color=style.on)
    return int(failed)
