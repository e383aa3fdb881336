"""The newest incidents and changes, and what is announced, as Atom feeds (RFC 4287).

Identifiers are derived from the organisation and the record, dates from the record's timeline: the
same snapshot gives the same bytes, and a reader shows a record again only when it was updated. Notes
are for the staff who work on a record; a feed has none. An announcement is in a feed while it is shown.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from itsm_gitops.graph.announcements import NEWS, Announcement
from itsm_gitops.graph.ics import domain
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import prose, urls
from itsm_gitops.presentation.announcements import TITLES, announcements
from itsm_gitops.presentation.data.text import xml
from itsm_gitops.presentation.language import current, t
from itsm_gitops.presentation.markup import shorten, words
from itsm_gitops.presentation.situation import trouble_of
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import Wanted, every, shape_of

MOST = 50
_FELT = ("high", "medium")  # the impact that counts as an outage or a degradation (graph/declared.py)
_WORDS = 400  # characters of the last word
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the date of a feed in which nothing ever happened


class _Item(NamedTuple):
    """A record, or what is announced, with the moments of its first and its last entry."""

    entry: Entry
    opened: datetime
    updated: datetime
    announced: Announcement | None = None


def files(view: View, url: str, wants: Wanted = every) -> Iterator[tuple[str, bytes]]:
    """Yield the feeds: incidents, outages, announcements, each service in production, changes (name and content).

    ``url`` is where the site will be, '' where that is not known; ``wants`` is asked before a feed is made.
    """
    for name, title, items in _feeds(view):
        shown = items[:MOST]
        if wants(name, shape_of([title, *(i.entry.id for i in shown)])):
            yield name, _feed(view, url.rstrip("/") + "/" if url else "", name, title, shown)


def _feeds(view: View) -> Iterator[tuple[str, str, list[_Item]]]:
    """Yield the address, the title and the items of each feed."""
    incidents = _newest_first(_items(view.of_role(meaning.INCIDENT)))
    # Outages are incidents that took a service down or slowed it down.
    felt = [i for i in incidents if i.entry.columns.get("impact") in _FELT][:MOST]
    services = [e for e in view.of_role(meaning.SERVICE) if e.id in view.health]
    newest = _newest_of_each(incidents, [e.id for e in services])
    said = _announced(view)
    planned = [i for i in said if i.announced and i.announced.type != NEWS]
    yield urls.INCIDENT_FEED, t("Incidents"), incidents
    yield urls.OUTAGE_FEED, t("Outages"), _newest_first([*felt, *planned])
    yield urls.ANNOUNCEMENT_FEED, t("Announcements"), said
    for service in services:
        title = t("Incidents of {service}", service=service.title or service.id)
        own = [*newest[service.id], *_announced(view, service.id)]
        yield urls.service_feed(service.id), title, _newest_first(own)
    yield urls.CHANGE_FEED, t("Changes"), _newest_first(_items(view.of_role(meaning.CHANGE)))


def _newest_of_each(incidents: Iterable[_Item], services: Iterable[str]) -> dict[str, list[_Item]]:
    """Return as many incidents of each service as a feed has; they come the newest first."""
    found: dict[str, list[_Item]] = {service: [] for service in services}
    wanted = {**found}  # which need more
    for item in incidents:
        if not wanted:
            break
        for target in facts.affected(item.entry):
            some = wanted.get(target)
            if some is not None:
                some.append(item)
                if len(some) == MOST:
                    del wanted[target]
    return found


def _announced(view: View, service: str = "") -> list[_Item]:
    """Return what is announced now, about one service where it is named."""
    shown = (one for one in announcements(view, view.now, service) if one.is_shown(view.now))
    return _newest_first(_Item(one.entry, one.shown_from, one.shown_from, one) for one in shown)


def _newest_first(items: Iterable[_Item]) -> list[_Item]:
    return sorted(items, key=lambda i: (i.updated, i.entry.id), reverse=True)


def _items(entries: Iterable[Entry]) -> Iterator[_Item]:
    """Yield records with their dates, without those whose timeline has no date."""
    for entry in entries:
        opened, updated = clock.parse_time(entry.opened), clock.parse_time(entry.updated)
        first, last = opened or updated, updated or opened
        if first and last:
            yield _Item(entry, first, last)


def _feed(view: View, base: str, url: str, title: str, shown: Sequence[_Item]) -> bytes:
    """Return the feed of some records; ``base`` is the site's address or ''."""
    newest = shown[0].updated if shown else _EPOCH
    name = view.config.site_name or view.config.organisation
    root = base or urls.root(url)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="' + current() + '">',
        f"<id>{_identifier(view, url)}</id>",
        f"<title>{xml(f'{name}: {title}')}</title>",
        f"<updated>{clock.format_time(newest)}</updated>",
        f"<author><name>{xml(view.config.organisation)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href="{xml(root + url)}"/>',
        f'<link rel="alternate" type="text/html" href="{xml(root + urls.HOME)}"/>',
        *(_entry(view, item, root) for item in shown),
        "</feed>\n",
    ]
    return "\n".join(lines).encode()


