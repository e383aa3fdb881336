"""What commands share: the repository they work on, the options that many of them have, JSON output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itsm_gitops.cli.output import echo
from itsm_gitops.model.text import safe_json

if TYPE_CHECKING:
    from itsm_gitops.git.process import GitAnswer
    from itsm_gitops.model.findings import Finding
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots.gaps import Gap

# Commands that only show, so that faulty settings and unreadable files are a warning; all others stop. `check` reports them itself.
SHOWING = frozenset(
    {
        "list",
        "due",
        "next",
        "oncall",
        "query",
        "show",
        "log",
        "diff",
        "impact",
        "explain",
        "report",
        "risk",
        "schedule",
        "freeze",
        "suspects",
        "views",
    }
)
# These name unreadable files at their end, too. `site` goes on without them and says "unknown"; the others can also write,
# so faulty settings stop them.
NAMING_GAPS = SHOWING | {"site", "cab", "problems", "articles", "major"}
REPORTING_FAULTS = frozenset({"check", "fmt"})
# These read every document of the working tree, mostly from the index: while their modules are loaded, Git looks which
# files moved. Not for these options, with which they read something else.
READING_EVERYTHING = frozenset(
    {"list", "query", "impact", "schedule", "suspects", "report", "due", "next", "risk", "freeze", "check"}
)
READING_OTHERWISE = ("--at", "--base", "--fix", "--shard", "--help", "-h")
# These read commits only, so a bare mirror (what an auditor is handed) will do.
READING_HISTORY = frozenset({"audit"})

_F = TypeVar("_F", bound=Callable[..., Any])

SHARING = "itsm_gitops.sharing"  # key of what --sync or --no-sync said, in the context of a command


class App:
    """The state of one run: where it works. The repository is opened when first asked for."""

    def __init__(self, directory: str, command: str = "", asked: GitAnswer | None = None) -> None:
        """``asked`` waits for what Git was asked of the directory's repository."""
        self.directory = directory
        self._asked = asked
        self._command = command
        self._told: set[str] = set()

    @cached_property
    def repo(self) -> Repository:
        """The repository around the directory; raises ItsmError where there is none.

        Raises SettingsError where its settings have faults, unless the command only shows.
        """
        from itsm_gitops.repository import Repository

        reads_history = self._command in READING_HISTORY
        repo = Repository.of_history(self.directory) if reads_history else Repository.open(self.directory)
        repo.on_fetch = self._fetched
        repo.asked = self._asked
        if self._command in SHOWING:
            repo.tolerate = self._tell
        elif self._command in REPORTING_FAULTS:
            repo.tolerate = lambda *_: None
        else:
            _ = repo.config
        if sys.stderr.isatty():
            from itsm_gitops.cli.progress import show_reading

            repo.progress = show_reading
        return repo

    def _fetched(self, count: int) -> None:
        """Say that objects were fetched: nobody should wonder why a command was slow."""
        from itsm_gitops.cli.failures import say
        from itsm_gitops.model.words import counted

        say("note", f"fetched {counted(count, 'object')} that this partial clone lacked")

    def _tell(self, faults: Sequence[Finding], where: str) -> None:
        """Warn once of settings that were replaced by their defaults."""
        if where in self._told:
            return
        from itsm_gitops.cli.failures import say

        self._told.add(where)
        first, more = faults[0], len(faults) - 1
        place = f"{first.path}:{first.line}:{first.column}: {first.message}"
        rest = f" and {more} more" if more else ""
        say("warning", f"{place}{rest}; defaults are shown instead")

    @property
    def gaps(self) -> Sequence[Gap]:
        """What could not be read and is missing in what this command shows; empty for one that decides."""
        repo: Repository | None = self.__dict__.get("repo")  # opening one now would be work for nothing
        return tuple(repo.gaps.values()) if repo is not None and self._command in NAMING_GAPS else ()

    def tell_gaps(self) -> None:
        """Warn, in one line on standard error, of what is missing in what was shown."""
        if self.gaps:
            from itsm_gitops.cli.failures import say
            from itsm_gitops.snapshots.gaps import warning

            say("warning", *warning(self.gaps))


pass_app = click.make_pass_decorator(App)


def complete_folder(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Let the shell complete names of folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def lazily(name: str, module: str = "complete") -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Return a completer that loads its module only when a shell asks."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from importlib import import_module

        completers = import_module(f"itsm_gitops.cli.{module}")
        found: list[Any] = getattr(completers, name)(ctx, incomplete)
        return found

    return complete


def json_option(function: _F) -> _F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(function)


def at_option(function: _F) -> _F:
    """Add ``--at REV``."""
    return click.option(
        "--at",
        metavar="REV",
        shell_complete=lazily("revisions"),
        help="Read this revision (commit, branch or tag) instead of the files.",
    )(function)


def by_option(function: _F) -> _F:
    """Add ``--by HANDLE``."""
    return click.option(
        "--by",
        metavar="HANDLE",
        shell_complete=lazily("people"),
        help="Who does it. Default: $ITSM_USER, else the person with your Git e-mail.",
    )(function)


def at_time_options(function: _F) -> _F:
    """Add ``--at WHEN`` and ``--reason TEXT``."""
    told = click.option("--reason", metavar="TEXT", help="Why; --at and some changes require it.")
    when = click.option(
        "--at", metavar="WHEN", help="When it happened, if earlier: 14:30 is '2026-11-22 14:30'; -30m."
    )
    return when(told(function))


def dry_run_option(function: _F) -> _F:
    """Add ``--dry-run``."""
    return click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")(
        function
    )


def _says_sharing(ctx: click.Context, param: click.Parameter, value: bool | None) -> None:
    ctx.meta[SHARING] = "" if value is None else "yes" if value else "no"


def sync_option(function: _F) -> _F:
    """Add ``--sync``; `ItsmCommand.invoke` acts on it when the command has written."""
    return click.option(
        "--sync/--no-sync",
        default=None,
        expose_value=False,
        callback=_says_sharing,
        help="Share it at once: commit, merge, push.  [default: git config itsm.sync]",
    )(function)


def print_json(value: Any) -> None:
    """Print a value as indented JSON; characters that could act on a terminal are escaped.

    What the command could not read is added to an object as ``unreadable``; a list has no room for it.
    """
    import json

    context = click.get_current_context(silent=True)
    app = context.find_object(App) if context else None
    if app and app.gaps and isinstance(value, dict):
        from itsm_gitops.snapshots.gaps import as_json

        value = {**value, "unreadable": as_json(app.gaps)}
    echo(safe_json(json.dumps(value, indent=2, ensure_ascii=False)))


def interactive() -> bool:
    """Whether there is a person to ask: both ends of the dialogue are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
