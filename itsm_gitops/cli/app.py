"""The ``itsm`` group: its table of commands, loaded one by one, and the one place that exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from itsm_gitops import __version__
from itsm_gitops.cli import failures
from itsm_gitops.cli.base import READING_EVERYTHING, READING_OTHERWISE, App, complete_folder
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.errors import did_you_mean


class Command(NamedTuple):
    """Where a command is and what ``itsm --help`` says about it, so that nothing else is loaded."""

    module: str
    summary: str


SECTIONS: dict[str, dict[str, Command]] = {
    "Work on records and configuration items": {
        "new": Command("new", "Create a record or a configuration item."),
        "model": Command("model", "Create services, items and links from one sheet."),
        "set": Command("edit", "Change fields of a document."),
        "edit": Command("whole", "Edit a whole document, judged when you save."),
        "note": Command("edit", "Add a note or a comment to the timeline."),
        "move": Command("move", "Move a document to another state."),
        "link": Command("edit", "Link two documents."),
        "major": Command("major", "Lead a major incident, from declaring to review."),
        "emergency": Command("emergency", "Begin an emergency change of an incident at once."),
        "escalate": Command("escalate", "Escalate a record to the next person or team."),
        "correct": Command("edit", "Correct when something in the timeline happened."),
        "duplicate": Command("edit", "Cancel a record that repeats another."),
        "unlink": Command("edit", "Remove a link."),
        "sync": Command("sync", "Share what you wrote, take what others wrote."),
        "undo": Command("sync", "Take back what the last command wrote."),
        "merge": Command("merging", "Finish a merge that stopped."),
        "recur": Command("recur", "Make the records of recurring work that are due."),
    },
    "Look things up": {
        "next": Command("next", "Show what needs you now."),
        "list": Command("listing", "List documents with filters and columns."),
        "views": Command("views", "List saved views, keep lists under a name."),
        "show": Command("show", "Show one document with everything around it."),
        "log": Command("log", "Show who changed which field when."),
        "diff": Command("log", "Compare two revisions, field by field."),
        "impact": Command("impact", "Show what a failure would hit, and why."),
        "explain": Command("explain", "Explain a rule, kind, state or link type."),
        "oncall": Command("oncall", "Show who is on call, swap turns."),
        "due": Command("due", "List what must be done by a day."),
        "query": Command("query", "Ask in SQL: records, links, timelines, clocks."),
        "report": Command("report", "Show figures: backlog, times, changes, causes."),
        "problems": Command("trends", "Propose problems by patterns in incidents."),
        "articles": Command("trends", "Show for what an article is wanted."),
    },
    "Plan changes": {
        "risk": Command("planning", "Explain how risky a change is."),
        "schedule": Command("planning", "Show what is planned and what collides."),
        "freeze": Command("planning", "Look at change freezes."),
        "cab": Command("cab", "Prepare a meeting of the board, write back its decisions."),
        "suspects": Command("suspects", "Show what may have caused an incident."),
        "deploy": Command("deploy", "Let a pipeline ask, begin and tell how it ended."),
    },
    "Keep the repository right": {
        "check": Command("check", "Check documents against all rules."),
        "test": Command("trying", "Try the examples of rules and life cycles."),
        "fmt": Command("check", "Put documents into canonical form."),
        "migrate": Command("migrate", "Rename a word in the rule book and all documents."),
        "upgrade": Command("upgrade", "Merge a newer shipped rule book into yours."),
        "archive": Command("archive", "Move finished records of old years out of the tree."),
        "merge-file": Command("merging", "Merge three versions of a document by meaning."),
        "roots": Command("roots", "Read other repositories as part of this one."),
    },
    "Approve changes": {
        "approvals": Command("approvals", "Show who must approve a pull request, and who did."),
        "gate": Command("approvals", "Say whether a pull request may be merged."),
        "approve": Command("approvals", "Approve a pull request with your own key."),
        "submit": Command("forges", "Put a change on a branch, push it, say where to go on."),
        "comment": Command("forges", "Write the one comment that a reviewer needs."),
        "audit": Command("audit", "Record who approved what, and prove it later."),
    },
    "Exchange and publish": {
        "import": Command("exchange", "Import records from another tool."),
        "export": Command("exchange", "Export documents as JSON, CSV or Parquet."),
        "schema": Command("schema", "Print the JSON Schema of what a command prints."),
        "site": Command("site", "Build or serve the web site."),
    },
    "Set up": {
        "init": Command("init", "Write a new repository."),
        "enrol": Command("enrol", "Say who somebody is to Git, a forge and the gate."),
        "doctor": Command("forges", "Say what is missing for approvals to hold."),
        "codeowners": Command("forges", "Write CODEOWNERS from the CMDB."),
        "hook": Command("hook", "Judge what arrives: hooks of servers, events of forges."),
        "completion": Command("completion", "Print the shell's completion script."),
        "lsp": Command("lsp", "Answer an editor: completion, findings, next states."),
    },
}
COMMANDS = {name: command for section in SECTIONS.values() for name, command in section.items()}


_ASKED = "itsm_gitops.asked"  # key of what Git was asked, in the context


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"itsm_gitops.cli.{COMMANDS[cmd_name].module}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(name, COMMANDS) or "itsm --help lists the commands"
            raise failures.usage(f"there is no command '{name}'", hint)
        if name in READING_EVERYTHING and not ctx.resilient_parsing:
            _ask_early(ctx, args[1:])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections from the table, without importing anything."""
        longest = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(longest), c.summary) for name, c in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete command names from the table; options as click does."""
        from click.shell_completion import CompletionItem

        items = [CompletionItem(n, help=c.summary) for n, c in COMMANDS.items() if n.startswith(incomplete)]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]


def _ask_early(ctx: click.Context, words: Sequence[str]) -> None:
    """Let Git look which files moved while the command is loaded; it takes about as long."""
    from pathlib import Path

    from itsm_gitops.repository.index.early import ask_early
    from itsm_gitops.snapshots.place import settings_folder

    if any(word.partition("=")[0] in READING_OTHERWISE for word in words):
        return
    place = settings_folder(Path(ctx.params["directory"]).absolute())
    asked = ask_early(place.resolve()) if place else None
    if asked is not None:
        ctx.meta[_ASKED] = ctx.with_resource(asked)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": min(100, terminal_width())},
    epilog="'itsm COMMAND --help' shows options and examples. 'itsm init DIR' starts a repository.",
)
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    default=".",
    shell_complete=complete_folder,
    help="Work in DIR (or the repository around it).",
)
@click.version_option(__version__, "-V", "--version", prog_name="itsm", message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context, directory: str) -> None:
    """IT service management as files in a Git repository."""
    ctx.obj = app = App(directory, ctx.invoked_subcommand or "", ctx.meta.get(_ASKED))
    ctx.call_on_close(app.tell_gaps)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 refused, 2 usage, 3 internal."""
    try:
        result = group.main(
            list(sys.argv[1:] if arguments is None else arguments), prog_name="itsm", standalone_mode=False
        )
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes a message
        return failures.report(error)
    except KeyboardInterrupt:
        return failures.interrupted()
    return result if isinstance(result, int) else 0
