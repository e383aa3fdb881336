"""What people come for: whom to ask, what is broken, what is changed when, and where to look."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sample_site import DOCUMENTS, NOW, write_sample
from test_pages import view_of

from itsm_gitops.presentation import agenda, situation
from itsm_gitops.presentation.agenda import Span
from itsm_gitops.presentation.fields import fields, value
from itsm_gitops.presentation.markup import ROOT
from itsm_gitops.presentation.pages import (
    contracts,
    going_on,
    home,
    item,
    known_errors,
    lists,
    mine,
    plan,
    record,
    subscribe,
    week,
)
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import build_site

CHANGE = "records/changes/2026/11/CHG-261118-BBBBB.yaml"
WEEKLY = """\
id: nights
class: calendar
name: Saturday night
type: maintenance_window
time_zone: Europe/Berlin
hours:
- {days: [sat], from: '20:00', to: '24:00'}
"""


def text_of(html: str) -> str:
    """What a reader sees of a piece of HTML."""
    return re.sub(r" (?=[,:])", "", " ".join(re.sub(r"<[^>]+>", " ", html).split()))


def utc(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "alone", "on_the_28th"),
    [
        (utc(28, 14), utc(28, 18), "28 Nov, 15:00 to 19:00", "15:00 to 19:00"),
        (utc(28, 14), utc(28, 14), "28 Nov, 15:00", "15:00"),
        (utc(28, 19), utc(28, 23), "28 Nov, 20:00 to 29 Nov, 00:00", "20:00 to 24:00"),
        (
            utc(28, 19),
            utc(29, 14),
            "28 Nov, 20:00 to 29 Nov, 15:00",
            "from 20:00 until 29 November, 15:00",
        ),
        (utc(27, 19), utc(28, 14), "27 Nov, 20:00 to 28 Nov, 15:00", "until 15:00"),
        (
            utc(27, 19),
            utc(30, 14),
            "27 Nov, 20:00 to 30 Nov, 15:00",
            "until 30 November, 15:00",
        ),
    ],
)
def test_a_time_says_no_more_than_its_place_needs(
    view: View, start: datetime, end: datetime, alone: str, on_the_28th: str
) -> None:
    span = Span(start, end, "x", "x", "change")
    assert text_of(plan.when(view, span)) == alone
    assert text_of(plan.when(view, span, (utc(27, 23), utc(28, 23)))) == on_the_28th


def test_weekly_windows_stand_beside_changes_and_fill_no_day_of_their_own(tmp_path: Path) -> None:
    view = view_of(tmp_path, {"cmdb/calendars/nights.yaml": WEEKLY})
    text = text_of(plan.changes_page(view).body)
    assert "Saturday 28 November" in text
    assert "Maintenance window: Saturday night, 20:00 to 24:00" in text
    assert "Saturday 5 December" not in text


def test_a_window_over_the_last_day_of_the_page_says_its_own_end(tmp_path: Path) -> None:
    change = DOCUMENTS[CHANGE].replace("2026-11-28T", "2026-12-19T").replace("2026-11-29T", "2026-12-19T")
    night = WEEKLY + "- {days: [sun], from: '00:00', to: '05:00'}\n"
    view = view_of(tmp_path, {"cmdb/calendars/nights.yaml": night, CHANGE: change})
    text = text_of(plan.changes_page(view).body)
    assert (
        "Saturday 19 December Maintenance window: Saturday night, from 20:00 until 20 December, 05:00" in text
    )
    view = view_of(tmp_path / "home", {"cmdb/calendars/nights.yaml": night})
    # It stands beside the day on which it begins.
    assert "Saturday 28 November Windows: Saturday night 20:00 to Sun 05:00" in text_of(week.week(view))


def test_a_window_is_told_on_a_day_without_changes(tmp_path: Path) -> None:
    night = WEEKLY + "- {days: [wed], from: '22:00', to: '23:00'}\n"
    said = text_of(week.week(view_of(tmp_path, {"cmdb/calendars/nights.yaml": night})))
    assert "Wednesday 25 November Windows: Saturday night 22:00 to 23:00" in said


def test_a_freeze_says_until_when(view: View) -> None:
    text = text_of(plan.changes_page(view).body)
    assert "Friday 27 November Change freeze: Big weekend, from 01:00 until 30 November, 01:00" in text


def test_a_freeze_ahead_is_behind_one_line_with_its_dates_and_what_it_lets_through(tmp_path: Path) -> None:
    path = "cmdb/calendars/winter.yaml"
    freeze = f"{DOCUMENTS[path]}exempt_types: [emergency]\ndescription: Parcels first.\n"
    said = text_of(plan.changes_page(view_of(tmp_path, {path: freeze})).body)
    ahead = "Change freeze: Big weekend, 27 Nov, 01:00 to 30 Nov, 01:00 . Exempt: emergency. Parcels first."
    assert said.index("1 freeze ahead") < said.index(ahead) < said.index("Friday 27 November")


def test_a_freeze_is_told_whole(tmp_path: Path) -> None:
    path = "cmdb/calendars/winter.yaml"
    why = "Parcels come first. " * 20
    html = plan.changes_page(view_of(tmp_path, {path: f"{DOCUMENTS[path]}description: '{why}End.'\n"})).body
    assert f"{why}End." in html


def test_a_freeze_that_is_over_or_far_ahead_is_not_told_of_and_one_that_lasts_is_open(view: View) -> None:
    days = {n: View(view.store, [], NOW + timedelta(days=n)) for n in (-70, 0, 7, 10)}
    shown = {n: plan.changes_page(one).body for n, one in days.items()}
    assert [n for n, html in shown.items() if "<details class=it-freezes" in html] == [0, 7]
    assert [n for n, html in shown.items() if "<details class=it-freezes open" in html] == [7]


def test_a_change_over_two_days_is_told_once_and_its_second_day_is_a_line(tmp_path: Path) -> None:
    long = DOCUMENTS[CHANGE].replace("2026-11-28T22:00:00Z", "2026-11-29T14:00:00Z")
    html = plan.changes_page(view_of(tmp_path, {CHANGE: long})).body
    sunday = html[html.index("data-day=2026-11-29") :]
    assert html.count("CHG-261118-BBBBB</b>") == 1
    assert "New version of the shop front continues until 15:00" in text_of(sunday)


def test_of_what_a_change_affects_the_services_are_named_and_the_items_counted(tmp_path: Path) -> None:
    change = DOCUMENTS[CHANGE]
    assert "Affects Shop front" in text_of(plan.changes_page(view_of(tmp_path, {})).body)
    both = {CHANGE: change.replace("cis: [shop-web]", "service: shop\ncis: [shop-web]")}
    said = text_of(plan.changes_page(view_of(tmp_path / "both", both)).body)
    assert "Affects Online shop and 1 item" in said


def test_days_stand_below_what_is_planned_and_changes_without_a_plan_are_rows_like_the_others(
    tmp_path: Path,
) -> None:
    plain = re.sub(r"planned_(?:start|end): .*\n", "", DOCUMENTS[CHANGE]).replace("BBBBB", "NNNNN")
    view = view_of(tmp_path, {CHANGE.replace("BBBBB", "NNNNN"): plain})
    html = plan.changes_page(view).body
    planned, unplanned = html.index("<h2 id=ahead>"), html.index("<h2 id=not-planned>")
    assert planned < html.index("<h3>Friday 27 November</h3>") < html.index("<h3>Saturday 28") < unplanned
    assert "<table" not in html
    row = text_of(html[unplanned:])
    assert re.match(
        r"Not planned yet since \d+ \w+(?: 2026)? New version of the shop front CHG-261118-NNNNN", row
    )


def test_what_speaks_against_a_change_stands_with_what_it_touches(view: View) -> None:
    html = plan.changes_page(view).body
    about, below = re.search(
        r"<p class=it-line__about>(.*?)</p><p class=it-touched>(.*?)</div>", html
    ).groups()  # type: ignore[union-attr]
    assert "In a freeze" not in about
    assert text_of(below).startswith("In a freeze Affects Shop front")


def test_a_freeze_whose_name_says_what_it_is_is_called_by_its_name(tmp_path: Path) -> None:
    path = "cmdb/calendars/winter.yaml"
    freeze = DOCUMENTS[path].replace("Big weekend", "Winter freeze")
    said = text_of(plan.changes_page(view_of(tmp_path, {path: freeze})).body)
    assert "Friday 27 November Winter freeze, from 01:00" in said
    assert "Change freeze" not in said
    proposed = view_of(tmp_path / "proposed", {path: f"{freeze}lifecycle: planned\n"})
    assert "Friday 27 November Proposed: Winter freeze, from 01:00" in text_of(
        plan.changes_page(proposed).body
    )


def test_a_freeze_that_began_earlier_is_on_todays_page(view: View) -> None:
    later = View(view.store, [], NOW + timedelta(days=7))
    (start, end), *_ = agenda.days(later, 1)
    spans = agenda.calendar_spans(later, start, end)
    assert "Today, Sunday 29 November Change freeze" in text_of(
        plan.day_block(later, (start, end), [], spans, frozenset())
    )


def test_changes_under_way_and_overdue_are_told_apart(tmp_path: Path) -> None:
    started = DOCUMENTS[CHANGE].replace("state: scheduled\nplanned", "state: implement\nplanned")
    assert started != DOCUMENTS[CHANGE]
    view = view_of(tmp_path, {CHANGE: started})
    assert "Under way 28 Nov, 21:00 to 23:00 New version" in text_of(plan.changes_page(view).body)
    late = View(view.store, [], NOW + timedelta(days=10))
    assert "Implementing Normal In a freeze Overdue" in text_of(plan.changes_page(late).body)
    waiting = View(view_of(tmp_path / "waiting", {}).store, [], NOW + timedelta(days=10))
    assert "Overdue 28 Nov, 21:00 to 23:00 New version" in text_of(plan.changes_page(waiting).body)
    assert "All upcoming changes, 1 overdue" in text_of(home.home_page(waiting, frozenset()).body)


def test_who_may_file_something_finds_the_way_to_it(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_it = "<p class=it-do><a class=it-do__main href=" + ROOT + "changes/new.html>Plan a change</a></p>"
    report = "href=" + ROOT + "report.html>Report an incident</a>"
    assert plan_it in plan.changes_page(view).body
    assert report in mine.mine_page(view).body
    monkeypatch.setattr(view, "audience", replace(view.audience, forms=False))
    assert "it-do" not in plan.changes_page(view).body
    assert report not in mine.mine_page(view).body


def test_services_that_the_same_incident_hits_stand_together(tmp_path: Path) -> None:
    second = (
        DOCUMENTS["cmdb/services/shop.yaml"]
        .replace("id: shop", "id: shop-two")
        .replace("Online shop", "Second shop")
    )
    incident = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
    both = (
        DOCUMENTS[incident]
        .replace("service: shop\n", "service: shop\n", 1)
        .replace("[shop-web]", "[shop-web, shop-two]")
    )
    view = view_of(tmp_path, {"cmdb/services/shop-two.yaml": second, incident: both})
    said = text_of(home.home_page(view, frozenset()).body)
    assert said.count("Latest update 20 Nov, 10:30: We are working on it.") == 1
    assert "Shop front shows an error" in said
    assert "Affects Online shop, Second shop since 20 Nov, 10:00 ( 2 d 3 h )" in said
    assert said.startswith("2 services are down Caused by 1 incident")


def test_what_can_be_done_meanwhile_stands_with_a_known_error(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = text_of(known_errors.known_errors_page(view).body)
    assert "KE-261121-EEEEE since 21 Nov Workaround Empty the cache." in said
    assert "Published" not in said
    # Steps and commands stay as they are written, and none is cut.
    steps = "1. Stop it: `systemctl stop shop`\n2. Empty the cache\n" + "3. Wait " + "and wait " * 50
    monkeypatch.setitem(view.store.data("KE-261121-EEEEE"), "workaround", steps)
    html = known_errors.known_errors_page(view).body
    assert "<li>Stop it: <code>systemctl stop shop</code></li>" in html
    assert "<details" not in html
    monkeypatch.setitem(view.store.data("KE-261121-EEEEE"), "workaround", steps * 2)
    assert (
        '<details class="it-fold it-workaround"><summary>Workaround</summary>'
        in known_errors.known_errors_page(view).body
    )
    monkeypatch.setitem(view.store.data("KE-261121-EEEEE"), "workaround", "")
    said = text_of(known_errors.known_errors_page(view).body)
    assert "KE-261121-EEEEE since 21 Nov No workaround yet" in said


def test_what_few_need_is_folded_on_the_page_of_subscriptions(view: View) -> None:
    html = subscribe.subscribe_page(view, "").body
    first, *rest = html.split("<details class=it-fold id=")
    assert text_of(first).count("Copy address") == 6 + 2 * 2  # of all, and of each service two
    assert "Which service? Choose… Index of prices Online shop" in text_of(
        first
    )  # a script shows that of the chosen one
    assert [part.partition(">")[0] for part in rest] == ["programs"]
    assert "News in a feed reader Copy the address and add it" in text_of(first)
    assert "<details open" not in html


def test_the_start_page_says_since_when_and_names_the_cause(view: View) -> None:
    said = text_of(home.home_page(view, frozenset()).body)
    assert said.startswith("Online shop is down")
    assert (
        "Shop front shows an error Major incident Affects Online shop since 20 Nov, 10:00 ( 2 d 3 h ) Latest update "
        "20 Nov, 10:30: We are working on it. No time is set for the next update."
    ) in said
    assert said.count("Shop front shows an error") == 1  # told once: not among the open incidents, too
    assert "Outage" not in said  # the headline says it
    assert "As of 22 Nov, 13:00 records changed 21 Nov, 12:00" in said


def test_services_of_two_statuses_say_which_is_whose(tmp_path: Path) -> None:
    view = view_of(tmp_path, {})
    other = next(e for e in situation.services_of(view) if situation.is_well(view, e.id))
    ill = next(e for e in situation.services_of(view) if not situation.is_well(view, e.id))
    view.health[other.id] = view.health[ill.id]._replace(id=other.id, status="degraded")
    said = text_of(going_on.not_well(view, [ill, other], headed=True))
    assert said.startswith(
        "P1 Shop front shows an error Outage Major incident Affects Online shop, Index of prices Degraded"
    )


def test_known_errors_are_recognised_by_their_symptom(tmp_path: Path) -> None:
    path = "records/known-errors/2026/11/KE-261121-EEEEE.yaml"
    long = "symptom: |\n  Pages answer slowly\n  at noon. " + "word " * 60 + "\n\n  Second paragraph.\n"
    view = view_of(tmp_path, {path: DOCUMENTS[path].replace("workaround:", long + "workaround:")})
    text = text_of(known_errors.known_errors_page(view).body)
    assert "Pages answer slowly at noon. word" in text
    # It is never cut: the last sentence may be the one by which it is recognised.
    assert "Second paragraph." in text


def test_a_service_says_at_once_whom_to_ask_and_what_to_request(view: View) -> None:
    entry = view.entries["shop"]
    data = {
        **view.store.data("shop"),
        "contacts": [
            {"type": "phone", "value": "extension 4000"},
            {"type": "e-mail", "value": "shop@example.org"},
            {"type": "portal", "value": "https://help.example.org/shop"},
            {"type": "chat", "value": "javascript:alert(1)@x"},
        ],
    }
    html = item.item_page(view, entry, data, fields(view.kind(entry)))
    strip = html[html.index("<dl class=it-help>") : html.index("</dl>")]
    assert text_of(strip) == (
        "Get help Phone: extension 4000 E-mail: shop@example.org Portal: help.example.org/shop "
        "Chat: javascript:alert(1)@x Owner Web team"
    )
    assert re.findall(r'href="([^\x01"]+)"', strip) == [
        "mailto:shop@example.org",
        "https://help.example.org/shop",
    ]
    assert "Contacts" not in text_of(html)
    # What to do when something is wrong is a button in the head.
    head = html[: html.index("</header>")]
    assert "class=it-do__main" in head
    assert "report.html?service=shop" in head
    assert "Report an incident Request: New laptop" in text_of(head)
    assert "Criticality: critical" in text_of(head)


def test_answers_are_shown_as_they_were_asked(view: View) -> None:
    entry = view.entries["REQ-261121-FFFFF"]
    html = record.record_page(view, entry, view.store.data(entry.id), fields(view.kind(entry)))
    assert "Answers Which model? strong" in text_of(html)


@pytest.mark.parametrize("form", ["nothing", "{}", "{properties: [a]}", "{properties: {model: 3}}"])
def test_a_form_that_is_none_hides_no_answer(tmp_path: Path, form: str) -> None:
    path = "cmdb/offerings/laptop.yaml"
    broken = DOCUMENTS[path][: DOCUMENTS[path].index("form:")] + f"form: {form}\n"
    view = view_of(tmp_path, {path: broken})
    entry = view.entries["REQ-261121-FFFFF"]
    html = record.record_page(view, entry, view.store.data(entry.id), fields(view.kind(entry)))
    assert "Answers Model strong" in text_of(html)


def test_tables_inside_a_field_have_the_whole_width(view: View) -> None:
    schema = {f.name: f for f in fields(view.book.kinds["incident"])}["review"].schema
    review = {"action_items": [{"action": "Write it down", "owner": "ada"}], "reviewed_at": "2026-11-22"}
    html = value(view, review, schema)
    assert "<div class=it-wide><dt>Action items<dd><table" in html
    assert "<div><dt>Reviewed at<dd>" in html


def test_free_data_says_yes_and_no(view: View) -> None:
    assert text_of(value(view, {"made_sla": False, "count": 0, "knowledge": True}, {})) == (
        "Made SLA No Count 0 Knowledge Yes"
    )


def test_a_team_has_its_members_where_there_is_room(view: View) -> None:
    team, service = view.entries["web"], view.entries["shop"]
    html = item.item_page(view, team, view.store.data("web"), fields(view.kind(team)))
    assert html.index("<dl class=it-help>") < html.index(">Members<") < html.index("<div class=it-main>")
    assert "class=it-side" not in html  # whom to ask stands above, and nothing is left for the side
    html = item.item_page(view, service, view.store.data("shop"), fields(view.kind(service)))
    assert html.index(">Follow<") > html.index("it-side")


@pytest.mark.parametrize(
    ("base", "root"), [("https://it.example.org/sub/path", "/sub/path/"), ("https://it.example.org/", "/")]
)
def test_the_page_for_wrong_addresses_leads_back(tmp_path: Path, base: str, root: str) -> None:
    output = build_site(write_sample(tmp_path), now=NOW, base_url=base).output
    html = (output / "404.html").read_text(encoding="utf-8")
    assert "There is no page here" in html
    assert f'<form class="it-lost__find" action="{root}search.html">' in html
    for page in ("records/index.html", "catalogue/index.html"):
        assert f"href={root}{page}>" in html
    assert f'action="{root}search.html"' in html
    assert f'href="{root}assets/itsm.css"' in html


def test_the_foot_says_whose_times_these_are(site: Path) -> None:
    assert "Example Ltd. Times are in Europe/Berlin." in (site / "index.html").read_text(encoding="utf-8")


def test_a_person_a_team_and_an_item_say_at_once_whom_to_ask_and_once(view: View) -> None:
    strips = {}
    for name in ("ada", "web", "shop-web"):
        entry = view.entries[name]
        html = item.item_page(view, entry, view.store.data(name), fields(view.kind(entry)))
        strips[name] = text_of(html[html.index("<dl class=it-help>") : html.index("</dl>")])
        rest = html.partition("</dl>")[2]
        assert not {"Teams", "Lead", "Owner"} & set(re.findall(r"<dt>(.*?)<dd>", rest))
    assert strips["ada"] == "Teams Web team"
    assert strips["web"] == "Lead Ada Example"
    assert strips["shop-web"].endswith("Services Online shop")


def test_a_contract_says_until_when_notice_can_be_given(tmp_path: Path) -> None:
    contract = """\
