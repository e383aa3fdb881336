"""Lists of records and of CMDB items: bounded pages, however many documents there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from itsm_gitops.graph.status import MAINTENANCE, OPERATIONAL, STATUSES
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.groups import by_title
from itsm_gitops.presentation.language import digits, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import MONTH_NAMES
from itsm_gitops.presentation.pages.acts import beside, buttons
from itsm_gitops.presentation.pages.change_views import ways as change_ways
from itsm_gitops.presentation.pages.parts import (
    Crumb,
    explore_link,
    explore_url,
    heading,
    paragraph,
    section,
)
from itsm_gitops.presentation.pages.parts import numbers as numbers_of
from itsm_gitops.presentation.pages.tables import (
    ITEMS,
    ListColumn,
    RowGroup,
    columns,
    grouped_table,
    standing_column,
    table,
)
from itsm_gitops.presentation.pages.work import by_deadline, open_columns
from itsm_gitops.presentation.remainder import joined
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import Wanted, every, shape_of

ROWS = 100
MOST_OPEN = 100
# A list of what is finished has the newest ones; the lists by month have all of them, once.
MOST_FINISHED = 500

# These have lists of their own.
_LISTED = frozenset({meaning.CONTRACT, meaning.LICENCE, meaning.SERVICE_LEVEL, meaning.ROTA})
_STATE = "it-c-state"
_COLUMNS = ("title", "state", "priority", "planned", "updated")
MOST_MONTHS = 12  # in sight


class ListPage(NamedTuple):
    """A page of the site. ``section`` is the first page of the part of the site it belongs to."""

    url: str
    title: str
    section: str
    body: Html


def _record_kinds(view: View) -> list[Kind]:
    return [k for k in by_title(view.book) if k.is_record]


def record_lists(view: View, wants: Wanted = every) -> Iterator[ListPage]:
    """Yield the pages that list the records of each kind: what is open, by state, by month.

    ``wants`` is asked before a page of a list by state or by month is made.
    """
    for kind in _record_kinds(view):
        entries = sorted(view.of_kind(kind.name), key=attrgetter("opened", "id"), reverse=True)
        states = _by(entries, attrgetter("state"))
        # A single record needs no list by month: that of its state has it.
        months = _by(entries, _month_of) if len(entries) > 1 else {}
        yield from _overview(view, kind, states, {m: len(some) for m, some in months.items()}, wants)
        for state, some in states.items():
            if kind.workflow and state in kind.workflow.states:
                title = f"{kind.plural_title}: {kind.workflow.states[state].title}"
                ways = [(explore_url(kind=kind.name, state=state), "Filter and sort these")]
                most = len(some) if kind.workflow.is_open(state) else MOST_FINISHED
                where = partial(urls.state, kind, state)
                is_open = kind.workflow.is_open(state)
                # What all rows have in common is in the title.
                listed = open_columns(view) if is_open else columns(view, *_COLUMNS)
                listed = [c for c in listed if c.head != _STATE]
                rows = _in_order(view, kind, some) if is_open else some
                yield from _pages(kind, title, rows, where, ways, wants, most, listed)
        for month, some in months.items():
            title = t("{kind} of {month}", kind=kind.plural_title, month=_month_title(month))
            ways = [(explore_url(kind=kind.name, status="all"), "Filter and sort all records of this kind")]
            where = partial(urls.month, kind, month)
            listed = columns(view, *_COLUMNS)
            yield from _pages(kind, title, some, where, ways, wants, len(some), listed)


def _by(entries: Sequence[Entry], key: Callable[[Entry], str]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


def _month_of(entry: Entry) -> str:
    return entry.id.split("-")[1][:4]


def _month_title(month: str) -> str:
    return f"{t(MONTH_NAMES[int(month[2:]) - 1])} 20{month[:2]}"


def _overview(
    view: View, kind: Kind, states: Mapping[str, list[Entry]], months: Mapping[str, int], wants: Wanted
) -> Iterator[ListPage]:
    """Yield the page that says what is open, and leads to the lists by state and by month (how many are in each)."""
    still = view.open_of_kind(kind.name)
    numbers = [f"{name} {len(some)}" for name, some in states.items()]
    numbers += [f"{month} {number}" for month, number in months.items()]
    if not wants(urls.index(kind), shape_of([*numbers, *(e.id for e in still)])):
        return
    flow = kind.workflow.states.values() if kind.workflow else ()
    counts = (
        (urls.state(kind, s.name), s.title, s.category, len(states[s.name])) for s in flow if s.name in states
    )
    work = [e for e in still if facts.is_work(view.book, e)]
    published = [e for e in still if e not in work]
    parts = [_part(view, kind, "Open", work)] if work or not published else []
    parts += [_part(view, kind, "Published", published, status=meaning.PUBLISHED)] if published else []
    body = join([*_head(view, kind), numbers_of(counts), *parts, _by_month(kind, months)])
    yield ListPage(urls.index(kind), kind.plural_title, _part_of(kind).url, body)


def _part(view: View, kind: Kind, title: str, entries: Sequence[Entry], **facets: str) -> Html:
    """Return the section of what is open or published of a kind, and the way to the same in the explorer."""
    content = _open_table(view, kind, title, _in_order(view, kind, entries)[:MOST_OPEN])
    if len(entries) > MOST_OPEN:
        said = t(
            "The first {shown} of {count}; the states above list all.",
            shown=MOST_OPEN,
            count=digits(len(entries)),
        )
        content = Html(f"{content}{paragraph(said)}")
    ways = explore_link("Filter and sort these", kind=kind.name, **facets)
    listed = Html(f"{ways}{content or paragraph('Nothing is open.')}")
    return section(title, listed, css="it-listed", count=len(entries))


def _head(view: View, kind: Kind) -> list[Html]:
    """Return the head of the page of a kind; the list of changes is one of the ways to see these."""
    if meaning.CHANGE in kind.plays:
        return [heading([], t("List of changes")), change_ways(view, urls.index(kind))]
    return [heading([_part_of(kind)], kind.plural_title, lead=esc(kind.description))]


def _part_of(kind: Kind) -> Crumb:
    """Return the part of the site that the lists of a kind stand in: changes have a part of their own."""
    return Crumb(urls.CHANGES, "Changes") if meaning.CHANGE in kind.plays else Crumb(urls.RECORDS, "Records")


def _open_table(view: View, kind: Kind, title: str, shown: Sequence[Entry]) -> Html:
    """Return the table of open or published records; changes without a planned start are below the others."""
    is_change = meaning.CHANGE in kind.plays
    planned = [e for e in shown if not is_change or e.columns.get("planned_start")]
    groups = [
        RowGroup("", "", planned),
        RowGroup(t("Not planned yet"), "unplanned", [e for e in shown if e not in planned]),
    ]
    caption = f"{t(title)}: {kind.plural_title}"
    return grouped_table([g for g in groups if g.rows], open_columns(view), caption) if shown else EMPTY


def _in_order(view: View, kind: Kind, still: Sequence[Entry]) -> list[Entry]:
    """Return open records in the order in which they are taken up.

    Changes by their planned start, requests by what is left of their service level, others by priority. Of equal ones
    the newest is first.
    """
    newest = sorted(still, key=attrgetter("opened", "id"), reverse=True)
    if meaning.CHANGE in kind.plays:
        return sorted(newest, key=lambda e: str(e.columns.get("planned_start") or "~"))
    return by_deadline(view, newest) if meaning.REQUEST in kind.plays else sorted(newest, key=view.urgency)


def _by_month(kind: Kind, months: Mapping[str, int]) -> Html:
    """Return the way to the lists by month, nothing where there are none."""
    if not months:
        return EMPTY
    ways = [
        Html(
            f"<span>{link(urls.month(kind, m), esc(_month_title(m)))} <span class=it-count>{digits(n)}</span></span>"
        )
        for m, n in months.items()
    ]
    return Html(f"<div class=it-months><b>{esc(t('By month'))}</b> {joined(ways, MOST_MONTHS, ' ')}</div>")


def _pages(
    kind: Kind,
    title: str,
    entries: list[Entry],
    url: Callable[[int], str],
    ways: Sequence[tuple[str, str]],
    wants: Wanted,
    most: int,
    listed: Sequence[ListColumn],
) -> Iterator[ListPage]:
    """Yield pages of 100 rows with the columns ``listed``, each with links to the ones beside it and ``ways`` to elsewhere.

    Only the first ``most`` of ``entries`` are listed.
    """
    total = -(-min(len(entries), most) // ROWS)
    whole = "List of changes" if meaning.CHANGE in kind.plays else kind.plural_title
    crumbs = [_part_of(kind), Crumb(urls.index(kind), whole)]
    for number in range(1, total + 1):
        rows = entries[(number - 1) * ROWS : min(number * ROWS, most)]
        if not wants(url(number), " ".join([title, str(len(entries)), *(e.id for e in rows)])):
            continue
        # The number stands beside the title, but not beside the year of a month.
        is_told = total > 1 or title[-1:].isdigit()
        lead = esc(t("{count} in all", count=digits(len(entries)))) if is_told else EMPTY
        if len(entries) > most:
            by_month = link(urls.index(kind), esc(t("by month")))
            lead = Html(
                f"{lead}, {told('the newest {most} here and every one {by_month}', most=esc(most), by_month=by_month)}"
            )
        if total > 1:
            finds = link(urls.SEARCH, esc(t("Search")))
            lead = Html(f"{lead}, {esc(t('page {number} of {total}', number=number, total=total))}. {finds}")
        pager = _pager(number, total, url)
        head = heading(crumbs, title, lead=lead, count=None if lead else len(entries))
        body = Html(f"{beside(head, buttons(ways, main=False))}{table(rows, listed, title)}{pager}")
        suffix = f" ({number})" if number > 1 else ""
        yield ListPage(url(number), title + suffix, _part_of(kind).url, body)


def _pager(number: int, total: int, url: Callable[[int], str]) -> Html:
    if total < 2:
        return EMPTY
    numbers = sorted({1, 2, number - 2, number - 1, number, number + 1, number + 2, total - 1, total})
    items, last = [], 0
    for page in (p for p in numbers if 1 <= p <= total):
        if page > last + 1:
            items.append("<li aria-hidden='true'>…</li>")
        here = f'<span aria-current="page">{page}</span>' if page == number else link(url(page), esc(page))
        items.append(f"<li>{here}</li>")
        last = page
    return Html(f'<nav class="it-pager" aria-label="{esc(t("Pages"))}"><ol>{"".join(items)}</ol></nav>')


def class_lists(view: View) -> Iterator[ListPage]:
    """Yield the page that lists the items of each class that has no part of the site of its own, and no list."""
    for kind in view.book.kinds.values():
        if kind.is_record or has_work(kind) or not _LISTED.isdisjoint(kind.plays):
            continue
        if urls.index(kind) in (urls.SERVICES, urls.CATALOGUE):
            continue
        times = ("start", "end") if meaning.ANNOUNCEMENT in kind.plays else ()
        rest = columns(view, "type", *times, "environment", "owner")
        shown = [*columns(view, "name"), standing_column(view, kind), *rest]
        yield class_list(view, kind, shown)


def _place(view: View, entry: Entry) -> int:
    """Return the place of an item among those of its class by how it stands."""
    if facts.is_retired(view.book, entry):
        return len(STATUSES)
    health = view.health.get(entry.id)
    if health is None:
        return STATUSES.index(MAINTENANCE if entry.state == MAINTENANCE else OPERATIONAL)
    return STATUSES.index(health.status)


def has_work(kind: Kind) -> bool:
    """Whether the items of a class have work to do: they are people or teams."""
    return not {meaning.PERSON, meaning.TEAM}.isdisjoint(kind.plays)


def class_list(view: View, kind: Kind, shown: Sequence[ListColumn], lead: str = "") -> ListPage:
    """Return the page that lists the items of a class, in these columns, below what the class is.

    What is not well comes first, what is out of use last, and the others by name.
    """
    entries = sorted(view.of_kind(kind.name), key=lambda e: (_place(view, e), e.title.lower(), e.id))
    about = esc(lead or kind.description)
    parts = [heading([Crumb(urls.CMDB, "CMDB")], kind.plural_title, lead=about, count=len(entries))]
    parts += [
        table(entries[i : i + 500], shown, kind.plural_title, ITEMS) for i in range(0, len(entries), 500)
    ]
    if not entries:
        parts.append(paragraph("None yet."))
    return ListPage(urls.index(kind), kind.plural_title, urls.CMDB, join(parts))
