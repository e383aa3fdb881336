"""The pages of reports: charts that say what their tables say, data beside them, nothing that acts."""

from __future__ import annotations

import colorsys
import csv
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from browsing import DESKTOP, PHONE, axe_source, serious_faults
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.report import (
    BESIDE,
    DURATION,
    OVER_TIME,
    RANGE,
    SHARE,
    STACKED,
    TEXT,
    WEEK,
    Bars,
    Column,
    Table,
)
from itsm_gitops.model.trend import Trend
from itsm_gitops.presentation.bars import legend, sparkline
from itsm_gitops.presentation.chart import _ceiling, draw, picture
from itsm_gitops.presentation.markup import Html
from itsm_gitops.presentation.pages.room import room_for
from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening
from itsm_gitops.reports.catalogue import REPORTS
from itsm_gitops.reports.tables import BAND_BARS

SVG = "{http://www.w3.org/2000/svg}"
STYLES = (Path(__file__).parents[2] / "site/docs/assets/itsm.css").read_text(encoding="utf-8")
STEPS = ("step1", "step2", "step3", "step4", "step5")


def bars(html: str, look: str) -> list[tuple[float, float, float]]:
    """The marks of a look: left edge and width in percent of their drawing, height in pixels."""
    found = [r for r in ET.fromstring(html).iter(f"{SVG}rect") if r.get("class") == f"it-bar it-bar--{look}"]
    return [tuple(float(r.get(n, "0").rstrip("%")) for n in ("x", "width", "height")) for r in found]  # type: ignore[misc]


def words_of(html: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(html).iter(f"{SVG}text")]


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
    assert words_of(html) == ["3", "1"]  # each part on its bar where there are several
    assert re.findall("<b>(.*?)</b>", html) == ["4", "2"]  # the sum before it


def test_a_share_is_drawn_as_part_of_the_whole() -> None:
    columns = (Column("n", "Name", TEXT), Column("a", "Reopened", SHARE))
    html = draw(Table("t", "T", columns, (("x", 0.05), ("y", 0.2)), Bars(BESIDE, ("a",), ("red",))), "t")
    assert [wide for _, wide, _ in bars(html, "red")] == [5, 20]


def test_a_chart_names_values_of_the_rule_book_as_the_table_does() -> None:
    columns = (Column("n", "Source", TEXT), Column("a", "How many"))
    html = draw(Table("t", "T", columns, (("incident_review", 2),), Bars(BESIDE, ("a",), ("blue",))), "t")
    assert "<span>Incident review</span>" in html


def test_the_number_of_a_part_is_left_out_where_a_telephone_has_no_room_for_it() -> None:
    columns = (Column("n", "Name", TEXT), Column("a", "First"), Column("b", "Second"))
    html = draw(Table("t", "T", columns, (("x", 98, 2),), Bars(STACKED, ("a", "b"), ("blue", "red"))), "t")
    assert words_of(html) == ["98"]
    assert "<b>100</b>" in html


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_steps_of_an_ordered_scale_are_one_hue_ever_further_from_the_ground(scheme: int) -> None:
    def token(name: str) -> str:
        return re.findall(rf"--it-{name}: (#[0-9a-f]{{6}});", STYLES)[scheme]

    steps = [token(f"step-{n}") for n in range(1, 6)]
    hues = [colorsys.rgb_to_hls(*(int(s[n : n + 2], 16) / 255 for n in (1, 3, 5)))[0] * 360 for s in steps]
    assert max(hues) - min(hues) < 25
    apart = [contrast(step, token("ground")) for step in steps]
    assert min(apart) >= 3
    assert all(after > 1.25 * before for before, after in pairwise(apart))
    on = [token("on-first"), *[token("on-step")] * 4]
    assert min(contrast(*pair) for pair in zip(steps, on, strict=True)) >= 4.5


def test_ages_are_an_ordered_scale_and_the_oldest_is_the_strongest() -> None:
    assert BAND_BARS.looks == STEPS
    assert BAND_BARS.columns[0] == "d1"
    assert BAND_BARS.columns[-1] == "older"


def test_marks_of_what_went_well_or_badly_stand_out_from_the_ground() -> None:
    for name in ("green-dot", "amber-dot", "red-dot", "control"):
        light, dark = re.findall(rf"--it-{name}: (#[0-9a-f]{{6}});", STYLES)
        assert contrast(light, "#ffffff") >= 3
        assert contrast(dark, "#10151d") >= 3


def test_every_look_of_a_chart_has_a_colour(pages: Path) -> None:
    used = {
        look
        for file in pages.rglob("*.html")
        for look in re.findall(r"it-(?:bar|key)--(\w+)", file.read_text())
    }
    assert "step2" in used
    assert [
        u for u in used if not re.search(rf"\.it-bar--{u}\b.*\.it-key--{u}::before", STYLES, re.DOTALL)
    ] == []