id: cloud-2026
class: contract
name: Cloud services
owner: web
lifecycle: production
supplier: meridian
start: 2026-01-01
end: 2026-12-31
renewal: tacit
renewal_term_months: 12
notice_days: 30
"""
    view = view_of(tmp_path, {"cmdb/contracts/cloud-2026.yaml": contract})
    entry = view.entries["cloud-2026"]
    html = item.item_page(view, entry, view.store.data("cloud-2026"), fields(view.kind(entry)))
    strip = text_of(html[html.index("<dl class=it-help>") : html.index("</dl>")])
    assert "Term 1 Jan 2026 to 31 Dec 2026" in strip
    assert "Last day to give notice 1 Dec 2026" in strip


def test_the_list_of_contracts_has_their_days_the_next_first(tmp_path: Path) -> None:
    base = "class: contract\nowner: web\nstart: 2026-01-01\n"
    texts = {
        "cables": f"id: cables\nname: Cables\n{base}end: 2027-06-30\nlifecycle: production\n",
        "cloud": f"id: cloud\nname: Clouds\n{base}end: 2026-12-31\nnotice_days: 10\nlifecycle: production\n"
        "cost: {amount: 1200, currency: EUR, per: month}\n",
        "always": f"id: always\nname: Always\n{base}lifecycle: production\n",
        "former": f"id: former\nname: A former one\n{base}end: 2026-06-30\nlifecycle: retired\n",
    }
    view = view_of(tmp_path, {f"cmdb/contracts/{name}.yaml": text for name, text in texts.items()})
    (page,) = contracts.contract_lists(view)
    assert page.url == "cmdb/contracts/index.html"
    rows = [text_of(row) for row in page.body.split("<tr>")[2:]]
    assert [row.split()[0] for row in rows] == ["Clouds", "Cables", "Always", "A"]
    for said in ("31 Dec 2026", "21 Dec 2026 soon", "1,200 EUR per month"):
        assert said in rows[0]
    assert "2026" not in rows[3]
    assert page.url not in {one.url for one in lists.class_lists(view)}


@pytest.mark.parametrize(
    ("days", "ends", "notice"),
    [
        (5, "31 Dec 2026 (renews)", "26 Dec 2026"),
        # It is too late for this year: the notice is for the end of the next.
        (90, "31 Dec 2026, then renewed to 31 Dec 2027", "2 Oct 2027"),
    ],
)
def test_both_days_of_a_contract_are_of_one_period(tmp_path: Path, days: int, ends: str, notice: str) -> None:
    contract = (
        "id: cloud\nclass: contract\nname: Clouds\nowner: web\nlifecycle: production\nstart: 2026-01-01\n"
        f"end: 2026-12-31\nrenewal: tacit\nrenewal_term_months: 12\nnotice_days: {days}\n"
    )
    view = view_of(tmp_path, {"cmdb/contracts/cloud.yaml": contract})
    (page,) = contracts.contract_lists(view)
    assert f"{ends} {notice}" in text_of(page.body)
