"""`itsm new`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from itsm_gitops.cli.base import (
    App,
    by_option,
    dry_run_option,
    interactive,
    json_option,
    lazily,
    pass_app,
    sync_option,
)
from itsm_gitops.cli.command import ItsmCommand, command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import words
from itsm_gitops.editing.create import LETTERS, NewDocument, assignments_for, finish, start, text_of
from itsm_gitops.editing.fields import Assignment, read_assignment
from itsm_gitops.editing.validation import DocumentRejected
from itsm_gitops.model import meaning
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.text import safe_text, shorten

if TYPE_CHECKING:
    from itsm_gitops.commands.duplicates import Likeness


class NewCommand(ItsmCommand):
    """`itsm new`, whose further options are the fields of the kind that is named."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete our options and those that the kind's fields give."""
        from itsm_gitops.cli.complete import field_options

        return [*super().shell_complete(ctx, incomplete), *field_options(ctx, incomplete)]

    def keep(self, word: str, waiting: list[str], values: Mapping[str, int], words: list[str]) -> bool:
        """Take ``--FIELD VALUE`` as one word, whatever the value looks like; letters stand for the usual fields."""
        word = LETTERS.get(word, word)
        if not word.startswith("--"):
            raise usage(f"there is no option '{word}'", "itsm new --help")
        if "=" not in word and waiting:
            if waiting[0].partition("=")[0] in values:
                name = word[2:]
                raise usage(
                    f"the option '{word}' needs a value", f"or write --{name}={waiting[0]} for that text"
                )
            word = f"{word}={waiting.pop(0)}"
        words.append(word)
        return True