def test_upright_bars_are_drawn_to_scale_and_labels_do_not_meet() -> None:
    columns = (Column("week", "Week", WEEK), Column("a", "First"), Column("b", "Second"))
    rows = tuple((f"2026-{9 + n // 4:02d}-{1 + 7 * (n % 4):02d}", n, 12 - n) for n in range(13))
    html = draw(Table("t", "T", columns, rows, Bars(OVER_TIME, ("a", "b"), ("blue", "red"))), "t")
    heights = [high for _, _, high in bars(html, "blue")]
    assert heights == pytest.approx([heights[0] * n for n in range(1, 13)], abs=0.7)
    ticks = [t for t in ET.fromstring(html).iter(f"{SVG}text") if t.get("y") == "185"]
    for css, plot in ((("it-tick",), 290), (("it-tick", "it-tick it-tick--wide"), 520)):
        places = [float(t.get("x", "").rstrip("%")) / 100 * plot for t in ticks if t.get("class") in css]
        assert len(places) >= 3
        assert all(b - a > 38 for a, b in pairwise(places))


def test_text_of_records_in_a_chart_is_text() -> None:
    columns = (Column("n", "<u>", TEXT), Column("a", "<i>"), Column("b", "B"))
    rows = (('"><script>alert(1)</script>', 3, 1),)
    html = draw(Table("t", "</svg><img>", columns, rows, Bars(STACKED, ("a", "b"), ("blue", "red"))), "t")
    assert not re.search(r"<(script|img|i|u)>", html)
    assert "<script>alert(1)</script>" in "".join(ET.fromstring(html).itertext())


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
    kinds = (pages / "reports/backlog.html").read_text().split("By kind</h2>")[1].split("</section>")[0]
    assert '<figure class="it-chart">' in kinds
    assert "<summary>Figures</summary>" in kinds


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


def test_on_a_phone_no_figure_is_cut(pages: Path, guard: Any) -> None:
    with listening(pages) as address:
        for name in REPORTS:
            page = guard.open(address, f"reports/{name}.html", viewport={"width": 360, "height": 740})
            assert page.evaluate(CUT) == [], name


