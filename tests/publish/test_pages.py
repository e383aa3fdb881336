"""Pages from views: agenda, life-cycle steps, fields of every shape, long lists, serving."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.model.facts import affected
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import agenda, navigation, questions, urls
from itsm_gitops.presentation.agenda import Span
from itsm_gitops.presentation.extras import extra_of
from itsm_gitops.presentation.fields import fields, value
from itsm_gitops.presentation.groups import CLASSES, grouped
from itsm_gitops.presentation.pages import forms, hubs, item_records, maps, surroundings
from itsm_gitops.presentation.pages import lists as page_lists
from itsm_gitops.presentation.pages.item import item_page
from itsm_gitops.presentation.pages.steps import stepper
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import build_site, serve
from itsm_gitops.snapshots import load_store

DAY = timedelta(days=1)


def view_of(root: Path, extra: dict[str, str]) -> View:
    repo = write_sample(root)
    for path, text in extra.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    store, extras = load_store(repo.snapshot(), visit=lambda store, document: extra_of(document, store.book))
    return View(store, extras, NOW)


def test_spans_touch_when_they_overlap_or_begin_inside() -> None:
    day = datetime(2026, 11, 28, tzinfo=UTC)
    assert Span(day - DAY, day + DAY, "", "", "").touches(day, day + DAY)
    assert Span(day, day, "", "", "").touches(day, day + DAY)
    assert not Span(day + DAY, day + 2 * DAY, "", "", "").touches(day, day + DAY)
    assert not Span(day - DAY, day, "", "", "").touches(day, day + DAY)


CHANGE = "records/changes/2026/11/CHG-261118-BBBBB.yaml"
FREEZE = "cmdb/calendars/winter.yaml"


@pytest.mark.parametrize(
    ("addition", "frozen"),
    [
        ("", True),
        ("exempt_types: [normal]\n", False),
        ("exempt_types: [emergency]\n", True),
        ("applies_to: [shop-db-1]\n", False),
        ("applies_to: [shop-web]\n", True),
    ],
)
def test_a_freeze_holds_for_its_types_and_items(tmp_path: Path, addition: str, frozen: bool) -> None:
    from sample_site import DOCUMENTS

    view = view_of(tmp_path, {FREEZE: DOCUMENTS[FREEZE] + addition})
    (change,) = agenda.changes(view)
    spans = agenda.calendar_spans(view, NOW, NOW + 30 * DAY)
    assert [s.look for s in spans] == ["freeze"]
    assert agenda.frozen(view).keys() == ({change.id} if frozen else set())


def test_holidays_are_days_of_their_calendars_time_zone(tmp_path: Path) -> None:
    text = (
        "id: bank\nclass: calendar\nname: Bank\ntype: holidays\ntime_zone: Europe/Berlin\n"
        "dates:\n- {date: '2026-12-25', name: Christmas}\n- {date: never, name: x}\n"
    )
    view = view_of(tmp_path, {"cmdb/calendars/bank.yaml": text})
    (span,) = agenda.calendar_spans(view, NOW + 30 * DAY, NOW + 60 * DAY)
    assert (span.title, span.look) == ("Christmas", "holiday")
    assert span.start == datetime(2026, 12, 24, 23, tzinfo=UTC)


def test_days_follow_the_clock_change(view: View) -> None:
    """The last Sunday of October has 25 hours in Berlin."""
    moved = View(view.store, [], datetime(2026, 10, 25, 10, tzinfo=UTC))
    (start, end), (_, after) = agenda.days(moved, 2)
    assert end - start == timedelta(hours=25)
    assert after - end == timedelta(hours=24)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("incident", {"state": "new"}, ["New*", "In progress", "Resolved", "Closed"]),
        ("incident", {"state": "cancelled", "was": ["new"]}, []),  # as short as the label
        (
            "incident",
            {"state": "cancelled", "was": ["new", "in_progress", "on_hold"]},
            ["New", "In progress", "On hold", "Cancelled*"],
        ),
        ("incident", {"state": "on_hold", "was": ["new", "in_progress"]}, ["New", "In progress", "On hold*"]),
        (
            "change",
            {"state": "draft", "type": "standard"},
            ["Draft*", "Scheduled", "Implementing", "Review", "Closed"],
        ),
    ],
)
def test_the_stepper_shows_the_past_and_the_usual_way(
    view: View, book: RuleBook, kind: str, data: dict[str, Any], expected: list[str]
) -> None:
    import re

    known = book.kinds[kind]
    states = [*data.get("was", []), data["state"]]
    document = {**data, "timeline": [{"at": "2026-11-20T09:00:00Z", "by": "ada", "state": s} for s in states]}
    entry = replace(next(e for e in view.of_kind(kind)), state=data["state"])
    html = stepper(known, entry, document)
    items = re.findall(r"<li class=\w+( aria-current=step)?>([^<]*)", html)
    shown = [title + ("*" if now else "") for now, title in items]
    assert shown[: len(expected)] == expected


def test_every_shape_of_value_is_shown(view: View, book: RuleBook) -> None:
    known = {f.name: f for f in fields(book.kinds["service"])}
    cost = value(view, {"amount": 1350, "currency": "EUR", "per": "month"}, known["cost"].schema)
    assert cost == "1,350 EUR per month"
    assert value(view, True, {}) == "Yes"
    assert value(view, 12_345, {}) == "12,345"
    assert value(view, 30, {"type": "integer", "description": "Time spent, in minutes."}) == "30 min"
    assert value(view, None, {}) == ""
    assert value(view, "2026-11-22", {"format": "date"}) == "<time datetime=2026-11-22>22 Nov 2026</time>"
    assert value(view, "soon", {"format": "date"}) == "soon"
    assert value(view, ["a", "b"], {"items": {}}) == "<ul class=it-words><li>a<li>b</ul>"
    assert "and 50 more" in value(view, [str(i) for i in range(250)], {"items": {}})
    assert value(view, {"a": [1], "b": 2}, {}).startswith("<pre><code>{")
    nested = value(view, {"disk_size": {"root_gb": 20}}, {})
    assert "<dt>Disk size<dd>" in nested
    assert "<dt>Root GB<dd>20</dl>" in nested
    assert "<dt>Level<dd>" in value(view, {"level": "low", "zz": 1}, {"properties": {"level": {}}})
    rows = value(view, [{"a": "x"}, "odd"], {"items": {"type": "object", "properties": {"a": {}}}})
    assert rows.count("<tr>") == 2


def test_what_is_not_a_question_is_left_out() -> None:
    assert questions.of_form(None) == questions.of_form({"properties": []}) == []
    odd = {
        "<b>": {"title": "x", "type": "string"},
        "no_schema": 7,
        "bare": {},
        "twisted": {"title": ["x"], "type": ["a"], "enum": [{}, True, "a", 2], "minLength": "9", "items": 3},
        "listed": {"type": "array", "items": {"enum": "abc", "minLength": 2}, "default": [1]},
        "loud": {"title": '"><script>alert(1)</script>', "type": "string", "format": '" onfocus="alert(1)'},
    }
    asked = questions.of_form({"required": "bare", "properties": odd})
    assert [q.path for q in asked] == ["answers.bare", "answers.twisted", "answers.listed", "answers.loud"]
    assert [c.value for c in asked[1].choices] == ["a", 2]
    html = "".join(questions.render(q) for q in asked)
    assert "<script" not in html
    assert 'onfocus="' not in html
    assert "minLength&quot;:&quot;9" not in html


def test_a_question_that_depends_on_an_answer_says_on_which() -> None:
    schema = {
        "properties": {"product": {"type": "string", "enum": ["A", "Other"]}, "name": {"type": "string"}},
        "if": {"properties": {"product": {"const": "Other"}}},
        "then": {"required": ["name"]},
    }
    product, name = questions.of_form(schema)
    assert (product.when, name.when) == ((), ({"answers.product": ("Other",)},))
    assert name.required


def test_long_lists_are_cut_into_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_lists, "MOST_FINISHED", 150)
    repo = write_sample(tmp_path)
    folder = tmp_path / "records/incidents/2026/09"
    folder.mkdir(parents=True)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for number in range(230):
        name = f"INC-260901-0{alphabet[number // 32]}{alphabet[number % 32]}00"
        (folder / f"{name}.yaml").write_text(
            f"id: {name}\nkind: incident\ntitle: Old one {number}\nstate: closed\n"
            "timeline:\n- at: 2026-09-01T09:00:00Z\n  by: ada\n  state: closed\n"
        )
    report = build_site(repo, now=NOW)
    lists = report.output / "records/incidents"
    assert (lists / "month_2609_3.html").is_file()
    assert not (lists / "month_2609_4.html").exists()
    first, last = (lists / "month_2609.html").read_text(), (lists / "month_2609_3.html").read_text()
    assert first.count("<td class=it-c-title>") == 100
    assert last.count("<td class=it-c-title>") == 30
    assert '<span aria-current="page">1</span>' in first
    assert "230 in all, page 3 of 3" in last
    # What is finished is listed once as a whole, by month; the list of its state has the newest.
    assert not (lists / "state_closed_3.html").exists()
    finished = (lists / "state_closed_2.html").read_text()
    assert finished.count("<td class=it-c-title>") == 50
    assert ", the newest 150 here and every one <a href=index.html>by month</a>, page 2 of 2" in finished


def test_pages_of_malformed_identifiers_do_not_exist(book: RuleBook) -> None:
    incident, service = book.kinds["incident"], book.kinds["service"]
    assert urls.page(incident, "../../evil") == ""
    assert urls.page(incident, "INC-261399-AAAAA") == ""
    assert urls.page(service, "../x") == ""
    assert urls.page(service, "a" * 64) == ""
    assert urls.page(service, "index") == "services/index_.html"


def test_titles_in_the_navigation_are_plain() -> None:
    assert navigation.plain("A <b>bold</b> [x](y) {z}") == "A b bold /b x (y) z"
    assert navigation.plain("<>") == "Untitled"


def test_pages_of_the_handbook_come_in_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    folder.mkdir()
    for name, text in (("20-b.md", "# Second\n"), ("10-a.md", "No heading"), ("index.md", "# `Hand` book\n")):
        (folder / name).write_text(text)
    assert navigation.handbook_pages(tmp_path) == [
        ("handbook/index.md", "Hand book"),
        ("handbook/10-a.md", "10 a"),
        ("handbook/20-b.md", "Second"),
    ]


def test_serving_rebuilds_when_a_file_changes_and_survives_mistakes(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    said: list[str] = []
    heard = threading.Condition()
    stop = threading.Event()

    def say(text: str) -> None:
        with heard:
            said.append(text)
            heard.notify_all()

    def wait_for(beginning: str) -> None:
        with heard:
            assert heard.wait_for(lambda: any(s.startswith(beginning) for s in said), timeout=60), said

    thread = threading.Thread(target=serve, args=(repo,), kwargs={"port": 0, "say": say, "stop": stop})
    thread.start()
    try:
        wait_for("http://127.0.0.1:")
        change = tmp_path / CHANGE
        change.write_text(change.read_text().replace("New version", "Other version"))
        wait_for("rebuilt in")
        page = tmp_path / "build/site/records/changes/2611/CHG-261118-BBBBB.html"
        assert "Other version" in page.read_text()
        schema = tmp_path / "schemas/records/incident.schema.json"
        schema.write_text("{")
        wait_for("not rebuilt: ")
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()


def test_what_would_fail_is_told_while_the_work_goes_on(view: View) -> None:
    entry = next(e for e in view.of_kind("incident") if affected(e))
    assert maps.affected_map(view, entry) == ""  # all that would be hit is affected anyway
    entry = replace(entry, edges=tuple(e for e in entry.edges if e.target != "shop"))
    said = maps.affected_map(view, entry)
    assert re.search(r"failed, this would be hit too: <a [^>]*>Online shop</a></div><details", said)
    assert "<svg" in maps.affected_map(view, entry)
    assert maps.affected_map(view, replace(entry, state="closed")) == ""


def groups_of(html: str) -> dict[str, list[tuple[str, str]]]:
    """The groups of an index: heading, then name and number of each card or row."""
    found = {}
    for part in re.split(r"<section[^>]*>", html)[1:]:
        heading = re.search(r"<h2 id=\S+>(.*?)</h2>", part)
        cards = re.findall(r"<h3><a [^>]*>(.*?)</a></h3><b>([\d,]+)", part)
        if heading and cards:
            found[heading[1]] = cards
    return found


def test_classes_of_items_stand_in_groups_in_the_order_of_the_menu(view: View) -> None:
    groups = groups_of(hubs.cmdb_index(view).body)
    names = {title: {name for name, _ in cards} for title, cards in groups.items()}
    assert names == {
        "Services and offerings": {"Services", "Offerings", "Announcements"},
        "Software and cloud": {"Applications", "Databases", "SaaS subscriptions", "Cloud resources"},
        "Hardware and sites": {"Servers", "Network devices", "Facilities"},
        "People and teams": {"People", "Teams", "Rotas", "Organisations"},
        "Agreements, suppliers and calendars": {
            "Contracts", "Service levels", "Software licences", "Suppliers", "Calendars"
        },
    }  # fmt: skip
    assert [name for name, _ in groups["People and teams"]] == ["Organisations", "People", "Rotas", "Teams"]


def test_kinds_of_record_stand_in_groups_as_in_the_menu(view: View) -> None:
    groups = {}
    for part in hubs.records_index(view).body.partition("id=kinds")[2].split("<h3 ")[1:]:
        title = re.search(r"^[^>]*>(.*?)</h3>", part)
        assert title
        groups[title[1]] = set(re.findall(r"<li><p><a [^>]*>(.*?)</a>", part))
    assert groups == {
        "Daily work": {"Incidents", "Service requests", "Problems", "Changes"},
        "Knowledge": {"Knowledge articles", "Known errors"},
        "Releases and deployments": {"Releases", "Deployments"},
        "Reviews and improvement": {
            "Complaints", "Improvements", "Meetings", "Service reviews", "Supplier evaluations"
        },
    }  # fmt: skip


def test_a_class_of_ones_own_finds_its_group(view: View) -> None:
    kinds = view.book.kinds
    robot = replace(kinds["server"], name="robot", plays=())
    crane = replace(kinds["application"], name="crane", plays=())
    policy = replace(kinds["supplier"], name="policy", plays=())
    found = grouped(view.book, [robot, crane, policy], CLASSES, lambda _: (0,))
    assert {group.title: [k.name for k in some] for group, some in found} == {
        "Software and cloud": ["crane"],
        "Hardware and sites": ["robot"],
        "Agreements, suppliers and calendars": ["policy"],
    }


def test_what_no_dependency_is_recorded_of_has_a_sentence_instead_of_a_picture(view: View) -> None:
    alone = surroundings.item_map(view, "index")
    assert "No dependencies are recorded: nothing relies on it, and it needs nothing." in alone
    assert "it-map" not in alone
    assert surroundings.item_map(view, "web") == ""  # a team is no part of the network
    assert "it-map__view" in surroundings.item_map(view, "shop")


ROTA = """\
id: web-rota
class: rota
name: Web on call
owner: web
time_zone: Europe/Berlin
layers:
- name: First line
  people: [ada, bob]
  from: 2026-11-02
  turn: {every: 1, unit: week}
  hand_over: '09:00'
