"""The page of one CMDB item: service, configuration item, team and every other class; offerings have their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
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
from itsm_gitops.presentation.language import t, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
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
from itsm_gitops.presentation.pages.item_records import all_records, item_records
from itsm_gitops.presentation.pages.origin import origin
from itsm_gitops.presentation.pages.over_time import over_time
from itsm_gitops.presentation.pages.own import OwnParts, own_parts
from itsm_gitops.presentation.pages.parts import (
    Crumb,
    heading,
    relations,
    section,
    two_columns,
    unseen,
)
from itsm_gitops.presentation.pages.tables import (
    standing_of,
)
from itsm_gitops.presentation.pages.their_work import TheirWork, work_of
from itsm_gitops.presentation.view import View

_FEW_ROWS, _MOST_STAYING = 3, 14  # so few need no column of their own; with so many, a column fits a screen
# Shown in the head of the page.
_ABOVE = ("description",)
_CHIPS = ("criticality", "environment")  # of a service; of another item these are facts
_LAST = ("paths",)  # of the details: it has long values that few ask for
# Relations to records have tables of their own on the page.
_BY_RECORDS = frozenset({"affected_by"})


def item_page(view: View, entry: Entry, data: Mapping[str, Any], fields: tuple[Field, ...]) -> Html:
    """Return the article of a CMDB item; ``data`` is its document, ``fields`` those of its class."""
    return _ItemPage(view, entry, data, fields).article()


class _ItemPage:
    """The parts of the page of one item, and the columns in which they stand."""

    def __init__(self, view: View, entry: Entry, data: Mapping[str, Any], fields: tuple[Field, ...]) -> None:
        self._view, self._entry, self._data = view, entry, data
        kind = view.kind(entry)
        self._is_service = meaning.SERVICE in kind.plays
        # What is not part of the network has little of its own to say: its links are its content. A service level has tables.
        self._links_beside = kind.operational or meaning.SERVICE_LEVEL in kind.plays
        self._has_side = self._links_beside or meaning.OFFERING in kind.plays
        self._own = own_parts(view, entry, data)
        told = self._told_above()
        present = [f for f in present_fields(fields, data) if f.name not in told]
        self._strip, in_strip = asked(view, entry, present, data, self._own.asked)
        self._used = [f for f in present if f.name not in in_strip]
        self._lead = next((f for f in fields if f.name == "description"), None)
        self._work = work_of(view, entry)
        self._rows = self._facts()

    def article(self) -> Html:
        """Return the whole article."""
        view, entry = self._view, self._entry
        main, side = self._columns()
        above = [
            standing.reason(view, entry),
            announced.banners(view, entry) if self._is_service else EMPTY,
            _first_of_all(self._strip, self._own.main, self._work) if self._work else self._strip,
        ]
        stays = self._is_service and len(self._rows) <= _MOST_STAYING
        body = two_columns(main, side, stays=stays)
        technical = join([self._own.technical, field_history(view, entry)])
        return Html(f"{self._head()}{join(above)}{body}{origin(view, entry, technical)}")

    def _told_above(self) -> frozenset[str]:
        """Return the fields that the head of the page shows."""
        chips = _CHIPS if self._is_service else ()
        shown = {n for n in chips if isinstance(self._data.get(n), str)}
        return frozenset({*_ABOVE, *self._own.shown, *shown, _plain_state(self._view, self._entry)})

    def _head(self) -> Html:
        view, entry, lead = self._view, self._entry, self._lead
        text = self._data.get("description")
        intro = value(view, text, lead.schema) if lead and text else EMPTY
        return heading(
            _crumbs(view, entry),
            entry.title or entry.id,
            [*self._own.chips, *_chips(view, entry, self._data)],
            Html(f"{intro}{report_button(view, entry)}"),
            of=view.kind(entry).title,
        )

    def _facts(self) -> list[tuple[str, Html, bool]]:
        told = sorted((f for f in self._used if f.role == FACT), key=lambda f: f.name in _LAST)
        rows = [(*titled(self._view, f, self._data[f.name]), False) for f in told]
        return rows + [(title, said, False) for title, said in self._own.rows]

    def _details(self, *, across: bool) -> Html:
        listed = definition_list(self._rows) if self._rows else EMPTY
        return section("Details", listed, "details", css="it-across" if across else "")

    def _sections(self, role: str) -> list[Html]:
        """Return a section for each field of a role."""
        view, data = self._view, self._data
        return [section(f.title, value(view, data[f.name], f.schema)) for f in self._used if f.role == role]

    def _links(self) -> Html:
        return self._work.linked() if self._work else _linked(self._view, self._entry, self._own)

    def _main(self, picture: Html, links: Html) -> Html:
        """Return the main column but for the details that stand beside it."""
        view, entry, work = self._view, self._entry, self._work
        records = EMPTY if work else item_records(view, entry)
        way = EMPTY if records else all_records(view, entry)
        operational = view.kind(entry).operational
        return join(
            [
                past.service_past(view, entry.id),
                service_history.incidents(view, entry) if self._is_service else EMPTY,
                picture,
                EMPTY if work else self._own.main,
                over_time(view, entry),
                contracts_with(view, entry),
                join([work.part(), work.owned()]) if work else records,
                way if operational else EMPTY,
                *self._sections(PROSE),
                _redundancy(view, self._data),
                *self._sections(BLOCK),
                EMPTY if self._has_side else self._details(across=True),
                EMPTY if self._links_beside else join([links, EMPTY if work else way]),
                work.over() if work else EMPTY,
            ]
        )

    def _columns(self) -> tuple[Html, Html]:
        """Return the two columns; the second is empty where its parts stand in the first."""
        view, entry = self._view, self._entry
        links = self._links()
        picture = surroundings.item_map(view, entry.id)
        main = self._main(picture, links)
        if not self._has_side:
            return main, EMPTY
        kept = past.kept(view, entry.id)
        others = [
            links if self._links_beside else EMPTY,
            section("Follow", _follow(view, entry), "follow"),
        ]
        if len(self._rows) < _FEW_ROWS and not kept and not any(others):
            return join([main, self._details(across=False)]), EMPTY
        if main == picture:  # beside many details there would be an empty page below a picture
            return join([main, self._details(across=True), kept, *others]), EMPTY
        return main, join([kept, self._details(across=False), *others])


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
