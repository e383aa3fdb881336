"""The history of a service on its page: incidents with their times, causes and updates, and availability with its meaning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_agenda_pages import text_of
from test_record_page import view_of

from itsm_gitops.model.field_history import Available, ServiceHistory, ServiceIncident
from itsm_gitops.presentation.pages import service_history
from itsm_gitops.presentation.view import View

OPEN, BEGAN = "INC-261120-AAAAA", 1795165200  # 20 November 2026, 09:00 UTC


@pytest.fixture
def told(view: View) -> object:
    """The sample's view with what its reports would say of the shop."""
    over = ServiceIncident("INC-261001-CCCCC", "degraded", BEGAN - 5_000_000, BEGAN - 4_992_800, 7200)
    view.histories = {
        "shop": ServiceHistory(
            BEGAN,
            (ServiceIncident(OPEN, "outage", BEGAN, None, 183600), over),
            (Available(30, "", 0.9999, 0.95, 2880), Available(365, "2026-10-01", 1.0, 1.0, 0)),
        )
    }
    yield view
    view.histories = {}


def test_an_incident_has_times_cause_and_updates(told: View) -> None:
    html = service_history.incidents(told, told.entries["shop"])
    first, second = re.findall(
        r"<li><p class=it-line__title>.*?(?=<li><p class=it-line__title>|</ol>)", html, re.DOTALL
    )
    said = text_of(first)
    assert said.startswith("Shop front shows an error Outage since 20 Nov, 10:00, for 2 d 3 h")
    assert "Cause: New version of the shop front" in said
    assert "1 update 20 Nov, 10:30 We are working on it." in said
    assert "The cache is full" not in said  # an internal note
    assert "Résumé upload fails Degraded 23 Sep, 14:06 to 16:06, 2 h" in text_of(second)


def test_availability_says_what_it_means(told: View) -> None:
    said = text_of(service_history.availability(told, "shop"))
    assert "30 days 99.99% 2 d down" in said
    assert "Since 1 Oct 100% no outage" in said
    assert "Available around the clock: 95% in 30 days." in said


def test_availability_stands_with_its_goal_and_says_where_it_is_missed(
    told: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "kept", {"shop": {"availability": 0.9999, "availability_goal": 0.9995}})
    html = service_history.availability(told, "shop")
    assert "99.99% goal 99.95% 2 d down" in text_of(html)
    assert "it-available__missed" not in html
    monkeypatch.setattr(told, "kept", {"shop": {"availability": 0.9999, "availability_goal": 1.0}})
    html = service_history.availability(told, "shop")
    assert "goal 100% missed 2 d down" in text_of(html)
    assert html.count("it-available__missed") == 1  # the other time kept it


def test_a_service_that_was_never_down_has_a_line(told: View) -> None:
    always = (Available(30, "", 1.0, 1.0, 0), Available(365, "2026-10-01", 1.0, 1.0, 0))
    told.histories = {"shop": ServiceHistory(BEGAN, (), always)}
    html = service_history.availability(told, "shop")
    assert text_of(html).startswith("Available 100% of the agreed hours since 1 Oct .")
    assert "<b>" not in html


def test_a_time_that_says_the_same_as_a_shorter_one_is_left_out(told: View) -> None:
    month = Available(30, "", 0.99, 0.99, 40)
    alike = (month, Available(90, "", 0.98, 0.98, 90), Available(365, "2026-08-17", 0.98, 0.98, 90))
    told.histories = {"shop": ServiceHistory(BEGAN, (), alike)}
    assert re.findall("<dt>(.*?)</dt>", service_history.availability(told, "shop"))[:2] == [
        "30 days",
        "90 days",
    ]
    assert "Since" not in text_of(service_history.availability(told, "shop"))


def test_a_service_without_a_history_shows_nothing(view: View) -> None:
    assert service_history.incidents(view, view.entries["shop"]) == ""
    assert service_history.availability(view, "shop") == ""


def test_definitions_stand_beside_the_figures(tmp_path: Path) -> None:
    from sample_site import write_sample

    found = view_of(write_sample(tmp_path))
    said = text_of(service_history.availability(found, "shop"))
    assert "What the figures mean Availability The share of the agreed time" in said
    assert "Availability around the clock The same share of all hours" in said
