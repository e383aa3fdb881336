"""The page of one CMDB item: service, configuration item, team and every other class; offerings have their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from operator import attrgetter
from typing import Any

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import (
    BLOCK,
    FACT,
    PROSE,
    Field,
    definition_list,
    present_fields,
    titled,
    value,
)
from itsm_gitops.presentation.language import counted, t, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import full_day
from itsm_gitops.presentation.pages import (
    announced,
    dependents,
    past,
    service_history,
    standing,
    surroundings,
)
from itsm_gitops.presentation.pages.asked import MOST_OFFERED, asked, report_button, requested
from itsm_gitops.presentation.pages.contracts import contracts_with, in_force
from itsm_gitops.presentation.pages.edits import field_history
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.pages.over_time import over_time
from itsm_gitops.presentation.pages.own import OwnParts, own_parts
from itsm_gitops.presentation.pages.parts import (
    Crumb,
    explore_link,
    explore_url,
    heading,
    is_record,
    relations,
    section,
    two_columns,
    unseen,
)
from itsm_gitops.presentation.pages.tables import (
    ABOUT,
    ListColumn,
    RowGroup,
    columns,
    grouped_table,
    record_column,
    standing_of,
)
from itsm_gitops.presentation.pages.their_work import TheirWork, work_of
from itsm_gitops.presentation.traits import Traits
from itsm_gitops.presentation.view import View

_RECENT = _FEW_RECORDS = 12
_FEW_ROWS, _MOST_STAYING = 3, 14  # so few need no column of their own; with so many, a column fits a screen
# Shown in the head of the page.
_ABOVE = ("description",)
_CHIPS = ("criticality", "environment")  # of a service; of another item these are facts
_LAST = ("paths",)  # of the details: it has long values that few ask for
# Relations to records have tables of their own on the page.
_BY_RECORDS = frozenset({"affected_by"})


def item_page(view: View, entry: Entry, data: Mapping[str, Any], fields: tuple[Field, ...]) -> Html:
    """Return the article of a CMDB item; ``data`` is its document, ``fields`` those of its class."""
    kind = view.kind(entry)
    own = own_parts(view, entry, data)
    lead = next((f for f in fields if f.name == "description"), None)
    intro = value(view, data["description"], lead.schema) if lead and data.get("description") else EMPTY
    head = heading(
        _crumbs(view, entry),
        entry.title or entry.id,
        [*own.chips, *_chips(view, entry, data)],
        Html(f"{intro}{report_button(view, entry)}"),
        of=kind.title,
    )
    is_service = meaning.SERVICE in kind.plays
    above_all = (
        *_ABOVE,
        *own.shown,
        *(n for n in _CHIPS if is_service and isinstance(data.get(n), str)),
        _plain_state(view, entry),
    )
    present = [f for f in present_fields(fields, data) if f.name not in above_all]
    strip, above_it = asked(view, entry, present, data, own.asked)
    used = [f for f in present if f.name not in above_it]
    work = work_of(view, entry)
    links = work.linked() if work else _linked(view, entry, own)
    # What is not part of the network has little of its own to say: its links are its content. A service level has tables.
    beside = kind.operational or meaning.SERVICE_LEVEL in kind.plays
    has_side = beside or meaning.OFFERING in kind.plays
    records = EMPTY if work else _records(view, entry)
    blocks = join([section(f.title, value(view, data[f.name], f.schema)) for f in used if f.role == BLOCK])
    facts_told = sorted((f for f in used if f.role == FACT), key=lambda f: f.name in _LAST)
    rows = [(*titled(view, f, data[f.name]), False) for f in facts_told]
    rows += [(title, said, False) for title, said in own.rows]
    details = section(
        "Details", definition_list(rows) if rows else EMPTY, "details", css="" if has_side else "it-across"
    )
    picture = surroundings.item_map(view, entry.id)
    main = join(
        [
            past.service_past(view, entry.id),
            service_history.incidents(view, entry) if is_service else EMPTY,
            picture,
            EMPTY if work else own.main,
            over_time(view, entry),
            contracts_with(view, entry),
            join([work.part(), work.owned()]) if work else records,
            _all_records(view, entry) if kind.operational and not records else EMPTY,
            *(section(f.title, value(view, data[f.name], f.schema)) for f in used if f.role == PROSE),
            _redundancy(view, data),
            blocks,
            EMPTY if has_side else details,
            EMPTY if beside else join([links, EMPTY if records or work else _all_records(view, entry)]),
            work.over() if work else EMPTY,
        ]
    )
    others = [
        past.kept(view, entry.id),
        links if beside else EMPTY,
        section("Follow", _follow(view, entry), "follow"),
    ]
    side = join([others[0], details, *others[1:]]) if has_side else EMPTY
    if has_side and len(rows) < _FEW_ROWS and not any(others):
        main, side = join([main, details]), EMPTY
    elif has_side and main == picture:  # beside many details there would be an empty page below a picture
        across = section("Details", definition_list(rows) if rows else EMPTY, "details", css="it-across")
        main, side = join([main, across, *others]), EMPTY
    past_edits = field_history(view, entry)
    above = join(
        [
            standing.reason(view, entry),
            announced.banners(view, entry) if is_service else EMPTY,
            _first_of_all(strip, own.main, work) if work else strip,
        ]
    )
    body = two_columns(main, side, stays=is_service and len(rows) <= _MOST_STAYING)
    return Html(f"{head}{above}{body}{origin(view, entry, join([own.technical, past_edits]))}")


def _first_of_all(facts: Html, own: Html, work: TheirWork) -> Html:
    """Return who a person or a team is, and what they have to do."""
    return Html(
        f"<div class=it-whose><div>{facts}<div class=it-pair>{work.members()}{own}</div></div><div>{work.to_do()}</div></div>"
    )


def _plain_state(view: View, entry: Entry) -> str:
    """Return the life-cycle field of an item that has no workflow and is in production; else nothing.

    Pages leave it out: every person and every contract in the directory is "in production".
    """
    kind = view.kind(entry)
    stages = kind.stages if kind.workflow is None else None
    return stages.state_field if stages and facts.in_production(view.book, entry) else ""


def _follow(view: View, entry: Entry) -> Html:
    """Return where the changes of a service can be seen and subscribed to."""
    if meaning.SERVICE not in view.kind(entry).plays:
        return EMPTY
    ways = [
        link(f"{urls.CALENDAR}?service={entry.id}", esc(t("Its changes in the calendar"))),
        link(urls.service_ics(entry.id), esc(t("Calendar file (.ics)"))),
        *(
            [link(urls.service_feed(entry.id), esc(t("Feed of its incidents (Atom)")))]
            if entry.id in view.health
            else []
        ),
        link(urls.SUBSCRIBE, esc(t("How to subscribe"))),
    ]
    return Html(f"<div class=it-rel><ul>{join([Html(f'<li>{way}') for way in ways])}</ul></div>")


def _crumbs(view: View, entry: Entry) -> list[Crumb]:
    kind = view.kind(entry)
    if meaning.SERVICE in kind.plays:
        return [Crumb(urls.SERVICES, "Services")]
    return [Crumb(urls.CMDB, "CMDB"), Crumb(urls.index(kind), kind.plural_title)]


def _chips(view: View, entry: Entry, data: Mapping[str, Any]) -> list[Html]:
    chips = [standing_of(view, entry)]
    if meaning.SERVICE not in view.kind(entry).plays:
        return chips
    # Red is for what needs somebody now.
    if isinstance(data.get("criticality"), str):
        level = t("Criticality: {level}", level=within(words(data["criticality"])))
        chips.append(chip(level, "none"))
    if isinstance(data.get("environment"), str):
        chips.append(chip(words(data["environment"]), "none"))
    return chips


def _redundancy(view: View, data: Mapping[str, Any]) -> Html:
    groups = data.get("redundancy")
    parts = []
    for group in groups if isinstance(groups, list) else []:
        members = group.get("members") if isinstance(group, dict) else None
        if isinstance(members, list):
            names = ", ".join(view.link(m) for m in members if isinstance(m, str))
            text = t(
                "{group}: {least} of {all} must be up",
                group=group.get("name", t("Group")),
                least=group.get("min_up", "?"),
                all=len(members),
            )
            parts.append(f"<p>{esc(text)} ({names})</p>")
    return section("Redundancy", Html("".join(parts)), "redundancy")


def _records(view: View, entry: Entry) -> Html:
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
    return section("Records", join([listed, _all_records(view, entry)]) if listed else EMPTY, "records")


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


def _all_records(view: View, entry: Entry) -> Html:
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


def _linked(view: View, entry: Entry, own: OwnParts) -> Html:
    """Return the relations of an item; those of an agreement or a calendar, which are of one kind, have no title above theirs."""
    shown = _to_items(view, entry, own.linked)
    titles = {t(r.title) for r in shown}
    others = {r.other for r in shown}
    if view.kind(entry).operational or len(titles) != 1 or len(others) < _FEW_ROWS:
        return section("Linked", relations(view, entry.id, shown), "links")
    windowed = meaning.CALENDAR in view.kind(entry).plays and all(
        facts.is_a(view.book, view.entries.get(i), meaning.CHANGE) for i in others
    )
    title = t("Changes in this window") if windowed else titles.pop()
    return section(title, relations(view, entry.id, shown), "links", css="it-one", count=len(others))


def _to_items(view: View, entry: Entry, told_of: Collection[str]) -> list[Any]:
    """Return the relations to items, and to records where no table shows them.

    Those ``told_of`` stand elsewhere, and so does what a picture or a list of the page shows.
    """
    elsewhere = {*told_of, *(one.entry.id for one in announced.of_service(view, entry))}
    if view.kind(entry).operational:
        elsewhere |= dependents.named(view, entry.id)
    elsewhere |= {one.id for one in in_force(view, entry)}
    # What can be requested has buttons in the head, where there are few.
    offered = requested(view, entry)
    if len(offered) <= MOST_OFFERED:
        elsewhere.update(offered)
    return [r for r in unseen(view, entry) if r.relation not in _BY_RECORDS and r.other not in elsewhere]
