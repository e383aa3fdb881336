"""Kinds of record, classes of item and reports in the groups that a reader thinks in: on their index and in the menu beside it.

No list of names decides: what a kind plays, whether it can fail and what its fields name says where it belongs, so that
a class of one's own finds its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.kinds import Kind, in_order_of_work
from itsm_gitops.model.rulebook import RuleBook

_OFFERED = frozenset({meaning.SERVICE, meaning.OFFERING, meaning.ANNOUNCEMENT})
_WHO = frozenset({meaning.PERSON, meaning.TEAM, meaning.ROTA, meaning.ORGANISATION})
_WORK = frozenset({meaning.INCIDENT, meaning.REQUEST, meaning.PROBLEM, meaning.CHANGE})
_KNOWN = frozenset({meaning.KNOWN_ERROR, meaning.ARTICLE})


class KindGroup(NamedTuple):
    """A group of an index and of its menu: its heading, the anchor, and whether a kind belongs to it. The first that says yes has it."""

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


CLASSES: Sequence[KindGroup] = (
    KindGroup("Services and offerings", "services", lambda _, k: bool(_OFFERED & set(k.plays))),
    KindGroup("People and teams", "people", lambda _, k: bool(_WHO & set(k.plays))),
    KindGroup("Software and cloud", "software", lambda b, k: k.operational and not _is_placed(b, k)),
    KindGroup("Hardware and sites", "hardware", lambda _, k: k.operational),
    KindGroup("Agreements, suppliers and calendars", "agreements", lambda _, __: True),
)
RECORDS: Sequence[KindGroup] = (
    KindGroup("Daily work", "work", lambda _, k: bool(_WORK & set(k.plays))),
    KindGroup("Knowledge", "knowledge", lambda _, k: bool(_KNOWN & set(k.plays))),
    KindGroup("Releases and deployments", "releases", _is_delivered),
    KindGroup("Reviews and improvement", "reviews", lambda _, __: True),
)

# The reports of the toolkit; those that a repository adds are the others.
REPORTS = {
    "Workload": ("backlog", "flow", "top"),
    "Speed and quality": ("times", "levels", "quality"),
    "Major incidents and problems": ("major", "problems"),
    "Changes and delivery": ("changes", "caused", "dora"),
    "Customers, licences and contracts": ("customers", "licences", "contracts"),
}
OTHER_REPORTS = "Other practices"
STANDARDS = "Standards"
_MAPS = "schemas/policies/standards/"


def report_group(name: str, book: RuleBook) -> str:
    """Return the group of a report; maps of standards are the last."""
    if f"{_MAPS}{name}.yaml" in book.files:
        return STANDARDS
    return next((title for title, names in REPORTS.items() if name in names), OTHER_REPORTS)


def anchor_of(title: str) -> str:
    """Return the anchor of a heading, as the engine gives one to a heading of a written page."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def by_title(book: RuleBook) -> list[Kind]:
    """Return the kinds by title; the order differs between languages."""
    return sorted(book.kinds.values(), key=lambda kind: kind.plural_title.casefold())


def grouped(
    book: RuleBook,
    kinds: Iterable[Kind],
    groups: Sequence[KindGroup],
    used: Callable[[Kind], tuple[int, ...]] = lambda _: (),
) -> list[tuple[KindGroup, list[Kind]]]:
    """Return the groups that have kinds, each with them: in the order of daily work, and those that are used most first."""
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        found.setdefault(next(g.anchor for g in groups if g.has(book, kind)), []).append(kind)
    most_used = {anchor: sorted(some, key=used, reverse=True) for anchor, some in found.items()}
    return [(g, in_order_of_work(most_used[g.anchor])) for g in groups if g.anchor in found]
