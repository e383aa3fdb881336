"""Completion of the filter language: its words, and the values that each may have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from itsm_gitops.cli import complete
from itsm_gitops.commands.filter_clauses import FINISHED, OPEN
from itsm_gitops.commands.filter_meaning import ALL
from itsm_gitops.editing.fields import schema_at
from itsm_gitops.editing.identifiers import names
from itsm_gitops.model import filter_words as words
from itsm_gitops.model import meaning
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.filter_reading import kinds_named
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.model.workflow import CATEGORIES

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_TIMES = (">-1d", ">-7d", ">-30d", "today", "yesterday")
_CONDITION = re.compile(
    r"(?P<before>.*[\s(]|)(?P<dash>-?)(?P<word>[\w.-]*)(?:(?P<sign>[:=])(?P<values>.*,|)(?P<value>[^,]*))?",
    re.DOTALL,
)


@complete.quiet
def filters(ctx: click.Context, incomplete: str) -> complete.Items:
    """Offer kinds and words, and after a colon the values of the word."""
    match = _CONDITION.fullmatch(incomplete)
    if not match or incomplete.count('"') % 2:
        return []
    repo = complete.repository(ctx)
    typed = [w for argument in ctx.params.get("words") or () for w in str(argument).split()]
    kinds = [k for w in typed for k in kinds_named(repo.book, w) or ()]
    before = match["before"] + match["dash"]
    if not match["sign"]:
        plain = not before and all(kinds_named(repo.book, w) for w in typed)
        return _offered(before, _words(repo, kinds, plain=plain), match["word"])
    before += f"{match['word']}{match['sign']}{match['values']}"
    return _offered(before, dict.fromkeys(_values(repo, kinds, match["word"])), match["value"])


def _offered(before: str, candidates: dict[str, str | None], typed: str) -> complete.Items:
    begins = [c for c in candidates if c.lower().startswith(typed.lower()) and c.isprintable()]
    return [CompletionItem(before + c, help=candidates[c]) for c in begins[: complete.MOST]]


def _words(repo: Repository, kinds: list[Kind], *, plain: bool) -> dict[str, str | None]:
    book = repo.book
    offered: dict[str, str | None] = {}
    if plain:
        offered |= {k.plural: k.title for k in book.kinds.values()} | dict.fromkeys(("cis", "items"))
    offered |= {f"{w.name}:": w.about for w in words.WORDS}
    listed = kinds or [k for k in book.kinds.values() if k.is_record]
    offered |= {
        f"{f}:": s.get("description") for k in listed for f, s in k.fields.items() if f"{f}:" not in offered
    }
    offered |= {f"{n}:": link.title for n, link in book.links.items() if f"{n}:" not in offered}
    return offered | {
        f"{n}:": link.inverse_title for n, link in book.inverses.items() if f"{n}:" not in offered
    }


def _values(repo: Repository, kinds: list[Kind], word: str) -> Iterable[str]:
    book = repo.book
    listed = kinds or [k for k in book.kinds.values() if k.is_record]
    if word == words.KIND:
        return [*book.kinds, "items", "cis"]
    if word in (words.STATE, words.STATUS):
        states = [s for k in listed if k.stages for s in k.stages.states]
        groups = [OPEN, FINISHED]
        return (
            [*groups, ALL] if word == words.STATUS else [*groups, *states, *CATEGORIES, *meaning.STATE_ROLES]
        )
    if word == words.PRIORITY:
        return [*book.policy(PRIORITY).get("priorities", {}), words.NONE]
    if word in (words.OPENED, words.UPDATED, words.CLOSED):
        return _TIMES
    roles = {words.SERVICE: meaning.SERVICE, words.TEAM: meaning.TEAM, words.ASSIGNEE: meaning.PERSON}
    if word in roles:
        own = {words.TEAM: words.MY_TEAMS, words.ASSIGNEE: words.ME}.get(word)
        named = names(repo, [k for k in book.kinds.values() if roles[word] in k.plays])
        return [*([own] if own else []), *named, words.NONE]
    if word in (words.CI, words.REACHES, words.ID) or word in book.links or word in book.inverses:
        return names(repo, list(book.kinds.values()))
    return _of_field(repo, listed, word)


def _of_field(repo: Repository, kinds: list[Kind], word: str) -> Iterable[str]:
    offered: dict[str, None] = {}
    for kind in kinds:
        try:
            schema = schema_at(kind, tuple(word.replace("-", "_").split(".")))
        except NotFound:
            continue
        offered |= dict.fromkeys(complete.values_of(repo, schema))
    return [*offered, *([words.NONE] if offered else [])]
