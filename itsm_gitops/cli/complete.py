"""Completions for the shell's tab key. Names come from file names; nothing is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from itsm_gitops.editing.create import LETTERS, SHORT_NAMES, candidates, field_for
from itsm_gitops.editing.fields import schema_at
from itsm_gitops.editing.identifiers import names
from itsm_gitops.editing.steps import next_steps
from itsm_gitops.model.categories import CATEGORIES, CategoryTree, has_categories
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import PERSON, SERVICE, TEAM

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

Items = list[CompletionItem]
MOST = 200


def repository(ctx: click.Context) -> Repository:
    """Return the repository of the command line being completed."""
    from itsm_gitops.repository import Repository

    return Repository.open(str(ctx.find_root().params.get("directory") or "."))


def quiet(complete: Callable[[click.Context, str], Items]) -> Callable[[click.Context, str], Items]:
    """Offer nothing where there is no repository or it cannot be read: a prompt is no place for errors."""

    def completer(ctx: click.Context, incomplete: str) -> Items:
        with suppress(ItsmError, OSError):
            return complete(ctx, incomplete)
        return []

    return completer


def _items(words: Iterable[str], incomplete: str) -> Items:
    candidates = list(words)
    start = incomplete.lower()
    begins = [w for w in candidates if w.lower().startswith(start) and w.isprintable()]
    return [CompletionItem(w) for w in begins[:MOST]]


def _of_kinds(repo: Repository, fits: Callable[[Kind], bool]) -> list[str]:
    return names(repo, [k for k in repo.book.kinds.values() if fits(k)])


@quiet
def identifiers(ctx: click.Context, incomplete: str) -> Items:
    """Offer identifiers: those that begin so, else those that contain it (a record's last part)."""
    candidates = _of_kinds(repository(ctx), lambda _: True)
    items = _items(candidates, incomplete)
    return items or [CompletionItem(n) for n in candidates if incomplete.lower() in n.lower()][:MOST]


@quiet
def cis(ctx: click.Context, incomplete: str) -> Items:
    """Offer items that can fail."""
    return _items(_of_kinds(repository(ctx), lambda k: k.operational), incomplete)


@quiet
def services(ctx: click.Context, incomplete: str) -> Items:
    """Offer services."""
    return _items(_of_kinds(repository(ctx), lambda k: SERVICE in k.plays), incomplete)


@quiet
def shapes(ctx: click.Context, incomplete: str) -> Items:
    """Offer the names of JSON Schemas."""
    from itsm_gitops.cli.schema import shapes as names

    return _items(names(), incomplete)


@quiet
def views(ctx: click.Context, incomplete: str) -> Items:
    """Offer saved views."""
    from itsm_gitops.commands.views import saved_views

    return _items(saved_views(repository(ctx)), incomplete)


@quiet
def teams(ctx: click.Context, incomplete: str) -> Items:
    """Offer teams."""
    return _items(_of_kinds(repository(ctx), lambda k: TEAM in k.plays), incomplete)


@quiet
def reports(ctx: click.Context, incomplete: str) -> Items:
    """Offer names of reports."""
    from itsm_gitops.commands.own_reports import own_reports
    from itsm_gitops.commands.reporting import REPORTS

    return _items([*REPORTS, *own_reports(repository(ctx).book)], incomplete)


@quiet
def standards(ctx: click.Context, incomplete: str) -> Items:
    """Offer names of standards of which there is a map."""
    from itsm_gitops.commands.practising import standards as names

    return _items(names(repository(ctx).book), incomplete)


@quiet
def people(ctx: click.Context, incomplete: str) -> Items:
    """Offer people and teams."""
    return _items(_of_kinds(repository(ctx), lambda k: PERSON in k.plays or TEAM in k.plays), incomplete)


@quiet
def kinds(ctx: click.Context, incomplete: str) -> Items:
    """Offer kinds and classes."""
    book = repository(ctx).book
    return [CompletionItem(n, help=k.title) for n, k in book.kinds.items() if n.startswith(incomplete)]


@quiet
def plurals(ctx: click.Context, incomplete: str) -> Items:
    """Offer kinds and classes in plural."""
    return _items([*(k.plural for k in repository(ctx).book.kinds.values()), "cis", "items"], incomplete)


@quiet
def templates(ctx: click.Context, incomplete: str) -> Items:
    """Offer templates, only those of the kind that is named."""
    book = repository(ctx).book
    kind = _kind(ctx)
    fitting = [t for t in book.templates if kind is None or book.template(t).get("kind") == kind.name]
    return _items(fitting, incomplete)


@quiet
def mappings(ctx: click.Context, incomplete: str) -> Items:
    """Offer import mappings of the rule book; files are the shell's own."""
    stems = [
        p.rsplit("/", 1)[-1].removesuffix(".yaml")
        for p in repository(ctx).book.files
        if p.startswith("schemas/imports/")
    ]
    return [*_items(stems, incomplete), CompletionItem(incomplete, type="file")]


@quiet
def paths(ctx: click.Context, incomplete: str) -> Items:
    """Offer files and folders, and identifiers."""
    files = CompletionItem(incomplete, type="file")
    return [files] if "/" in incomplete else [files, *identifiers(ctx, incomplete)]


@quiet
def revisions(ctx: click.Context, incomplete: str) -> Items:
    """Offer branches and tags."""
    out = repository(ctx).history.run("for-each-ref", "--format=%(refname:short)")
    return _items(["HEAD", *out.decode("utf-8", "replace").split()], incomplete)


def _word(ctx: click.Context, name: str, position: int) -> str:
    """Return an argument that is already there.

    Where the value of an option is being completed, click stops before it sorts the arguments
    into parameters and leaves them as they stand.
    """
    value = ctx.params.get(name) or (ctx.args[position] if len(ctx.args) > position else "")
    return str(value[0] if isinstance(value, tuple) else value)


def _kind(ctx: click.Context) -> Kind | None:
    """Return the kind that the command line names, by kind or by identifier."""
    repo = repository(ctx)
    if any(p.name == "words" for p in ctx.command.params):  # of a list: kinds, then a filter
        from itsm_gitops.model.filter_reading import kinds_named

        named = kinds_named(repo.book, _word(ctx, "words", 0)) or []
        return named[0] if len(named) == 1 else None
    names_kind = any(p.name == "kind" for p in ctx.command.params)
    word = _word(ctx, "kind", 0) if names_kind else ""
    if word:
        return repo.book.kind(word)
    identifier = "" if names_kind else _word(ctx, "identifier", 0)
    return repo.book.kind_at(repo.locate(identifier)) if identifier else None


@quiet
def fields(ctx: click.Context, incomplete: str) -> Items:
    """Offer the fields of the kind."""
    kind = _kind(ctx)
    return _items(kind.fields, incomplete) if kind else []


@quiet
def assignments(ctx: click.Context, incomplete: str) -> Items:
    """Offer ``field=``, and after the sign the values that the field may have."""
    kind = _kind(ctx)
    if kind is None:
        return []
    name, sign, value = incomplete.partition("=")
    if not sign:
        return _items((f"{f}=" for f, s in kind.fields.items() if not s.get("x-fixed")), incomplete)
    schema = schema_at(kind, tuple(name.rstrip("+-").split(".")))
    options = values_of(repository(ctx), schema)
    return [CompletionItem(f"{name}={o}") for o in options if o.startswith(value)][:MOST]


def values_of(repo: Repository, schema: Mapping[str, Any]) -> list[str]:
    """Return what a field may hold, where that is a choice."""
    if schema.get("type") == "boolean":
        return ["true", "false"]
    if has_categories(schema):
        return list(CategoryTree(repo.book.policy(CATEGORIES)).names)
    items = schema.get("items")
    choice = schema.get("enum") or (items.get("enum", ()) if isinstance(items, dict) else ())
    return [str(o) for o in choice] or candidates(repo, schema)


assignments_of_kind = assignments


@quiet
def field_options(ctx: click.Context, incomplete: str) -> Items:
    """Offer the options of `itsm new` that the kind's fields give."""
    kind = _kind(ctx)
    if kind is None or not incomplete.startswith("-"):
        return []
    options = {
        f"--{f.replace('_', '-')}": str(s.get("description", ""))
        for f, s in kind.fields.items()
        if not s.get("x-fixed")
    }
    for short, fields in SHORT_NAMES.items():
        if any(m.split(".")[0] in kind.fields for m in fields):
            options.setdefault(f"--{short}", f"same as --{fields[0].replace('_', '-')}")
    return [CompletionItem(o, help=h) for o, h in options.items() if o.startswith(incomplete)]


@quiet
def field_values(ctx: click.Context, incomplete: str) -> Items:
    """Offer the values of the field whose option of `itsm new` stands before the cursor."""
    kind = _kind(ctx)
    waiting = ""
    for word in (LETTERS.get(w, w) for w in ctx.params.get("rest") or ()):
        waiting = "" if waiting or "=" in word or not word.startswith("--") else word[2:]
    if kind is None or not waiting:
        return []
    path = tuple(field_for(kind, waiting).split("."))
    return _items(values_of(repository(ctx), schema_at(kind, path)), incomplete)


@quiet
def states(ctx: click.Context, incomplete: str) -> Items:
    """Offer the states that the document can reach now."""
    repo = repository(ctx)
    document = repo.document(_word(ctx, "identifier", 0))
    if document.kind is None or not isinstance(document.data, dict):
        return []
    steps = next_steps(document.kind, document.data)
    return [CompletionItem(s.state, help=s.title) for s in steps if s.state.startswith(incomplete)]


@quiet
def codes(ctx: click.Context, incomplete: str) -> Items:
    """Offer the codes that the target state demands."""
    from itsm_gitops.editing.steps import code_field

    document = repository(ctx).document(_word(ctx, "identifier", 0))
    state = _word(ctx, "state", 1)
    if document.kind is None or not isinstance(document.data, dict) or not state:
        return []
    field = code_field(document.kind, state, document.data)
    return _items([str(o) for o in document.kind.fields.get(field, {}).get("enum", ())], incomplete)


@quiet
def list_states(ctx: click.Context, incomplete: str) -> Items:
    """Offer the states of the listed kinds, and the words for groups of states."""
    book = repository(ctx).book
    kind = _kind(ctx)
    chosen = [kind] if kind else [k for k in book.kinds.values() if k.is_record]
    state_names = [s for k in chosen if k.workflow for s in k.workflow.states]
    return _items(dict.fromkeys(["open", "finished", *state_names]), incomplete)


@quiet
def link_types(ctx: click.Context, incomplete: str) -> Items:
    """Offer link types and their inverses."""
    book = repository(ctx).book
    titles = {n: k.title for n, k in book.links.items() if k.in_links}
    titles |= {n: k.inverse_title for n, k in book.inverses.items() if k.in_links}
    return [CompletionItem(n, help=t) for n, t in titles.items() if n.startswith(incomplete)]


@quiet
def typed_links(ctx: click.Context, incomplete: str) -> Items:
    """Offer ``type:``, and after the colon identifiers."""
    kind, sign, target = incomplete.partition(":")
    if not sign:
        return [CompletionItem(f"{item.value}:", help=item.help) for item in link_types(ctx, incomplete)]
    return [CompletionItem(f"{kind}:{item.value}") for item in identifiers(ctx, target)]


@quiet
def explainable(ctx: click.Context, incomplete: str) -> Items:
    """Offer everything that can be explained."""
    from itsm_gitops.commands.explaining import TOPICS
    from itsm_gitops.rules import explanations

    book = repository(ctx).book
    titles: dict[str, Any] = dict.fromkeys(TOPICS)
    titles |= {r.code: r.title for r in explanations()}
    titles |= {n: k.title for n, k in book.kinds.items()}
    titles |= {n: k.title for n, k in book.links.items()}
    titles |= {
        s: state.title for k in book.kinds.values() if k.workflow for s, state in k.workflow.states.items()
    }
    return [CompletionItem(n, help=t) for n, t in titles.items() if n.lower().startswith(incomplete.lower())]
