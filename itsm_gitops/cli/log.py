"""`itsm log` and `itsm diff`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.outcome import change_lines, whole_changes
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles
from itsm_gitops.cli.times import local, zone_note
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.log import ADDED, REMOVED, UNREADABLE, DocumentDiff, History, compare, history
from itsm_gitops.model.diff import ADD, Change
from itsm_gitops.model.text import safe_text, shorten, width

_SIGNS = {ADDED: ("+", "green"), REMOVED: ("-", "red"), UNREADABLE: ("!", "red")}
_QUIET = frozenset(["id", "kind", "class"])


@command(
    "log",
    [
        ("itsm log K7QF3", "every field, newest first"),
        ("itsm log K7QF3 --field state", "one field"),
        ("itsm log payments-db --at v1.2 --json", "up to a revision, for programs"),
    ],
)
@click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
@click.option("--field", metavar="FIELD", shell_complete=lazily("fields"), help="Only this field.")
@at_option
@json_option
@pass_app
def log_command(app: App, identifier: str, field: str | None, at: str | None, as_json: bool) -> None:
    """Show who changed which field when.

    The history comes from Git, so it cannot be edited in the file. Times are in the repository's
    time zone.
    """
    log = history(app.repo, identifier, field=field.replace("-", "_") if field else None, at=at)
    if as_json:
        print_json(log.as_json())
        return
    style = styles(sys.stdout)
    lines = _log(log, style, terminal_width(), app.repo.config.timezone, whole=bool(field))
    echo("\n".join(lines), color=style.on)


def _log(log: History, style: Style, columns: int, zone: str, *, whole: bool) -> list[str]:
    lines = [f"{style.name(log.id)}  {style.dim(log.path + zone_note(zone))}"]
    if log.unreadable:
        reason = f"the file cannot be read: itsm check {log.id} says why"
        lines += ["", style.warning("not committed"), f"  {reason}"]
    if log.uncommitted:
        lines += ["", style.warning("not committed"), *_changes(log.uncommitted, style, columns, whole)]
    for commit in log.commits:
        head = f"{local(commit.at, zone)}  {safe_text(commit.author)}"
        room = columns - width(head) - 13
        subject = shorten(safe_text(commit.subject), room) if room > 9 else ""
        lines += ["", f"{style.bold(head)}  {style.dim(commit.commit[:9])}  {subject}".rstrip()]
        lines += _changes(commit.changes, style, columns, whole)
    if not log.commits and not log.uncommitted:
        lines += ["", "no commit changed this"]
    return lines


def _changes(changes: Sequence[Change], style: Style, columns: int, whole: bool) -> list[str]:
    if whole:
        return list(whole_changes(changes, style, columns))
    born = len(changes) > 2 and all(c.op == ADD for c in changes) and changes[0].pointer == ("id",)
    visible = [c for c in changes if not (born and c.pointer[0] in _QUIET)]
    return list(change_lines(visible, style, columns))


@command(
    "diff",
    [
        ("itsm diff", "what is not committed yet"),
        ("itsm diff main", "the working tree against main"),
        ("itsm diff v1.1 v1.2 changes", "two revisions, one kind only"),
        ("itsm diff --pull-request origin/main HEAD", "what a branch changes since it left main"),
    ],
)
@click.argument("revisions", metavar="[REV] [REV] [KIND|ID]...", nargs=-1, shell_complete=lazily("revisions"))
@click.option("--pull-request", is_flag=True, help="Compare with where the second revision left the first.")
@click.option(
    "--at",
    metavar="REV",
    shell_complete=lazily("revisions"),
    help="The newer revision, instead of the working tree.",
)
@click.option("--stat", is_flag=True, help="Only name the documents.")
@json_option
@pass_app
def diff_command(
    app: App, revisions: tuple[str, ...], pull_request: bool, at: str | None, stat: bool, as_json: bool
) -> None:
    """Compare two revisions, field by field.

    Without revisions the working tree is compared with HEAD, with one it is compared with that.
    Changes of form (order of keys, comments, quotes) are no differences.
    """
    base, head, words = _revisions(app, revisions, at)
    documents = compare(app.repo, base, head, words=words, from_merge_base=pull_request)
    if as_json:
        print_json([d.as_json() for d in documents])
        return
    style = styles(sys.stdout)
    lines = [line for d in documents for line in _document(d, style, terminal_width(), stat)]
    lines.append(style.dim(_count(documents)))
    echo("\n".join(lines), color=style.on)


def _revisions(app: App, words: Sequence[str], at: str | None) -> tuple[str, str | None, list[str]]:
    """Tell revisions from kinds and identifiers: the first words that Git knows are revisions."""
    from itsm_gitops.cli.failures import usage
    from itsm_gitops.model.errors import GitError, ItsmError

    revisions: list[str] = []
    rest = list(words)
    git = app.repo.history
    while rest and len(revisions) < (1 if at else 2):
        try:
            git.resolve(rest[0])
        except GitError as error:
            if not _is_document(app, rest[0]):
                raise usage(f"'{rest[0]}' is not a revision, kind or identifier", error.hint) from error
            break
        revisions.append(rest.pop(0))
    for word in rest:
        if not _is_document(app, word):
            try:
                app.repo.locate(word, at or (revisions[-1] if revisions else None))
            except ItsmError:
                raise usage(f"'{word}' is not a kind or identifier", "itsm diff --help") from None
    base = revisions[0] if revisions else "HEAD"
    return base, at or (revisions[1] if len(revisions) == 2 else None), rest


def _is_document(app: App, word: str) -> bool:
    from itsm_gitops.model.errors import Ambiguous, NotFound

    try:
        app.repo.book.kind(word)
    except NotFound:
        try:
            app.repo.locate(word)
        except NotFound:
            return False
        except Ambiguous:
            return True
    return True


def _document(document: DocumentDiff, style: Style, columns: int, stat: bool) -> list[str]:
    sign, colour = _SIGNS.get(document.status, ("~", "yellow"))
    what = f"{document.kind} {document.status}"
    room = columns - width(document.id) - len(what) - 6
    title = shorten(safe_text(document.title), max(8, room))
    head = f"{style.paint(sign, colour)} {style.name(safe_text(document.id))}  {title}  {style.dim(what)}"
    if stat or not document.changes:
        return [head.rstrip()]
    return [head.rstrip(), *(f"  {line}" for line in change_lines(document.changes, style, columns - 2))]


def _count(documents: Sequence[DocumentDiff]) -> str:
    if not documents:
        return "no differences"
    by_status = [
        (sum(d.status == s for d in documents), s) for s in dict.fromkeys(d.status for d in documents)
    ]
    return ", ".join(f"{n} {s}" for n, s in by_status)