"""


def test_a_rota_says_at_once_who_is_on_call(tmp_path: Path) -> None:
    view = view_of(tmp_path, {"cmdb/rotas/web-rota.yaml": ROTA})
    entry = view.entries["web-rota"]
    html = item_page(view, entry, view.store.data("web-rota"), fields(view.kind(entry)))
    strip = html[html.index("<dl class=it-help>") : html.index("</dl>")]
    said = " ".join(re.sub(r"<[^>]*>", " ", strip).split())
    # Turns of a week begin on Monday 2 November with the first; the third is hers again, and the site is of the 22nd.
    assert said.startswith("Now Ada Example until 23 Nov, 09:00 Next bob from 23 Nov, 09:00")
    assert "web-rota" not in strip  # this is its page
    assert "Every week" in html
    # Each person has a colour of their own in the picture, which begins on Monday 16 November before the hand-over.
    picture = html[html.index("it-rota__bars") :]
    assert set(re.findall(r'it-rota__bar it-rota__(who\d)"[^>]*>(?:<i>[^<]*</i> )?<b data[^>]*>(\w+)', picture)) == {
        ("who0", "bob"), ("who1", "Ada")
    }  # fmt: skip
    # Whose they are, and whose the initials of a narrow picture, says the legend.
    legend = html[html.index("it-cal__legend") :].partition("</ul>")[0]
    assert re.findall(r'it-rota__(who\d)"></span>([^<]+)', legend) == [
        ("who0", "bob (B)"), ("who1", "Ada Example (AE)")
    ]  # fmt: skip
    assert set(re.findall(r'<b data-short="(\w+)">(\w+)', picture)) == {("B", "bob"), ("AE", "Ada")}


def test_a_bar_without_room_for_a_name_has_initials_and_its_time(tmp_path: Path) -> None:
    hours = "  hours:\n  - {days: [mon, tue, wed, thu, fri], from: '09:00', to: '18:00'}\n"
    nights = "- name: Nights\n  people: [bob]\n  from: 2026-11-02\n  turn: {every: 1, unit: day}\n  hand_over: '18:00'\n"
    view = view_of(tmp_path, {"cmdb/rotas/web-rota.yaml": ROTA + hours + nights})
    entry = view.entries["web-rota"]
    html = item_page(view, entry, view.store.data("web-rota"), fields(view.kind(entry)))
    bars = set(re.findall(r'title="Ada Example">(.*?)</span>', html))
    assert bars == {"<b>AE</b>"}  # nine hours are too short for the name, and for the time as well
    assert ">When nobody above is called, else as backup</td>" in html  # the layer that has no hours


@pytest.mark.parametrize(
    ("every", "said"),
    [({"every": 2, "unit": "week"}, "every 2 weeks"), ({"every": 1, "unit": "day"}, "every day")],
)
def test_how_often_is_said_in_words(view: View, book: RuleBook, every: dict[str, Any], said: str) -> None:
    schema = book.kinds["rota"].fields["layers"]["items"]["properties"]["turn"]
    assert value(view, every, schema) == said
    assert "Every" in value(view, {"every": "often", "unit": "week"}, schema)


def test_the_records_of_an_item_stand_in_one_table_in_the_order_of_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = """\
id: PRB-261121-AAAAA
kind: problem
title: Why it fails
impact: low
urgency: low
state: new
service: shop
cis: [shop-web]
timeline:
- at: 2026-11-21T09:00:00Z
  by: ada
  state: new
