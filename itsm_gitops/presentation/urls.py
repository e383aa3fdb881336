"""Where each page lies: a pure function of the identifier and its kind.

Identifiers of CMDB items never contain an underscore, so the site's own pages beside theirs have
one in their names, and an item called ``index`` does not take the place of an index page.
"""

from __future__ import annotations

from datetime import date

from itsm_gitops.model import ids
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import CHANGE, KNOWN_ERROR, OFFERING, SERVICE

HOME = "index.html"
SEARCH = "search.html"
NOT_FOUND = "404.html"
SERVICES = "services/index.html"
CATALOGUE = "catalogue/index.html"
RECORDS = "records/index.html"
EXPLORE = "records/explore.html"
CHANGES = "changes/index.html"
KNOWN_ERRORS = "known-errors/index.html"
CMDB = "cmdb/index.html"
REPORT = "report.html"
SUBSCRIBE = "subscribe.html"
BUILT = "assets/built.js"
NEW_CHANGE = "changes/new.html"
HANDBOOK = "handbook/index.html"
CALENDAR = "changes/calendar.html"
DUE = "records/due.html"
MINE = "records/mine.html"
OWN_WORK = "explore/own_work.js"
MAP = "cmdb/map.html"
MAP_DATA = "cmdb/map_data.js"

# What programs read.
ICS = "calendar/changes.ics"
DUE_ICS = "calendar/due.ics"
MEETINGS_ICS = "calendar/meetings.ics"
BOARD = "changes/board.html"
OUTAGE_FEED = "feeds/outages.xml"
INCIDENT_FEED = "feeds/incidents.xml"
CHANGE_FEED = "feeds/changes.xml"
ANNOUNCEMENT_FEED = "feeds/announcements.xml"
STATUS = "status.json"
API = "api/index.json"
API_SCHEMAS = "api/schema/"
REPORTS = "reports/index.html"

# Classes that have a part of the site of their own.
_FOLDERS = {SERVICE: "services", OFFERING: "catalogue"}
# Records that have a part of their own: everything else of them stands there.
_PARTS = {CHANGE: CHANGES, KNOWN_ERROR: KNOWN_ERRORS}


def page(kind: Kind, identifier: str) -> str:
    """Return the page of a document, '' when its identifier is malformed (it gets no page)."""
    if kind.is_record:
        if ids.parse_record_id(identifier) is None:
            return ""
        return f"records/{kind.plural}/{identifier.split('-')[1][:4]}/{identifier}.html"
    if not ids.ITEM_ID.fullmatch(identifier) or len(identifier) > ids.ITEM_ID_MAX:
        return ""
    name = "index_" if identifier == "index" else identifier
    return f"{folder(kind)}/{name}.html"


def folder(kind: Kind) -> str:
    """Return the folder of a kind's pages."""
    if kind.is_record:
        return f"records/{kind.plural}"
    return next((_FOLDERS[r] for r in kind.plays if r in _FOLDERS), f"cmdb/{kind.plural}")


def section(kind: Kind) -> str:
    """Return the part of the site in which the pages of a kind of record or of a class stand."""
    if kind.is_record:
        return next((_PARTS[r] for r in kind.plays if r in _PARTS), RECORDS)
    parts = {SERVICE: SERVICES, OFFERING: CATALOGUE}
    return next((parts[r] for r in kind.plays if r in parts), CMDB)


def index(kind: Kind) -> str:
    """Return the page that lists a kind."""
    return f"{folder(kind)}/index.html"


def state(kind: Kind, name: str, number: int = 1) -> str:
    """Return a page of the list of the records in one state; the first one has no number."""
    more = f"_{number}" if number > 1 else ""
    return f"{folder(kind)}/state_{name}{more}.html"


def month(kind: Kind, name: str, number: int = 1) -> str:
    """Return a page of the list of the records opened in one month (``2611``)."""
    more = f"_{number}" if number > 1 else ""
    return f"{folder(kind)}/month_{name}{more}.html"


def calendar(first: date, *, current: bool) -> str:
    """Return the calendar page of the month that begins on a day; the current one has no name."""
    return CALENDAR if current else f"changes/calendar_{first:%Y-%m}.html"


def map_of(identifier: str) -> str:
    """Return the address of the map that starts at an item."""
    return f"{MAP}?item={identifier}"


def service_ics(service: str) -> str:
    """Return the calendar file of one service."""
    return f"calendar/services/{service}.ics"


def rota_ics(rota: str) -> str:
    """Return the calendar file of the turns of one rota."""
    return f"calendar/rotas/{rota}.ics"


def service_feed(service: str) -> str:
    """Return the feed of the incidents of one service."""
    return f"feeds/services/{service}.xml"


def api_record(identifier: str) -> str:
    """Return the JSON file of a record that is open."""
    return f"api/records/{identifier}.json"


def api_finished(key: str) -> str:
    """Return the JSON file of the finished records whose identifiers have ``key`` behind their prefix."""
    return f"api/finished/{key}.json"


def api_item(identifier: str) -> str:
    """Return the JSON file of an item."""
    return f"api/items/{identifier}.json"


def api_page(kind: Kind, number: int) -> str:
    """Return one page of the JSON index of a kind."""
    return f"api/indexes/{kind.plural}_{number}.json"


def report(name: str) -> str:
    """Return the page of a report."""
    return f"reports/{name}.html"


def report_json(name: str) -> str:
    """Return the data of a report."""
    return f"reports/{name}.json"


def report_csv(name: str, table: str) -> str:
    """Return one table of a report as CSV."""
    return f"reports/{name}_{table}.csv"


def rule(code: str) -> str:
    """Return the place of a rule on the reference's page of rules."""
    return f"handbook/reference/rules.html#{code.lower()}"


def evidence(name: str) -> str:
    """Return a statement about approvals; ``name`` is that of its file on the branch of evidence."""
    return f"api/evidence/{name}"


def folder_of(url: str) -> str:
    """Return the folder that a page lies in, '' for the top."""
    return url.rpartition("/")[0]


def root(url: str) -> str:
    """Return the way from a page to the root of the site: '' or ``../`` repeated."""
    return "../" * url.count("/")
