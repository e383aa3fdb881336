"""The classes of commands and groups: examples below the help, what a command wrote noted and shared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from itsm_gitops.cli.base import SHARING, App
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.recording import FileWrite, recording

# What is written like an option; anything else that begins with a dash is text: -5, "- item", "--- x".
_OPTION = re.compile(r"(?:-[A-Za-z]\w*|--[A-Za-z][\w.-]*)(?:=.*)?", re.DOTALL)
Example = tuple[str, str]


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


class ItsmGroup(click.Group):
    """A group of sub-commands that suggests the nearest name, and whose help shows an example of each."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command, or suggest the nearest."""
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            from itsm_gitops.model.errors import did_you_mean

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