def _identifier(view: View, name: str) -> str:
    """Return an IRI that is the same in every build and nobody else's."""
    return uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, f"itsm:{domain(view.config.identity)}"), name).urn


def _entry(view: View, item: _Item, root: str) -> str:
    entry = item.entry
    title, term, label, summary = (
        _of_announcement(view, item.announced) if item.announced else _of_record(view, entry)
    )
    return "\n".join(
        [
            "<entry>",
            f"<id>{_identifier(view, entry.id)}</id>",
            f"<title>{xml(title)}</title>",
            f"<updated>{clock.format_time(item.updated)}</updated>",
            f"<published>{clock.format_time(item.opened)}</published>",
            f'<link rel="alternate" type="text/html" href="{xml(root + view.url(entry.id))}"/>',
            f'<category term="{xml(term)}" label="{xml(label)}"/>',
            f'<summary type="text">{xml(summary)}</summary>',
            "</entry>",
        ]
    )


def _of_record(view: View, entry: Entry) -> tuple[str, str, str, str]:
    """Return the title, the category with its label, and the summary of a record."""
    kind = view.kind(entry)
    state = kind.workflow.states.get(entry.state) if kind.workflow else None
    shown = t(state.title) if state else words(entry.state)
    title = f"{entry.id} {entry.title}".strip()
    return title, entry.state or "none", shown or t("None"), _summary(view, entry, shown)


def _of_announcement(view: View, one: Announcement) -> tuple[str, str, str, str]:
    when = {t("From"): clock.format_time(one.start), t("To"): clock.format_time(one.end)}
    touched = ", ".join(view.title(i) for i in one.services)
    facts_of = {**(when if one.type != NEWS else {}), t("Affects"): touched}
    text = " ".join(prose.plain(one.text).split())
    title, label = one.entry.title or one.entry.id, t(TITLES[one.type])
    return title, one.type, label, _lines({"": text, **facts_of}) or title


def _summary(view: View, entry: Entry, state: str) -> str:
    """Return a record's key facts in a few lines."""
    found = view.priority(entry)
    planned = [str(entry.columns.get(k, "")) for k in ("planned_start", "planned_end")]
    touched = ", ".join(view.title(i) for i in facts.affected(entry))
    return _lines(
        {
            t("State"): state,
            t("Priority"): found.name if found else "",
            t("Planned"): t("{start} to {end}", start=planned[0], end=planned[1]) if all(planned) else "",
            t("Affects"): touched,
            **_told(view, entry),
        }
    )


def _told(view: View, entry: Entry) -> dict[str, str]:
    """Return since when an incident is felt, what its users were told last, and when they hear more."""
    if meaning.INCIDENT not in view.kind(entry).plays:
        return {}
    one = trouble_of(view, entry, ())
    ahead = one.next_by if view.is_open(entry) else None
    said = " ".join(prose.plain(one.word.text).split()) if one.word else ""
    return {
        t("Since"): clock.format_time(one.since) if one.since else "",
        t("Latest update"): shorten(said, _WORDS),
        t("Next update by"): clock.format_time(ahead) if ahead else "",
    }


def _lines(parts: Mapping[str, str]) -> str:
    """Return what is known of some facts, one a line, each behind its name where it has one."""
    return "\n".join(f"{name}: {text}" if name else text for name, text in parts.items() if text)
