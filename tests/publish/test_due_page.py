"""What is due is split by its day, in the living example: nothing nearer stands below something further away."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

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


def test_an_agreed_action_begins_with_its_text(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    assert ">Find the fault with the maker (agreed action)<" in html


def test_every_column_has_a_head(example: Path) -> None:
    html = (example / "records/due.html").read_text(encoding="utf-8")
    heads = re.findall(r"<th scope=\"?col\"?>([^<]*)", html)
    assert heads
    assert all(heads)
