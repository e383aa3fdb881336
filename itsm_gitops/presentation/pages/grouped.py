"""Kinds of record and classes of item in the groups that a reader thinks in, the most used first.

No list of names decides: what a kind plays, whether it can fail and what its fields name says where it belongs, so that
a class of one's own finds its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.kinds import Kind, in_order_of_work
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, link
from itsm_gitops.presentation.navigation import by_title
from itsm_gitops.presentation.pages.parts import section

_OFFERED = frozenset({meaning.SERVICE, meaning.OFFERING, meaning.ANNOUNCEMENT})
_WHO = frozenset({meaning.PERSON, meaning.TEAM, meaning.ROTA, meaning.ORGANISATION})
_WORK = frozenset({meaning.INCIDENT, meaning.REQUEST, meaning.PROBLEM, meaning.CHANGE})
_KNOWN = frozenset({meaning.KNOWN_ERROR, meaning.ARTICLE})


class _Group(NamedTuple):
    """A group of an index: its heading, the anchor, and whether a kind belongs to it. The first that says yes has it."""

    title: str
    anchor: str
    has: Callable[[RuleBook, Kind], bool]


def _is_placed(book: RuleBook, kind: Kind) -> bool:
    """Whether a class of item is a place, or stands in one."""
    return meaning.FACILITY in kind.plays or _names(book, kind, meaning.FACILITY)


def _names(book: RuleBook, kind: Kind, role: str) -> bool:
    """Whether a field of a kind names documents of a kind that plays a role, and not of many kinds."""
    named = {name for reference in kind.references for name in reference.targets}
    return any(k.name in named for k in book.kinds.values() if role in k.plays)


def _is_delivered(book: RuleBook, kind: Kind) -> bool:
    """Whether a kind is a deployment, or what a deployment names and nothing else."""
    if meaning.DEPLOYMENT in kind.plays:
        return True
    delivering = (k for k in book.kinds.values() if meaning.DEPLOYMENT in k.plays)
    named = {name for k in delivering for reference in k.references for name in reference.targets}
    return not kind.plays and kind.name in named


CLASSES: Sequence[_Group] = (
    _Group("Services and offerings", "services", lambda _, k: bool(_OFFERED & set(k.plays))),
    _Group("Software and cloud", "software", lambda b, k: k.operational and not _is_placed(b, k)),
    _Group("Hardware and sites", "hardware", lambda _, k: k.operational),
    _Group("People and teams", "people", lambda _, k: bool(_WHO & set(k.plays))),
    _Group("Agreements, suppliers and calendars", "agreements", lambda _, __: True),
)
RECORDS: Sequence[_Group] = (
    _Group("Daily work", "work", lambda _, k: bool(_WORK & set(k.plays))),
    _Group("Knowledge", "knowledge", lambda _, k: bool(_KNOWN & set(k.plays))),
    _Group("Releases and deployments", "releases", _is_delivered),
    _Group("Reviews and improvement", "reviews", lambda _, __: True),
)


def grouped(
    book: RuleBook, kinds: Iterable[Kind], groups: Sequence[_Group], used: Callable[[Kind], tuple[int, ...]]
) -> list[tuple[_Group, list[Kind]]]:
    """Return the groups that have kinds, each with them: in the order of daily work, and those that are used most first."""
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        found.setdefault(next(g.anchor for g in groups if g.has(book, kind)), []).append(kind)
    most_used = {anchor: sorted(some, key=used, reverse=True) for anchor, some in found.items()}
    return [(g, in_order_of_work(most_used[g.anchor])) for g in groups if g.anchor in found]


def cards(
    book: RuleBook,
    groups: Sequence[_Group],
    used: Callable[[Kind], tuple[int, ...]],
    number: Callable[[Kind], Html],
) -> Html:
    """Return a section of cards for each group: the name of a kind, its ``number`` and what it is."""
    records = groups is RECORDS
    kinds = [k for k in by_title(book) if k.is_record == records]
    parts = []
    for group, members in grouped(book, kinds, groups, used):
        items = "".join(
            f"<li class=it-card><h3>{link(urls.index(kind), esc(kind.plural_title))}</h3>"
            f"<p class=it-big>{number(kind)}</p><p>{esc(kind.description)}</p></li>"
            for kind in members
        )
        listed = Html(f'<ul class="it-cards it-cards--kinds">{items}</ul>')
        parts.append(section(t(group.title), listed, group.anchor))
    return Html("".join(parts))
