"""The pages of reports: charts that say what their tables say, data beside them, nothing that acts."""

from __future__ import annotations

import csv
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from browsing import DESKTOP, PHONE, axe_source, serious_faults
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.report import OVER_TIME, STACKED, TEXT, WEEK, Bars, Column, Table
from itsm_gitops.presentation.chart import draw
from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening
from itsm_gitops.reports.catalogue import REPORTS

SVG = "{http://www.w3.org/2000/svg}"


def picture(html: str) -> ET.Element:
    return ET.fromstring(html[html.index("<svg") : html.rindex("</svg>") + 6])


def bars(html: str, look: str) -> list[tuple[float, float, float]]:
    found = [r for r in picture(html).iter(f"{SVG}rect") if r.get("class") == f"it-bar it-bar--{look}"]
    return [(float(r.get("x", 0)), float(r.get("width", 0)), float(r.get("height", 0))) for r in found]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = write_sample(tmp_path_factory.mktemp("reported"))
    return build_site(repo, now=NOW, reporter=SnapshotReporter()).output


def test_stacked_bars_are_drawn_to_scale_end_to_end() -> None:
    columns = (Column("n", "Name", TEXT), Column("a", "First"), Column("b", "Second"))
    rows = (("x", 3, 1), ("y", 2, 0))
    html = draw(Table("t", "T", columns, rows, Bars(STACKED, ("a", "b"), ("blue", "red"))), "t")
    (left, wide, _), (_, smaller, _) = bars(html, "blue")
    ((next_left, next_wide, _),) = bars(html, "red")
    assert wide == pytest.approx(3 * next_wide, abs=0.2)
    assert smaller == pytest.approx(2 * next_wide, abs=0.2)
    assert next_left == pytest.approx(left + wide, abs=0.2)
    assert "First: at most 3 (x)." in html


def test_upright_bars_are_drawn_to_scale_and_labels_do_not_meet() -> None:
    columns = (Column("week", "Week", WEEK), Column("a", "First"), Column("b", "Second"))
    rows = tuple((f"2026-{9 + n // 4:02d}-{1 + 7 * (n % 4):02d}", n, 12 - n) for n in range(13))
    html = draw(Table("t", "T", columns, rows, Bars(OVER_TIME, ("a", "b"), ("blue", "red"))), "t")
    heights = [high for _, _, high in bars(html, "blue")]
    assert heights == pytest.approx([heights[0] * n for n in range(1, 13)], abs=0.7)
    labels = [t for t in picture(html).iter(f"{SVG}text") if t.get("text-anchor")]
    places = [float(t.get("x", 0)) for t in labels]
    assert len(places) > 3
    assert all(b - a > 38 for a, b in pairwise(places))


def test_text_of_records_in_a_chart_is_text() -> None:
    columns = (Column("n", "<b>", TEXT), Column("a", "<i>"), Column("b", "B"))
    rows = (('"><script>alert(1)</script>', 3, 1),)
    html = draw(Table("t", "</svg><img>", columns, rows, Bars(STACKED, ("a", "b"), ("blue", "red"))), "t")
    assert not re.search(r"<(script|img|i|b)>", html)
    assert "script" in "".join(t.text or "" for t in picture(html).iter(f"{SVG}text"))


def test_a_chart_without_values_is_not_drawn() -> None:
    columns = (Column("n", "N", TEXT), Column("a", "A"))
    assert draw(Table("t", "T", columns, (("x", 0),), Bars(STACKED, ("a",), ("blue",))), "t") == ""
    assert draw(Table("t", "T", columns, (("x", 4),)), "t") == ""


def test_every_report_has_its_page_data_and_definitions(pages: Path) -> None:
    index = (pages / "reports/index.html").read_text()
    for name, kind in REPORTS.items():
        assert f"href=../reports/{name}.html>" in index
        page = (pages / f"reports/{name}.html").read_text()
        data = json.loads((pages / f"reports/{name}.json").read_text())
        assert kind.title in page
        assert all(m["definition"][:30].replace('"', "&quot;") in page for m in data["measures"])
        for table in data["tables"]:
            file = pages / f"reports/{name}_{table['table']}.csv"
            rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
            assert len(rows) == len(table["rows"])
    assert (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby='
        in (pages / "reports/backlog.html").read_text()
    )


def test_a_site_without_a_reporter_has_no_reports(site: Path) -> None:
    assert not (site / "reports").exists()
    assert "reports/" not in (site / "index.html").read_text()


def test_the_same_snapshot_gives_the_same_bytes(pages: Path, tmp_path: Path) -> None:
    again = build_site(write_sample(tmp_path), now=NOW, reporter=SnapshotReporter()).output
    for file in sorted((pages / "reports").iterdir()):
        assert (again / "reports" / file.name).read_bytes() == file.read_bytes()


on_each_viewport = pytest.mark.parametrize(
    "viewport",
    [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone", marks=pytest.mark.slow)],
)


@on_each_viewport
def test_nothing_overlaps_or_scrolls_sideways(pages: Path, guard: Any, viewport: dict[str, int]) -> None:
    with listening(pages) as address:
        for name in IN_A_BROWSER:
            page = guard.open(address, f"reports/{name}.html", viewport=viewport)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
            assert page.evaluate(OVERLAPS) == []


@on_each_viewport
def test_axe_finds_no_serious_fault(pages: Path, guard: Any, viewport: dict[str, int]) -> None:
    with listening(pages) as address:
        for name in IN_A_BROWSER:
            page = guard.open(address, f"reports/{name}.html", viewport=viewport)
            page.evaluate(axe_source())
            assert serious_faults(page) == []


IN_A_BROWSER = ("index", "backlog", "flow")


OVERLAPS = """() => {
  const found = [];
  for (const chart of document.querySelectorAll('.it-chart > svg')) {
    const texts = [...chart.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    texts.forEach(([one, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
        found.push(`${one} x ${other}`);
    }));
  }
  return found;
}"""
