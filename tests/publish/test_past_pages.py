"""The last days of a service and its service level, on the pages that show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_pages import view_of

from itsm_gitops.model.field_history import Day
from itsm_gitops.presentation.document_history import Edit
from itsm_gitops.presentation.fields import fields
from itsm_gitops.presentation.pages import item, past, promises
from itsm_gitops.presentation.pages.edits import _edit
from itsm_gitops.presentation.view import View

SERVICE = "shop"


@pytest.fixture
def shown(view: View) -> Iterator[View]:
    """The sample's view with ten days of the shop and its service level."""
    states = ["unknown"] * 2 + ["operational"] * 3 + ["outage", "degraded", "degraded"] + ["operational"] * 2
    view.past = {SERVICE: [Day(f"2026-11-{n + 1:02d}", s, ("INC-0",)) for n, s in enumerate(states)]}
    view.kept = {
        SERVICE: {
            "service": SERVICE, "level": "gold", "response": 0.9, "response_goal": 0.95,
            "resolution": None, "resolution_goal": 0.9, "availability": 0.99999, "availability_goal": 0.999,
        }
    }  # fmt: skip
    yield view
    view.past, view.kept = {}, {}


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_days_alike_are_one_mark(shown: View) -> None:
    html = past.bar(shown, SERVICE)
    marks = re.findall(r'<rect class="it-past--(\w+)" x="(\d+)" width="(\d+)"', html)
    assert marks == [
        ("unknown", "0", "2"),
        ("working", "2", "3"),
        ("outage", "5", "1"),
        ("degraded", "6", "2"),
        ("working", "8", "2"),
    ]
    assert "<title>6 Nov: outage</title>" in html
    assert "<title>7 Nov to 8 Nov: degraded</title>" in html
    assert "<title>1 Nov to 2 Nov: not known</title>" in html
    assert 'aria-label="Last 10 days: 1 day with an outage, 2 days degraded in 8 days with records"' in html


def test_the_list_of_days_has_the_latest_first(shown: View) -> None:
    said = text(past.service_past(shown, SERVICE))
    assert said.startswith("The last 10 days")
    assert said.index("Degraded 7 Nov to 8 Nov") < said.index("Outage 6 Nov")
    assert "Operational" not in said


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["operational"] * 3, "Last 3 days: No outage"),
        (["unknown"], "Last 1 day: No data for this time"),
        (["unknown", "operational"], "Last 2 days: No outage in 1 day with records"),
    ],
)
def test_quiet_days(states: list[str], said: str) -> None:
    assert past.summary([Day("2026-11-22", s) for s in states]) == said


def test_what_was_promised_and_kept(shown: View) -> None:
    html = past.kept(shown, SERVICE)
    assert "it-chip--bad" in html.split("Available")[0]
    assert "it-chip--done" in html.split("Available")[1]
    said = text(html)
    assert "Answered in time 90% goal 95%" in said
    assert "Available 99.99% goal 99.9%" in said
    assert "Resolved" not in said  # nothing to judge it by


def test_a_service_without_either_shows_nothing(view: View) -> None:
    assert past.bar(view, SERVICE) == past.service_past(view, SERVICE) == ""
    assert past.kept(view, SERVICE) == ""


def test_the_page_of_a_service_level_shows_how_it_is_kept_missed_first(tmp_path: Path) -> None:
    under = "class: service\nlifecycle: production\nservice_level:"
    view = view_of(
        tmp_path,
        {
            "cmdb/service-levels/gold.yaml": "id: gold\nclass: service-level\nname: Gold\nkind: sla\n",
            "cmdb/services/mail.yaml": f"id: mail\nname: Mail\n{under} gold\n",
            "cmdb/services/wiki.yaml": f"id: wiki\nname: Wiki\n{under} gold\n",
            "cmdb/services/chat.yaml": f"id: chat\nname: Chat\n{under} silver\n",
        },
    )
    gold = view.entries["gold"]
    assert promises.kept_under(view, gold) == ""  # nothing was measured
    nothing = dict.fromkeys(("response", "response_goal", "resolution", "resolution_goal"))
    view.kept = {
        "mail": {"level": "gold", **nothing, "availability": 1.0, "availability_goal": 0.99},
        "wiki": {"level": "gold", **nothing, "availability": 0.98, "availability_goal": 0.99},
        "chat": {"level": "silver", **nothing, "availability": 1.0, "availability_goal": 0.99},
    }
    html = promises.kept_under(view, gold)
    assert text(html).startswith(
        "Performance against targets 1 of 2 services missed a target (last 12 months). "
        "Performance against targets Service Available goal 99% Wiki 98% , below the goal Mail 100%"
    )
    assert "Chat" not in html
    assert promises.kept_under(view, view.entries["mail"]) == ""
    page = item.item_page(view, gold, view.store.data("gold"), ())
    assert page.index("Performance against targets") < page.index("Details")


def test_a_service_level_is_said_in_words(tmp_path: Path) -> None:
    """States by their titles, shares with their sign, and what is left out for "every" as "any"."""
    gold = (
        "id: gold\nclass: service-level\nname: Gold\nkind: sla\nlifecycle: production\nowner: web\n"
        "pause_states: [on_hold]\nwarn_at_percent: 75\n"
        "targets:\n- {record: incident, metric: response, priority: P1, minutes: 15, percent: 95, period: month}\n"
        "- {record: incident, metric: resolution, minutes: 240, percent: 99.5, period: month}\n"
        "escalations:\n- {at_percent: 90, team: web}\n- {at_percent: 100, metric: response, priority: P1, team: web}\n"
    )
    view = view_of(tmp_path, {"cmdb/service-levels/gold.yaml": gold})
    entry = view.entries["gold"]
    said = text(item.item_page(view, entry, view.store.data("gold"), fields(view.kind(entry))))
    assert "Clock pauses in On hold" in said
    assert "Warning When 75% of the time is used" in said
    assert "Incident Response Resolution P1 95% within 15 min – Any priority – 99.5% within 4 h" in said
    assert "Time used Target Who is called 90% Any Web team 100% Response, P1 Web team" in said


@pytest.mark.parametrize(
    ("field", "old", "new", "said"),
    [
        ("warn_at_percent", "75", "", "Warn at 75% → nothing"),
        (
            "escalations",
            "",
            '{"at_percent": 90, "team": "web"}',
            "Escalations nothing → At: 90%, Team: Web team",
        ),
    ],
)
def test_the_history_of_a_share_has_its_sign(
    tmp_path: Path, field: str, old: str, new: str, said: str
) -> None:
    view = view_of(tmp_path, {})
    edit = Edit("c0ffee", "2026-11-20T10:00:00Z", "Ada", "ada", field, old, new)
    assert text(_edit(view, view.book.kinds["service-level"], edit)) == said
