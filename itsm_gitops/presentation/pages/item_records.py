"""The records that affect an item, as its page lists them: kind by kind, what is open first."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation.language import counted, t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import full_day
from itsm_gitops.presentation.pages.parts import explore_link, explore_url, is_record, section
from itsm_gitops.presentation.pages.tables import (
    ABOUT,
    ListColumn,
    RowGroup,
    columns,
    grouped_table,
    record_column,
)
from itsm_gitops.presentation.traits import Traits
from itsm_gitops.presentation.view import View

_RECENT = _FEW_RECORDS = 12


def item_records(view: View, entry: Entry) -> Html:
    """Return the records that affect the item in one table: kind by kind, what is open first."""
    near = map(view.traits, view.network.others(entry.id, "affected_by"))
    records = [traits for traits in near if traits and traits.is_record and traits.has_page]
    by_kind: dict[str, list[Traits]] = {}
    newest = sorted(records, key=lambda r: (_day_of(view.entries[r.id]), r.id), reverse=True)
    for record in newest:
        by_kind.setdefault(record.kind, []).append(record)
    groups = []
    if sum(map(len, by_kind.values())) <= _FEW_RECORDS:  # so few need no headings
        rows = sorted(newest, key=attrgetter("is_open"), reverse=True)
        groups.append(RowGroup("", "", [view.entries[r.id] for r in rows]))
        by_kind.clear()
    for kind in in_order_of_work(view.book.kinds[name] for name in by_kind):
        rows = sorted(by_kind[kind.name], key=attrgetter("is_open"), reverse=True)
        older = len(rows) - _RECENT
        rest = _older(view, entry, kind.name, older) if older > 0 else EMPTY
        recent = [view.entries[r.id] for r in rows[:_RECENT]]
        groups.append(RowGroup(kind.plural_title, f"records-{kind.name}", recent, rest))
    # What a service is named by on each of its records need not be said on its page.
    named = ABOUT[1:] if meaning.SERVICE in view.kind(entry).plays else ABOUT
    date = ListColumn("Date", partial(_date, view), "it-c-time")
    shown = [record_column(view, *named), *columns(view, "state", "priority"), date]
    listed = grouped_table(groups, shown, t("Records")) if records else EMPTY
    return section("Records", join([listed, all_records(view, entry)]) if listed else EMPTY, "records")


def _day_of(record: Entry) -> str:
    """Return when a record is or was planned; when it was opened where it has no plan."""
    return str(record.columns.get("planned_start") or record.opened)


def _date(view: View, record: Entry) -> Html:
    text = _day_of(record)
    moment = clock.parse_time(text)
    if moment is None:
        return view.time(text)
    day = full_day(in_zone(moment, view.zone))
    return Html(f"<time datetime={clock.format_time(moment)}>{day}</time>")


def all_records(view: View, entry: Entry) -> Html:
    """Return the way to every record that names the item, where there is one."""
    plays = view.kind(entry).plays
    facet = "service" if meaning.SERVICE in plays else "ci"
    if facet == "ci" and not view.kind(entry).operational:
        return EMPTY
    if not any(is_record(view, r.other) for r in view.network.related(entry.id)):
        return EMPTY
    return explore_link(t(_ALL_RECORDS[facet]), **{facet: entry.id}, status="all")


_ALL_RECORDS = {
    "service": "Filter and sort all records of this service",
    "ci": "Filter and sort all records of this item",
}


def _older(view: View, entry: Entry, kind: str, number: int) -> Html:
    """Return the way to the records of a kind that are older than those shown."""
    plays = view.kind(entry).plays
    facet = "service" if meaning.SERVICE in plays else "ci" if view.kind(entry).operational else "q"
    text = counted(number, "and {count} older one", "and {count} older ones")
    return link(explore_url(**{facet: entry.id}, kind=kind, status="all"), esc(text))
