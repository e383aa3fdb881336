"""The page that says how to be told: feeds for a feed reader, calendars for one's own calendar, and their addresses."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, join, link
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import heading, section
from itsm_gitops.presentation.view import View

_FEED, _CALENDAR, _FILE = "feed", "calendar", "file"
_OPENS = {_FEED: "Open feed", _CALENDAR: "Subscribe", _FILE: "Open file"}


def subscribe_page(view: View, site_url: str) -> ListPage:
    """Return the page; ``site_url`` is where the site will be, '' where only the reader's browser knows."""
    services = sorted(
        (e for e in view.of_role(meaning.SERVICE) if e.id in view.health),
        key=lambda e: (e.title.lower(), e.id),
    )
    feeds = [
        (urls.OUTAGE_FEED, t("Outages, degradations and planned work")),
        (urls.ANNOUNCEMENT_FEED, t("Announcements")),
        (urls.INCIDENT_FEED, t("All incidents")),
        (urls.CHANGE_FEED, t("All changes")),
    ]
    calendars = [(urls.ICS, t("All changes, freezes and maintenance windows"))]
    if view.audience.reports:
        calendars.append((urls.DUE_ICS, t("What is due")))
    parts = [
        heading([], t("Subscribe"), lead=esc(t("Choose what you want to hear about."))),
        section(t("News in a feed reader"), Html(f"{_how(_FEED)}{_rows(feeds, _FEED, site_url)}"), "feeds"),
        section(
            t("Dates in your calendar"),
            Html(f"{_how(_CALENDAR)}{_rows(calendars, _CALENDAR, site_url)}"),
            "calendars",
        ),
    ]
    if services:
        parts.append(section(t("One service only"), _services(services, site_url), "services"))
    programs = [
        (urls.STATUS, t("Status of all services (JSON)")),
        (urls.API, t("All records and items (JSON)")),
    ]
    how = t("Other programs can read these files. Each file names its schema.")
    files = Html(f"<p>{esc(how)}</p>{_rows(programs, _FILE, site_url)}")
    parts.append(_folded("programs", t("Data for programs"), files))
    return ListPage(urls.SUBSCRIBE, t("Subscribe"), "", Html(f"<div class=it-subscribe>{join(parts)}</div>"))


def _folded(anchor: str, title: str, content: Html) -> Html:
    """Return what few readers need, behind a line that opens it."""
    return Html(f"<details class=it-fold id={anchor}><summary>{esc(title)}</summary>{content}</details>")


def _how(form: str) -> Html:
    if form == _FEED:
        text = t(
            "Copy the address and add it to your feed reader, to Outlook (RSS feeds) or to a chat channel that takes Atom feeds."
        )
    else:
        text = t(
            "Subscribe opens your calendar program. Elsewhere, copy the address and add it as a calendar from the internet."
        )
    return Html(f"<p class=it-muted>{esc(text)}</p>")


def _services(services: Sequence[Entry], site_url: str) -> Html:
    """Return a row for each service: its feed of incidents and its calendar of changes. A script shows that of a chosen one."""
    columns = (t("Service"), t("Incidents"), t("Changes"))
    head = "".join(f"<th scope=col>{esc(name)}</th>" for name in columns)
    rows = []
    for entry in services:
        forms = (
            (urls.service_feed(entry.id), t("{service}: incidents", service=entry.title), _FEED),
            (urls.service_ics(entry.id), t("{service}: changes", service=entry.title), _CALENDAR),
        )
        cells = "".join(
            f'<td class=it-copy data-label="{esc(name)}" data-form={form}{_address(url, site_url)}>{_acts(url, title, form)}</td>'
            for name, (url, title, form) in zip(columns[1:], forms, strict=True)
        )
        rows.append(f"<tr><td class=it-c-title>{esc(entry.title)}</td>{cells}</tr>")
    options = "".join(f"<option>{esc(entry.title)}</option>" for entry in services)
    choose = (
        f'<div class="it-q it-one" data-control=choice><label for=it-one>{esc(t("Which service?"))}</label>'
        f'<select id=it-one autocomplete=off><option value="">{esc(t("Choose…"))}</option>{options}</select></div>'
    )
    return Html(
        f"{choose}<table class=it-table><caption class=it-vh>{esc(t('One service only'))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _rows(rows: Sequence[tuple[str, str]], form: str, site_url: str) -> Html:
    return _list([_row(url, title, form, site_url) for url, title in rows])


def _list(rows: Sequence[Html]) -> Html:
    return Html(f'<ul class="it-list it-feeds">{join(rows)}</ul>')


def _row(url: str, title: str, form: str, site_url: str) -> Html:
    """Return one thing to subscribe to: its name, and what can be done with its address."""
    acts = _acts(url, title, form)
    return Html(
        f"<li class=it-copy data-form={form}{_address(url, site_url)}><span>{esc(title)}</span>{acts}</li>"
    )


def _acts(url: str, title: str, form: str) -> Html:
    """Return what can be done with an address.

    A script shows what copies it: until then that only keeps its place, so nothing moves. Without a script the link is a file.
    """
    about = Html(f"<span class=it-vh>: {esc(title)}</span>")
    opens = link(url, Html(f"{esc(t(_OPENS[form]))}{about}"), "it-act")
    return Html(
        f'<span class=it-acts><button class="it-act it-later" type=button>{esc(t("Copy address"))}{about}</button> {opens}'
        "</span><span class=it-muted role=status></span>"
    )


def _address(url: str, site_url: str) -> str:
    return f' data-address="{esc(site_url.rstrip("/") + "/" + url)}"' if site_url else ""
