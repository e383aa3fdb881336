"""`itsm merge-file`, the merge driver of documents, and `itsm merge`, which finishes what Git could not."""

from __future__ import annotations

from pathlib import Path

import click

from itsm_gitops.cli.base import App, pass_app
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import say
from itsm_gitops.cli.output import echo, echo_exactly
from itsm_gitops.model.text import safe_text

_FILE = click.Path(path_type=Path)


@command(
    "merge-file",
    [
        (
            "itsm merge-file base.yaml mine.yaml theirs.yaml \\\n  records/incidents/2026/11/INC-261122-K7QF3.yaml",
            "",
        ),
        ("itsm merge-file --stdout base.yaml mine.yaml theirs.yaml PATH", "print it"),
    ],
)
@click.argument("base", type=_FILE)
@click.argument("ours", type=_FILE)
@click.argument("theirs", type=_FILE)
@click.argument("path", default="")
@click.option("-p", "--stdout", "to_stdout", is_flag=True, help="Print the result; write nothing.")
@click.option("--ours-name", metavar="TEXT", default="ours", help="Name of our side in conflict marks.")
@click.option("--theirs-name", metavar="TEXT", default="theirs", help="Name of their side in conflict marks.")
@pass_app
def merge_file_command(
    app: App,
    base: Path,
    ours: Path,
    theirs: Path,
    path: str,
    to_stdout: bool,
    ours_name: str,
    theirs_name: str,
) -> int:
    """Merge three versions of a document by meaning.

    Git calls it for documents that both sides changed; itsm doctor --fix sets that up in a clone.
    The result goes to OURS. Entries of timelines are put in order of time, links and lists are united, a key
    that one side changed is taken from that side. A key that both changed differently is marked as a
    conflict, and the exit code is 1. PATH is where the document is in the repository.
    """
    from itsm_gitops.commands.merging import merge_files
    from itsm_gitops.documents import write_output

    root = Path(app.directory)
    base, ours, theirs = (root / p for p in (base, ours, theirs))
    merged = merge_files(base, ours, theirs, str(root / path) if path else "", (ours_name, theirs_name))
    if to_stdout:
        echo_exactly(merged.content.decode("utf-8", "replace"))
    else:
        write_output(ours, merged.content)
    for conflict in merged.conflicts:
        where = ".".join(map(str, conflict.pointer))
        echo(f"conflict in {safe_text(path or str(ours))}: {safe_text(where)}", err=True)
    return 0 if merged.clean else 1


@command(
    "merge",
    [
        ("itsm merge --continue", "merge what Git could not, then let Git go on"),
    ],
)
@click.option(
    "--continue", "go_on", is_flag=True, required=True, help="Finish the merge, rebase or pick that stopped."
)
@pass_app
def merge_command(app: App, go_on: bool) -> int:
    """Finish a merge that stopped.

    Documents that both sides changed are merged by meaning, also in a clone whose Git does not
    know how, and after a merge on a forge. What somebody has to decide is marked at one key: edit
    it, and call this again. What you chose becomes an entry of the timeline.
    """
    from itsm_gitops.editing.merge_rest import finish

    done = finish(app.repo)
    for path in done.merged:
        echo(f"merged {safe_text(path)}")
    for path in done.waiting:
        say(
            "warning",
            f"{path} waits for you",
            "edit the marked lines (or git rm, git add), then itsm merge --continue",
        )
    for finding in done.findings:
        say("error", f"{finding.path}:{finding.line}: {finding.message} ({finding.code})", finding.hint)
    if done.went_on:
        echo("done" if done.went_on == "nothing" else f"finished {done.went_on}")
    return 0 if done.went_on else 1
