"""`itsm approvals`, `itsm gate` and `itsm approve`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itsm_gitops.cli.base import App, by_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.gate.approvals import ApprovalQuery, approvals, approve
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.gate.types import Assessment, Verdict

_F = TypeVar("_F", bound=Callable[..., Any])
_SIMULATE = "simulate"
_NAMED = 3
_STYLES = {
    "SATISFIED": "green",
    "OVERRIDDEN": "yellow",
    "UNSATISFIED": "bold red",
    "ERROR": "bold red",
    "BYPASSED": "bold red",
    "COMPOSED": "bold red",
}


def _request_options(function: _F) -> _F:
    """Add the options that name a pull request or two commits."""
    for option in reversed(
        (
            click.option("--base", metavar="REV", default="", shell_complete=lazily("revisions"),
                         help="Tip of the branch to merge into. Default: main of origin."),
            click.option("--head", metavar="REV", default="", shell_complete=lazily("revisions"),
                         help="What is to be merged. Default: HEAD."),
            click.option("--target", metavar="BRANCH", default="", help="Name of that branch on the forge."),
            click.option("--reviews", metavar="FILE", default="", help="Reviews from a JSON file instead of a forge."),
            click.option("--forge", default="", help="github, gitlab, gitea or forgejo. Default: by the remote."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


@command(
    "approvals",
    [
        ("itsm approvals", "the checked-out branch"),
        ("itsm approvals 12", "pull request 12, with the reviews of the forge"),
        ("itsm approvals K7QF3", "the branch that carries a change"),
        ("itsm approvals --base main --head topic --reviews reviews.json", "any two commits"),
        ("itsm approvals simulate --add payments-lead --remove ann", "what if they reviewed otherwise"),
    ],
)  # fmt: skip
@click.argument("what", metavar="[simulate] [CHG|PR|BRANCH]", nargs=-1, shell_complete=lazily("identifiers"))
@click.option(
    "--add",
    multiple=True,
    metavar="PERSON[:STATE]",
    help="With simulate: a review as if given now (approved).",
)
@click.option(
    "--remove", multiple=True, metavar="PERSON", help="With simulate: leave out this person's reviews."
)
@click.option("--all", "everything", is_flag=True, help="Also rules that do not apply.")
@_request_options
@json_option
@pass_app
def approvals_command(
    app: App,
    /,
    what: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    everything: bool,
    as_json: bool,
    **options: str,
) -> None:
    """Show who must approve, who did, and why an approval does not count.

    The argument names a pull request, a branch, or a change (the branch that carries it). It is judged
    by the policy, the roles and the CMDB of its target branch.

    \b
    A file of reviews looks like this:
      {"version": 1, "opened_by": "github:41", "reviews": [
        {"identity": "github:42", "state": "approved",
         "commit": "HASH", "at": "2026-11-22T10:00:00Z"}]}
    """  # noqa: D301 - click needs the backspace itself
    simulated = what[:1] == (_SIMULATE,)
    words = what[1:] if simulated else what
    if len(words) > 1:
        raise UsageError(f"one pull request at a time, not {len(words)}")
    if (add or remove) and not simulated:
        raise UsageError("--add and --remove only try things out", "itsm approvals simulate --add PERSON")
    assessment = approvals(app.repo, ApprovalQuery(what="".join(words), **options), add=add, remove=remove)
    if simulated and not as_json:
        _say_simulated(add, remove)
    _print(assessment, as_json=as_json, everything=everything)


@command(
    "gate",
    [
        ("itsm gate", "the checked-out branch; in CI the pull request of the event"),
        ("itsm gate 12", "pull request 12"),
        ("itsm gate --base main --head topic --reviews reviews.json", "any two commits"),
    ],
)
@click.argument("what", metavar="[CHG|PR|BRANCH]", default="", shell_complete=lazily("identifiers"))
@_request_options
@json_option
@pass_app
def gate_command(app: App, /, what: str, as_json: bool, **options: str) -> int:
    """Say by the exit code whether a pull request may be merged.

    Exit code 0: approved or overridden; 1: approvals are missing; 2: it cannot be judged (nothing
    matched, a record that cannot be read, no answer from the forge). Only 0 is a pass.
    """
    from itsm_gitops.gate.explain import EXIT_ERROR, exit_code

    try:
        assessment = approvals(app.repo, ApprovalQuery(what=what, **options))
    except ItsmError as error:
        error.exit_code = EXIT_ERROR
        raise
    _print(assessment, as_json=as_json)
    return exit_code(assessment)


@command(
    "approve",
    [
        ("itsm approve K7QF3 --sign", "sign an approval of the branch that carries a change"),
        ("itsm approve 12 --sign --note 'Tested on the copy'", "of a pull request"),
        ("itsm approve K7QF3 --sign --reject --note 'No way back'", "reject it, even after approving it"),
        ("git push origin 'refs/itsm/approvals/*:refs/itsm/approvals/*'", "hand in all that you signed"),
    ],
)
@click.argument("what", metavar="[CHG|PR|BRANCH]", default="", shell_complete=lazily("identifiers"))
@click.option(
    "--sign",
    is_flag=True,
    help="Sign with your SSH key; only that makes it an approval. --key means it, too.",
)
@click.option(
    "--key", metavar="FILE", default="", help="Key to sign with. Default: git config user.signingKey."
)
@click.option("--reject", is_flag=True, help="Ask for changes instead of approving.")
@click.option("--note", default="", help="A sentence that goes into the statement.")
@by_option
@_request_options
@json_option
@pass_app
def approve_command(
    app: App,
    /,
    what: str,
    sign: bool,
    key: str,
    reject: bool,
    note: str,
    by: str | None,
    as_json: bool,
    **options: str,
) -> None:
    """Approve a pull request by a statement signed with your own key.

    The statement names exactly the content that is approved; any edit voids it. Your key must be
    among the signing_keys of your file in cmdb/people on the target branch. Each decision is kept
    under a name of its own; the command prints how to push it. Your latest decision counts.
    """
    if not (sign or key):
        raise UsageError(
            "only a signed statement is an approval", "itsm approve --sign (or review on the forge)"
        )
    from itsm_gitops.git.actor import acting

    state = "changes_requested" if reject else "approved"
    person = acting(app.repo, by)
    approval = approve(
        app.repo, ApprovalQuery(what=what, **options), person=person, key=key, state=state, note=note
    )
    if as_json:
        from itsm_gitops.gate.explain import as_json as data

        print_json(
            {
                "reference": approval.reference,
                "statement": approval.statement,
                "assessment": data(approval.assessment),
            }
        )
        return
    style = styles(sys.stdout)
    echo(f"{style.good('signed')} {safe_text(approval.reference)}", color=style.on)
    echo(style.dim(f"  git push origin {approval.reference}"), color=style.on)
    echo("")
    _print(approval.assessment, as_json=False)


def _say_simulated(add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    phrases = [f"with {', '.join(add)}"] if add else []
    phrases += [f"without {', '.join(remove)}"] if remove else []
    style = styles(sys.stdout)
    text = f"Tried out {' and '.join(phrases) or 'as it is'}; nothing is recorded."
    echo(style.dim("\n".join(wrap(safe_text(text), terminal_width()))), color=style.on)


def _print(assessment: Assessment, *, as_json: bool, everything: bool = False) -> None:
    if as_json:
        from itsm_gitops.gate.explain import as_json as data

        print_json(data(assessment))
        return
    style = styles(sys.stdout)
    echo("\n".join(render(assessment, style, terminal_width(), everything=everything)), color=style.on)


def render(assessment: Assessment, style: Style, columns: int, *, everything: bool = False) -> Iterator[str]:
    """Yield the terminal's view: the result, each requirement, and what was not counted."""
    from itsm_gitops.gate.explain import headline

    more = len(assessment.changes) - _NAMED
    changes = ", ".join(assessment.changes[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    changes = changes or assessment.head[:12]
    yield style.bold(f"{safe_text(changes)}: ") + style.paint(
        headline(assessment), _STYLES.get(assessment.result, "")
    )
    target = assessment.target or assessment.base[:12]
    yield style.dim(
        f"{assessment.head[:12]} into {safe_text(target)}, content {assessment.digest[7:19] or 'none'}"
    )
    for change, fact in list(assessment.facts.items())[:_NAMED]:
        yield from _indented(f"{change} {fact}", columns, 2)
    for message in assessment.messages:
        yield from _indented(f"! {message}", columns, 2)
    for note in assessment.notes:
        yield from _indented(f"note: {note}", columns, 2)
    applying = [v for v in assessment.verdicts if v.result != "NOT_APPLICABLE"]
    if applying:
        yield ""
    for verdict in applying:
        yield from _verdict(verdict, style, columns)
    idle = [v.requirement.name for v in assessment.verdicts if v.result == "NOT_APPLICABLE"]
    if idle and everything:
        yield ""
        yield from _indented(f"Not applicable: {', '.join(idle)}", columns, 0)
    if assessment.rejected:
        yield ""
        yield style.bold("Not counted")
    for rejected in assessment.rejected:
        review = rejected.review
        who = review.person or review.login or review.identity or "somebody"
        yield from _indented(f"{who}, {review.state.replace('_', ' ')}: {rejected.reason}", columns, 2)


def _verdict(verdict: Verdict, style: Style, columns: int) -> Iterator[str]:
    need = verdict.requirement
    mark = style.paint(verdict.result.ljust(11), _STYLES.get(verdict.result, ""))
    first, *rest = wrap(safe_text(need.name), columns - 14)
    yield f"{mark}  {style.bold(first)}"
    yield from (" " * 13 + style.bold(line) for line in rest)
    yield from _indented(verdict.reason, columns, 13)
    if need.why != verdict.reason:
        yield from (style.dim(line) for line in _indented(need.why, columns, 13))


def _indented(text: str, columns: int, indent: int) -> Iterator[str]:
    for number, line in enumerate(wrap(safe_text(text), max(30, columns - indent - 2))):
        yield " " * (indent if number == 0 else indent + 2) + line
