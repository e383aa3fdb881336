"""What the pages of some classes show their own way: in words and pictures instead of fields as they are in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import freezes
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.fields import field_at, value
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words
from itsm_gitops.presentation.pages import announced, hours, promises, rota, terms
from itsm_gitops.presentation.pages.parts import is_record, section
from itsm_gitops.presentation.view import View

_MOST_NAMED = 3  # in a line


class OwnParts(NamedTuple):
    """What a class shows its own way.

    ``chips`` stand below the title, ``main`` comes first on the page, ``rows`` last among the details, ``technical`` is for
    engineers, ``asked`` stands last in the strip below the head. The fields in ``shown`` and the relations to ``linked`` are not shown again.
    """

    chips: tuple[Html, ...] = ()
    main: Html = EMPTY
    rows: tuple[tuple[str, Html], ...] = ()
    technical: Html = EMPTY
    shown: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    asked: tuple[tuple[str, Html], ...] = ()


def own_parts(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    """Return what the class of an item shows its own way; nothing for most classes."""
    for role, made in _MADE.items():
        if role in view.kind(entry).plays:
            return made(view, entry, data)
    return OwnParts()


def _rota(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    shown = rota.turns(view, entry, data)
    # That the team which keeps a rota is called by it is no news.
    own_team = frozenset({facts.owner(entry)})
    return OwnParts(main=shown, shown=rota.FIELDS, linked=own_team) if shown else OwnParts()


def _level(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    main = join(
        [
            promises.kept_under(view, entry),
            promises.targets(view, data),
            promises.escalations(view, data),
        ]
    )
    linked = frozenset(promises.services_under(view, entry))
    rows = tuple((title, said) for title, said in promises.rows(view, data) if said)
    return OwnParts(main=main, rows=rows, shown=promises.FIELDS, linked=linked)


def _contract(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    cost, asked = _in_strip(view, entry, data, ("cost",))
    return OwnParts(
        shown=terms.told_of_contract(data) | cost,
        asked=(*asked, *terms.renewal(data)),
    )


def _licence(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    main = terms.usage(view, data)
    shown = terms.OF_LICENCE if main else terms.told_of_licence(data)
    covered = _few(view, (r.other for r in view.network.related(entry.id) if r.relation == _COVERS))
    asked = [*terms.lasts(data), *([("Covers", join(map(view.link, covered), ", "))] if covered else [])]
    return OwnParts(main=main, shown=shown, linked=frozenset(covered), asked=tuple(asked))


def _few(view: View, items: Iterable[str]) -> list[str]:
    """Return items that are so few that they are told in a line; else nothing."""
    found = sorted(set(items), key=lambda i: (view.title(i).lower(), i))
    return found if len(found) <= _MOST_NAMED else []


def _in_strip(
    view: View, entry: Entry, data: Mapping[str, Any], names: Iterable[str]
) -> tuple[frozenset[str], tuple[tuple[str, Html], ...]]:
    """Return which of some fields an item has, and these with their titles, for the strip below the head."""
    places = {name: field_at(view.kind(entry), name) for name in names if data.get(name)}
    asked = tuple((place.title, value(view, data[name], place.schema)) for name, place in places.items())
    return frozenset(places), asked


def _calendar(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    told, asked = _in_strip(view, entry, data, ("type", "time_zone"))
    exempt = view.calendars.all[entry.id].exempt_types if entry.id in view.calendars.all else ()
    if exempt:
        names = ", ".join(t("{type} changes", type=words(one)) for one in exempt)
        asked, told = (*asked, (field_at(view.kind(entry), _EXEMPT).title, esc(names))), told | {_EXEMPT}
    proposed = freezes.is_proposed(view, entry.id)
    stage = view.kind(entry).stages
    told |= {stage.state_field} if proposed and stage else frozenset()
    return OwnParts(
        chips=(chip("Proposed", "waiting"),) if proposed else (),
        main=hours.calendar_sections(view, data),
        shown=hours.told(data) | told,
        asked=asked,
    )


def _announcement(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    said = announced.about(view, entry)
    places, facts_told = _in_strip(view, entry, data, _ANNOUNCED)
    asked = list(facts_told)
    records = [r.other for r in view.network.related(entry.id) if is_record(view, r.other)]
    linked = _few(view, records)
    asked += [(view.kind(view.entries[i]).title, view.link(i)) for i in linked]
    shown = {"type", "start", "end"} if said else set()
    return OwnParts(
        chips=(said,), shown=frozenset({*places, *shown}), linked=frozenset(linked), asked=tuple(asked)
    )


_COVERS, _EXEMPT = "covers", "exempt_types"
_ANNOUNCED = ("audience", "shown_from")
_TECHNICAL = ("identities", "commit_addresses", "signing_keys", "forge_groups")
_DUTIES = "responsibilities"


def _people(view: View, entry: Entry, data: Mapping[str, Any]) -> OwnParts:
    """Return what engineers ask of a person or a team: accounts and keys."""
    kind = view.kind(entry)
    parts = []
    for name in _TECHNICAL:
        if data.get(name):
            place = field_at(kind, name)
            parts.append(section(place.title, value(view, data[name], place.schema)))
    quiet = {name for name in ("role", "approver") if data.get(name) in (entry.title, False)}
    duties = field_at(kind, _DUTIES)
    main = section(duties.title, value(view, data[_DUTIES], duties.schema)) if data.get(_DUTIES) else EMPTY
    return OwnParts(main=main, technical=join(parts), shown=frozenset({*_TECHNICAL, *quiet, _DUTIES}))


_MADE = {
    meaning.ROTA: _rota,
    meaning.SERVICE_LEVEL: _level,
    meaning.CONTRACT: _contract,
    meaning.LICENCE: _licence,
    meaning.CALENDAR: _calendar,
    meaning.ANNOUNCEMENT: _announcement,
    meaning.PERSON: _people,
    meaning.TEAM: _people,
}
