"""What every command shares: the repository it works on, options, help with examples, output."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itsm_gitops.cli.output import echo
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.recording import FileWrite, recording
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

# What is written like an option; anything else that begins with a dash is text: -5, "- item", "--- x".
_OPTION = re.compile(r"(?:-[A-Za-z]\w*|--[A-Za-z][\w.-]*)(?:=.*)?", re.DOTALL)
Example = tuple[str, str]


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


class ItsmCommand(click.Command):
    """A command whose help ends with examples: pairs of a command line and what it does."""

    def __init__(self, *args: Any, examples: Sequence[Example] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; errors that click raises without saying where belong to this command."""
        try:
            return super().parse_args(ctx, args if ctx.resilient_parsing else self.in_order(args))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, note what it wrote for `itsm sync` and `itsm undo`, and share it where that was asked for."""
        with recording() as writes:
            try:
                result = super().invoke(ctx)
            finally:
                noted = writes and self.noted(ctx, writes)
        app = ctx.find_object(App)
        if app is not None and noted and ctx.meta.get(SHARING) is not None:
            from itsm_gitops.cli.sharing import share

            share(app.repo, ctx.meta[SHARING])
        return result

    def noted(self, ctx: click.Context, writes: Sequence[FileWrite]) -> bool:
        """Write into the journal of this clone what the command wrote; False where there is none."""
        app = ctx.find_object(App)
        repo = app.__dict__.get("repo") if app is not None else None
        if repo is None or repo.git is None or repo.bare:
            return False
        from itsm_gitops.commands.sharing import note_writes

        try:
            return note_writes(repo, writes, ctx.command_path)
        except (ItsmError, OSError) as error:
            message = f"written here, but not noted for itsm sync: {error}"
            raise ItsmError(message, "nothing is lost: itsm sync --all takes it along") from error

    def in_order(self, args: Sequence[str]) -> list[str]:
        """Return the options with their values first, then ``--`` and the words.

        So a text may begin with a dash (``- first point``, ``-5 °C``): only what is written like
        an option is one. Words behind ``--`` are texts whatever they look like.
        """
        values = self._values()
        options: list[str] = []
        words: list[str] = []
        waiting = list(args)
        while waiting:
            word = waiting.pop(0)
            if word == "--":
                words += waiting
                break
            if not _OPTION.fullmatch(word):
                words.append(word)
                continue
            name, sign, _ = word.partition("=")
            count = 0 if sign else values.get(name, 0)
            if count > len(waiting):
                return list(args)  # a value is missing: click says so
            if name in values or not self.keep(word, waiting, values, words):
                options += [word, *waiting[:count]]
                del waiting[:count]
        return [*options, *(["--"] if any(w.startswith("-") for w in words) else ()), *words]

    def keep(self, word: str, waiting: list[str], values: Mapping[str, int], words: list[str]) -> bool:
        """Whether the command takes an option that click does not know, with its value, among its words."""
        return False

    def _values(self) -> dict[str, int]:
        """Return the names of all options, with the number of values that follow each."""
        return {
            name: 0 if option.is_flag or option.count else option.nargs
            for option in self.params
            if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        } | dict.fromkeys(("-h", "--help"), 0)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        if self.examples:
            _write_examples(formatter, self.examples)
        super().format_epilog(ctx, formatter)


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[Example]) -> None:
    formatter.write_paragraph()
    formatter.write("Examples:\n")
    for line, meaning in examples:
        first, *rest = _folded(line, formatter.width - 2)
        formatter.write("".join([f"  {first}\n", *(f"      {part}\n" for part in rest)]))
        formatter.write(f"      # {meaning}\n" if meaning else "")


def _folded(line: str, columns: int) -> list[str]:
    """Break a long command line before its options, as a shell accepts it."""
    if len(line) <= columns:
        return [line]
    parts, current = [], ""
    for word in line.replace(" --", "\n--").split("\n"):
        if current and len(current) + len(word) + 3 > columns - 4:
            parts.append(f"{current} \\")
            current = word
        else:
            current = f"{current} {word}".strip()
    return [*parts, current]


def command(
    name: str, examples: Sequence[Example], **settings: Any
) -> Callable[[Callable[..., Any]], ItsmCommand]:
    """Make a function a command with examples."""
    return click.command(name, **{"cls": ItsmCommand, "examples": examples, **settings})


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


class ItsmGroup(click.Group):
    """A group of sub-commands that suggests the nearest name, and whose help shows an example of each."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command, or suggest the nearest."""
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            from itsm_gitops.model.errors import UsageError, did_you_mean

            hint = did_you_mean(name, self.commands) or f"there are: {', '.join(self.commands)}"
            raise UsageError(f"'{ctx.command_path}' has no command '{name}'", hint)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the first example of each sub-command."""
        first = [
            e for sub in self.commands.values() if isinstance(sub, ItsmCommand) for e in sub.examples[:1]
        ]
        _write_examples(formatter, first)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the first sentence of each sub-command's help in whole, where click would cut it."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, (sub.help or "").partition("\n")[0]) for name, sub in self.commands.items()]
            )


def group_with_help(name: str) -> Callable[[Callable[..., Any]], ItsmGroup]:
    """Make a function a group of sub-commands."""
    return click.group(name, cls=ItsmGroup)
