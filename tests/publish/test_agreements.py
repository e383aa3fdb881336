"""Contracts, licences, calendars, announcements, people and known errors on their pages: in words, each fact once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_agenda_pages import DOCUMENTS
from test_pages import view_of
from test_their_work import text_of

from itsm_gitops.presentation.fields import fields
from itsm_gitops.presentation.pages import hours, known_errors, terms
from itsm_gitops.presentation.pages.item import item_page
from itsm_gitops.presentation.pages.lists import class_lists
from itsm_gitops.presentation.pages.spans import span
from itsm_gitops.presentation.view import View


def page_of(view: View, name: str) -> str:
    entry = view.entries[name]
    return item_page(view, entry, view.store.data(name), fields(view.kind(entry)))


def week(days: str, opens: str, closes: str) -> dict[str, Any]:
    return {"days": days.split(), "from": opens, "to": closes}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([week("mon tue wed thu fri", "08:00", "18:00")], ["Monday to Friday, 08:00 to 18:00"]),
        ([week("mon wed", "08:00", "24:00")], ["Monday, Wednesday, 08:00 to 24:00"]),
        (
            [week("sat", "14:30", "24:00"), week("sun", "00:00", "20:00")],
            ["Saturday 14:30 to Sunday 20:00"],
        ),
        ([week("fri", "22:00", "04:00")], ["Friday 22:00 to Saturday 04:00"]),
        ([week("mon tue", "22:00", "04:00")], ["Monday, Tuesday, 22:00 to 04:00"]),
        # The week is round: Sunday evening goes on into Monday.
        ([week("sun", "20:00", "24:00"), week("mon", "00:00", "06:00")], ["Sunday 20:00 to Monday 06:00"]),
        ([week("mon tue wed thu fri sat sun", "00:00", "24:00")], ["Around the clock"]),
        ([week("mon tue wed thu fri sat sun", "06:00", "22:00")], ["Every day, 06:00 to 22:00"]),
        (
            [week("mon tue wed thu fri", "08:00", "18:00"), week("sat", "09:00", "12:00")],
            ["Monday to Friday, 08:00 to 18:00", "Saturday, 09:00 to 12:00"],
        ),
        ([{"days": ["mon"], "from": "8", "to": "9"}], []),
        (None, []),
    ],
)
def test_hours_of_a_week_are_sentences(rules: Any, said: list[str]) -> None:
    assert hours.sentences(rules) == said


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-11-28T19:00", "2026-11-28T22:00", "28 Nov, 20:00 to 23:00"),
        ("2026-11-16T08:00", "2026-11-23T08:00", "16 to 23 Nov, 09:00"),
        ("2026-11-30T08:00", "2026-12-07T08:00", "30 Nov to 7 Dec, 09:00"),
        ("2026-12-04T16:00", "2026-12-06T08:00", "4 Dec, 17:00 to 6 Dec, 09:00"),
        ("2026-12-28T08:00", "2027-01-04T08:00", "28 Dec to 4 Jan 2027, 09:00"),
    ],
)
def test_a_span_says_each_day_and_time_once(tmp_path: Path, start: str, end: str, said: str) -> None:
    view = view_of(tmp_path, {})
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    assert text_of(span(view, first, last)) == said


CONTRACT = (
    "id: cloud-2026\nclass: contract\nname: Cloud services\nowner: web\nlifecycle: production\nsupplier: meridian\n"
    "start: 2026-01-01\nend: 2026-12-31\ninitial_term_months: 12\nrenewal: tacit\nrenewal_term_months: 12\n"
)


@pytest.mark.parametrize(
    ("days", "said"),
    [("30", "Notice due in 9 days"), ("39", "Notice due today"), ("1", "")],
)
def test_a_contract_says_beside_its_last_day_to_give_notice_that_it_is_due(
    tmp_path: Path, days: str, said: str
) -> None:
    view = view_of(tmp_path, {"cmdb/contracts/cloud-2026.yaml": f"{CONTRACT}notice_days: {days}\n"})
    strip = page_of(view, "cloud-2026").partition("<dl class=it-help>")[2].partition("</dl>")[0]
    day = strip.partition("Last day to give notice</dt><dd>")[2].partition("</dd>")[0]
    assert text_of(day).partition("2026")[2].strip() == said
    assert day.startswith("<b>") == bool(said)


def test_a_day_to_give_notice_that_is_past_gives_way_to_that_of_the_next_term(tmp_path: Path) -> None:
    view = view_of(tmp_path, {"cmdb/contracts/cloud-2026.yaml": f"{CONTRACT}notice_days: 60\n"})
    strip = text_of(page_of(view, "cloud-2026").partition("<dl class=it-help>")[2].partition("</dl>")[0])
    day = "1 Nov 2027 for the next term; for this one it was 1 Nov 2026"
    assert strip.startswith(f"Term 1 Jan 2026 to 31 Dec 2026 Last day to give notice {day} Supplier")


def test_a_contract_is_told_in_words_and_its_dates_come_first(tmp_path: Path) -> None:
    view = view_of(tmp_path, {"cmdb/contracts/cloud-2026.yaml": f"{CONTRACT}notice_days: 30\n"})
    html = page_of(view, "cloud-2026")
    strip, _, rest = html.partition("<dl class=it-help>")[2].partition("</dl>")
    assert text_of(strip).startswith(
        "Term 1 Jan 2026 to 31 Dec 2026 Last day to give notice 1 Dec 2026 Notice due in 9 days Supplier"
    )
    said = text_of(rest)
    assert text_of(strip).endswith("At the end Renews automatically for 12 months")
    assert "Initial term 12 months" in said
    assert "At the end" not in said
    assert "Tacit" not in said
    assert "30 days" not in said


@pytest.mark.parametrize(
    ("used", "more", "said"),
    [
        (
            "618",
            "false",
            "618 of 640 in use 22 free no more may be used · counted on 1 Oct 2026 by Ada Example",
        ),
        (
            "641",
            "true",
            "641 of 640 in use 1 more than bought extra seats are invoiced afterwards · counted on 1 Oct 2026 by Ada Example",
        ),
    ],
)
def test_a_licence_says_how_much_of_it_is_in_use(tmp_path: Path, used: str, more: str, said: str) -> None:
    licence = (
        "id: seats\nclass: licence\nname: Seats\nowner: web\nlifecycle: production\nproduct: Suite\nmetric: user\n"
        f"quantity: 640\nin_use: {used}\nover_allocation_allowed: {more}\nperpetual: false\n"
        "verification:\n  date: 2026-10-01\n  by: ada\n"
    )
    html = page_of(view_of(tmp_path, {"cmdb/licences/seats.yaml": licence}), "seats")
    assert said in text_of(html)
    assert not {"Perpetual", "Over allocation allowed"} & set(text_of(html).split(" "))
    assert "Quantity" not in text_of(html)
    assert f"it-use--{'over' if more == 'true' else 'nearly'}" in html


def test_a_licence_says_in_its_strip_what_it_covers_and_not_what_covers_it(tmp_path: Path) -> None:
    licence = (
        "id: seats\nclass: licence\nname: Seats\nowner: web\nlifecycle: production\nproduct: Suite\nmetric: user\n"
        "contract: cloud-2026\n"
    )
    suite = "id: suite\nclass: saas\nname: Suite\nowner: web\nlifecycle: production\nlicences: [seats]\n"
    contract = f"{CONTRACT}notice_days: 30\n"
    files = {"licences/seats": licence, "saas/suite": suite, "contracts/cloud-2026": contract}
    view = view_of(tmp_path, {f"cmdb/{name}.yaml": text for name, text in files.items()})
    strip = page_of(view, "seats").partition("<dl class=it-help>")[2].partition("</dl>")[0]
    assert text_of(strip).endswith("Covers Suite")


def test_a_licence_that_never_ends_says_so_in_its_strip_and_has_no_number_where_nothing_is_bought(
    tmp_path: Path,
) -> None:
    licence = (
        "id: engine\nclass: licence\nname: Engine\nowner: web\nlifecycle: production\nproduct: Engine\nmetric: open-source\n"
        "quantity: 0\nperpetual: true\n"
    )
    html = page_of(view_of(tmp_path, {"cmdb/licences/engine.yaml": licence}), "engine")
    strip, _, below = html.partition("<dl class=it-help>")[2].partition("</dl>")
    assert text_of(strip) == "Owner Web team Term Does not expire"
    assert "Quantity" not in text_of(below)


def test_a_unit_stands_at_its_value_and_paths_come_last(tmp_path: Path) -> None:
    server = (
        "id: node\nclass: server\nname: Node\nowner: web\nlifecycle: production\nenvironment: production\n"
        "paths: [deploy/node/**]\ntype: physical\naddresses: [192.0.2.21]\nmemory_gb: 768\n"
    )
    html = page_of(view_of(tmp_path, {"cmdb/servers/node.yaml": server}), "node")
    said = " ".join(text_of(html).replace("\u00a0", " ").split())
    assert "Memory 768 GB" in said
    assert "Address 192." in said
    assert said.index("Type Physical") < said.index("deploy/node/")


def test_a_list_of_items_says_the_life_cycle_of_what_has_no_health_and_no_environment_of_what_is_retired(
    tmp_path: Path,
) -> None:
    server = "id: {0}\nclass: server\nname: Node {0}\nowner: web\nlifecycle: {1}\nenvironment: production\ntype: physical\n"
    files = {
        f"cmdb/servers/{n}.yaml": server.format(n, s) for n, s in (("a1", "production"), ("b2", "retired"))
    }
    view = view_of(tmp_path, files)
    html = next(p.body for p in class_lists(view) if p.url == "cmdb/servers/index.html")
    rows = [text_of(row) for row in html.split("<tr>")]
    assert "Node a1 Operational Physical Production Web team" in rows[-2]
    assert rows[-1].startswith("Node b2 Retired Physical Web team")


def test_a_list_of_items_begins_with_what_is_not_well_and_ends_with_what_is_retired(tmp_path: Path) -> None:
    server = "id: {0}\nclass: server\nname: Node {0}\nowner: web\nlifecycle: {1}\nenvironment: production\ntype: physical\n"
    states = {"a1": "retired", "b2": "production", "c3": "production", "d4": "maintenance"}
    files = {f"cmdb/servers/{n}.yaml": server.format(n, s) for n, s in states.items()}
    view = view_of(tmp_path, files)
    view.health["c3"] = view.health["c3"]._replace(status="degraded")
    html = next(p.body for p in class_lists(view) if p.url == "cmdb/servers/index.html")
    assert re.findall(r">Node (\w\w)<", html) == ["c3", "d4", "b2", "a1"]
    # The environment of most is not said on a phone, whatever the state.
    assert html.count("<span class=it-usual>Production</span>") == 3


def test_how_critical_an_item_is_and_where_it_runs_are_facts_with_names(tmp_path: Path) -> None:
    server = (
        "id: node\nclass: server\nname: Node\nowner: web\nlifecycle: production\ncriticality: critical\n"
        "environment: production\ntype: physical\n"
    )
    head, _, rest = page_of(view_of(tmp_path, {"cmdb/servers/node.yaml": server}), "node").partition(
        "</header>"
    )
    strip, _, below = rest.partition("<dl class=it-help>")[2].partition("</dl>")
    assert text_of(strip) == "Owner Web team Criticality Critical Environment Production"
    assert "Critical" not in head
    assert "Environment" not in below


def test_a_strip_has_six_facts_at_most_and_the_others_are_details(tmp_path: Path) -> None:
    server = (
        "id: node\nclass: server\nname: Node\nowner: web\nlifecycle: production\ncriticality: critical\n"
        "environment: production\ntype: physical\nlocation: hall\nsupplier: maker\nwarranty_until: 2029-03-11\n"
        "end_of_support: 2030-03-11\n"
    )
    files = {
        "servers/node": server,
        "facilities/hall": "id: hall\nclass: facility\nname: Hall\nowner: web\nlifecycle: production\ntype: room\n",
        "suppliers/maker": "id: maker\nclass: supplier\nname: Maker\nowner: web\nlifecycle: production\ntype: hardware\n",
    }
    view = view_of(tmp_path, {f"cmdb/{name}.yaml": text for name, text in files.items()})
    strip, _, below = page_of(view, "node").partition("<dl class=it-help>")[2].partition("</dl>")
    assert strip.count("<dt>") == 6
    assert "Criticality" in strip
    assert "Environment Production" in text_of(below)


def test_a_supplier_names_a_contract_once(tmp_path: Path) -> None:
    supplier = (
        "id: meridian\nclass: supplier\nname: Meridian\nowner: web\nlifecycle: production\ntype: cloud\n"
    )
    view = view_of(
        tmp_path,
        {
            "cmdb/suppliers/meridian.yaml": supplier,
            "cmdb/contracts/cloud-2026.yaml": f"{CONTRACT}notice_days: 30\n",
        },
    )
    html = page_of(view, "meridian")
    assert text_of(html).count("Cloud services") == 1
    assert "<td class=it-c-title><a" in html  # as in every other list


def test_the_list_of_licences_says_until_when_and_how_much_is_in_use(tmp_path: Path) -> None:
    licence = "id: {0}\nclass: licence\nname: Suite {0}\nowner: web\nlifecycle: production\nproduct: Suite\nmetric: user\n"
    seats = f"{licence.format('a1')}quantity: 1640\nin_use: 618\nend: 2027-12-31\n"
    free = f"{licence.format('b2')}quantity: 0\nperpetual: true\n"
    view = view_of(tmp_path, {"cmdb/licences/a1.yaml": seats, "cmdb/licences/b2.yaml": free})
    (page,) = terms.licence_lists(view)
    assert page.url not in {one.url for one in class_lists(view)}
    rows = [text_of(row) for row in page.body.split("<tr>")[1:]]
    assert rows == [
        "Name Product Owner Term ends In use",
        "Suite a1 Suite Web team 31 Dec 2027 618 of 1,640",
        "Suite b2 Suite Web team Never",
    ]


def test_that_an_organisation_exists_is_no_news(tmp_path: Path) -> None:
    text = "id: {0}\nclass: organisation\nname: Org {0}\nowner: web\nlifecycle: {1}\nroles: [customer]\n"
    files = {
        f"cmdb/organisations/{n}.yaml": text.format(n, s)
        for n, s in (("a1", "production"), ("b2", "retired"))
    }
    view = view_of(tmp_path, files)
    assert "In production" not in text_of(page_of(view, "a1"))
    assert "Retired" in text_of(page_of(view, "b2"))
    html = next(p.body for p in class_lists(view) if p.url == "cmdb/organisations/index.html")
    assert "In production" not in html
    assert "Retired" in html


def test_a_calendar_begins_with_its_hours_and_the_next_times(tmp_path: Path) -> None:
    calendar = (
        "id: window\nclass: calendar\nname: Window\nowner: web\ntype: maintenance_window\ntime_zone: Europe/Berlin\n"
        "hours:\n- {days: [sat], from: '14:30', to: '24:00'}\n- {days: [sun], from: '00:00', to: '20:00'}\n"
        "applies_to: [shop]\n"
    )
    said = text_of(page_of(view_of(tmp_path, {"cmdb/calendars/window.yaml": calendar}), "window"))
    assert "Hours Saturday 14:30 to Sunday 20:00 Next times" in said
    assert "28 Nov, 14:30 to 29 Nov, 20:00" in said
    assert (
        said.index("Owner Web team Type Maintenance window")
        < said.index("Next times")
        < said.index("Applies to")
    )


def test_a_freeze_says_its_dates_once_what_is_over_last_and_whether_it_is_proposed(tmp_path: Path) -> None:
    freeze = (
        "id: close\nclass: calendar\nname: Quarter close\nowner: web\ntype: freeze\ntime_zone: Europe/Berlin\n"
        "lifecycle: planned\nexempt_types: [emergency]\nwindows:\n"
        "- {start: 2026-12-30T18:00:00+01:00, end: 2027-01-06T12:00:00+01:00, name: Fourth quarter}\n"
        "- {start: 2026-09-30T18:00:00+02:00, end: 2026-10-04T12:00:00+02:00, name: Quarter close}\n"
    )
    html = page_of(view_of(tmp_path, {"cmdb/calendars/close.yaml": freeze}), "close")
    said = " ".join(text_of(html).replace("\u00a0", " ").split())
    assert "Quarter close Proposed Owner Web team Type Freeze" in said
    assert "Exempt types Emergency changes" in said
    assert (
        "When 30 Dec, 18:00 to 6 Jan 2027, 12:00 · Fourth quarter Earlier times 30 Sep, 18:00 to 4 Oct, 12:00"
        in said
    )
    assert said.count("30 Dec") == 1
    assert "Windows" not in said
    assert "Lifecycle" not in said


def test_an_announcement_says_its_time_once(tmp_path: Path) -> None:
    announcement = (
        "id: work\nclass: announcement\nname: Work\ndescription: Save your work.\nowner: web\ntype: maintenance\n"
        "audience: staff\nstart: 2026-11-28T20:00:00+01:00\nend: 2026-11-28T23:00:00+01:00\n"
    )
    html = page_of(view_of(tmp_path, {"cmdb/announcements/work.yaml": announcement}), "work")
    said = text_of(html)
    assert said.startswith("CMDB Announcements")
    assert "Saturday 28 November, 20:00 to 23:00" in said
    assert said.count("28 Nov") == 1
    strip = html.partition("<dl class=it-help>")[2].partition("</dl>")[0]
    assert "Audience Staff" in text_of(strip)
    assert "Details" not in said


def test_accounts_of_a_person_are_for_engineers_and_a_role_is_not_the_name_again(tmp_path: Path) -> None:
    person = (
        "id: net\nclass: person\nname: Network engineer\nrole: Network engineer\nlifecycle: production\n"
        "teams: [web]\nmanager: ada\napprover: false\ncommit_addresses: [net@example.org]\n"
        "identities:\n- {forge: forgejo, id: 1011, login: net}\n"
    )
    seen, _, folded = page_of(view_of(tmp_path, {"cmdb/people/net.yaml": person}), "net").partition(
        "For engineers"
    )
    assert "net@example.org" in folded
    assert "1011" in folded
    assert "net@example.org" not in seen
    assert "Role" not in text_of(seen)
    assert "Approver" not in text_of(seen)


def test_the_few_facts_of_a_person_stand_in_the_strip(tmp_path: Path) -> None:
    person = "id: net\nclass: person\nname: Nell\nrole: Network engineer\nlifecycle: production\nteams: [web]\napprover: true\n"
    strip, _, below = (
        page_of(view_of(tmp_path, {"cmdb/people/net.yaml": person}), "net")
        .partition("<dl class=it-help>")[2]
        .partition("</dl>")
    )
    assert text_of(strip) == "Teams Web team Role Network engineer Approver Yes"
    assert "Details" not in below


def test_a_known_error_says_how_many_open_incidents_it_is_behind(tmp_path: Path) -> None:
    path = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
    linked = DOCUMENTS[path].replace("links:\n", "links:\n- type: workaround\n  target: KE-261121-EEEEE\n")
    view = view_of(tmp_path, {path: linked})
    assert "Affects 1 open incident" in text_of(known_errors.known_errors_page(view).body)


def test_a_command_of_a_workaround_breaks_between_its_words_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of(tmp_path, {})
    monkeypatch.setitem(
        view.store.data("KE-261121-EEEEE"), "workaround", "Run `expire --type mobile --idle 10`."
    )
    html = known_errors.known_errors_page(view).body
    assert "<code>expire <span>--type</span> mobile <span>--idle</span> 10</code>" in html