@command(
    "new",
    [
        ("itsm new incident", "on a terminal: asks for what is needed"),
        (
            'itsm new incident "Mail is down" -s mail -c mail/sending -i high -u high',
            "in one line; similar records are named",
        ),
        (
            'itsm new problem --title "Mail fails" --service mail --category mail --impact low --urgency low',
            "the fields are options",
        ),
        ("itsm new change --template normal-change --edit", "from a template, in your editor"),
        ("itsm new service mail --name Mail --team it --dry-run", "an item has a name as its ID"),
        ("itsm new incident --link caused_by:PRB-261122-9TX2M", "linked from the start"),
    ],
    cls=NewCommand,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
)
@click.argument("kind", shell_complete=lazily("kinds"))
@click.argument(
    "rest",
    metavar="[ID] [--FIELD VALUE]...",
    nargs=-1,
    type=click.UNPROCESSED,
    shell_complete=lazily("field_values"),
)
@click.option(
    "--set",
    "assignments",
    metavar="FIELD=VALUE",
    multiple=True,
    shell_complete=lazily("assignments_of_kind"),
    help="Set any field; JSON for complex ones; repeatable.",
)
@click.option(
    "--template",
    metavar="NAME",
    shell_complete=lazily("templates"),
    help="Start from schemas/templates/NAME.yaml.",
)
@click.option(
    "--link",
    "links",
    metavar="TYPE:ID",
    multiple=True,
    shell_complete=lazily("typed_links"),
    help="Link to another document; repeatable.",
)
@click.option("--note", metavar="TEXT", help="Add a first note to the timeline.")
@by_option
@click.option("--edit", is_flag=True, help="Finish the document in $EDITOR before it is written.")
@dry_run_option
@sync_option
@json_option
@pass_app
def new_command(
    app: App,
    kind: str,
    rest: tuple[str, ...],
    assignments: tuple[str, ...],
    template: str | None,
    links: tuple[str, ...],
    note: str | None,
    by: str | None,
    edit: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create a record or a configuration item.

    KIND is a kind of record (incident, change, …) or a class of item (service, database, …).
    Items need an ID, a lower-case name; records get theirs. Every field is an option: --title,
    --impact, --planned-start …; 'itsm explain KIND' lists them. Handy short ones: --ci, --team,
    --why, --start, --end, --risk, --implementer, --label KEY=VALUE, --answer KEY=VALUE; -s, -c, -i
    and -u are service, category, impact and urgency. A text in quotes is the title of a record.
    On a terminal you are asked for what is missing.
    """
    identifier, options = _split(rest)
    title: list[tuple[str, str]] = []
    asking = interactive() and not (as_json or edit or dry_run)
    named = app.repo.book.kind(kind)
    if identifier is not None and named.is_record and " " in identifier.strip():
        title.append((named.label, identifier))  # a text that can be no identifier is what it is about
        identifier = None
    if asking and identifier is None:
        identifier = _ask_identifier(app, kind)
    if not (asking or edit or dry_run) and meaning.INCIDENT in named.plays:
        app.repo.ask_early()  # for what is like it, while the fields are read
    draft = start(app.repo, kind, identifier=identifier, template=template, by=by)
    by_option = assignments_for(draft.kind, title) + assignments_for(draft.kind, options)
    given = [*by_option, *map(read_assignment, assignments)]
    draft.assign(given)
    draft.links = [_typed(link) for link in links]
    if asking:
        _ask_missing(draft, given)
    if edit:
        _finish_in_editor(app, draft, note, as_json, dry_run)
        return
    known = _alike(app, draft) if not dry_run else []
    if known and asking and _filed_there(app, draft, known, note):
        return
    result, others, raw = finish(draft, note=note, dry_run=dry_run)
    if dry_run and not as_json:
        echo(safe_text(raw.decode(), lines=True), nl=False)
        return
    print_written([result, *others], as_json, dry_run=dry_run)
    if known and not asking:
        _say_alike(known)


def _alike(app: App, draft: NewDocument) -> list[Likeness]:
    """Return what is like the draft; nothing where it says itself what it is linked with, or cannot be filed anyway."""
    if draft.links or meaning.INCIDENT not in draft.kind.plays or draft.missing():
        app.repo.forget_asked()
        return []
    from itsm_gitops.commands.duplicates import alike

    return alike(app.repo.store(None), draft)


def _say_alike(known: Sequence[Likeness]) -> None:
    """Print records like the new one on stderr: a person looks at them, a script ignores them."""
    from itsm_gitops.cli.failures import say

    for one in known:
        say("similar", _in_one_line(one))


def _in_one_line(one: Likeness) -> str:
    more = ""
    if one.has_workaround:
        more = (
            f"; workaround: {one.workaround}"
            if one.workaround
            else f"; workaround: see 'itsm show {one.entry.id}'"
        )
    return f"{one.entry.id} {shorten(one.entry.title, 50)} ({words(one.entry.state)}{more})"


def _filed_there(app: App, draft: NewDocument, known: Sequence[Likeness], note: str | None) -> bool:
    """Ask whether it is one of those that are there: then a note is added to that one, and nothing new is filed.

    A known error is no place for reports: the new record is linked with it instead.
    """
    from itsm_gitops.editing.edits import add_note

    echo("This may be known already:")
    for number, one in enumerate(known, 1):
        echo(f"  {number}  {safe_text(_in_one_line(one))}")
    choice = click.prompt(
        "Its number if it is one of these, Enter if it is new",
        default="",
        show_default=False,
        type=click.Choice(["", *(str(n) for n in range(1, len(known) + 1))]),
        show_choices=False,
    )
    if not choice:
        return False
    one = known[int(choice) - 1]
    if one.relation:
        draft.links = [(one.relation, one.entry.id)]
        return False
    text = f"Reported again: {draft.data.get(draft.kind.label)}" + (f"\n{note}" if note else "")
    print_written([add_note(app.repo, one.entry.id, text, by=draft.by)], as_json=False)
    return True


def _split(rest: Sequence[str]) -> tuple[str | None, list[tuple[str, str]]]:
    """Return the identifier and the field options among the arguments that click left to us."""
    identifier: str | None = None
    options: list[tuple[str, str]] = []
    for word in rest:
        if word.startswith("--") and len(word) > 2:
            name, sign, value = word[2:].partition("=")
            if not sign:
                raise usage(f"the option '--{name}' needs a value")
            options.append((name, value))
        elif identifier is None:
            identifier = word
        else:
            raise usage(
                f"'{word}' is one word too many", 'put quotes around text with spaces: --title "Mail is down"'
            )
    return identifier, options


def _typed(text: str) -> tuple[str, str]:
    kind, sign, target = text.partition(":")
    if not (kind and sign and target):
        raise usage(f"'{text}' is not a link", "write TYPE:ID, for example caused_by:PRB-261122-9TX2M")
    return kind, target


def _ask_identifier(app: App, word: str) -> str | None:
    """Ask for the identifier of an item; a record gets its own."""
    kind = app.repo.book.kind(word)
    if kind.is_record:
        return None
    from itsm_gitops.cli.prompts import ask_identifier

    return ask_identifier(app.repo, kind)


def _ask_missing(draft: NewDocument, given: Sequence[Assignment]) -> None:
    """Ask for every field that is missing beside what was given, then for anything else."""
    missing = draft.missing()
    if not missing:
        return
    from itsm_gitops.cli.prompts import ask_field, ask_more

    answers = [*given]
    try:
        while missing:
            answer = ask_field(draft.repo, draft.kind, missing[0])
            draft.assign([answer])
            answers.append(answer)
            missing = draft.missing()
        ask_more(draft)
    except (ItsmError, click.Abort):
        _say_answers(draft.kind, answers)
        raise


def _say_answers(kind: Kind, answers: Sequence[Assignment]) -> None:
    """Print the command that goes on with what was typed: nobody types it twice."""
    if answers:
        options = " ".join(f"--{'.'.join(a.path).replace('_', '-')}={shlex.quote(a.text)}" for a in answers)
        echo(
            f"Nothing was written. To go on with what you typed:\n  itsm new {kind.name} {safe_text(options)}"
        )


def _finish_in_editor(app: App, draft: NewDocument, note: str | None, as_json: bool, dry_run: bool) -> None:
    """Let the user edit the text until it is valid, or give up."""
    text = text_of(draft).decode()
    while True:
        edited = click.edit(text, extension=".yaml", require_save=False)
        if edited is None or not edited.strip():
            raise usage("nothing was written: the text is empty")
        try:
            result, others, _ = finish(draft, note=note, dry_run=dry_run, edited=edited.encode())
        except (DocumentRejected, UsageError) as error:
            if not interactive():
                raise
            from itsm_gitops.cli.failures import report

            report(error)
            if not click.confirm("Edit again?", default=True):
                raise click.Abort from error
            text = edited
        else:
            print_written([result, *others], as_json, dry_run=dry_run)
            return
