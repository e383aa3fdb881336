"""What a site has beside the pages of documents and lists of records: units of pages and data files, each made as a whole.

A unit is made again when something that it was made from has changed (see ``batches``), so what is made together should
depend on the same things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from itsm_gitops.presentation import urls
from itsm_gitops.presentation.data import api, files
from itsm_gitops.presentation.data.text import as_json
from itsm_gitops.presentation.pages import (
    board,
    calendar,
    catalogue,
    contracts,
    directory,
    due,
    explore,
    forms,
    home,
    hubs,
    known_errors,
    lists,
    mine,
    plan,
    promises,
    services,
    terms,
)
from itsm_gitops.presentation.pages import reports as report_pages
from itsm_gitops.presentation.pages.find import search_page
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.subscribe import subscribe_page
from itsm_gitops.presentation.pages.topology import map_page
from itsm_gitops.presentation.topology import Topology, data_file
from itsm_gitops.presentation.view import View
from itsm_gitops.publish.background import evidence_files
from itsm_gitops.publish.batches import SiteFile, Unit
from itsm_gitops.publish.own_work import work_file
from itsm_gitops.publish.reasons import OTHER_FIGURES
from itsm_gitops.publish.rendered import Rendered
from itsm_gitops.publish.site_reports import SiteReports

_Made = Iterable[ListPage | tuple[str, bytes]]


def units(view: View, rendered: Rendered, reports: SiteReports, url: str) -> Iterator[Unit]:
    """Yield the units of a site; ``url`` is where it will be, '' where that is not known."""

    def unit(name: str, make: Callable[[View], _Made], shape: str = "") -> Unit:
        def finished(view: View) -> Iterator[SiteFile]:
            for made in make(view):
                yield rendered.file(made) if isinstance(made, ListPage) else SiteFile(*made)

        return Unit(name, finished, shape)

    base = url.rstrip("/") + "/" if url else ""
    yield unit(urls.SUBSCRIBE, lambda v: [subscribe_page(v, url)])
    if view.audience.forms:
        yield unit(urls.SERVICES, lambda v: [services.services_page(v)])
    yield unit(catalogue.catalogue_url(view.audience), lambda v: [catalogue.catalogue_page(v)])
    yield unit(urls.RECORDS, lambda v: [hubs.records_index(v)])
    yield unit(urls.EXPLORE, lambda v: [explore.explore_page(v)])
    if mine.has_page(view.book, view.audience):
        yield unit(urls.MINE, lambda v: [mine.mine_page(v), work_file(v)])
    if view.audience.reports:
        yield unit(urls.DUE, lambda v: [due.due_page(v), (urls.DUE_ICS, due.due_file(v, base))])
    yield unit(urls.CHANGES, lambda v: [plan.changes_page(v)])
    yield unit(urls.BOARD, lambda v: board.board_files(v, base))
    yield unit(urls.CALENDAR, calendar.calendar_pages)
    yield unit(urls.ICS, lambda v: files.calendars(v, base))
    yield unit("rotas", lambda v: files.rotas(v, base))
    yield unit(urls.KNOWN_ERRORS, lambda v: [known_errors.known_errors_page(v)])
    yield unit(urls.CMDB, lambda v: [hubs.cmdb_index(v)])
    yield unit(urls.MAP, lambda v: _map(Topology(v)))
    yield unit("lists of items", lists.class_lists)
    yield unit("contracts", contracts.contract_lists)  # their next days depend on today
    yield unit("licences", terms.licence_lists)
    yield unit("service levels", promises.level_lists)
    yield unit("lists of people and teams", directory.directory)
    yield unit("forms", forms.pages)
    yield unit(urls.SEARCH, lambda v: [search_page(v)])
    existing = rendered.pages
    yield unit(urls.HOME, lambda v: [home.home_page(v, existing)], "\n".join(sorted(existing)))
    yield unit(urls.STATUS, lambda v: [(urls.STATUS, as_json(api.status(v)))])
    yield unit(urls.API_SCHEMAS, lambda _: files.schemas())
    yield unit("evidence", evidence_files)
    counted = unit(urls.REPORTS, lambda v: _reports(v, reports), reports.sign)
    yield counted._replace(other=OTHER_FIGURES)


def _map(topology: Topology) -> _Made:
    return [map_page(topology), data_file(topology)]


def _reports(view: View, reports: SiteReports) -> Iterator[ListPage | tuple[str, bytes]]:
    yield from report_pages.report_pages(view, reports.all)
    yield from report_pages.data_files(reports.all)
