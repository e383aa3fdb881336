"""What is due is split by its day, in the living example: nothing nearer stands below something further away."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from itsm_gitops.presentation.pages import due

BUILT = date(2026, 11, 22)  # the day of the example


def _days(html: str, title: str) -> list[int]:
    part = html.partition(f">{title}</h2>")[2].partition("</table>")[0]
    return [(date.fromisoformat(d) - BUILT).days for d in re.findall(r"data-due=([\d-]+)", part)]


def test_the_parts_are_split_by_date(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    soon, later = _days(html, "In the next two weeks"), _days(html, "Later")
    assert soon
    assert later
    assert all(0 <= days <= 14 for days in soon)
    assert min(later) > 14
    assert [soon, later] == [sorted(soon), sorted(later)]


def test_what_is_due_later_stands_by_month(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    months = re.findall(r"<th colspan=\"?5\"? scope=\"?rowgroup\"?>([^<]*)", html)
    assert months[:2] == ["December 2026", "January 2027"]
    assert len(set(months)) == len(months)


def test_a_day_looks_as_urgent_as_it_is_near() -> None:
    assert [due._look(days) for days in (-3, -1, 0, 3, 4, 60)] == ["bad"] * 2 + ["soon"] * 2 + ["none"] * 2


def test_what_nobody_answers_for_says_so(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    assert "No one yet" in html


def test_an_agreed_action_begins_with_its_text(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    assert ">Find the fault with the maker<small>agreed action</small><" in html


def test_every_column_has_a_head(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    heads = re.findall(r"<th scope=\"?col\"?>([^<]*)", html)
    assert heads
    assert all(heads)


def test_only_what_is_planned_for_a_time_has_its_time_of_day(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    days = dict(
        re.findall(r"<td class=it-c-time[^>]*>(.*?)</td><td class=it-due__what[^>]*>(.*?)</td>", html)[::-1]
    )
    said = {what: re.sub("<[^>]+>", "", day) for day, what in days.items()}
    assert re.search(r"\d\d:\d\d", said["Meeting"])
    assert not re.search(r"\d\d:\d\d", said["Post-implementation review"])