@on_each_viewport
def test_charts_fill_their_column(pages: Path, guard: Any, viewport: dict[str, int]) -> None:
    with listening(pages) as address:
        page = guard.open(address, "reports/backlog.html", viewport=viewport)
        whole = page.locator(".it-report").first.bounding_box()
        chart = page.locator(".it-report .it-bars").first.bounding_box()
        assert chart["width"] == pytest.approx(whole["width"], abs=1)
        sizes = page.evaluate(
            "[...document.querySelectorAll('.it-chart :is(text, li > span, b)')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) >= 12  # letters do not shrink with the chart


def test_days_that_were_not_well_stand_out_by_their_height(pages: Path, guard: Any) -> None:
    with listening(pages) as address:
        page = guard.open(address, "services/shop.html")
        high = page.evaluate(
            """() => Object.fromEntries(['working', 'degraded', 'outage'].map(status => [
                status, Math.max(0, ...[...document.querySelectorAll(`.it-past--${status}`)].map(r => r.getBBox().height))]))"""
        )
    shown = [high[status] for status in ("outage", "degraded", "working") if high[status]]
    assert len(shown) > 1
    assert shown == sorted(shown, reverse=True)
    assert len(set(shown)) == len(shown)


# Tables that scroll sideways without what their rows are about, and letters beyond the edge of the screen.
CUT = """() => [
  ...[...document.querySelectorAll('details')].flatMap(d => { d.open = true; return []; }),
  ...[...document.querySelectorAll('.it-scroll:not(:has(.it-map))')].filter(b => b.scrollWidth > b.clientWidth + 1
    && getComputedStyle(b.querySelector('tbody td')).position !== 'sticky').map(b => b.querySelector('caption').textContent),
  ...[...document.querySelectorAll('.it-chart text')].filter(t => t.getBoundingClientRect().right > innerWidth).map(t => t.textContent),
]"""
IN_A_BROWSER = ("index", "backlog", "flow")


OVERLAPS = """() => {
  const found = [];
  for (const chart of document.querySelectorAll('.it-chart svg')) {
    const texts = [...chart.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    texts.forEach(([one, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
        found.push(`${one} x ${other}`);
    }));
  }
  return found;
}"""


def test_reports_stand_in_groups(pages: Path) -> None:
    html = (pages / "reports/index.html").read_text(encoding="utf-8")
    groups = {}
    for part in html.split("<section>")[1:]:
        heading = re.search(r"<h2[^>]*>(.*?)</h2>", part)
        assert heading
        groups[heading[1]] = re.findall(r"<h3><a [^>]*>(.*?)</a></h3>", part)
    assert groups["Workload"] == ["Backlog and ageing", "Arrivals and resolutions", "Top services and items"]
    assert groups["Changes and delivery"] == [
        "Success of changes", "Incidents caused by change", "Software delivery"
    ]  # fmt: skip
    assert sum(len(some) for some in groups.values()) >= len(REPORTS)


def test_the_figures_behind_a_chart_or_a_sentence_are_in_the_page(pages: Path) -> None:
    html = (pages / "reports/flow.html").read_text(encoding="utf-8")
    weeks = html[html.index("<h2 id=incidents-weeks>Incidents</h2>") :]
    weeks = weeks[weeks.index("<h3>By week</h3>") : weeks.index("<h3 id=incidents-months>By month</h3>")]
    before, behind = weeks.split("<summary>Figures</summary>")
    assert "it-chart" in before or "it-told" in before
    assert behind.count("<tr>") > 1
    assert "flow_incidents_weeks.csv" in behind


FEW = Table(
    "t",
    "T",
    (
        Column("n", "Team", TEXT),
        Column("whole", "Resolved"),
        Column("a", "Reopened", SHARE),
        Column("b", "Late"),
    ),
    (("x", 3, 1 / 3, 0), ("y", 6, 0.0, 0), ("All", 9, 1 / 9, 0)),
    Bars(BESIDE, ("a", "b"), ("red", "amber")),
    wholes={"a": [3, 6, 9]},
)


def test_few_values_are_a_sentence_and_a_share_of_few_is_so_many_of_how_many() -> None:
    html = picture(FEW, "t")
    assert "Reopened: X (1 of 3). None elsewhere." in html
    assert "None elsewhere. Late: none." in html
    assert html.count("<p") == 1
    assert "it-chart" not in html


def test_shares_of_one_sentence_have_one_form() -> None:
    html = picture(replace(FEW, rows=(("x", 3, 1 / 3, 0), ("y", 9, 6 / 9, 0)), wholes={"a": [3, 9]}), "t")
    assert "Reopened: X (1 of 3), Y (6 of 9)." in html


def test_none_elsewhere_is_said_once_for_several_measures() -> None:
    html = picture(replace(FEW, rows=(("x", 3, 1 / 3, 2), ("y", 6, 0.0, 0))), "t")
    assert "Reopened: X (1 of 3). Late: X (2). None elsewhere.</p>" in html


def test_a_bar_without_a_neighbour_stands_over_its_label() -> None:
    months = (Column("m", "Month", TEXT), Column("a", "First"), Column("b", "Second"))
    chart = Bars("over time", ("a", "b"), ("green", "red"))
    html = draw(Table("t", "T", months, (("x", 4, 0), ("y", 4, 2)), chart), "t")
    (left, wide, _), _ = bars(html, "green")
    assert left + wide / 2 == pytest.approx(25, abs=0.2)


def test_a_share_that_misses_its_goal_is_not_rounded_up_to_it_and_only_all_are_100() -> None:
    columns = (Column("n", "N", TEXT), Column("a", "A", SHARE, "g"), Column("g", "G", SHARE))
    table = Table("t", "T", columns, (("x", 0.896, 0.9), ("y", 0.9961, 0.9), ("z", 0.876, 0.8)))
    assert [table.said(n, "a") for n in range(3)] == ["89%", "99%", "88%"]


def test_a_share_of_few_with_a_goal_is_a_percentage_with_its_count_behind() -> None:
    columns = (Column("n", "N", TEXT), Column("a", "A", SHARE, "g"), Column("g", "G", SHARE))
    table = Table("t", "T", columns, (("x", 0.5, 0.9),), wholes={"a": [2]})
    assert table.said(0, "a") == "1 of 2"
    assert table.part(0, "a") == "1 of 2"


def test_measures_of_two_columns_stand_apart_and_rows_with_nothing_are_left_out() -> None:
    rows = tuple((f"r{n}", 10, n / 10, n) for n in range(6))
    html = picture(replace(FEW, rows=rows, wholes={"a": [10] * 6}), "t")
    assert re.findall("<h3>(.*?)</h3>", html) == ["Reopened", "Late"]
    assert html.count("None elsewhere.") == 2
    assert "R0" not in html
    assert len(bars(f"<div>{html}</div>", "red")) == 5


def test_a_class_without_data_is_not_in_the_legend() -> None:
    columns = (Column("n", "Name", TEXT), Column("a", "First"), Column("b", "Second"))
    html = draw(Table("t", "T", columns, (("x", 3, 0),), Bars(STACKED, ("a", "b"), ("blue", "red"))), "t")
    assert "First" in html
    assert "Second" not in html


def test_charts_of_one_section_have_one_legend_with_the_marks_of_all() -> None:
    columns = (Column("n", "Name", TEXT), Column("a", "First"), Column("b", "Second"), Column("c", "Third"))
    chart = Bars(STACKED, ("a", "b", "c"), ("green", "mint", "red"))
    one, other = (Table("t", "T", columns, (row,), chart) for row in (("x", 3, 0, 1), ("y", 0, 2, 0)))
    assert re.findall(r"it-key--(\w+)", legend([one, other])) == ["green", "mint", "red"]
    four = replace(one, rows=tuple((f"r{n}", 1, 1, 0) for n in range(4)))
    assert "it-keys" not in picture(four, "t", keys=False)
    assert picture(four, "t").count("it-keys") == 1


def test_a_section_of_several_charts_says_once_what_their_marks_mean(pages: Path) -> None:
    html = (pages / "reports/flow.html").read_text(encoding="utf-8")
    for section in html.split("<section>")[1:]:
        assert section.count("it-keys") <= 1
        assert section.count("<h3") in (0, 2)


def test_on_a_phone_the_highest_bar_has_its_number_and_others_where_they_stand_apart() -> None:
    columns = (Column("week", "Week", WEEK), Column("a", "First"), Column("b", "Second"))
    rows = tuple((f"2026-{9 + n // 4:02d}-{1 + 7 * (n % 4):02d}", 11 if n == 12 else 2, 2) for n in range(13))
    html = draw(Table("t", "T", columns, rows, Bars(OVER_TIME, ("a", "b"), ("blue", "red"))), "t")
    values = [t for t in ET.fromstring(html).iter(f"{SVG}text") if "it-tick--up" not in t.get("class", "")]
    assert [t.text for t in values if t.get("class") == "it-tick" and t.get("y") != "185"] == ["11"]
    assert sum(t.get("class") == "it-tick it-tick--wide" and t.text == "2" for t in values) == 25


@pytest.mark.parametrize(
    ("titles", "looks", "cells", "expected"),
    [
        (("Week", "Opened"), ("it-c-first it-c-when", "it-c-num"), ("16 Nov", "2"), ""),
        (
            ("Service", "Changes", "Changes per week", "Lead time", "Failure rate", "Time to restore"),
            ("it-c-first", *["it-c-num"] * 5),
            ("Wireless network in the hub", "2", "0.14", "10 d 8 h", "1 of 2", "43 min"),
            " it-figures--wide it-figures--even",
        ),
        (
            ("Contract", "Supplier", "Term ends", "Notice until"),
            ("it-c-first", "it-c-text", "it-c-when", "it-c-when"),
            ("Cloud services", "Meridian Cloud", "31 Dec 2026", "1 Dec 2026"),
            " it-figures--wide",
        ),
        (
            ("Team", "Wiederherstellungszeit", "Bearbeitungsdauern"),
            ("it-c-first", "it-c-num", "it-c-num"),
            ("Shop", "2", "3"),
            " it-figures--wide it-figures--even",
        ),
    ],
)
def test_a_table_without_room_on_a_phone_names_its_figures_once_where_these_fit(
    titles: tuple[str, ...], looks: tuple[str, ...], cells: tuple[str, ...], expected: str
) -> None:
    assert room_for(titles, looks, [[Html(f'<a href="x">{cell}</a>') for cell in cells]]) == expected


def test_ranges_lie_on_a_logarithmic_scale() -> None:
    columns = (Column("n", "Name", TEXT), Column("m", "Median", DURATION), Column("p", "Most", DURATION))
    rows = (("x", 60, 600), ("y", 600, 6000), ("z", 6000, 6000))
    html = draw(Table("t", "T", columns, rows, Bars(RANGE, ("m", "p"), ("step4", "step1"))), "t")
    (first, wide, _), (second, other, _) = bars(html, "step1")  # the last has no range
    assert other == pytest.approx(wide, abs=0.1)
    assert second - first == pytest.approx(wide, abs=0.1)
    assert "1 h 40 min" in html


def test_a_sparkline_needs_half_a_year() -> None:
    assert sparkline(Trend("Open", "count", (1, 2, 3))) == ""
    assert sparkline(Trend("Open", "count", (1, 2, 3, 4, 5, 6))).count("<rect") == 6


@pytest.mark.parametrize(
    ("most", "whole", "expected"),
    [
        (11, True, 12),
        (13, True, 16),
        (17, True, 20),
        (1, True, 1),
        (3, True, 3),
        (0.9, False, 1),
        (120, True, 120),
    ],
)
def test_an_axis_ends_at_the_next_number_that_reads_well(most: float, whole: bool, expected: float) -> None:
    assert _ceiling(most, whole=whole) == pytest.approx(expected)