"""
    view = view_of(tmp_path, {"records/problems/2026/11/PRB-261121-AAAAA.yaml": problem})
    entry = view.entries["shop-web"]
    html = item_page(view, entry, view.store.data("shop-web"), fields(view.kind(entry)))
    few = html[html.index("<h2 id=records>") :]
    assert "rowgroup" not in few[: few.index("</table>")]  # so few need no headings
    monkeypatch.setattr(item_records, "_FEW_RECORDS", 3)
    html = item_page(view, entry, view.store.data("shop-web"), fields(view.kind(entry)))
    table = html[html.index("<h2 id=records>") :]
    table = table[: table.index("</table>")]
    assert re.findall(r"<th scope=col[^>]*>(.*?)</th>", table) == ["Title", "State", "Priority", "Date"]
    assert re.findall(r"scope=rowgroup>(.*?)</th>", table) == [
        "Incidents",
        "Problems",
        "Changes",
        "Known errors",
    ]
    assert table.count("<table") == 1
    assert "Problems</th></tr><tr><td class=it-c-title>" in table
    # What is planned has the date for which it is planned.
    assert "<time datetime=2026-11-28T20:00:00Z>" in table[table.index(">Changes</th>") :]


def test_a_long_form_has_parts(view: View) -> None:
    (change,) = (page for page in forms.pages(view) if page.url == urls.NEW_CHANGE)
    (report,) = (page for page in forms.pages(view) if page.url == urls.REPORT)
    assert [re.sub(r"<[^>]+>", "", h) for h in re.findall(r"<h2 class=it-form__part>(.*?)</h2>", change.body)] == [
        "What and why", "Where and when (needed before approval)"
    ]  # fmt: skip
    # Who must answer none of several questions is told so once, and what few fill in is folded.
    assert change.body.count("(optional)") == 1
    folded = change.body[change.body.index("<details class=it-form__fold>") :]
    assert [name in folded for name in ("q-backout_plan", "q-title")] == [True, False]
    assert "it-form__part" not in report.body


def test_lists_of_kinds_keep_to_the_order_of_work(book: RuleBook) -> None:
    kinds = [k.name for k in in_order_of_work(k for k in book.kinds.values() if k.is_record)]
    assert kinds[:8] == [
        "incident", "request", "problem", "change", "known-error", "article", "deployment", "meeting"
    ]  # fmt: skip
    assert sorted(kinds) == sorted(k.name for k in book.kinds.values() if k.is_record)
