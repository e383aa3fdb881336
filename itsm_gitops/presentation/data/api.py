"""The static JSON API: a file for each open record and item, finished records together, indexes, and the status.

``data/schema/`` describes every file. All addresses in them are relative to the root of the site.
``VERSION`` grows when a reader of an older version could misunderstand a file; new members may come
without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from itsm_gitops.graph.announcements import Announcement
from itsm_gitops.graph.network import Relation
from itsm_gitops.graph.status import STATUS_OF
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import finished, situation, urls
from itsm_gitops.presentation.announcements import announcements
from itsm_gitops.presentation.data.text import as_json
from itsm_gitops.presentation.pages.parts import is_record
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import Wanted, every, shape_of

VERSION = 2  # since finished records share files
FINISHED_VERSION = 3  # since those do not repeat what their documents say
ROWS = 500
MOST_LINKS = 500


def document_file(view: View, entry: Entry, data: Mapping[str, Any]) -> bytes:
    """Return the file of an item or an open record; ``data`` is the document."""
    if view.kind(entry).is_record:
        return as_json({**_head("record", "../"), **_record(view, entry, data)})
    return as_json(_item(view, entry, data))


def finished_line(view: View, entry: Entry, data: Mapping[str, Any]) -> bytes:
    """Return a finished record as it stands in the file that it shares with others."""
    found, links = _related(view, entry), dict[str, list[str]]()
    for relation in found[:MOST_LINKS]:
        links.setdefault(relation.relation, []).append(relation.other)
    priority = view.priority(entry)
    row: dict[str, Any] = {
        "id": entry.id,
        "priority": priority.name if priority else None,
        "opened": entry.opened or None,
        "updated": entry.updated or None,
        "page": view.url(entry.id),
        **_file(view, entry),
        "links": links,
    }
    if len(found) > MOST_LINKS:
        row["links_total"] = len(found)
    return as_json({**row, "document": data}).rstrip(b"\n")


def finished_file(lines: Iterable[bytes]) -> bytes:
    """Return a file of finished records from its lines, in their order."""
    return finished.content(lines, FINISHED_VERSION)


def _record(view: View, entry: Entry, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_row(view, entry),
        **_file(view, entry),
        **_links(view, entry),
        "document": data,
    }


def _item(view: View, entry: Entry, data: Mapping[str, Any]) -> dict[str, Any]:
    health = view.health.get(entry.id)
    return {
        **_head("item", "../"),
        **_row(view, entry),
        "causes": list(health.causes) if health else [],
        **_file(view, entry),
        **_links(view, entry),
        "document": data,
    }


def _file(view: View, entry: Entry) -> dict[str, str]:
    if not view.audience.sources:
        return {}
    root = view.store.root_of(entry.path)
    return {"file": entry.path, "root": root} if root else {"file": entry.path}


def _head(schema: str, root: str) -> dict[str, Any]:
    return {"$schema": f"{root}schema/{schema}.schema.json", "version": VERSION}


def _row(view: View, entry: Entry) -> dict[str, Any]:
    """Return what the indexes say of a document."""
    kind, priority = view.kind(entry), view.priority(entry)
    common = {"id": entry.id, kind.tag: entry.kind, kind.label: entry.title, "state": entry.state or None}
    if kind.is_record:
        return {
            **common,
            "open": view.is_open(entry),
            "priority": priority.name if priority else None,
            "service": _text(entry.columns.get("service")),
            "opened": entry.opened or None,
            "updated": entry.updated or None,
            "page": view.url(entry.id),
        }
    health = view.health.get(entry.id)
    return {**common, "status": health.status if health else None, "page": view.url(entry.id)}


def _related(view: View, entry: Entry) -> list[Relation]:
    """Return the relations both ways: those to items, then to records, the newest first."""
    found = sorted(view.network.related(entry.id), key=attrgetter("other"), reverse=True)
    found.sort(key=lambda r: is_record(view, r.other))
    return found


def _links(view: View, entry: Entry) -> dict[str, Any]:
    """Return at most 500 relations, and how many there are."""
    found = _related(view, entry)
    shown = [
        {"relation": r.relation, "title": r.title, "target": r.other, "outgoing": r.outgoing}
        for r in found[:MOST_LINKS]
    ]
    return {"links": shown, "links_total": len(found)}


def indexes(view: View, wants: Wanted = every) -> Iterator[tuple[str, bytes]]:
    """Yield ``api/index.json`` and the pages that it names: 500 documents each, in order of identifier.

    Identifiers of records begin with their date, so that a new record touches the last page only. ``wants`` is asked
    before a page is made.
    """
    kinds = []
    for kind in view.book.kinds.values():
        entries = view.of_kind(kind.name)
        pages = []
        for number, start in enumerate(range(0, len(entries), ROWS), 1):
            listed = entries[start : start + ROWS]
            pages.append(urls.api_page(kind, number))
            if not wants(pages[-1], shape_of(e.id for e in listed)):
                continue
            rows = [{**_row(view, e), "href": view.data_url(e)} for e in listed]
            content = {**_head("page", "../"), "kind": kind.name, "number": number, "rows": rows}
            yield pages[-1], as_json(content)
        kinds.append(
            {
                "kind": kind.name,
                "title": kind.plural_title,
                "records": kind.is_record,
                "total": len(entries),
                "pages": pages,
            }
        )
    other: dict[str, Any] = {"status": urls.STATUS, "calendar": urls.ICS}
    if view.audience.reports:
        other["due"] = urls.DUE_ICS
    other["feeds"] = [urls.INCIDENT_FEED, urls.OUTAGE_FEED, urls.CHANGE_FEED, urls.ANNOUNCEMENT_FEED]
    names = sorted(view.finished)
    yield urls.API, as_json({**_head("index", ""), **other, "kinds": kinds, "finished": names})


def status(view: View) -> dict[str, Any]:
    """Return the status of every service in production, the major incidents that are open, and what is announced."""
    services = [e for e in view.of_role(meaning.SERVICE) if e.id in view.health]
    return {
        "$schema": f"{urls.API_SCHEMAS}status.schema.json",
        "version": VERSION,
        "organisation": view.config.organisation,
        "updated": clock.format_time(view.updated) if view.updated else None,
        "complete": not view.gaps,
        "services": [_service(view, e) for e in services],
        "major_incidents": [_major(view, e) for e in map(view.entries.__getitem__, view.majors)],
        "announcements": [_announcement(view, one) for one in announcements(view, view.now)],
    }


def _major(view: View, entry: Entry) -> dict[str, Any]:
    """Return a major incident: what every record shows, its state, the last update, the next one."""
    status = view.major_status(entry, view.store.data(entry.id))
    said = status is not None and status.said_at is not None
    return {
        **_row(view, entry),
        "major": view.major(entry),
        "since": _time(status.began) if status else None,
        "last_word": status.said if status and said else None,
        "last_word_at": _time(status.said_at) if status and said else None,
        "next_update_by": _time(status.next_by) if status else None,
    }


def _announcement(view: View, one: Announcement) -> dict[str, Any]:
    """Return what is announced, or will be soon: readers compare the times with their clock."""
    return {
        "id": one.entry.id,
        "title": one.entry.title,
        "type": one.type,
        "effect": STATUS_OF.get(one.effect),
        "text": one.text,
        "services": list(one.services),
        "shown_from": clock.format_time(one.shown_from),
        "start": clock.format_time(one.start),
        "end": clock.format_time(one.end),
        "page": view.url(one.entry.id),
    }


def _time(at: int | None) -> str | None:
    return None if at is None else clock.format_time(datetime.fromtimestamp(at, UTC))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else clock.format_time(at)


def _service(view: View, entry: Entry) -> dict[str, Any]:
    found = view.health[entry.id]
    return {
        "id": entry.id,
        "name": entry.title,
        "status": found.status,
        "reason": view.reason(found) or None,
        "since": _moment(situation.since(view, entry.id)),
        "until": _moment(situation.until(view, entry.id)),
        "causes": list(found.causes),
        "page": view.url(entry.id),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
