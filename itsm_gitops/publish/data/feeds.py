"""The newest incidents and changes as Atom feeds (RFC 4287).

Identifiers are derived from the organisation and the record, dates from the record's timeline: the
same snapshot gives the same bytes, and a reader shows a record again only when it was updated. Notes
are for the staff who work on a record; a feed has none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from itsm_gitops.graph.ics import domain
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.publish import urls
from itsm_gitops.publish.batches import Wanted, every
from itsm_gitops.publish.data.text import xml
from itsm_gitops.publish.language import current, t
from itsm_gitops.publish.markup import words
from itsm_gitops.publish.page_files import shape_of
from itsm_gitops.publish.view import View

MOST = 50
_FELT = ("high", "medium")  # the impact that counts as an outage or a degradation (graph/declared.py)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the date of a feed in which nothing ever happened


class _Item(NamedTuple):
    entry: Entry
    opened: datetime
    updated: datetime


def files(view: View, url: str, wants: Wanted = every) -> Iterator[tuple[str, bytes]]:
    """Yield the feeds of incidents, of outages, of each service in production and of changes (name and content).

    ``url`` is where the site will be, '' where that is not known; ``wants`` is asked before a feed is made.
    """
    incidents = _newest_first(view.of_role(meaning.INCIDENT))
    # Outages are incidents that took a service down or slowed it down.
    felt = [i for i in incidents if i.entry.columns.get("impact") in _FELT]
    by_service: dict[str, list[_Item]] = {}
    for item in incidents:
        for target in facts.affected(item.entry):
            by_service.setdefault(target, []).append(item)
    feeds = [(urls.INCIDENT_FEED, t("Incidents"), incidents), (urls.OUTAGE_FEED, t("Outages"), felt)]
    for service in view.of_role(meaning.SERVICE):
        if service.id in view.health:
            title = t("Incidents of {service}", service=service.title or service.id)
            feeds.append((urls.service_feed(service.id), title, by_service.get(service.id, [])))
    feeds.append((urls.CHANGE_FEED, t("Changes"), _newest_first(view.of_role(meaning.CHANGE))))
    for name, title, items in feeds:
        shown = items[:MOST]
        if wants(name, shape_of([title, *(i.entry.id for i in shown)])):
            yield name, _feed(view, url.rstrip("/") + "/" if url else "", name, title, shown)


def _newest_first(entries: Iterable[Entry]) -> list[_Item]:
    """Return records with their dates, those that were updated last first; without those whose timeline has no date."""
    items = [item for item in map(_item, entries) if item]
    items.sort(key=lambda i: (i.updated, i.entry.id), reverse=True)
    return items


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


def _item(entry: Entry) -> _Item | None:
    """Return a record with its dates; None where its timeline has none that is a date."""
    opened, updated = clock.parse_time(entry.opened), clock.parse_time(entry.updated)
    first, last = opened or updated, updated or opened
    return _Item(entry, first, last) if first and last else None


def _identifier(view: View, name: str) -> str:
    """Return an IRI that is the same in every build and nobody else's."""
    return uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, f"itsm:{domain(view.config.identity)}"), name).urn


def _entry(view: View, item: _Item, root: str) -> str:
    entry = item.entry
    kind = view.kind(entry)
    state = kind.workflow.states.get(entry.state) if kind.workflow else None
    shown = state.title if state else words(entry.state)
    return "\n".join(
        [
            "<entry>",
            f"<id>{_identifier(view, entry.id)}</id>",
            f"<title>{xml(f'{entry.id} {entry.title}'.strip())}</title>",
            f"<updated>{clock.format_time(item.updated)}</updated>",
            f"<published>{clock.format_time(item.opened)}</published>",
            f'<link rel="alternate" type="text/html" href="{xml(root + view.url(entry.id))}"/>',
            f'<category term="{xml(entry.state or "none")}" label="{xml(shown or "None")}"/>',
            f'<summary type="text">{xml(_summary(view, entry, shown))}</summary>',
            "</entry>",
        ]
    )


def _summary(view: View, entry: Entry, state: str) -> str:
    """Return a record's key facts in a few lines."""
    found = view.priority(entry)
    priority = found.name if found else ""
    planned = [str(entry.columns.get(k, "")) for k in ("planned_start", "planned_end")]
    touched = ", ".join(view.title(i) for i in facts.affected(entry))
    lines = [
        f"State: {state}" if state else "",
        f"Priority: {priority}" if priority else "",
        f"Planned: {planned[0]} to {planned[1]}" if all(planned) else "",
        f"Affects: {touched}" if touched else "",
    ]
    return "\n".join(line for line in lines if line)
