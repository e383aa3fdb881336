"""The pages "Records" and "Configuration items": what needs somebody now, and how much there is of each kind and class.

They do not repeat the menu: the worst stands first, and the kinds are told by what is open of each. The rows of the
classes are the menu.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from itsm_gitops.graph.status import DEGRADED, MAINTENANCE, OPERATIONAL, OUTAGE, STATUSES, UNKNOWN
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.duties import PAST
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation import situation, urls
from itsm_gitops.presentation.groups import CLASSES, RECORDS, by_title, grouped
from itsm_gitops.presentation.language import digits, t, told
from itsm_gitops.presentation.markup import DOT, EMPTY, Html, dots, esc, join, link
from itsm_gitops.presentation.navigation import DUE_TITLE, MINE_TITLE
from itsm_gitops.presentation.pages import hero, mine
from itsm_gitops.presentation.pages.acts import beside, buttons
from itsm_gitops.presentation.pages.catalogue import catalogue_url
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, numbers, paragraph, section
from itsm_gitops.presentation.pages.tables import table
from itsm_gitops.presentation.pages.work import by_urgency, is_late, open_columns, people_on
from itsm_gitops.presentation.view import View

_URGENT = 12
_ILL = "Needs attention"
_HERE, _KINDS, _BY_KIND = "#urgent", "kinds", "Open by kind"
_END_OF_CLAUSE, _FEW_LETTERS = re.compile(r"[:;.](?:\s|$)"), 20
_LATE = "Running late"
_LEAD = "What is reported, requested and planned, the most urgent first."


def records_index(view: View) -> ListPage:
    """Return the page that says what is open, the most urgent first, and leads to the list of every kind of record."""
    kinds = [k for k in by_title(view.book) if k.is_record]
    work = by_urgency(view, chain.from_iterable(view.work_of_kind(kind.name) for kind in kinds))
    listed = table(work[:_URGENT], open_columns(view), t("Most urgent now"))
    body = join(
        [
            beside(heading([], t("Records"), lead=esc(t(_LEAD))), buttons(_ways(view))),
            _counts(view, work),
            section("Most urgent now", Html(f"{listed}{_onwards(view, work)}"), _HERE[1:], css="it-urgent"),
            section(_BY_KIND, _by_kind(view), _KINDS),
        ]
    )
    return ListPage(urls.RECORDS, t("Records"), urls.RECORDS, body)


def _ways(view: View) -> Iterable[tuple[str, str]]:
    """Yield what people come to this part of the site to do, the first most of all."""
    if view.audience.forms and view.book.playing(meaning.INCIDENT):
        yield urls.REPORT, "Report an incident"
    if view.audience.forms:
        yield urls.CATALOGUE, "Request something"
    if view.audience.forms and view.book.playing(meaning.CHANGE):
        yield urls.NEW_CHANGE, "Plan a change"


def _onwards(view: View, work: Sequence[Entry]) -> Html:
    """Return where the rest of the work is listed."""
    everything = link(urls.EXPLORE, esc(t("All {count} open records", count=digits(len(work)))))
    ways = [everything] if work else []
    ways += [link(urls.DUE, esc(t(DUE_TITLE)))] if view.audience.reports else []
    ways += [link(urls.MINE, esc(t(MINE_TITLE)))] if mine.has_page(view.book, view.audience) else []
    none = EMPTY if work else paragraph("Nothing is open.")
    return Html(f"{none}{dots(ways, 'it-next it-dots')}")


def _counts(view: View, work: Sequence[Entry]) -> Html:
    """Return how much needs somebody, each number leading to where that is listed."""
    changes = {i for some in view.awaited.values() for i in some}
    overdue = [d for d in view.dues if d.day.stage == PAST] if view.audience.reports else []
    counts = (
        (urls.EXPLORE, "Open", "active", len(work)),
        (_HERE, _LATE, "bad", sum(is_late(view, e) for e in work)),
        (f"#{_KINDS}", "Unassigned", "waiting", sum(not people_on(view, e) for e in work)),
        (urls.CHANGES, "Waiting for approval", "waiting", len(changes)),
        (urls.DUE, "Overdue", "bad", len(overdue)),
    )
    return numbers(counts)


def _by_kind(view: View) -> Html:
    """Return how much is open of each kind, and of that what is late and what nobody has: the sums stand above."""
    groups = grouped(view.book, [k for k in by_title(view.book) if k.is_record], RECORDS)
    parts = []
    for group, members in groups:
        rows = "".join(_row(view, kind) for kind in members)
        parts.append(f"<div><h3 id={group.anchor}>{esc(t(group.title))}</h3><ul>{rows}</ul></div>")
    return Html(f"<div class=it-kinds>{''.join(parts)}</div>")


def _row(view: View, kind: Kind) -> str:
    """Return the line of a kind: it leaves out numbers that are zero, and counts what readers have of a kind for readers."""
    work = view.work_of_kind(kind.name)
    counts = (
        (sum(is_late(view, e) for e in work), "running late", " class=it-late"),
        (sum(not people_on(view, e) for e in work), "unassigned", ""),
        (
            sum(facts.is_published(view.book, e.kind, e.state) for e in view.of_kind(kind.name)),
            "published",
            "",
        ),
    )
    said = DOT.join(Html(f"<span{css}>{digits(n)} {esc(t(word))}</span>") for n, word, css in counts if n)
    name = link(urls.index(kind), esc(kind.plural_title))
    return f"<li><p>{name} <small>{said}</small></p><b>{digits(len(work))}</b>"


def _classes(view: View) -> Html:
    """Return a section for each group of classes: the name of each, how many items there are, and how they stand."""
    kinds = [k for k in by_title(view.book) if not k.is_record]
    parts = []
    for group, members in grouped(view.book, kinds, CLASSES):
        items = "".join(_item_card(view, kind) for kind in members)
        parts.append(
            section(t(group.title), Html(f"<ul class=it-classes>{items}</ul>"), group.anchor, css="it-shelf")
        )
    return join(parts)


def _item_card(view: View, kind: Kind) -> str:
    """Return the row of a class: how many items there are, what they are, and how many are not well."""
    items = view.of_kind(kind.name)
    url = urls.index(kind)
    url = catalogue_url(view.audience) if url == urls.CATALOGUE else url
    about = esc(_briefly(kind.description))
    marks = hero.counts(_troubles(view, items))
    below = Html(f"<p class=it-chips>{marks}</p>") if marks else EMPTY
    return (
        f"<li class=it-class><h3>{link(url, esc(kind.plural_title))}</h3><b>{digits(len(items))}</b>"
        f"<p>{about}</p>{below}</li>"
    )


def _briefly(description: str) -> str:
    """Return what a class is in a few words: its description up to the first colon or full stop after which it says enough."""
    enough = _END_OF_CLAUSE.search(description, _FEW_LETTERS)
    return f"{description[: enough.start()] if enough else description}.".replace("..", ".")


def _troubles(view: View, items: Iterable[Entry]) -> Counter[str]:
    """Return how many of some items have each status that is not the usual one."""
    # What is taken out of production for maintenance has no health: its state says the same.
    found = (view.health[e.id].status if e.id in view.health else e.state for e in items)
    states = Counter(status for status in found if status in STATUSES)
    states.pop(OPERATIONAL, None)
    return states


def cmdb_index(view: View) -> ListPage:
    """Return the page that says which items are not well, and leads to the items of every class."""
    on_map = link(urls.MAP, esc(t("the map")))
    lead = told(
        "Configuration items: what the services are made of, and who answers for it. See {map} for how they depend on each other.",
        map=on_map,
    )
    title = "CMDB"
    body = join([heading([], title, lead=lead), _not_well(view), _classes(view)])
    return ListPage(urls.CMDB, title, urls.CMDB, body)


def _not_well(view: View) -> Html:
    """Return in one line how many items are not well, which opens to their names, the worst first; nothing where all are well."""
    used = (e for kind in view.book.kinds.values() if kind.operational for e in view.of_kind(kind.name))
    ill = [e for e in used if _is_ill(view, e)]
    ill.sort(key=lambda e: (situation.place_of(view, e), not _is_service(view, e), e.title.lower(), e.id))
    states = _troubles(view, ill)
    if not ill or not states:
        return EMPTY
    said = ", ".join(
        t(text, count=digits(states[status])) for status, text in _ATTENTION.items() if states[status]
    )
    rows = "".join(
        f"<li>{view.link(e.id)}<span>{view.health_chip(e.id) or view.state_chip(e)}</span><span class=it-muted>{esc(view.kind(e).title)}</span>"
        for e in ill
    )
    return Html(
        f'<details class="it-attention" id=ill><summary><span>{esc(t(_ILL))}</span> {esc(said)}</summary>'
        f'<ul class=it-attention__list aria-label="{esc(t(_ILL))}">{rows}</ul></details>'
    )


def _is_ill(view: View, entry: Entry) -> bool:
    if entry.id in view.health:
        return not situation.is_well(view, entry.id)
    return entry.state == MAINTENANCE


_ATTENTION = {
    OUTAGE: "{count} down",
    DEGRADED: "{count} degraded",
    UNKNOWN: "{count} not known",
    MAINTENANCE: "{count} in maintenance",
}


def _is_service(view: View, entry: Entry) -> bool:
    return meaning.SERVICE in view.kind(entry).plays
